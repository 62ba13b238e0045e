/**
 * `node test/programs/build.mjs`: compiles float-torture, runs it on this machine's processor, and keeps both the program
 * and what it printed. Needs gcc with -m32 (no library) on an x86 Linux.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = join(HERE, "float-torture");
const PROGRAM = join(HERE, "float-torture.elf.gz");
export const EXPECTED = join(HERE, "float-torture.expected");

/** For a 486, at an address that a bare machine of few megabytes has; intermediate results as C11 says, whatever compiler. */
const OPTIONS = (
  "-m32 -std=c11 -O2 -march=i486 -mtune=generic -ffreestanding -fno-math-errno -ffp-contract=off -fno-pic -fno-pie -fno-stack-protector " +
  "-fno-asynchronous-unwind-tables -fcf-protection=none -Wall -Wextra -Werror -nostdlib -static -no-pie " +
  "-Wl,--build-id=none,-s,-Ttext-segment=0x200000 -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code"
).split(" ");

/** @param {string} target @returns {string | undefined} why it could not */
export const compile = (target) => {
  const sources = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".c"))
    .sort();
  const { status, error, stderr } = spawnSync("gcc", [...OPTIONS, "-o", target, ...sources], { cwd: SOURCES, encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr);
};

/** Whether gcc builds 32-bit programs here; a test that compiles depends on it. */
export const canCompile = () => spawnSync("gcc", ["-m32", "-nostdlib", "-x", "c", "-c", "-o", "/dev/null", "-"], { input: "int main;" }).status === 0;

/** The committed program. */
export const program = () => new Uint8Array(gunzipSync(readFileSync(PROGRAM)));

/** Runs a program on this machine's processor. @param {string} path @param {readonly string[]} [args] @returns {string | undefined} its output */
export const runHere = (path, args = []) => {
  const { status, stdout } = spawnSync(path, args, { encoding: "latin1", maxBuffer: 1 << 26 });
  return status === 0 ? stdout : undefined;
};

/** @template T @param {(directory: string) => T} use */
export const inTemporaryDirectory = (use) => {
  const directory = mkdtempSync(join(tmpdir(), "float-torture-"));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const update = () =>
  inTemporaryDirectory((directory) => {
    const target = join(directory, "float-torture");
    const failure = compile(target);
    if (failure !== undefined) throw new Error(failure);
    const output = runHere(target);
    if (output === undefined) throw new Error("the program does not run on this machine");
    writeFileSync(PROGRAM, gzipSync(readFileSync(target), { level: 9 }));
    writeFileSync(EXPECTED, output);
    return `${readFileSync(PROGRAM).length} bytes of program, ${output.split("\n").length - 1} lines expected`;
  });

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.stdout.write(`${update()}\n`);
