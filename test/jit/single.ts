/** The region of a single instruction, as the former, the passes and the back end make it. */
import { PortSpace } from "../../kernel/bus/port-space.js";
import { Cpu, cpuModel } from "../../kernel/cpu/index.js";
import { R_OP, RECORD_WORDS } from "../../kernel/cpu/interpreter/record.js";
import { HOT_NUMBERS } from "../../kernel/cpu/interpreter/source.js";
import { MODE_KEY } from "../../kernel/cpu/state.js";
import type { Translator, TranslatorParts } from "../../kernel/cpu/translator.js";
import { WasmBackEnd } from "../../kernel/cpu-jit/backend/wasm/wasm-backend.js";
import { regionEnvironment } from "../../kernel/cpu-jit/environment.js";
import { printRegion } from "../../kernel/cpu-jit/index.js";
import type { IrRegion } from "../../kernel/cpu-jit/ir/ir.js";
import { operations } from "../../kernel/cpu-jit/lift/lifters.js";
import { removeDeadSets } from "../../kernel/cpu-jit/passes/dead-sets.js";
import { foldConstants } from "../../kernel/cpu-jit/passes/fold.js";
import { RegionFormer } from "../../kernel/cpu-jit/region/region-former.js";
import { newStatistics } from "../../kernel/cpu-jit/statistics.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PAGE_SHIFT } from "../../kernel/memory/layout.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";

const CODE = 0x4000;
const HLT = 0xf4;
const SLICE = 1000;
const ONE = { instructions: 1, pages: 1, knownTargets: 0 } as const;

/** What does not depend on where records and tables happen to lie. */
export const stable = (text: string): string => text.replaceAll(/ record \d+/g, "").replaceAll(/ table \d+/g, "");

/** A translator that forms the region at `CODE` and leaves execution to the interpreter. */
class Forming implements Translator {
  readonly margin = 300;
  readonly #parts: TranslatorParts;
  readonly #former: RegionFormer;
  region: IrRegion | undefined;

  constructor(parts: TranslatorParts) {
    const { core, cache, space } = parts;
    this.#parts = parts;
    this.#former = new RegionFormer(
      {
        code: cache.code,
        entries: cache.entries,
        mmu: core.mmu,
        i32: core.i32,
        operations: operations(),
        regionOperation: HOT_NUMBERS.get("%REGION")!,
        bufferPage: (linear) => space.readPage[linear >>> PAGE_SHIFT],
        leadsToRegion: () => false,
        decodeAcross: () => 0,
      },
      ONE,
    );
  }
  sample(linear: number): number {
    if (linear === CODE) this.region ??= this.#former.form(linear, true);
    return SLICE;
  }
  enter(_slot: number, entry: number): number {
    return entry;
  }
  /** Number of the operation that bytes in memory decode to. */
  operationAt(address: number): number {
    const { cache, core, decoder, space } = this.#parts;
    const record = cache.next;
    decoder.decode(record, (space.readPage[address >>> PAGE_SHIFT] << PAGE_SHIFT) + (address & 0xfff), 0x1000, address & 0xfff, core.i32[MODE_KEY]);
    const operation = cache.code[record + R_OP];
    cache.code.fill(0, record, record + RECORD_WORDS);
    return operation;
  }
  get parts(): TranslatorParts {
    return this.#parts;
  }
}

export interface Single {
  readonly ir: string;
  /** Generated WebAssembly, as text. */
  readonly code: string;
  /** Its instructions. */
  readonly emitted: number;
  /** All of it is in the region. */
  readonly isLifted: boolean;
}

export class SingleInstructions {
  readonly #memory = new GuestMemory(1 << 20);
  readonly #cpu: Cpu;
  readonly #forming: Forming;
  readonly #backEnd: WasmBackEnd;

  constructor() {
    let forming: Forming | undefined;
    this.#cpu = new Cpu(new PhysicalSpace(this.#memory), new PortSpace(), cpuModel("core2"), (parts) => (forming = new Forming(parts)));
    this.#forming = forming!;
    this.#backEnd = new WasmBackEnd(regionEnvironment(this.#forming.parts, newStatistics(), { drops: 0, straddled: () => {} }), {});
    this.#start();
  }

  #start(): void {
    this.#cpu.reset();
    this.#cpu.startFlat32({ eip: CODE, gdt: { base: 0, limit: 0 }, codeSelector: 8, dataSelector: 16, esp: 0x9000 });
  }
  #put(bytes: readonly number[]): void {
    this.#memory.ram.fill(HLT, CODE, CODE + 32).set(bytes, CODE);
  }

  operationOf(bytes: readonly number[]): number {
    this.#put(bytes);
    return this.#forming.operationAt(CODE);
  }

  #formed(): IrRegion {
    this.#forming.region = undefined;
    this.#cpu.run(SLICE);
    // whatever mode the instruction has led to
    this.#start();
    const region: IrRegion | undefined = this.#forming.region;
    if (!region) throw new Error("no region was formed");
    return region;
  }

  region(bytes: readonly number[]): Single {
    this.#put(bytes);
    const region = this.#formed();
    foldConstants(region);
    removeDeadSets(region);
    const [block] = region.blocks;
    const text = stable(printRegion(region));
    const code = this.#backEnd.describe(region).trim();
    return {
      ir: text.slice(text.indexOf("\n  ") + 1),
      code,
      emitted: code.split("\n").length,
      isLifted: region.blocks.length === 1 && block.instructions === 1 && !block.statements.some(({ kind }) => kind === "fence"),
    };
  }
}
