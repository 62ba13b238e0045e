/** The processor's state for people: what a bug report needs. */
import type { Core } from "./core.js";
import { disassemble } from "./disassembler/index.js";
import { MAX_LENGTH } from "./interpreter/decoder.js";
import type { Mmu } from "./mmu.js";
import { ATTR, BASE, CPL, CR0, CR2, CR3, CR4, CS, EIP, GDTR_BASE, GDTR_LIMIT, HALTED, IDTR_BASE, IDTR_LIMIT, KEY_CODE32, LIMIT, MODE_KEY, SEL, SHUTDOWN } from "./state.js";

const INSTRUCTIONS = 6;
/** Columns of the bytes of most instructions. */
const BYTES_WIDTH = 24;

const hex = (value: number, digits = 8): string => (value >>> 0).toString(16).toUpperCase().padStart(digits, "0");

/** RAM from a linear address on, to the first page that is not mapped or no RAM. */
const readable = (core: Core, mmu: Mmu, linear: number, most: number): Uint8Array => {
  const { memory } = core;
  const bytes = new Uint8Array(most);
  for (let index = 0; index < most; index++) {
    const physical = mmu.peek((linear + index) | 0);
    if (physical === undefined || physical >= memory.ramBytes) return bytes.subarray(0, index);
    bytes[index] = memory.ram[physical];
  }
  return bytes;
};

/** The next instructions in memory: offset in the code segment, bytes, text. */
const listing = (core: Core, mmu: Mmu): string[] => {
  const { i32 } = core;
  const bytes = readable(core, mmu, (i32[EIP] + i32[BASE + CS]) | 0, INSTRUCTIONS * MAX_LENGTH);
  const mode = { code32: (i32[MODE_KEY] & KEY_CODE32) !== 0 };
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < INSTRUCTIONS; ) {
    const { text, length } = disassemble(bytes, at, i32[EIP] + at, mode);
    const shown = Array.from(bytes.subarray(at, at + length), (byte) => hex(byte, 2)).join(" ");
    lines.push(`  ${hex(i32[EIP] + at)}  ${shown.padEnd(BYTES_WIDTH)}  ${text}`);
    at += length;
  }
  return lines.length === 0 ? ["  no memory that can be read"] : lines;
};

export const dumpState = (core: Core, mmu: Mmu): string => {
  const { i32 } = core;
  const general = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"].map((name, index) => `${name}=${hex(i32[index])}`);
  const segments = ["ES", "CS", "SS", "DS", "FS", "GS", "LDT", "TR"].map(
    (name, index) => `${name.padEnd(3)} ${hex(i32[SEL + index], 4)} base=${hex(i32[BASE + index])} limit=${hex(i32[LIMIT + index])} attr=${hex(i32[ATTR + index], 4)}`,
  );
  return [
    `${general.slice(0, 4).join(" ")}`,
    `${general.slice(4).join(" ")}`,
    `EIP=${hex(i32[EIP])} EFLAGS=${hex(core.flags.materialise())} CPL=${i32[CPL]}${i32[HALTED] ? " halted" : ""}${i32[SHUTDOWN] ? " shutdown" : ""}`,
    ...segments,
    `CR0=${hex(i32[CR0])} CR2=${hex(i32[CR2])} CR3=${hex(i32[CR3])} CR4=${hex(i32[CR4])}`,
    `GDT=${hex(i32[GDTR_BASE])}/${hex(i32[GDTR_LIMIT], 4)} IDT=${hex(i32[IDTR_BASE])}/${hex(i32[IDTR_LIMIT], 4)}`,
    "code at EIP:",
    ...listing(core, mmu),
  ].join("\n");
};
