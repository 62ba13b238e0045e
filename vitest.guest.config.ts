import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const BUILT = /^(kernel|sdk|plugins|profiles|host)\//;
const NAMES: Readonly<Record<string, string>> = { backplane: "host/index", "backplane/sdk": "sdk/index", "backplane/sdk/testkit": "sdk/testkit/index" };
const MINUTE = 60_000;

/** Guests run on what was built, as users' do: vitest's own transformation costs an emulator a good part of its speed. */
const useBuild = {
  name: "backplane-build",
  enforce: "pre" as const,
  resolveId(wanted: string, importer?: string) {
    const source = NAMES[wanted] ?? (importer && wanted.startsWith(".") ? relative(ROOT, resolve(dirname(importer), wanted)).replace(/\.[jt]s$/, "") : "");
    if (!BUILT.test(source)) return undefined;
    const built = resolve(ROOT, "dist", `${source}.js`);
    return existsSync(built) ? built : undefined;
  },
};

export default defineConfig({
  plugins: [useBuild],
  test: {
    include: ["test/guest/**/*.test.ts"],
    // A guest that boots is the whole machine's business: one for each of two cores.
    maxWorkers: 2,
    testTimeout: 10 * MINUTE,
    hookTimeout: 10 * MINUTE,
    teardownTimeout: MINUTE / 2,
    server: { deps: { external: [/\/dist\//] } },
  },
});
