// The layers and what each may import. tools/layering.mjs runs these rules; test/architecture/layering.test.ts breaks each
// of them once, in test/architecture/planted/RULE/.

/** Tests and what only tests import. */
const TESTING = "(\\.(test|testing|test-support)\\.ts$|/testing(/|\\.ts$))";
/** Everything that also runs in a browser. */
const PORTABLE = "^(kernel|sdk|plugins|profiles|host/api|host/debug)/|^host/browser\\.ts$";
const ASSEMBLY_PACKAGES = "(^|/)node_modules/(tsyringe|tapable|eventemitter3|reflect-metadata)/";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const forbidden = [
  {
    name: "contract-stands-alone",
    comment: "sdk/contract is what everybody agrees on: it imports nothing outside itself.",
    from: { path: "^sdk/contract/", pathNot: TESTING },
    to: { pathNot: "^sdk/contract/" },
  },
  {
    name: "sdk-only-sdk",
    comment: "A device is written and tested against the sdk without a kernel.",
    from: { path: "^sdk/", pathNot: "\\.test\\.ts$" },
    to: { path: "^(kernel|plugins|profiles|host|bench|test|tools)/" },
  },
  {
    name: "kernel-only-contract",
    comment: "The kernel names no device: it knows the contract, not the roles.",
    from: { path: "^kernel/", pathNot: TESTING },
    to: { path: "^(sdk|plugins|profiles|host)/", pathNot: "^sdk/contract/" },
  },
  {
    name: "kernel-tests-only-sdk",
    comment: "Tests of the kernel bring their own devices.",
    from: { path: `^kernel.*${TESTING}` },
    to: { path: "^(plugins|profiles|host)/" },
  },
  {
    name: "hot-path-alone",
    comment: "Bus, clock, memory and processor know neither npm packages nor the machine they are assembled into.",
    from: { path: "^kernel/(bus|clock|memory|cpu|cpu-jit|wasm)/", pathNot: TESTING },
    to: { path: "^kernel/machine/|(^|/)node_modules/" },
  },
  {
    name: "assembly-packages-in-machine",
    comment: "Injection, hooks and events are matters of assembly: kernel/machine uses them, tests and benchmarks may measure them.",
    from: { pathNot: "^(kernel/(machine|bus|clock|memory|cpu|cpu-jit)|bench|test)/" },
    to: { path: ASSEMBLY_PACKAGES },
  },
  {
    name: "portable-packages",
    comment: "Portable code uses no npm package besides those of kernel/machine.",
    from: { path: PORTABLE, pathNot: TESTING },
    to: { path: "(^|/)node_modules/", pathNot: ASSEMBLY_PACKAGES },
  },
  {
    name: "portable-not-node",
    comment: "Portable code runs in a browser: what it needs of the host comes as a service.",
    from: { path: PORTABLE, pathNot: TESTING },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "plugins-only-sdk",
    comment: 'A plugin imports "backplane/sdk" and its own folder, as a plugin of a stranger does.',
    from: { path: "^plugins/" },
    to: { path: "^(kernel|profiles|host|bench|test|tools)/" },
  },
  {
    name: "plugins-say-backplane-sdk",
    comment: 'A plugin reaches the sdk by its public name: "backplane/sdk".',
    from: { path: "^plugins/" },
    to: { path: "^sdk/", dependencyTypesNot: ["aliased-tsconfig-paths"] },
  },
  {
    name: "plugins-testkit-in-tests",
    comment: "The test kit is for tests.",
    from: { path: "^(plugins|profiles|kernel|host)/", pathNot: TESTING },
    to: { path: "^sdk/testkit/" },
  },
  {
    name: "no-plugin-to-plugin",
    comment: "Plugins meet through roles: any of them can be swapped.",
    from: { path: "^plugins/([^/]+)/" },
    to: { path: "^plugins/([^/]+)/", pathNot: "^plugins/$1/" },
  },
  {
    name: "profiles-only-parts",
    comment: "A profile is a list of parts and wires.",
    from: { path: "^profiles/", pathNot: TESTING },
    to: { path: "^(kernel|host)/" },
  },
  {
    name: "examples-by-public-name",
    comment: "An example imports what a stranger can: the package by its name.",
    from: { path: "^examples/" },
    to: { path: "^(kernel|sdk|plugins|profiles|host|bench|test|tools)/", dependencyTypesNot: ["aliased-tsconfig-paths"] },
  },
  {
    name: "nothing-to-test",
    comment: "Products do not import tests.",
    from: { pathNot: "^(test|bench)/" },
    to: { path: "^(test|bench)/" },
  },
  {
    name: "nothing-to-tools",
    comment: "tools/ works on the sources; only its own tests import it.",
    from: { pathNot: "^(test|tools)/" },
    to: { path: "^tools/" },
  },
  {
    name: "product-not-testing",
    comment: "What only tests need stays with the tests.",
    from: { path: "^(kernel|sdk|plugins|profiles|host)/", pathNot: TESTING },
    to: { path: TESTING },
  },
  {
    name: "no-circular",
    comment: "Two modules that need each other are one module, or lack a third.",
    from: { pathNot: "^sdk/contract/" },
    to: { circular: true },
  },
  {
    name: "contract-not-circular",
    comment: "Interfaces of the contract may speak of each other (a definition taps hooks, a hook tells of definitions), code may not.",
    from: { path: "^sdk/contract/" },
    to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
  },
  {
    name: "resolvable",
    comment: "An import that is not found escapes every other rule.",
    from: {},
    to: { couldNotResolve: true },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: "error", ...rule })),
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(test/architecture/planted|dist)/|^examples/.*/node_modules/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"], mainFields: ["module", "main", "types"] },
  },
};
