/** Bare processors for tests of the translator: flat 32-bit code at `CODE`, interpreted or translated. */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu, cpuModel } from "../../kernel/cpu/index.js";
import { JIT_FORCED, type JitOptions, RegionTranslator } from "../../kernel/cpu-jit/index.js";
import type { IrRegion } from "../../kernel/cpu-jit/ir/ir.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";
import { Assembler } from "../cpu/assemble.js";

export const CODE = 0x4000;
export const STACK = 0x9000;
export const DATA = 0xa000;
const RAM_BYTES = 1 << 20;

export class Processor {
  readonly memory = new GuestMemory(RAM_BYTES);
  readonly space = new PhysicalSpace(this.memory);
  readonly ports = new PortSpace();
  readonly cpu: Cpu;
  readonly #translator: RegionTranslator | undefined;
  /** What has been compiled. */
  readonly regions: IrRegion[] = [];

  constructor(options?: Partial<JitOptions>) {
    let made: RegionTranslator | undefined;
    this.cpu = new Cpu(this.space, this.ports, cpuModel("pentium4"), options && ((parts) => (made = new RegionTranslator(parts, { ...JIT_FORCED, ...options }))));
    this.#translator = made;
    if (made) made.onCompiled = (_, ir) => this.regions.push(ir);
    this.cpu.startFlat32({ eip: CODE, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16, esp: STACK });
  }

  get translator(): RegionTranslator {
    if (!this.#translator) throw new Error("this processor interprets");
    return this.#translator;
  }
  /** Regions compiled so far. */
  get compiled(): number {
    const { js, wasm } = this.translator.statistics.compiled;
    return js + wasm;
  }

  program(make: (a: Assembler) => void, at = CODE): Assembler {
    const assembler = new Assembler(at);
    make(assembler);
    this.memory.ram.set(assembler.build(), at);
    return assembler;
  }
  read32(address: number): number {
    return new DataView(this.memory.ram.buffer, this.memory.ram.byteOffset).getUint32(address, true);
  }
}

/** One that interprets and one that translates, with the same program. */
export const both = (make: (a: Assembler) => void, options: Partial<JitOptions> = {}): { readonly plain: Processor; readonly jit: Processor } => {
  const plain = new Processor();
  const jit = new Processor(options);
  plain.program(make);
  jit.program(make);
  return { plain, jit };
};
