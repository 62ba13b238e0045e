/**
 * `node tools/source-rules.mjs`: what neither the compiler, nor Biome, nor the layering can say about the sources.
 * test/architecture/planted/source/RULE/ breaks each rule once.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { ROOT } from "./prepare.mjs";

/** A floor that the repository is far above: a check that sees nothing finds nothing. */
const MINIMUM_FILES = 250;
const LINES = 450;
const TEST_LINES = 700;
/** Generated tables, which nobody reads from top to bottom. */
const GENERATED = ["kernel/cpu/x87/vectors/captured.ts"];
/** Where source text becomes a function. */
const COMPILERS = ["kernel/cpu/interpreter/compile.ts", "kernel/cpu-jit/"];

const SKIPPED = ["node_modules", "dist", ".git", ".work", "coverage"];
const PLANTED = "test/architecture/planted/";
const TEXT = /(^|\/)(\.ci\/.*|\.[a-z]+rc|\.gitignore|LICENSE|.*\.(ts|mts|cts|js|mjs|cjs|json|md|sh|yml|yaml|html|txt|svg))$/;
const CODE = /(?<!\.d)\.(ts|mts|mjs|cjs|js)$/;
const TESTING = /(\.(test|testing|test-support)\.ts$|\/testing(\/|\.ts$)|^test\/|^bench\/)/;
const PORTABLE = /^(kernel|sdk|plugins|profiles)\//;

const REGISTRY_HOST =
  /\bregistry\.(npmjs|yarnpkg)\b|\bnpmjs\.(org|com)\b|\b(deb|security|archive|snapshot|ftp[\w.]*)\.(debian|ubuntu)\.\w+|\b(ghcr|docker|quay)\.io\b|\bpypi\.org\b/i;
const MACHINE_PATH = /(?<![\w.$}~-])\/(work\/|root\/|(home|Users)\/(?!(u|user)\b))\w|\b[A-Z]:\\Users\\/;
const HUSHED_GATE = /biome-ignore[^:]*\bnoRestrictedGlobals\b|@ts-[n]ocheck/;

/**
 * @typedef {{ path: string; text: string; tree: () => ts.SourceFile }} Source
 * @typedef {{ line: number; what: string }} Finding
 */

const lineOf = (/** @type {string} */ text, /** @type {number} */ offset) => text.slice(0, offset).split("\n").length;

/** @returns {Finding[]} */
const everyLine = (/** @type {Source} */ { text }, /** @type {RegExp} */ pattern, /** @type {(found: string) => string} */ what) =>
  text.split("\n").flatMap((line, index) => {
    const found = pattern.exec(line);
    return found ? [{ line: index + 1, what: what(found[0]) }] : [];
  });

/** Nodes that `test` names, with the name. @returns {Finding[]} */
const everyNode = (/** @type {Source} */ { tree }, /** @type {(node: ts.Node) => string | undefined} */ test) => {
  /** @type {Finding[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    const what = test(node);
    if (what) found.push({ line: lineOf(tree().text, node.getStart(tree())), what });
    ts.forEachChild(node, visit);
  };
  visit(tree());
  return found;
};

/** The name of a member access: `Math.random`, `Math["random"]`. */
const memberName = (/** @type {ts.Node} */ node) => {
  if (ts.isPropertyAccessExpression(node)) return `${node.expression.getText()}.${node.name.text}`;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) return `${node.expression.getText()}.${node.argumentExpression.text}`;
  return undefined;
};

/** An identifier that stands for a value, not for a member, a type or a declaration. */
const isReference = (/** @type {ts.Node} */ node, /** @type {string} */ name) => {
  if (!ts.isIdentifier(node) || node.text !== name || ts.isPartOfTypeNode(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return !(
    (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) &&
    parent.name === node
  );
};

/** @type {Record<string, (source: Source) => Finding[]>} */
const rules = {
  "no-chance": (source) =>
    PORTABLE.test(source.path) && !TESTING.test(source.path)
      ? everyNode(source, (node) => (memberName(node) === "Math.random" ? "Math.random: use the Entropy role, or a seed" : undefined))
      : [],

  "no-code-from-text": (source) =>
    CODE.test(source.path) && !COMPILERS.some((path) => source.path.startsWith(path))
      ? everyNode(source, (node) => {
          if (isReference(node, "eval")) return `eval: text becomes code only in ${COMPILERS.join(" and ")}`;
          const makes = (ts.isNewExpression(node) || ts.isCallExpression(node)) && isReference(node.expression, "Function");
          return makes ? `Function(): text becomes code only in ${COMPILERS.join(" and ")}` : undefined;
        })
      : [],

  "no-registry-host": (source) => everyLine(source, REGISTRY_HOST, (host) => `${host}: name packages, not where they are`),

  "no-machine-path": (source) => everyLine(source, MACHINE_PATH, (path) => `${path}...: a path of one machine`),

  "no-hushed-gate": (source) => (CODE.test(source.path) ? everyLine(source, HUSHED_GATE, (comment) => `${comment}: this gate has no exceptions`) : []),

  "short-files": (source) => {
    if (!CODE.test(source.path) || GENERATED.includes(source.path)) return [];
    const lines = source.text.split("\n").length - 1;
    const most = TESTING.test(source.path) ? TEST_LINES : LINES;
    return lines > most ? [{ line: lines, what: `${lines} lines; ${most} are the most: split it by idea` }] : [];
  },
};

export const RULES = Object.keys(rules);

/** The text files of a tree. */
const textFiles = (/** @type {string} */ root) => {
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(root, path).split(sep).join("/");
      if (entry.isDirectory()) {
        if (!SKIPPED.includes(entry.name) && `${name}/` !== PLANTED) visit(path);
      } else if (entry.isFile() && TEXT.test(name)) found.push(name);
    }
  };
  if (existsSync(root)) visit(root);
  return found.sort();
};

/**
 * @param {string} root
 * @returns {{ files: number; violations: { rule: string; path: string; line: number; what: string }[] }}
 */
export const checkSources = (root) => {
  const paths = textFiles(root);
  const violations = paths.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    /** @type {ts.SourceFile | undefined} */
    let parsed;
    const tree = () => {
      parsed ??= ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
      return parsed;
    };
    return RULES.flatMap((rule) => rules[rule]({ path, text, tree }).map((finding) => ({ rule, path, ...finding })));
  });
  return { files: paths.length, violations };
};

/** What is wrong with the tree at `root`, one line each. */
export const sourceProblems = (/** @type {string} */ root, minimum = MINIMUM_FILES) => {
  const { files, violations } = checkSources(root);
  return [
    ...violations.map(({ rule, path, line, what }) => `${path}:${line}: ${rule}: ${what}`),
    ...(files < minimum ? [`the check saw ${files} files; there are at least ${minimum}`] : []),
  ];
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = sourceProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
