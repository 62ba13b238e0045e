/** The processor's state for people: what a bug report needs. */
import type { Core } from "./core.js";
import type { Mmu } from "./mmu.js";
import { ATTR, BASE, CPL, CR0, CR2, CR3, CR4, CS, EIP, GDTR_BASE, GDTR_LIMIT, HALTED, IDTR_BASE, IDTR_LIMIT, LIMIT, SEL, SHUTDOWN } from "./state.js";

const hex = (value: number, digits = 8): string => (value >>> 0).toString(16).toUpperCase().padStart(digits, "0");

export const dumpState = (core: Core, mmu: Mmu): string => {
  const { i32, memory } = core;
  const general = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"].map((name, index) => `${name}=${hex(i32[index])}`);
  const segments = ["ES", "CS", "SS", "DS", "FS", "GS", "LDT", "TR"].map(
    (name, index) => `${name.padEnd(3)} ${hex(i32[SEL + index], 4)} base=${hex(i32[BASE + index])} limit=${hex(i32[LIMIT + index])} attr=${hex(i32[ATTR + index], 4)}`,
  );
  const bytes: string[] = [];
  const start = (i32[EIP] + i32[BASE + CS]) | 0;
  for (let index = 0; index < 16; index++) {
    const physical = mmu.peek((start + index) | 0);
    bytes.push(physical === undefined || physical >= memory.ramBytes ? "--" : hex(memory.ram[physical], 2));
  }
  return [
    `${general.slice(0, 4).join(" ")}`,
    `${general.slice(4).join(" ")}`,
    `EIP=${hex(i32[EIP])} EFLAGS=${hex(core.flags.materialise())} CPL=${i32[CPL]}${i32[HALTED] ? " halted" : ""}${i32[SHUTDOWN] ? " shutdown" : ""}`,
    ...segments,
    `CR0=${hex(i32[CR0])} CR2=${hex(i32[CR2])} CR3=${hex(i32[CR3])} CR4=${hex(i32[CR4])}`,
    `GDT=${hex(i32[GDTR_BASE])}/${hex(i32[GDTR_LIMIT], 4)} IDT=${hex(i32[IDTR_BASE])}/${hex(i32[IDTR_LIMIT], 4)}`,
    `code at EIP: ${bytes.join(" ")}`,
  ].join("\n");
};
