/**
 * What kernels do all the time, interpreted and translated: interrupts held off and allowed, segment registers loaded,
 * system calls from ring 3 and back, strings moved and stored. Registers, counts and memory must be the same.
 */
import { describe, expect, it } from "vitest";
import type { Assembler } from "../cpu/assemble.js";
import { DATA, Processor } from "./machine.js";

const GDT = 0x800;
const TSS = 0x900;
const IDT = 0x1000;
const POINTERS = 0x8e0;
const HANDLERS = 0x6000;
const HANDLER_BYTES = 0x100;
const LOG = 0x1_0000;
const KERNEL_STACK = 0x8800;
const [KERNEL_DATA, USER_CODE, USER_DATA, TASK, SMALL] = [0x10, 0x1b, 0x23, 0x28, 0x30];
const GENERAL_PROTECTION = 13;
const TIMER = 0x40;
const SYSTEM_CALL = 0x80;
const END = 0x81;

interface Handler {
  readonly vector: number;
  readonly code: (a: Assembler) => void;
  /** An interrupt gate and not a trap gate. */
  readonly isInterrupt?: boolean;
}

const prepare = (processor: Processor, program: (a: Assembler) => void, handlers: readonly Handler[]): Processor => {
  const { ram } = processor.memory;
  const view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  const put = (address: number, ...values: number[]): void => values.forEach((value, index) => void view.setUint32(address + index * 4, value, true));
  put(GDT + 8, 0xffff, 0xcf_9b00, 0xffff, 0xcf_9300, 0xffff, 0xcf_fb00, 0xffff, 0xcf_f300);
  put(GDT + TASK, 0x67 | (TSS << 16), 0x8900);
  put(GDT + SMALL, 0xfff | (DATA << 16), 0x40_9300);
  put(TSS + 4, KERNEL_STACK, KERNEL_DATA);
  put(POINTERS, 0x37 | (GDT << 16), GDT >>> 16, (0x7ff | (IDT << 16)) >>> 0, IDT >>> 16);
  handlers.forEach(({ vector, code, isInterrupt }, index) => {
    const at = HANDLERS + index * HANDLER_BYTES;
    put(IDT + vector * 8, (8 << 16) | at, isInterrupt ? 0xee00 : 0xef00);
    processor.program(code, at);
  });
  processor.program((a) => {
    a.b(0x0f, 0x01, 0x15)
      .d(POINTERS)
      .b(0x0f, 0x01, 0x1d)
      .d(POINTERS + 8)
      .mov("eax", TASK)
      .b(0x0f, 0x00, 0xd8);
    program(a);
  });
  return processor;
};

const same = (jit: Processor, plain: Processor): void => {
  expect(jit.cpu.registers).toEqual(plain.cpu.registers);
  expect(jit.cpu.instructionCount).toBe(plain.cpu.instructionCount);
  for (const name of ["cs", "ss", "ds", "es", "fs", "gs"] as const) expect([name, jit.cpu.segment(name)]).toEqual([name, plain.cpu.segment(name)]);
  expect(Buffer.compare(jit.memory.ram, plain.memory.ram)).toBe(0);
};

const BOTH = ["wasm", "js"] as const;
/** Interpreter and translator side by side to the program's end. */
const compare = (mode: "wasm" | "js", program: (a: Assembler) => void, handlers: readonly Handler[] = [], leastInRegions = 0.5): Processor => {
  const plain = prepare(new Processor(), program, handlers);
  const jit = prepare(new Processor({ mode }), program, handlers);
  for (const { cpu } of [plain, jit]) {
    cpu.run(4_000_000);
    expect(cpu.halted).toBe(true);
  }
  same(jit, plain);
  expect(jit.translator.statistics.executed).toBeGreaterThan(jit.cpu.instructionCount * leastInRegions);
  return jit;
};

const loop = (a: Assembler, label: string): Assembler => a.b(0x49).near(label, 0x0f, 0x85);
/** INC DWORD [address] */
const count = (a: Assembler, address: number): Assembler => a.b(0xff, 0x05).d(address);

describe("interrupts", () => {
  /** PUSHF, CLI, INC EAX, POPF, STI, INC EBX, CLI, NOP, STI, and at the loop's end the shadow of an STI. */
  const program = (a: Assembler): void => {
    a.mov("ecx", 30_000).label("top").b(0x9c, 0xfa, 0x40, 0x9d, 0xfb, 0x43, 0xfa, 0x90, 0xfb).near8("joined", 0x74).b(0x42).label("joined");
    loop(a, "top").hlt();
  };
  const timer: Handler = {
    vector: TIMER,
    isInterrupt: true,
    code: (a) =>
      count(a, LOG)
        .b(0x89, 0x0d)
        .d(LOG + 4)
        .b(0x89, 0x1d)
        .d(LOG + 8)
        .b(0xcf),
  };

  it.each(BOTH)("are taken at the same instructions, %s", (mode) => {
    const plain = prepare(new Processor(), program, [timer]);
    const jit = prepare(new Processor({ mode }), program, [timer]);
    for (const { cpu } of [plain, jit]) {
      cpu.connect({
        acknowledge: () => {
          cpu.intr(false);
          return TIMER;
        },
      });
    }
    for (let slice = 0; !plain.cpu.halted; slice++) {
      for (const { cpu } of [plain, jit]) {
        if (slice % 3 === 0) cpu.intr(true);
        cpu.run(300 + (slice % 97));
      }
      expect(jit.cpu.registers).toEqual(plain.cpu.registers);
      expect(jit.cpu.instructionCount).toBe(plain.cpu.instructionCount);
    }
    same(jit, plain);
    expect(plain.read32(LOG)).toBeGreaterThan(200);
    expect(jit.translator.statistics.executed).toBeGreaterThan(jit.cpu.instructionCount / 4);
  });
});

describe("segment registers", () => {
  it.each(BOTH)("are loaded from descriptors as they are then, %s", (mode) => {
    const skipped: Handler = { vector: GENERAL_PROTECTION, code: (a) => count(a, LOG).b(0x83, 0x44, 0x24, 4, 2, 0x83, 0xc4, 4, 0xcf) };
    const jit = compare(
      mode,
      (a) => {
        a.mov("ecx", 3000).label("top");
        // MOV DS, ES; POP FS, and through it ADD FS:[10h], ECX; a null FS; POP DS, POP ES
        a.mov("eax", USER_DATA).b(0x8e, 0xd8, 0x8e, 0xc0).b(0x6a, SMALL, 0x0f, 0xa1, 0x64, 0x01, 0x0d).d(0x10).b(0x6a, 0, 0x0f, 0xa1);
        a.mov("eax", KERNEL_DATA).b(0x50, 0x1f, 0x50, 0x07);
        // the small segment moves, and now and then has not been accessed
        a.b(0x80, 0x35)
          .d(GDT + SMALL + 3)
          .b(1);
        a.b(0xf6, 0xc1, 63).near8("usual", 0x75);
        a.b(0x80, 0x25)
          .d(GDT + SMALL + 5)
          .b(0xfe);
        // MOV GS of a segment that RPL 3 may not have: #GP
        a.mov("eax", SMALL | 3)
          .b(0x8e, 0xe8)
          .label("usual");
        loop(a, "top").hlt();
      },
      [skipped],
    );
    expect(jit.read32(LOG)).toBe(Math.floor(3000 / 64));
    expect(jit.read32(DATA + 0x10)).not.toBe(jit.read32(DATA + 0x110));
  });
});

describe("system calls", () => {
  const end: Handler = { vector: END, isInterrupt: true, code: (a) => a.hlt() };
  /** Goes to ring 3, where EBP counts down system calls. */
  const user = (a: Assembler): void => {
    a.seg("ds", USER_DATA).seg("es", USER_DATA);
    a.push(USER_DATA).push(0x9800).push(0x202).push(USER_CODE).b(0x68).address("user").b(0xcf);
    a.label("user").mov("ebp", 2500).label("top").int(SYSTEM_CALL).b(0x4d).near("top", 0x0f, 0x85).int(END);
  };

  it.each(BOTH)("go to ring 0 and back, and move and store strings of any length there, %s", (mode) => {
    const TARGET = 0xc000;
    const call: Handler = {
      vector: SYSTEM_CALL,
      code: (a) => {
        a.b(0x1e, 0x06).mov("eax", KERNEL_DATA).b(0x8e, 0xd8, 0x8e, 0xc0);
        // as many as EBP says, none among them
        a.mov("esi", DATA).mov("edi", TARGET).b(0x89, 0xe9, 0x81, 0xe1).d(0x1ff).b(0xf3, 0xa5);
        a.b(0x89, 0xe8, 0x89, 0xe9, 0x83, 0xe1, 7, 0xf3, 0xaa);
        // onto what follows the source; across a page; words that are no one byte; backward
        a.mov("esi", DATA)
          .mov("edi", DATA + 4)
          .mov("ecx", 3)
          .b(0xf3, 0xa5);
        a.mov("edi", TARGET + 0xffe)
          .mov("ecx", 4)
          .mov("eax", 0x0101_0101)
          .b(0xf3, 0xab);
        a.mov("ecx", 5).b(0x89, 0xe8, 0xf3, 0xab, 0xb9).d(2).b(0x66, 0xf3, 0xab);
        a.b(0xfd)
          .mov("esi", DATA + 9)
          .mov("edi", DATA + 0x29)
          .mov("ecx", 6)
          .b(0xf3, 0xa4, 0xfc);
        a.b(0x01, 0x2d).d(DATA).b(0x07, 0x1f, 0xcf);
      },
    };
    compare(mode, user, [call, end]);
  });

  it.each(BOTH)("return to a ring that may not keep the kernel's segments, %s", (mode) => {
    const call: Handler = { vector: SYSTEM_CALL, code: (a) => count(a, LOG).mov("eax", KERNEL_DATA).b(0x8e, 0xe0, 0xcf) };
    const jit = compare(mode, user, [call, end]);
    expect([jit.read32(LOG), jit.cpu.segment("fs").selector]).toEqual([2500, 0]);
  });

  it.each(BOTH)("of which the kernel changes the gate are the new gate's, %s", (mode) => {
    // the handler moves its own gate by the length of its first instruction, and back
    const call: Handler = {
      vector: SYSTEM_CALL,
      code: (a) =>
        count(a, LOG)
          .b(0x80, 0x35)
          .d(IDT + SYSTEM_CALL * 8)
          .b(6, 0xcf),
    };
    const jit = compare(mode, user, [call, end]);
    expect(jit.read32(LOG)).toBe(1250);
  });
});

it.each(BOTH)("a region that stores a string into its own code is dropped, %s", (mode) => {
  const program = (a: Assembler): void => {
    // the immediate of ADD BL is stored anew each time
    a.mov("ecx", 1000).label("top").b(0x89, 0xca, 0x88, 0xc8, 0xbf).address("immediate").mov("ecx", 1).b(0xf3, 0xaa, 0x87, 0xca, 0x80, 0xc3).label("immediate").b(0);
    loop(a, "top").hlt();
  };
  // code that keeps changing is interpreted
  expect(compare(mode, program, [], 0).translator.statistics.invalidated).toBeGreaterThan(2);
});
