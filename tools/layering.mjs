/**
 * `node tools/layering.mjs`: the rules of .dependency-cruiser.cjs over every source file. It also fails when the cruiser
 * has not seen them all: one that sees nothing finds nothing.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { ROOT } from "./prepare.mjs";

export const FOLDERS = ["kernel", "sdk", "plugins", "profiles", "host", "bench", "test", "tools", "examples"];
/** A floor that the repository is far above. */
export const MINIMUM_MODULES = 250;
const SOURCE = /(?<!\.d)\.(ts|mts|mjs)$/;
const NOT_CRUISED = /^(test\/architecture\/planted|dist|.*\/node_modules)\//;

/** @type {import("dependency-cruiser").IConfiguration} */
const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs");

/** @type {string[]} */
export const RULES = (config.forbidden ?? []).map(({ name }) => name ?? "");

/** The source files of a tree, as the cruiser names them. */
export const sourceFiles = (/** @type {string} */ root) =>
  readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => FOLDERS.includes(path.split("/")[0]) && !NOT_CRUISED.test(path))
    .sort();

/**
 * Applies the rules to the tree at `root`, whose tsconfig.json says where "backplane/sdk" is.
 * @param {string} root
 * @returns {Promise<{ modules: string[]; violations: { rule: string; from: string; to: string }[] }>}
 */
export const checkLayering = async (root) => {
  const { options = {}, forbidden } = config;
  const tsConfig = join(root, "tsconfig.json");
  const { output } = await cruise(
    sourceFiles(root),
    { ...options, tsConfig: { fileName: tsConfig }, baseDir: root, validate: true, ruleSet: { forbidden }, outputType: undefined },
    options.enhancedResolveOptions,
    { tsConfig: extractTSConfig(tsConfig) },
  );
  const { modules, summary } = /** @type {import("dependency-cruiser").ICruiseResult} */ (output);
  return {
    modules: modules.map(({ source }) => source),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
};

/** What is wrong with the tree at `root`, one line each. */
export const layeringProblems = async (/** @type {string} */ root, minimum = MINIMUM_MODULES) => {
  const { modules, violations } = await checkLayering(root);
  const seen = new Set(modules);
  const unseen = sourceFiles(root).filter((path) => !seen.has(path));
  return [
    ...violations.map(({ rule, from, to }) => `${from} -> ${to}: ${rule}. ${config.forbidden?.find(({ name }) => name === rule)?.comment ?? ""}`),
    ...unseen.map((path) => `${path}: dependency-cruiser did not look at it`),
    ...(modules.length < minimum ? [`dependency-cruiser saw ${modules.length} modules; there are at least ${minimum}`] : []),
  ];
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = await layeringProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
