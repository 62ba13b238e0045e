/**
 * From a fresh clone to something that runs: Node's version, the packages, the build. Plain Node; nothing is installed yet
 * when this is loaded, so it imports only Node's own modules. Speaks on standard error.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** package.json's "engines". */
const NODE_NEEDED = [20, 19];
/** What tsconfig.build.json compiles, tests aside. */
const SOURCE_FOLDERS = ["kernel", "sdk", "plugins", "profiles", "host", "bench"];
const BUILD_INPUTS = ["package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const TEST_SOURCE = /\.(test|testing|test-support)\.ts$|[\\/]testing(\.ts$|[\\/])/;
const LOCK_POLL_MS = 200;

/** Something a person has to put right; its message is all there is to say. */
export class PrepareError extends Error {}

const say = (/** @type {string} */ text) => {
  process.stderr.write(`${text}\n`);
};

/** @throws {PrepareError} when Node is older than package.json asks for. */
export const checkNode = (version = process.versions.node) => {
  const [major, minor] = version.split(".").map(Number);
  if (major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1])) return;
  throw new PrepareError(`Backplane needs Node ${NODE_NEEDED.join(".")} or newer; this is Node ${version} (${process.execPath}).`);
};

/** Runs a program of Node's; its output goes to standard error. */
const runNode = (/** @type {string[]} */ args, /** @type {string} */ root) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, NODE_ENV: "" } }).status;

const modified = (/** @type {string} */ path) => (existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY);

/** npm writes node_modules/.package-lock.json last: an installation that was interrupted is seen as absent. */
export const needsInstall = (root = ROOT) => modified(join(root, "package-lock.json")) > modified(join(root, "node_modules", ".package-lock.json"));

/** @throws {PrepareError} */
export const install = (root = ROOT) => {
  if (!needsInstall(root)) return;
  say("Installing packages (npm ci) ...");
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env["npm_execpath"];
  const status =
    npm && /\.[cm]?js$/.test(npm) ? runNode([npm, ...args], root) : spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" }).status;
  if (status !== 0) throw new PrepareError("npm ci failed; see above. It needs npm and its registry, once.");
};

/** @returns {string[]} files below `folder`, sorted by path; `folder` may be absent */
const filesBelow = (/** @type {string} */ folder) => {
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {string} */ path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (entry.isFile()) found.push(child);
    }
  };
  if (existsSync(folder)) visit(folder);
  return found.sort();
};

/** Equal for equal sources, whatever their dates. */
export const sourceStamp = (root = ROOT) => {
  const hash = createHash("sha256");
  const sources = SOURCE_FOLDERS.flatMap((folder) => filesBelow(join(root, folder))).filter((path) => path.endsWith(".ts") && !TEST_SOURCE.test(path));
  for (const path of [...BUILD_INPUTS.map((name) => join(root, name)), ...sources]) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path).split(sep).join("/")}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
};

const stampPath = (/** @type {string} */ root) => join(root, "dist", ".stamp");

export const needsBuild = (root = ROOT, stamp = sourceStamp(root)) => !existsSync(stampPath(root)) || readFileSync(stampPath(root), "utf8") !== stamp;

/** Removes what was built from sources that are gone. */
const removeOrphans = (/** @type {string} */ root) => {
  const dist = join(root, "dist");
  for (const path of filesBelow(dist)) {
    const name = relative(dist, path);
    const source = join(root, name.replace(/(\.js|\.js\.map|\.d\.ts)$/, ".ts"));
    if (name.includes(sep) && (!SOURCE_FOLDERS.includes(name.split(sep)[0]) || TEST_SOURCE.test(source) || !existsSync(source))) rmSync(path);
  }
};

/** Compiles what changed. @throws {PrepareError} */
export const build = (root = ROOT) => {
  const stamp = sourceStamp(root);
  if (!needsBuild(root, stamp)) return;
  say("Building ...");
  rmSync(stampPath(root), { force: true });
  const status = runNode([join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"], root);
  if (status !== 0) throw new PrepareError("The build failed; see above.");
  removeOrphans(root);
  writeFileSync(stampPath(root), stamp);
};

const isRunning = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
};

/** One process at a time prepares a working tree; a lock whose owner is gone does not count. @template T @param {string} root @param {() => T} work */
const locked = (root, work) => {
  const path = join(root, ".work", "prepare.lock");
  mkdirSync(dirname(path), { recursive: true });
  for (let waiting = false; ; waiting = true) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
      // An empty lock is one being written; it counts until it is as old as no writer takes.
      if (owner > 0 ? !isRunning(owner) : Date.now() - modified(path) > 5000) rmSync(path, { force: true });
      else if (!waiting) say("Waiting for another process that is installing or building here ...");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
};

/** Everything `npm start` needs; does nothing, quickly, when it is all there. @throws {PrepareError} */
export const prepare = (root = ROOT) => {
  checkNode();
  if (!needsInstall(root) && !needsBuild(root)) return;
  locked(root, () => {
    install(root);
    build(root);
  });
};

/** Runs `work`; a PrepareError becomes one line and exit status 1. @param {() => void | Promise<void>} work */
export const reported = async (work) => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    say(error.message);
    process.exit(1);
  }
};
