import { expect, it } from "vitest";
import { PortSpace } from "../bus/port-space.js";
import { GuestMemory } from "../memory/guest-memory.js";
import { PhysicalSpace } from "../memory/physical.js";
import { Cpu } from "./index.js";
import { cpuModel, DEFAULT_CPU_MODEL, leaf1Edx } from "./models.js";

const FEATURES = leaf1Edx(cpuModel(DEFAULT_CPU_MODEL));

const CODE = 0x1000;
const AREA = 0x2000;
const RESULT = 0x2800;
const GDT = 0x3000;
const IDT = 0x4000;
const HANDLER = 0x5000;

/** Runs code in flat 32-bit mode to its HLT; #GP halts in a handler. */
const execute = (...code: number[]): { cpu: Cpu; memory: GuestMemory } => {
  const memory = new GuestMemory(1 << 20);
  const cpu = new Cpu(new PhysicalSpace(memory), new PortSpace());
  const words = new DataView(memory.ram.buffer, memory.ram.byteOffset);
  memory.ram.fill(0xa5, AREA, AREA + 512);
  // A flat code segment and a flat data segment.
  for (const [index, type] of [0x9b, 0x93].entries()) {
    words.setUint32(GDT + 8 + index * 8, 0xffff, true);
    words.setUint32(GDT + 12 + index * 8, 0x00cf_0000 | (type << 8), true);
  }
  words.setUint32(IDT + 13 * 8, 0x0008_0000 | HANDLER, true);
  words.setUint32(IDT + 13 * 8 + 4, 0x8e00, true);
  memory.ram[HANDLER] = 0xf4;
  words.setUint16(GDT + 0x30, 0x7ff, true);
  words.setUint32(GDT + 0x32, IDT, true);
  const lidt = [0x0f, 0x01, 0x1d, GDT + 0x30, (GDT + 0x30) >> 8, 0, 0];
  memory.ram.set(
    [...lidt, ...code, 0xf4].map((byte) => byte & 0xff),
    CODE,
  );
  cpu.startFlat32({ eip: CODE, esp: 0x8000, gdt: { base: GDT, limit: 0x17 }, codeSelector: 8, dataSelector: 16 });
  cpu.run(100);
  expect(cpu.halted).toBe(true);
  return { cpu, memory };
};
const at = (address: number): number[] => [address & 0xff, address >> 8, 0, 0];
const FLD1 = [0xd9, 0xe8];
const FNINIT = [0xdb, 0xe3];
const fxsave = (address: number): number[] => [0x0f, 0xae, 0x05, ...at(address)];
const fxrstor = (address: number): number[] => [0x0f, 0xae, 0x0d, ...at(address)];
const fstp64 = (address: number): number[] => [0xdd, 0x1d, ...at(address)];

it("FXSAVE and FXRSTOR carry the FPU over FNINIT, and leave the bytes of absent registers alone", () => {
  const { memory } = execute(...FLD1, ...fxsave(AREA), ...FNINIT, ...fxrstor(AREA), ...fstp64(RESULT));
  expect(new DataView(memory.ram.buffer, memory.ram.byteOffset).getFloat64(RESULT, true)).toBe(1);
  // Control word, status word with TOP 7, register 7 in use.
  expect([...memory.ram.subarray(AREA, AREA + 5)]).toEqual([0x40, 0x00, 0x00, 0x38, 0x80]);
  expect(memory.ram.subarray(AREA + 160, AREA + 512).every((byte) => byte === 0xa5)).toBe(true);
});

it.each([
  ["FXSAVE", fxsave],
  ["FXRSTOR", fxrstor],
])("%s takes an area on a 16-byte boundary only", (_name, operation) => {
  expect(execute(...operation(AREA)).cpu.registers.eip).toBeLessThan(CODE + 0x100);
  const { cpu, memory } = execute(...operation(AREA + 8));
  expect(cpu.registers.eip).toBe(HANDLER + 1);
  expect(memory.ram.subarray(AREA, AREA + 512).every((byte) => byte === 0xa5)).toBe(true);
});

it("CPUID claims them, and CR4.OSFXSR can be set", () => {
  // mov eax, 1; cpuid; mov eax, 200h; mov cr4, eax; mov ebx, cr4
  const { cpu } = execute(0xb8, 1, 0, 0, 0, 0x0f, 0xa2, 0xb8, 0, 2, 0, 0, 0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xe3);
  expect(cpu.registers.edx).toBe(FEATURES);
  expect(FEATURES & (1 << 24)).not.toBe(0);
  expect(cpu.registers.ebx).toBe(0x200);
});
