/** Our processor with memory and two devices, nothing else: what the programs of the benchmarks run on. */
import { PortSpace } from "../kernel/bus/port-space.js";
import { Cpu } from "../kernel/cpu/index.js";
import { GuestMemory } from "../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../kernel/memory/physical.js";
import { DEVICE_ADDRESS, ENTRY, image, LOAD_ADDRESS, MEMORY_MIB, type Program, RESULT_PORT } from "./programs.js";

/** More than any benchmark executes. */
export const FOREVER = 0x7fff_ffff;

const SLICE = 1_000_000;

export interface Loaded {
  readonly cpu: Cpu;
  /** What the program wrote to the result port. */
  readonly written: number[];
}

/** The program in memory, about to execute its first instruction. */
export const loadProgram = (program: Program, repetitions: number): Loaded => {
  const space = new PhysicalSpace(new GuestMemory(MEMORY_MIB << 20));
  const ports = new PortSpace();
  const written: number[] = [];
  const cpu = new Cpu(space, ports);
  ports.map(RESULT_PORT, 1, { read8: () => RESULT_PORT, write8: (_offset, value) => void written.push(value) }, "result port", false);
  space.mmio.map(DEVICE_ADDRESS, 0x1000, { read32: () => 0 }, "device", false);
  space.memory.ram.set(image(program, repetitions), LOAD_ADDRESS);
  cpu.startFlat32({ eip: ENTRY, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16 });
  return { cpu, written };
};

export interface Run {
  readonly instructions: number;
  readonly checksum: number;
}

/** Runs a program to its end. @throws when it crashes. */
export const runToEnd = (program: Program, repetitions: number): Run => {
  const { cpu, written } = loadProgram(program, repetitions);
  while (!cpu.halted) {
    cpu.run(SLICE);
    if (cpu.shutdown) throw new Error(`${program.name} crashed\n${cpu.dump()}`);
  }
  return { instructions: cpu.instructionCount, checksum: checksumOf(written) };
};

/** @throws when it is not four bytes. */
export const checksumOf = (bytes: ArrayLike<number>): number => {
  if (bytes.length !== 4) throw new Error(`a program wrote ${bytes.length} bytes; its checksum has 4`);
  return (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
};

/** Instructions of a program by its number of repetitions. @throws when they are not linear. */
export const instructionCounter = (program: Program): ((repetitions: number) => number) => {
  const [one, two, three] = [1, 2, 3].map((repetitions) => runToEnd(program, repetitions).instructions);
  if (three - two !== two - one) throw new Error(`${program.name} is not linear: ${one}, ${two}, ${three} instructions`);
  return (repetitions) => one + (two - one) * (repetitions - 1);
};
