import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^backplane\/sdk\/testkit$/, replacement: here("./sdk/testkit/index.ts") },
      { find: /^backplane\/sdk$/, replacement: here("./sdk/index.ts") },
      { find: /^backplane$/, replacement: here("./host/index.ts") },
    ],
  },
  test: {
    include: ["{kernel,sdk,plugins,profiles,host,test}/**/*.test.ts"],
    // Guests have vitest.guest.config.ts.
    exclude: ["test/guest/**", "test/architecture/planted/**", "node_modules/**", "dist/**"],
    // What takes a second alone takes several beside everything else on a small machine.
    testTimeout: 30_000,
  },
});
