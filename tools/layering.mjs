/**
 * `node tools/layering.mjs`: the rules of .dependency-cruiser.cjs over every source file. It also fails when the cruiser
 * has not seen them all: one that sees nothing finds nothing.
 */
import { existsSync, readdirSync } from "node:fs";
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

/** @type {{ forbidden: import("dependency-cruiser").IForbiddenRuleType[]; options: import("dependency-cruiser").ICruiseOptions }} */
const { forbidden, options } = createRequire(import.meta.url)("../.dependency-cruiser.cjs");

/** @type {string[]} */
export const RULES = forbidden.map(({ name }) => name ?? "");

/** The source files of a tree, as the cruiser names them. */
export const sourceFiles = (/** @type {string} */ root) =>
  FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !NOT_CRUISED.test(path))
    .sort();

/**
 * Applies the rules to the tree at `root`, whose tsconfig.json says where "backplane/sdk" is.
 * @param {string} root
 * @returns {Promise<{ modules: string[]; violations: { rule: string; from: string; to: string }[] }>}
 */
export const checkLayering = async (root) => {
  const tsConfig = join(root, "tsconfig.json");
  const before = process.cwd();
  // The cruiser looks for the targets of "paths" below the working directory.
  process.chdir(root);
  try {
    const { output } = await cruise(sourceFiles(root), { ...options, tsConfig: { fileName: tsConfig }, validate: true, ruleSet: { forbidden } }, options.enhancedResolveOptions, {
      tsConfig: extractTSConfig(tsConfig),
    });
    const { modules, summary } = /** @type {import("dependency-cruiser").ICruiseResult} */ (output);
    return {
      modules: modules.map(({ source }) => source),
      violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    };
  } finally {
    process.chdir(before);
  }
};

/** What is wrong with the tree at `root`, one line each. */
export const layeringProblems = async (/** @type {string} */ root, minimum = MINIMUM_MODULES) => {
  const { modules, violations } = await checkLayering(root);
  const seen = new Set(modules);
  const unseen = sourceFiles(root).filter((path) => !seen.has(path));
  return [
    ...violations.map(({ rule, from, to }) => `${from} -> ${to}: ${rule}. ${forbidden.find(({ name }) => name === rule)?.comment ?? ""}`),
    ...unseen.map((path) => `${path}: dependency-cruiser did not look at it`),
    ...(modules.length < minimum ? [`dependency-cruiser saw ${modules.length} modules; there are at least ${minimum}`] : []),
  ];
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = await layeringProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
