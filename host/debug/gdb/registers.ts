/**
 * The registers as gdb numbers them: i386 core, x87, SSE where the processor has it, and what a kernel's developer wants to
 * see besides (control registers, segment bases). Values are little-endian bytes. Order and names of the standard features:
 * "Debugging with GDB", appendix G.5.5 i386 Features.
 */
import { cpuModel, DEFAULT_CPU_MODEL } from "../../../kernel/cpu/index.js";
import { MXCSR, XMM, XMM_WORDS } from "../../../kernel/cpu/simd/state.js";
import { BASE, CR0, CR2, CR3, CR4, CS, DS, EFER, ES, FPU_OFFSET, FS, GDTR_BASE, GS, IDTR_BASE, SEL, SS, VM } from "../../../kernel/cpu/state.js";
import { CONTROL_WORD, EXP_MAX, FCS, FDP, FDS, FIP, FOP, IN_USE, J_BIT, REGISTER_WORDS, STATUS_WORD, TOP } from "../../../kernel/cpu/x87/layout.js";
import type { Machine } from "../../../kernel/machine/index.js";

export interface Register {
  readonly name: string;
  readonly bits: number;
  /** Of gdb's target descriptions. */
  readonly type: string;
  readonly group?: string;
  readonly feature: string;
}

export interface RegisterBank {
  readonly registers: readonly Register[];
  read(number: number): Uint8Array;
  /** False when there is no such register, it cannot be written, or not with this value; nothing has changed then. */
  write(number: number, bytes: Uint8Array): boolean;
}

interface Field extends Register {
  readonly get: () => Uint8Array;
  readonly set?: (bytes: Uint8Array) => boolean;
}

export const CORE = "org.gnu.gdb.i386.core";
export const SSE = "org.gnu.gdb.i386.sse";
const SYSTEM = "org.backplane.i386.system";

const GENERAL = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"] as const;
const SEGMENTS = [
  ["cs", CS],
  ["ss", SS],
  ["ds", DS],
  ["es", ES],
  ["fs", FS],
  ["gs", GS],
] as const;
const SYSTEM_REGISTERS: readonly (readonly [name: string, word: number])[] = [
  ["cr0", CR0],
  ["cr2", CR2],
  ["cr3", CR3],
  ["cr4", CR4],
  ["efer", EFER],
  ["gdt_base", GDTR_BASE],
  ["idt_base", IDTR_BASE],
  ...SEGMENTS.map(([name, segment]) => [`${name}_base`, BASE + segment] as const),
];
/** EFLAGS bits that exist. VM would change the mode without the segments to go with it. */
const EFLAGS_WRITABLE = 0x003d_7fd5;
const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;
const STATUS_TOP_SHIFT = 11;
const MXCSR_BITS = 0xffff;
const MXCSR_DAZ = 0x40;

const word32 = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const number32 = (bytes: Uint8Array): number => (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;

const coreFields = ({ cpu, memory }: Machine): Field[] => {
  const { words } = memory.memory;
  const general = (name: (typeof GENERAL)[number] | "eip", type: string): Field => ({
    name,
    bits: 32,
    type,
    feature: CORE,
    get: () => word32(cpu.registers[name]),
    set: (bytes) => {
      cpu.setRegister(name, number32(bytes) | 0);
      return true;
    },
  });
  const eflags: Field = {
    name: "eflags",
    bits: 32,
    type: "i386_eflags",
    feature: CORE,
    get: () => word32(cpu.registers.eflags),
    set: (bytes) => {
      cpu.setRegister("eflags", (number32(bytes) & EFLAGS_WRITABLE) | (cpu.registers.eflags & VM));
      return true;
    },
  };
  // Loading a selector would take a descriptor, checks and faults: only what is there already may be written.
  const selectors = SEGMENTS.map(
    ([name, segment]): Field => ({
      name,
      bits: 32,
      type: "int32",
      feature: CORE,
      get: () => word32(words[SEL + segment]),
      set: (bytes) => number32(bytes) === words[SEL + segment],
    }),
  );
  const pointers = ["esp", "ebp"];
  return [...GENERAL.map((name) => general(name, pointers.includes(name) ? "data_ptr" : "int32")), general("eip", "code_ptr"), eflags, ...selectors];
};

const x87Fields = ({ memory }: Machine): Field[] => {
  const { words, bytes } = memory.memory;
  const fpu = FPU_OFFSET / 4;
  const physical = (stack: number): number => (words[fpu + TOP] + stack) & 7;
  const tagOf = (register: number): number => {
    if ((words[fpu + IN_USE] & (1 << register)) === 0) return TAG_EMPTY;
    const at = fpu + register * REGISTER_WORDS;
    const exponent = words[at + 2] & EXP_MAX;
    if (exponent === 0 && words[at] === 0 && words[at + 1] === 0) return TAG_ZERO;
    return exponent === 0 || exponent === EXP_MAX || (words[at + 1] & J_BIT) === 0 ? TAG_SPECIAL : TAG_VALID;
  };
  const stack = Array.from({ length: 8 }, (_, index): Field => {
    const at = (): number => FPU_OFFSET + physical(index) * REGISTER_WORDS * 4;
    return {
      name: `st${index}`,
      bits: 80,
      type: "i387_ext",
      feature: CORE,
      get: () => bytes.slice(at(), at() + 10),
      set: (value) => {
        bytes.set(value, at());
        return true;
      },
    };
  });
  const control = (name: string, mask: number, get: () => number, set: (value: number) => void): Field => ({
    name,
    bits: 32,
    type: "int",
    group: "float",
    feature: CORE,
    get: () => word32(get()),
    set: (value) => {
      set(number32(value) & mask);
      return true;
    },
  });
  const plain = (name: string, word: number, mask: number): Field =>
    control(
      name,
      mask,
      () => words[fpu + word],
      (value) => {
        words[fpu + word] = value;
      },
    );
  return [
    ...stack,
    control(
      "fctrl",
      0xffff,
      () => words[fpu + CONTROL_WORD],
      (value) => {
        words[fpu + CONTROL_WORD] = (value & 0x1f3f) | 0x40;
      },
    ),
    control(
      "fstat",
      0xffff,
      () => (words[fpu + STATUS_WORD] & ~(7 << STATUS_TOP_SHIFT)) | ((words[fpu + TOP] & 7) << STATUS_TOP_SHIFT),
      (value) => {
        words[fpu + STATUS_WORD] = value & ~(7 << STATUS_TOP_SHIFT);
        words[fpu + TOP] = (value >> STATUS_TOP_SHIFT) & 7;
      },
    ),
    control(
      "ftag",
      0xffff,
      () => [0, 1, 2, 3, 4, 5, 6, 7].reduce((tags, register) => tags | (tagOf(register) << (register * 2)), 0),
      (value) => {
        words[fpu + IN_USE] = [0, 1, 2, 3, 4, 5, 6, 7].reduce((used, register) => (((value >> (register * 2)) & 3) === TAG_EMPTY ? used : used | (1 << register)), 0);
      },
    ),
    plain("fiseg", FCS, 0xffff),
    plain("fioff", FIP, -1),
    plain("foseg", FDS, 0xffff),
    plain("fooff", FDP, -1),
    plain("fop", FOP, 0x7ff),
  ];
};

/** @param existing bits of MXCSR; a load of others would be #GP(0) */
const sseFields = ({ memory }: Machine, existing: number): Field[] => {
  const { words, bytes } = memory.memory;
  const vectors = Array.from({ length: 8 }, (_, index): Field => {
    const at = (XMM + index * XMM_WORDS) * 4;
    return {
      name: `xmm${index}`,
      bits: 128,
      type: "vec128",
      feature: SSE,
      get: () => bytes.slice(at, at + 16),
      set: (value) => {
        bytes.set(value, at);
        return true;
      },
    };
  });
  const mxcsr: Field = {
    name: "mxcsr",
    bits: 32,
    type: "i386_mxcsr",
    group: "vector",
    feature: SSE,
    get: () => word32(words[MXCSR]),
    set: (value) => {
      if (number32(value) & ~existing) return false;
      words[MXCSR] = number32(value);
      return true;
    },
  };
  return [...vectors, mxcsr];
};

const systemFields = ({ memory }: Machine): Field[] => {
  const { words } = memory.memory;
  const readOnly = (name: string, get: () => number): Field => ({
    name,
    bits: 32,
    type: "int32",
    group: "system",
    feature: SYSTEM,
    get: () => word32(get()),
    set: (bytes) => number32(bytes) === get() >>> 0,
  });
  return SYSTEM_REGISTERS.map(([name, word]) => readOnly(name, () => words[word]));
};

export const machineRegisters = (machine: Machine): RegisterBank => {
  const { features } = cpuModel(machine.profile.cpu ?? DEFAULT_CPU_MODEL);
  const sse = features.has("sse") ? sseFields(machine, features.has("sse2") ? MXCSR_BITS : MXCSR_BITS & ~MXCSR_DAZ) : [];
  const fields: readonly Field[] = [...coreFields(machine), ...x87Fields(machine), ...sse, ...systemFields(machine)];
  return {
    registers: fields,
    read: (number) => fields[number].get(),
    write: (number, bytes) => {
      const field = fields[number];
      return field?.set !== undefined && bytes.length * 8 === field.bits && field.set(bytes);
    },
  };
};
