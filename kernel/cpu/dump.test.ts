import { expect, it } from "vitest";
import { PortSpace } from "../bus/port-space.js";
import { GuestMemory } from "../memory/guest-memory.js";
import { PhysicalSpace } from "../memory/physical.js";
import { Cpu } from "./index.js";

const CODE = 0x1000;
const GDT = 0x3000;
const CODE16 = 0x18;

const machine = (): { cpu: Cpu; memory: GuestMemory } => {
  const memory = new GuestMemory(1 << 20);
  return { cpu: new Cpu(new PhysicalSpace(memory), new PortSpace()), memory };
};
const codeLines = (cpu: Cpu): string[] => {
  const lines = cpu.dump().split("\n");
  return lines.slice(lines.indexOf("code at EIP:") + 1);
};

it("shows the next six instructions, with what is none among them", () => {
  const { cpu, memory } = machine();
  cpu.startFlat32({ eip: CODE, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  memory.ram.set([0x8b, 0x45, 0x08, 0xe8, 0xf8, 0xff, 0xff, 0xff, 0x0f, 0x04, 0xf3, 0xa5, 0xcd, 0x80, 0xf4], CODE);
  expect(codeLines(cpu)).toEqual([
    "  00001000  8B 45 08                  mov eax,DWORD PTR [ebp+0x8]",
    "  00001003  E8 F8 FF FF FF            call 0x1000",
    "  00001008  0F                        (bad)",
    "  00001009  04 F3                     add al,0xf3",
    "  0000100B  A5                        movsd",
    "  0000100C  CD 80                     int 0x80",
  ]);
});

it("reads 16-bit code at its offset in the segment", () => {
  const { cpu, memory } = machine();
  memory.ram.set([0xb8, 0x34, 0x12, 0xeb, 0xfe], 0x2_0010);
  // a 16-bit code segment at 2_0000h
  memory.ram.set([0xff, 0xff, 0x00, 0x00, 0x02, 0x9b, 0x00, 0x00], GDT + CODE16);
  memory.ram.set([0xea, 0x10, 0x00, 0x00, 0x00, CODE16, 0x00], CODE);
  cpu.startFlat32({ eip: CODE, gdt: { base: GDT, limit: CODE16 + 7 }, codeSelector: 8, dataSelector: 16 });
  cpu.run(1);
  expect(codeLines(cpu).slice(0, 2)).toEqual(["  00000010  B8 34 12                  mov ax,0x1234", "  00000013  EB FE                     jmp 0x13"]);
});

it("ends where memory does", () => {
  const { cpu, memory } = machine();
  const top = memory.ramBytes;
  memory.ram.set([0x90, 0xe8, 0x00], top - 3);
  cpu.startFlat32({ eip: top - 3, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  expect(codeLines(cpu).map((line) => line.slice(38))).toEqual(["nop", "(bad)", "(bad)"]);
  cpu.startFlat32({ eip: top, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  expect(codeLines(cpu)).toEqual(["  no memory that can be read"]);
});
