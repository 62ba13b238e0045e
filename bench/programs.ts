/**
 * The guest programs of the benchmarks: our own machine code, the same bytes for every emulator.
 *
 * A program is a flat image with a Multiboot header, so that QEMU starts it with `-kernel`; ours starts it at `ENTRY`.
 * It repeats its body a given number of times, writes a 32-bit checksum to port E9h (low byte first) and halts. Every
 * repetition executes the same number of instructions.
 */
import { Assembler } from "./assembler.js";

export const LOAD_ADDRESS = 0x10_0000;
export const ENTRY = LOAD_ADDRESS + 32;
export const RESULT_PORT = 0xe9;
/** A register of some device in QEMU's PC (the I/O APIC's index register); a handler of the bench in ours. */
export const DEVICE_ADDRESS = 0xfec0_0000;
export const MEMORY_MIB = 16;

const STACK_TOP = 0x18_0000;
const DATA = 0x20_0000;

/** Multiboot specification 0.6.96, section 3.1: magic, flags with address fields. */
const MULTIBOOT_MAGIC = 0x1bad_b002;
const MULTIBOOT_ADDRESSES = 1 << 16;

export type Kind = "integer" | "memory" | "calls" | "device";

export interface Program {
  readonly name: string;
  readonly kind: Kind;
  readonly about: string;
  /** Once, before the repetitions. */
  readonly prepare?: (a: Assembler) => void;
  /** May use every register but EBP, the counter. Leaves the checksum in EAX. */
  readonly body: (a: Assembler) => void;
  /** What the body calls, behind the program. */
  readonly routines?: (a: Assembler) => void;
  /** Operations of one repetition that the program is about: device accesses. */
  readonly operations?: number;
}

export const image = (program: Program, repetitions: number): Uint8Array => {
  const a = new Assembler(LOAD_ADDRESS);
  const checksum = -(MULTIBOOT_MAGIC + MULTIBOOT_ADDRESSES) | 0;
  a.word(MULTIBOOT_MAGIC).word(MULTIBOOT_ADDRESSES).word(checksum);
  // header, load, end of load (0: whole file), end of bss (0: none), entry
  a.word(LOAD_ADDRESS).word(LOAD_ADDRESS).word(0).word(0).word(ENTRY);
  a.cli().mov("esp", STACK_TOP);
  program.prepare?.(a);
  a.mov("ebp", repetitions).label("again");
  program.body(a);
  a.dec("ebp").jcc("ne", "again");
  a.mov("edx", RESULT_PORT);
  for (let byte = 0; byte < 4; byte++) a.outDxAl().shift("shr", "eax", 8);
  a.label("end").hlt().jmp("end");
  program.routines?.(a);
  return a.finish();
};

/** Fills `words` words from `DATA` with a linear congruential sequence. */
const fillData = (a: Assembler, words: number): void => {
  a.mov("eax", 12345).mov("edi", DATA).mov("ecx", words).mov("ebx", 1_664_525).label("fill");
  a.imul("eax", "ebx").op("add", "eax", 1_013_904_223).store({ base: "edi" }, "eax");
  a.op("add", "edi", 4).dec("ecx").jcc("ne", "fill");
};

const integer: Program = {
  name: "integer",
  kind: "integer",
  about: "xorshift, add, lea, multiply in registers",
  body(a) {
    a.mov("eax", 0x9e37_79b9 | 0)
      .mov("ebx", 0)
      .mov("ecx", 10_000)
      .label("loop");
    a.mov("edx", "eax").shift("shl", "edx", 13).op("xor", "eax", "edx");
    a.mov("edx", "eax").shift("shr", "edx", 17).op("xor", "eax", "edx");
    a.mov("edx", "eax").shift("shl", "edx", 5).op("xor", "eax", "edx");
    a.op("add", "ebx", "eax").lea("esi", { base: "ebx", index: "eax", scale: 4, disp: 7 }).imul("esi", "eax").op("sub", "ebx", "esi");
    a.dec("ecx").jcc("ne", "loop").op("xor", "eax", "ebx");
  },
};

const branches: Program = {
  name: "branches",
  kind: "integer",
  about: "Collatz steps: compare, test a bit, branch both ways",
  body(a) {
    a.mov("ebx", 0).mov("ecx", 600).label("number").mov("eax", "ecx");
    a.label("step").op("cmp", "eax", 1).jcc("be", "done").inc("ebx");
    a.mov("edx", "eax").op("and", "edx", 1).jcc("ne", "odd").shift("shr", "eax", 1).jmp("step");
    a.label("odd").lea("eax", { base: "eax", index: "eax", scale: 2, disp: 1 }).jmp("step");
    a.label("done").dec("ecx").jcc("ne", "number").mov("eax", "ebx");
  },
};

const SIEVE_SIZE = 0x4000;
const sieve: Program = {
  name: "sieve",
  kind: "memory",
  about: "sieve of Eratosthenes in bytes: stores at a stride",
  body(a) {
    a.mov("edi", DATA)
      .mov("ecx", SIEVE_SIZE / 4)
      .mov("eax", 0)
      .label("clear");
    a.store({ base: "edi" }, "eax").op("add", "edi", 4).dec("ecx").jcc("ne", "clear");
    a.mov("esi", 2).label("candidate").opByte("cmp", { base: "esi", disp: DATA }, 0).jcc("ne", "composite");
    a.inc("eax").lea("edx", { base: "esi", index: "esi" });
    a.label("mark").op("cmp", "edx", SIEVE_SIZE).jcc("ae", "composite");
    a.storeByte({ base: "edx", disp: DATA }, 1).op("add", "edx", "esi").jmp("mark");
    a.label("composite").inc("esi").op("cmp", "esi", SIEVE_SIZE).jcc("b", "candidate");
  },
};

const RING_WORDS = 0x4000;
const chase: Program = {
  name: "chase",
  kind: "memory",
  about: "dependent loads round a ring of 64 KiB",
  prepare(a) {
    // next(i) = 5 i + 1 modulo the size has full period (Hull-Dobell)
    a.mov("ecx", 0)
      .label("ring")
      .lea("eax", { base: "ecx", index: "ecx", scale: 4, disp: 1 })
      .op("and", "eax", RING_WORDS - 1);
    a.lea("eax", { index: "eax", scale: 4, disp: DATA }).store({ index: "ecx", scale: 4, disp: DATA }, "eax");
    a.inc("ecx").op("cmp", "ecx", RING_WORDS).jcc("b", "ring").mov("eax", DATA);
  },
  body(a) {
    a.mov("ecx", 10_000).label("loop");
    for (let hop = 0; hop < 6; hop++) a.load("eax", { base: "eax" });
    a.dec("ecx").jcc("ne", "loop");
  },
};

const copy: Program = {
  name: "copy",
  kind: "memory",
  about: "unaligned words copied and summed, 16 KiB",
  prepare: (a) => fillData(a, 0x1100),
  body(a) {
    a.mov("esi", DATA + 1)
      .mov("edi", DATA + 0x1_0002)
      .mov("ecx", 0x1000)
      .mov("ebx", 0)
      .label("loop");
    a.load("eax", { base: "esi" }).store({ base: "edi" }, "eax").op("add", "ebx", "eax");
    a.op("add", "esi", 4).op("add", "edi", 4).dec("ecx").jcc("ne", "loop").mov("eax", "ebx");
  },
};

const CRC_TABLE = DATA + 0x2_0000;
const crc: Program = {
  name: "crc32",
  kind: "memory",
  about: "CRC-32 by table over 8 KiB: byte and table loads",
  prepare(a) {
    a.mov("ecx", 0).label("entry").mov("eax", "ecx").mov("edx", 8).label("bit");
    a.shift("shr", "eax", 1)
      .jcc("ae", "even")
      .op("xor", "eax", 0xedb8_8320 | 0)
      .label("even");
    a.dec("edx").jcc("ne", "bit").store({ index: "ecx", scale: 4, disp: CRC_TABLE }, "eax");
    a.inc("ecx").op("cmp", "ecx", 256).jcc("b", "entry");
    fillData(a, 0x800);
  },
  body(a) {
    a.mov("eax", -1).mov("esi", DATA).mov("ecx", 0x2000).label("loop");
    a.loadByte("edx", { base: "esi" }).mov("edi", "eax").op("and", "edi", 0xff).op("xor", "edx", "edi");
    a.shift("shr", "eax", 8).op("xor", "eax", { index: "edx", scale: 4, disp: CRC_TABLE });
    a.inc("esi").dec("ecx").jcc("ne", "loop");
  },
};

const fib: Program = {
  name: "fib",
  kind: "calls",
  about: "recursive Fibonacci: call, ret, push, pop",
  body: (a) => a.mov("eax", 18).call("fib"),
  routines(a) {
    a.label("fib").op("cmp", "eax", 2).jcc("b", "base");
    a.push("eax").dec("eax").call("fib").pop("edx");
    a.push("eax").lea("eax", { base: "edx", disp: -2 }).call("fib").pop("edx");
    a.op("add", "eax", "edx").label("base").ret();
  },
};

const OPERATIONS = 8;
const bytecode: Program = {
  name: "bytecode",
  kind: "calls",
  about: "a bytecode interpreter: indirect jumps through a table of 8",
  prepare: (a) => fillData(a, 0x800),
  body(a) {
    a.mov("eax", 1).mov("ebx", 3).mov("esi", DATA).mov("ecx", 0x2000);
    a.label("next")
      .loadByte("edx", { base: "esi" })
      .inc("esi")
      .op("and", "edx", OPERATIONS - 1);
    a.jmpAt({ index: "edx", scale: 4, disp: "table" });
    const operation = (index: number, emit: () => void): void => {
      a.label(`operation${index}`);
      emit();
      a.dec("ecx").jcc("ne", "next").jmp("leave");
    };
    operation(0, () => a.op("add", "eax", "ebx"));
    operation(1, () => a.op("xor", "eax", "ebx"));
    operation(2, () => a.shift("rol", "eax", 5));
    operation(3, () => a.op("sub", "ebx", "eax"));
    operation(4, () => a.lea("ebx", { base: "ebx", index: "eax", scale: 2 }));
    operation(5, () => a.inc("eax"));
    operation(6, () => a.op("or", "ebx", 1));
    operation(7, () => a.shift("ror", "ebx", 3));
    a.label("leave");
  },
  routines(a) {
    a.label("table");
    for (let index = 0; index < OPERATIONS; index++) a.word(`operation${index}`);
  },
};

const ACCESSES = 8;
const ROUNDS = 500;

/** `ACCESSES` times `emit` in a loop; the same loop with register moves is what it costs without. */
const deviceLoop = (name: string, about: string, emit: (a: Assembler) => void): Program => ({
  name,
  kind: "device",
  about,
  operations: ACCESSES * ROUNDS,
  body(a) {
    a.mov("eax", 0).mov("ebx", 0).mov("edx", RESULT_PORT).mov("edi", DEVICE_ADDRESS).mov("ecx", ROUNDS).label("loop");
    for (let access = 0; access < ACCESSES; access++) emit(a);
    a.dec("ecx").jcc("ne", "loop").op("and", "eax", 0);
  },
});

export const LOOPS: readonly Program[] = [integer, branches, sieve, chase, copy, crc, fib, bytecode];
/** What device accesses are compared with. */
export const REGISTER_MOVES = deviceLoop("moves", "register moves", (a) => a.mov("eax", "ebx"));
export const PORT_READS = deviceLoop("port reads", "IN AL, DX", (a) => a.inAlDx());
export const MMIO_READS = deviceLoop("MMIO reads", "MOV EAX, [device]", (a) => a.load("eax", { base: "edi" }));
export const ALL_PROGRAMS: readonly Program[] = [...LOOPS, REGISTER_MOVES, PORT_READS, MMIO_READS];
