import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../tools/prepare.mjs";
import { type Bundle, bundle } from "./bundle.testing.js";

const plugins = readdirSync(join(ROOT, "plugins")).map((folder) => `plugins/${folder}/index.ts`);
const entries = ["host/browser.ts", "kernel/machine/index.ts", "kernel/cpu/index.ts", "sdk/index.ts", ...plugins].filter((path) => existsSync(join(ROOT, path)));
const profiles = readdirSync(join(ROOT, "profiles"))
  .filter((name) => /^[\w-]+\.ts$/.test(name))
  .map((name) => `profiles/${name}`);

/** What browsers have besides the language. */
const BROWSER = {
  TextEncoder,
  TextDecoder,
  structuredClone,
  performance,
  setTimeout,
  clearTimeout,
  queueMicrotask,
  console,
  MessageChannel,
  AbortController,
  AbortSignal,
  URL,
  Blob,
};

describe("kernel, sdk, plugins and profiles in a browser", { timeout: 120_000 }, () => {
  let whole: Bundle;
  beforeAll(async () => {
    const names = [...entries, ...profiles];
    whole = await bundle(names.map((path, index) => `export * as part${index} from ${JSON.stringify(join(ROOT, path))};`).join("\n"));
  }, 120_000);

  it("are one script that needs nothing else", () => {
    expect(whole.missing).toEqual([]);
    const own = whole.modules.filter((id) => id.startsWith(ROOT) && !id.includes("node_modules"));
    expect(own.length).toBeGreaterThan(150);
  });

  it("evaluate without anything of Node's", () => {
    const context = createContext({ ...BROWSER });
    const parts = runInContext(`${whole.code}\n;Object.values(bundle).map((part) => Object.keys(part).length)`, context) as number[];
    expect(Array.from(parts)).toHaveLength(entries.length + profiles.length);
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(runInContext("typeof process + typeof Buffer + typeof require", context)).toBe("undefinedundefinedundefined");
  });

  it.each(['export { readFileSync } from "node:fs";', 'import { join } from "path"; export const file = join("a", "b");', 'export const later = () => import("node:fs");'])(
    "would be found to need Node: %s",
    async (source) => {
      expect((await bundle(source)).missing).not.toEqual([]);
    },
  );
});
