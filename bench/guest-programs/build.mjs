/**
 * `node bench/guest-programs/build.mjs`: compiles the guest programs of the `rivals` suite into one static program, runs
 * each on this machine's processor, and keeps the program and the checksums. Needs gcc with -m32 (no library) on an x86 Linux.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = join(HERE, "source");
const PROGRAM = join(HERE, "programs.elf.gz");
const CHECKSUMS = join(HERE, "checksums.json");

/** As Debian builds i386: for a Pentium Pro, optimised, the x87 for floating point. Loops stay the loops they are written as. */
const OPTIONS = (
  "-m32 -std=c11 -O2 -march=i686 -mtune=generic -mno-sse -mfpmath=387 -ffreestanding -fno-math-errno -ffp-contract=off -fno-pic -fno-pie " +
  "-fno-stack-protector -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -fcf-protection=none -Wall -Wextra -Werror " +
  "-nostdlib -static -no-pie -Wl,--build-id=none,-s -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code"
).split(" ");

/** @param {string} command @param {readonly string[]} args */
const output = (command, args) => {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: SOURCES, encoding: "latin1" });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
};

const directory = mkdtempSync(join(tmpdir(), "guest-programs-"));
try {
  const target = join(directory, "programs");
  const sources = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".c"))
    .sort();
  output("gcc", [...OPTIONS, "-o", target, ...sources]);
  const names = output(target, ["list"]).trim().split("\n");
  const checksums = Object.fromEntries(names.map((name) => [name, output(target, [name]).trim()]));
  writeFileSync(PROGRAM, gzipSync(readFileSync(target), { level: 9 }));
  writeFileSync(CHECKSUMS, `${JSON.stringify(checksums, null, 2)}\n`);
  process.stdout.write(`${names.length} programs, ${readFileSync(PROGRAM).length} bytes\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
