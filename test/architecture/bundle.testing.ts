/** Bundles for browsers, as an application's bundler makes them. */
import { join } from "node:path";
import { build, type Rollup } from "vite";
import { ROOT } from "../../tools/prepare.mjs";

export interface Bundle {
  readonly code: string;
  /** Everything that is in it. */
  readonly modules: readonly string[];
  /** What it would ask of Node, or leave to be found by somebody else. */
  readonly missing: readonly string[];
}

const ENTRY = "virtual:backplane-entry";

/** One script, without source maps and polyfills, that assigns what `source` exports to the variable `bundle`. */
export const bundle = async (source: string): Promise<Bundle> => {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "silent",
    resolve: {
      alias: [
        { find: /^backplane\/sdk\/testkit$/, replacement: join(ROOT, "sdk/testkit/index.ts") },
        { find: /^backplane\/sdk$/, replacement: join(ROOT, "sdk/index.ts") },
      ],
    },
    plugins: [
      {
        name: "entry",
        enforce: "pre",
        resolveId: (id) => (id.endsWith(ENTRY) ? join(ROOT, `${ENTRY.replace(":", "-")}.ts`) : undefined),
        load: (id) => (id.endsWith(`${ENTRY.replace(":", "-")}.ts`) ? source : undefined),
      },
    ],
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ["iife"], name: "bundle" } },
  });
  const [{ output }] = result as Rollup.RollupOutput[];
  const chunks = output.filter((part) => part.type === "chunk");
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  return {
    code: chunks.map(({ code }) => code).join("\n"),
    modules,
    missing: [
      ...chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]),
      // vite's stand-in for a module that browsers do not have.
      ...modules.filter((id) => id.includes("__vite-browser-external")),
      ...chunks.flatMap(({ code }) => code.match(/\b(from|import|require)\b[\s("']*node:[\w/]+/g) ?? []),
    ],
  };
};
