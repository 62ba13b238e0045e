/** The ROM that takes a machine from the reset vector to the state in which a scenario starts. */
import { Assembler, REGISTERS, type Register, SEGMENTS, type SegmentRegister } from "./assemble.js";

export const ROM_BYTES = 0x1_0000;
const ROM_LINEAR = 0xf_0000;
/** The last thing on this stack is the frame of an IRET. */
const SCRATCH = 0x600;
const ENTRY = 0x100;
const PROTECTED_ENTRY = 0x400;
const TABLES = 0x800;

export interface BootState {
  mode: "real" | "protected" | "virtual";
  cs: number;
  eip: number;
  ss: number;
  esp: number;
  ds: number;
  es: number;
  fs: number;
  gs: number;
  eflags: number;
  cr0: number;
  cr3: number;
  cr4: number;
  gdt: readonly [base: number, limit: number];
  idt: readonly [base: number, limit: number];
  /** Selectors, 0 for none. */
  ldt: number;
  tr: number;
  registers: Partial<Record<Register, number>>;
}

const DATA_SEGMENTS = ["ds", "es", "fs", "gs"] as const satisfies readonly SegmentRegister[];

const general = (assembler: Assembler, state: BootState, leave: readonly Register[]): void => {
  for (const name of Object.keys(REGISTERS) as Register[]) if (!leave.includes(name)) assembler.mov(name, state.registers[name] ?? 0);
};

export const bootRom = (state: BootState): Uint8Array => {
  const rom = new Uint8Array(ROM_BYTES).fill(0xf4);
  const put = (assembler: Assembler): void => rom.set(assembler.build(), assembler.origin & 0xffff);
  put(new Assembler(0xfff0, 16).b(0xea).w(ENTRY).w(0xf000));
  const real = new Assembler(ENTRY, 16);
  // cli; mask the interrupt controllers; lgdt, lidt cs:[...]
  real.b(0xfa, 0xb0, 0xff, 0xe6, 0x21, 0xe6, 0xa1);
  if (state.mode === "real") {
    for (const segment of DATA_SEGMENTS) real.seg(segment, state[segment]);
    real.seg("ss", state.ss).mov("esp", state.esp);
    // push flags, cs and ip by hand
    real.b(0x68).w(state.eflags).b(0x68).w(state.cs).b(0x68).w(state.eip);
    general(real, state, ["esp"]);
    put(real.b(0xcf));
    return rom;
  }
  // o32 lgdt cs:[boot table]; mov eax, 11h; mov cr0, eax; jmp 8:PROTECTED_ENTRY
  real.b(0x66, 0x2e, 0x0f, 0x01, 0x16).w(TABLES);
  real
    .mov("eax", 0x11)
    .b(0x0f, 0x22, 0xc0)
    .far(0xea, 8, ROM_LINEAR + PROTECTED_ENTRY);
  put(real);

  const tables = new Assembler(TABLES);
  tables.w(0x17).d(ROM_LINEAR + TABLES + 0x20);
  tables.w(state.gdt[1]).d(state.gdt[0]);
  tables.w(state.idt[1]).d(state.idt[0]);
  while (tables.here < TABLES + 0x20) tables.b(0);
  tables.d(0).d(0).d(0x0000_ffff).d(0x00cf_9b00).d(0x0000_ffff).d(0x00cf_9300);
  put(tables);

  const main = new Assembler(ROM_LINEAR + PROTECTED_ENTRY);
  for (const segment of ["ds", "es", "fs", "gs", "ss"] as const) main.seg(segment, 0x10);
  main.mov("esp", SCRATCH);
  if (state.cr4 !== 0) main.mov("eax", state.cr4).b(0x0f, 0x22, 0xe0);
  if (state.cr3 !== 0) main.mov("eax", state.cr3).b(0x0f, 0x22, 0xd8);
  main.mov("eax", state.cr0).b(0x0f, 0x22, 0xc0);
  // lgdt, lidt, lldt, ltr
  main.b(0x0f, 0x01, 0x15).d(ROM_LINEAR + TABLES + 6);
  main.b(0x0f, 0x01, 0x1d).d(ROM_LINEAR + TABLES + 12);
  if (state.ldt !== 0) main.mov("eax", state.ldt).b(0x0f, 0x00, 0xd0);
  if (state.tr !== 0) main.mov("eax", state.tr).b(0x0f, 0x00, 0xd8);
  const inner = state.mode === "protected" && (state.cs & 3) === 0;
  if (state.mode === "virtual") for (const segment of ["gs", "fs", "ds", "es"] as const) main.push(state[segment]);
  else for (const segment of DATA_SEGMENTS) main.seg(segment, state[segment]);
  if (inner) main.seg("ss", state.ss).mov("esp", state.esp);
  else main.push(state.ss).push(state.esp);
  main
    .push(state.mode === "virtual" ? state.eflags | 0x2_0000 : state.eflags)
    .push(state.cs)
    .push(state.eip);
  general(main, state, ["esp"]);
  put(main.b(0xcf));
  if (main.here > ROM_LINEAR + TABLES) throw new Error("the boot ROM runs into its tables");
  return rom;
};

export const segmentNumber = (name: SegmentRegister): number => SEGMENTS[name];
