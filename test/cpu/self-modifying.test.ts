import { describe, expect, it } from "vitest";
import type { Assembler } from "./assemble.js";
import { CODE, CODE0, DATA0, GATE, Scenario } from "./scenario.js";

const OTHER = 0xc000;
/** mov byte [address], value */
const patch = (a: Assembler, address: number | string, value: number): Assembler => {
  a.b(0xc6, 0x05);
  if (typeof address === "string") a.address(address);
  else a.d(address);
  return a.b(value);
};

describe("code that changes itself", () => {
  it("the next instruction", () => {
    const s = new Scenario();
    s.code((a) => patch(a, "next", 0x43).label("next").b(0x40).hlt());
    const end = s.run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([0, 1]);
  });
  it("the operand of the next instruction, and of the one after", () => {
    const s = new Scenario();
    s.code((a) => {
      a.b(0xc7, 0x05).address("one").d(0x1111);
      a.b(0xc7, 0x05).address("two").d(0x2222);
      a.b(0xb8).label("one").d(0).b(0xbb).label("two").d(0).hlt();
    });
    const end = s.run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([0x1111, 0x2222]);
  });
  it("an instruction before, in a loop", () => {
    const s = new Scenario({ registers: { ecx: 5 } });
    // the increment becomes a decrement after the first round
    s.code((a) => patch(a.label("top").b(0x40), "top", 0x48).near8("top", 0xe2).hlt());
    expect(s.run().registers.eax).toBe(-3 >>> 0);
  });
  it("another page, called before and after", () => {
    const s = new Scenario();
    s.put8(OTHER, 0xb0, 1, 0xc3);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(OTHER - (a.here + 4));
    s.code((a) => {
      call(a).b(0x88, 0xc3);
      patch(a, OTHER + 1, 2);
      call(a).hlt();
    });
    const end = s.run();
    expect([end.registers.ebx, end.registers.eax]).toEqual([1, 2]);
  });
  it("a whole routine with REP MOVS", () => {
    const s = new Scenario({ registers: { ecx: 8, esi: 0xd000, edi: OTHER } });
    s.put8(OTHER, 0xb0, 1, 0xc3).put8(0xd000, 0xb3, 7, 0xb7, 8, 0xc3, 0x90, 0x90, 0x90);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(OTHER - (a.here + 4));
    s.code((a) => {
      call(a).b(0xf3, 0xa4);
      call(a).hlt();
    });
    const end = s.run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([1, 0x807]);
  });
  it("the middle of a long instruction, from the far side of a page boundary", () => {
    const s = new Scenario();
    // mov eax, imm32 across the end of a page
    s.put8(OTHER - 3, 0xb8, 1, 0, 0, 0, 0xc3);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(OTHER - 3 - (a.here + 4));
    s.code((a) => {
      call(a).b(0x89, 0xc3);
      patch(a, OTHER, 0x12);
      call(a).hlt();
    });
    const end = s.run();
    expect([end.registers.ebx, end.registers.eax]).toEqual([1, 0x12_0001]);
  });
  it("with a write that straddles into a code page", () => {
    const s = new Scenario({ registers: { eax: 0x4343_4343 } });
    s.put8(OTHER, 0x40, 0x40, 0xc3);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(OTHER - (a.here + 4));
    s.code((a) => {
      call(a)
        .b(0xa3)
        .d(OTHER - 2);
      call(a).hlt();
    });
    const end = s.run();
    expect([end.registers.eax, end.registers.ebx]).toEqual([0x4343_4345, 2 - 0]);
  });
  it("an undefined opcode that becomes a defined one", () => {
    // the handler of #UD repairs one byte behind the first and returns
    for (const [bytes, at, value, result] of [
      // 0F FF becomes bswap eax, lea of a register one of memory, lock add ebx, eax one of memory
      [[0x0f, 0xff], 1, 0xc8, { eax: 0x7856_3412 }],
      [[0x8d, 0xc3], 1, 0x03, { eax: 0x9000 }],
      [[0xf0, 0x01, 0xc3], 2, 0x03, { eax: 0x1234_5678 }],
    ] as const) {
      const s = new Scenario({ registers: { eax: 0x1234_5678, ebx: 0x9000 } });
      s.gate(6, CODE0, OTHER, GATE.interrupt32);
      s.code((a) =>
        a
          .b(...bytes)
          .nop(4)
          .hlt(),
      );
      s.code((a) => patch(a, CODE + at, value).b(0xcf), OTHER);
      const end = s.run();
      expect(end.vector).toBe(-1);
      expect(end.registers).toMatchObject(result);
      expect(end.read32(0x9000)).toBe(bytes.length === 3 ? 0x1234_5678 : 0);
    }
  });
  it("through another linear address", () => {
    const s = new Scenario().paging();
    s.put32(s.pte(0xe000), OTHER | 7).put8(OTHER, 0xb0, 1, 0xc3);
    const call = (a: Assembler): Assembler => a.b(0xe8).d(OTHER - (a.here + 4));
    s.code((a) => {
      call(a).b(0x88, 0xc3);
      patch(a, 0xe001, 2);
      call(a).hlt();
    });
    const end = s.run();
    expect([end.registers.ebx, end.registers.eax]).toEqual([1, 2]);
  });
  it("its own bytes with the stack", () => {
    const s = new Scenario({ registers: { eax: 0x4343_4343 } });
    s.code((a) =>
      a
        .mov("esp", CODE + 5 + 1 + 4 + 5)
        .b(0x89, 0xc2, 0x90, 0x90, 0x90, 0x50, 0x40, 0x40, 0x40, 0x40)
        .hlt(),
    );
    const end = s.run();
    expect([end.registers.ebx + end.registers.eax - 0x4343_4343]).toEqual([4]);
  });
  it("a CALL whose return address is pushed over it goes where it said", () => {
    const s = new Scenario();
    s.put8(OTHER, 0xf4);
    s.code((a) =>
      a
        .mov("esp", CODE + 10)
        .b(0xe8)
        .d(OTHER - (a.here + 4))
        .hlt(),
    );
    const end = s.run();
    expect([end.stopped, end.read32(CODE + 6)]).toEqual([OTHER, CODE + 10]);
  });
  it("a page that is written to all the time and executed now and then", () => {
    // the routine's page is also data: 1000 writes, a call after each hundredth
    const s = new Scenario({ registers: { ecx: 1000, edi: OTHER + 0x100 } });
    s.put8(OTHER, 0x43, 0xc3);
    s.code((a) =>
      a
        .label("top")
        .b(0x89, 0x0f, 0x89, 0xc8, 0x31, 0xd2)
        .mov("ebp", 100)
        .b(0xf7, 0xf5, 0x85, 0xd2)
        .near8("skip", 0x75)
        .b(0xe8)
        .d(OTHER - (a.here + 4))
        .label("skip")
        .near8("top", 0xe2)
        .hlt(),
    );
    expect(s.run().registers.ebx).toBe(10);
  });
  it("in 16-bit and 32-bit code of the same page", () => {
    const s = new Scenario();
    // b8 34 12 40 90 as 16-bit code: mov ax, 1234h; inc ax; nop. As 32-bit code: mov eax, 90401234h
    s.put8(OTHER, 0xb8, 0x34, 0x12, 0x40, 0x90, 0xcb);
    s.code((a) => a.far(0x9a, 0x08, OTHER).b(0x89, 0xc3).mov("eax", 0).b(0x6a, 0x08).b(0xe8, 0, 0, 0, 0).hlt());
    // the 16-bit call comes through a 16-bit return address
    s.code((a) => a.far(0x9a, 0x08, OTHER).b(0x89, 0xc3, 0x31, 0xc0, 0x66, 0x9a).w(OTHER).w(0x38).hlt());
    const end = s.run();
    expect([end.registers.ebx, end.registers.eax]).toEqual([0x9040_1234, 0x1235]);
    expect(end.words[16]).toBe(DATA0);
  });
});

describe("code changed from outside", () => {
  it("by DMA between two runs", () => {
    const s = new Scenario();
    s.code((a) => a.label("top").b(0x40).near8("top", 0xeb));
    const { cpu, space } = s.boot();
    cpu.run(1000);
    const before = cpu.registers.eax;
    expect(before).toBe(500);
    space.write(CODE, Uint8Array.of(0x43));
    cpu.run(1000);
    expect([cpu.registers.eax, cpu.registers.ebx]).toEqual([before, 500]);
  });
  it("by DMA while it runs, from a port handler", () => {
    const s = new Scenario();
    // out 50h, al changes the instruction behind it
    s.code((a) => a.b(0xe6, 0x50, 0x40).hlt());
    const { cpu, space, ports } = s.boot();
    const mapping = ports.map(0x50, 1, { write8: () => space.write(CODE + 2, Uint8Array.of(0x43)) }, "test", false);
    cpu.run(100);
    mapping.unmap();
    expect([cpu.registers.eax, cpu.registers.ebx]).toEqual([0, 1]);
  });
  it("by DMA across a page of code and one of data", () => {
    const s = new Scenario();
    s.put8(OTHER, 0xb0, 1, 0xc3);
    s.code((a) =>
      a
        .label("top")
        .b(0xe8)
        .d(OTHER - (CODE + 5))
        .near8("top", 0xeb),
    );
    const { cpu, space } = s.boot();
    cpu.run(300);
    expect(cpu.registers.eax).toBe(1);
    const data = new Uint8Array(0x1000).fill(0x90);
    data.set([0xb0, 2, 0xc3], 0x800);
    space.write(OTHER - 0x800, data);
    cpu.run(300);
    expect(cpu.registers.eax).toBe(2);
  });
});
