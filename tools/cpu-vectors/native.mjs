/** Runs cases on the processor of this machine, through the capture program. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CODE_BYTES, ENVIRONMENTS, LDT, segment, startEip, WINDOW, WINDOWS } from "./layout.mjs";
import { UNIT_BYTES } from "./units.mjs";

/** @typedef {import("./case.mjs").Start} Start */
/** @typedef {import("./case.mjs").End} End */

const COMMAND_BYTES = 12 + 32 + 8 + 8 + 8 + 4 + WINDOW;
const RESULT_BYTES = 12 + 32 + 24 + WINDOW;
/** CF PF AF ZF SF DF OF NT: what a program can see and the kernel does not change. */
export const GENERAL_FLAGS = 0x4cd5;

export class NativeError extends Error {}

/** What the process around a case would decide: cases that never end, writes outside of the window, ends outside of the code. */
/** @typedef {End & { stray: boolean; endless: boolean }} Captured */

/** @param {readonly Start[]} cases */
const commands = (cases) => {
  let bytes = LDT.length * 8;
  for (const c of cases) bytes += COMMAND_BYTES + c.code.length + (c.units ? UNIT_BYTES : 0);
  const out = Buffer.alloc(bytes);
  for (const [index, entry] of LDT.entries()) out.writeBigUInt64LE(entry, index * 8);
  let at = LDT.length * 8;
  for (const c of cases) {
    for (const selector of ENVIRONMENTS[c.environment]) at = out.writeUInt16LE(selector, at);
    for (const value of c.registers) at = out.writeUInt32LE(value, at);
    at = out.writeUInt32LE(startEip(c), at);
    at = out.writeUInt32LE(c.flags, at);
    at = out.writeUInt32LE(c.codeOffset, at);
    // what lies beyond the code's two pages cannot be reached
    const length = Math.min(c.code.length, CODE_BYTES - c.codeOffset);
    at = out.writeUInt32LE(length, at);
    for (const offset of WINDOWS[c.window]) at = out.writeUInt32LE(offset, at);
    at = out.writeUInt32LE(c.units ? 1 : 0, at);
    out.set(c.memory, at);
    at += WINDOW;
    for (let index = 0; index < length; index++) out[at++] = c.code[index];
    if (c.units) {
      out.set(c.units, at);
      at += UNIT_BYTES;
    }
  }
  return out.subarray(0, at);
};

/** @type {Captured} */
const LOST = {
  segments: [0, 0, 0, 0, 0, 0],
  registers: [0, 0, 0, 0, 0, 0, 0, 0],
  eip: 0,
  flags: 0,
  vector: 0,
  error: 0,
  cr2: 0,
  memory: new Uint8Array(WINDOW),
  units: undefined,
  stray: true,
  endless: false,
};

export class Native {
  #folder = mkdtempSync(join(tmpdir(), "cpu-vectors-"));
  #program = join(this.#folder, "capture");

  /** Why this machine cannot capture, or undefined. */
  static unavailable() {
    if (process.platform !== "linux") return "cases run natively on Linux only";
    if (process.arch !== "x64" && process.arch !== "ia32") return `cases run natively on an x86 processor only, this is ${process.arch}`;
    const try32 = spawnSync("gcc", ["-m32", "-fsyntax-only", "-include", "unistd.h", "-x", "c", "/dev/null"]);
    if (try32.error) return "gcc is needed to build the capture program";
    return try32.status === 0 ? undefined : "gcc cannot build 32-bit programs here: install its 32-bit support (package gcc-multilib)";
  }

  constructor() {
    const why = Native.unavailable();
    const gcc = why
      ? undefined
      : spawnSync("gcc", ["-m32", "-O1", "-no-pie", "-fno-stack-protector", "-Wall", "-o", this.#program, fileURLToPath(new URL("capture.c", import.meta.url))]);
    if (why || gcc?.status !== 0) {
      this.close();
      throw new NativeError(why ?? `capture.c does not compile: ${gcc?.stderr}`);
    }
    if (this.#output([]) === undefined) {
      this.close();
      throw new NativeError("the capture program does not run here: it needs modify_ldt and 32-bit processes");
    }
  }

  /** What the program says to cases, or undefined when it does not get through them. @param {readonly Start[]} cases */
  #output(cases) {
    const { status, stdout } = spawnSync(this.#program, { input: commands(cases), maxBuffer: 2 ** 31 - 1 });
    const bytes = cases.reduce((sum, c) => sum + RESULT_BYTES + (c.units ? UNIT_BYTES : 0), 0);
    return status === 0 && stdout.length === bytes ? stdout : undefined;
  }

  close() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * A case that ends the capture program itself (a random jump can land on a system call) comes back as a stray one.
   * @param {readonly Start[]} cases @returns {Captured[]}
   */
  run(cases) {
    const data = this.#output(cases);
    if (data === undefined) {
      if (cases.length === 1) return [LOST];
      const half = cases.length >> 1;
      return [...this.run(cases.slice(0, half)), ...this.run(cases.slice(half))];
    }
    let at = 0;
    return cases.map((c) => {
      const bytes = RESULT_BYTES + (c.units ? UNIT_BYTES : 0);
      const segments = Array.from({ length: 6 }, (_, n) => data.readUInt16LE(at + 2 * n));
      const registers = Array.from({ length: 8 }, (_, n) => data.readUInt32LE(at + 12 + 4 * n));
      const [eip, flags, vector, error, cr2, stray] = Array.from({ length: 6 }, (_, n) => data.readUInt32LE(at + 44 + 4 * n));
      const memory = data.subarray(at + 68, at + 68 + WINDOW);
      const units = c.units ? data.subarray(at + RESULT_BYTES, at + bytes) : undefined;
      at += bytes;
      // an end outside of the code segment's INT3s would be one that depends on the process around it
      const outside = vector === 3 && !segment(segments[1]).usable;
      return { segments, registers, eip, flags: flags & GENERAL_FLAGS, vector, error, cr2, memory, units, stray: stray !== 0 || outside, endless: vector > 31 };
    });
  }
}
