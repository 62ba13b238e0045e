/** Programs for the tests of MMX and SSE. */
import type { Assembler } from "./assemble.js";
import { type Outcome, Scenario } from "./scenario.js";

export const A = 0x9000;
export const B = 0x9010;
export const RESULT = 0x9100;
export const IMAGE = 0x9200;
/** The last page that is mapped, where the test says so. */
export const EDGE = 0x3_0000;

export const UD = 6;
export const NM = 7;
export const SS = 12;
export const GP = 13;
export const PF = 14;
export const MF = 16;
export const XM = 19;
export const OSFXSR = 0x200;
export const OSXMMEXCPT = 0x400;
export const EM = 4;
export const TS = 8;
export const NE = 0x20;

export type Emit = (a: Assembler) => Assembler;
export const bytes =
  (...code: number[]): Emit =>
  (a) =>
    a.b(...code);
/** An instruction on register `reg` and an absolute address. */
export const at = (address: number, reg: number, ...opcode: number[]): Emit => {
  return (a) => a.b(...opcode, 0x05 | (reg << 3)).d(address);
};
export const fxsave = at(IMAGE, 0, 0x0f, 0xae);
export const fxrstor = at(IMAGE, 1, 0x0f, 0xae);
export const loadXmm = (reg: number, address: number): Emit => at(address, reg, 0x0f, 0x10);
export const storeXmm = (reg: number, address: number): Emit => at(address, reg, 0x0f, 0x11);
export const loadMmx = (reg: number, address: number): Emit => at(address, reg, 0x0f, 0x6f);
export const ldmxcsr = (address: number): Emit => at(address, 2, 0x0f, 0xae);
export const stmxcsr = (address: number): Emit => at(address, 3, 0x0f, 0xae);
export const paddbXmm = bytes(0x66, 0x0f, 0xfc, 0xca);
export const paddbMmx = bytes(0x0f, 0xfc, 0xca);
export const emms = bytes(0x0f, 0x77);
export const fld1 = bytes(0xd9, 0xe8);
/** fninit; fldcw [A] with everything unmasked; fld1; fldz; fdivp: a zero divide that waits to be reported */
export const pendingX87: Emit = (a) => a.b(0xdb, 0xe3, 0xd9, 0x2d).d(A).b(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);

export const scenario = (start: ConstructorParameters<typeof Scenario>[0], ...program: Emit[]): Scenario => {
  const s = new Scenario({ cr4: OSFXSR | OSXMMEXCPT, ...start });
  s.code((a) => {
    for (const emit of program) emit(a);
    return a.hlt();
  });
  return s;
};
export const run = (start: ConstructorParameters<typeof Scenario>[0], ...program: Emit[]): Outcome => scenario(start, ...program).run();
export const words = (end: Outcome, address: number, count: number): number[] => Array.from({ length: count }, (_, index) => end.read32(address + 4 * index));
