/**
 * Forms regions: from a hot linear address along the records that have been decoded, which is along code that has run.
 *
 * Blocks are found breadth first, so that inner loops come before what follows them, until the region is full. A region is
 * entered at the hot address, at loop headers, at the targets of its calls, behind its calls, and behind instructions that
 * the interpreter executes for it.
 */
import { META_LENGTH_SHIFT, R_DISP, R_IMM, R_META, R_OP } from "../../cpu/interpreter/record.js";
import type { Mmu } from "../../cpu/mmu.js";
import { KEY_CODE32, KEY_FLAT, KEY_STACK32, MODE_KEY, TLB_HALF } from "../../cpu/state.js";
import type { Edge, Exit, IrBlock, IrRegion, RegionPage } from "../ir/ir.js";
import { BlockBuilder, UNKNOWN_FLAGS } from "../lift/builder.js";
import { edge } from "../lift/control.js";
import type { Operation } from "../lift/lifters.js";
import { type Stopwatch, UNTIMED } from "../report/stopwatch.js";

export interface RegionLimits {
  /** V8 compiles a function of more than about 1,200 guest instructions no more, and a long one slowly. */
  readonly instructions: number;
  readonly pages: number;
  /** Targets that an indirect transfer looks for inside the region. */
  readonly knownTargets: number;
}
export const REGION_LIMITS: RegionLimits = { instructions: 200, pages: 4, knownTargets: 8 };

const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;

/** What the former sees of its machine. */
export interface Code {
  readonly code: Int32Array;
  readonly entries: Int32Array;
  readonly mmu: Mmu;
  readonly i32: Int32Array;
  readonly operations: readonly Operation[];
  /** Operation number of a region's entry, behind which R_IMM names the record it replaced. */
  readonly regionOperation: number;
  bufferPage(linear: number): number;
  /** A region begins at a linear address, as it is mapped now. */
  leadsToRegion(linear: number): boolean;
  /** Decodes an instruction across the end of a page of the buffer into a record of its own; 0 if it is not one. */
  decodeAcross(linear: number, page: RegionPage, next: RegionPage): number;
}

interface Instruction {
  readonly linear: number;
  readonly record: number;
  readonly operation: Operation;
  readonly next: number;
  /** The region's page on which it ends, if that is not the one where it begins; else -1. */
  readonly endsOn: number;
}

/** The mode that can be translated: 32-bit code and stack in flat segments. */
const FLAT32 = KEY_CODE32 | KEY_STACK32 | KEY_FLAT;
/** Longest instruction the processor accepts. */
const MAX_LENGTH = 15;

export class RegionFormer {
  readonly #machine: Code;
  readonly #limits: RegionLimits;
  readonly #stopwatch: Stopwatch;
  #pages: RegionPage[] = [];
  #free = false;
  readonly #found = new Map<number, Instruction>();
  /** Where regions begin that are formed and not yet compiled. */
  readonly #promised = new Set<number>();
  /** Linear addresses at which blocks begin. */
  readonly #leaders = new Set<number>();
  readonly #entries = new Set<number>();
  readonly #returns = new Set<number>();

  constructor(machine: Code, limits: RegionLimits = REGION_LIMITS, stopwatch = UNTIMED) {
    this.#stopwatch = stopwatch;
    this.#machine = machine;
    this.#limits = limits;
  }

  /**
   * A region that begins at a linear address; undefined when its code is not at hand.
   * @param free takes in what other regions have already, and does not end where they begin
   */
  form(seed: number, free: boolean): IrRegion | undefined {
    if ((this.#machine.i32[MODE_KEY] & FLAT32) !== FLAT32) return undefined;
    this.#free = free;
    this.#pages = [];
    this.#found.clear();
    this.#leaders.clear();
    this.#entries.clear();
    this.#returns.clear();
    this.#reached.clear();
    this.#explore(seed | 0);
    if (!this.#found.has(seed | 0)) return undefined;
    this.#entries.add(seed | 0);
    const order = this.#order(seed | 0);
    return this.#stopwatch.during("lifting", () => this.#lift(order));
  }

  /** Whether a region that is to be compiled with others begins there. */
  isPromised(linear: number): boolean {
    return this.#promised.has(linear);
  }
  promise(region: IrRegion): void {
    for (const entry of region.entries) this.#promised.add(region.blocks[entry].linear);
  }
  /** What was promised is compiled. */
  keepPromises(): void {
    this.#promised.clear();
  }

  // ── finding instructions ────────────────────────────────────────────────────────────────────────────────────────

  #pageIndex(linear: number): number {
    const page = linear & ~PAGE_MASK;
    const known = this.#pages.findIndex((each) => each.linear === page);
    if (known >= 0) return known;
    if (this.#pages.length === this.#limits.pages) return -1;
    const { mmu, i32 } = this.#machine;
    const table = mmu.tlbX[(linear >>> PAGE_SHIFT) + i32[TLB_HALF]];
    if (table === 0) return -1;
    this.#pages.push({ linear: page, table, bufferPage: this.#machine.bufferPage(linear) });
    return this.#pages.length - 1;
  }

  /** Another region begins there: this one will lead into it. */
  #leadsElsewhere(linear: number): boolean {
    if (this.#free) return false;
    if (this.#promised.has(linear)) return true;
    return this.#machine.leadsToRegion(linear);
  }

  #instructionAt(linear: number): Instruction | undefined {
    const known = this.#found.get(linear);
    if (known) return known;
    if (this.#found.size >= this.#limits.instructions) return undefined;
    const page = this.#pageIndex(linear);
    if (page < 0) return undefined;
    const { code, entries, operations, regionOperation } = this.#machine;
    let record = entries[this.#pages[page].table + (linear & PAGE_MASK)];
    let endsOn = -1;
    if (record === 0) {
      if ((linear & PAGE_MASK) <= PAGE_MASK + 1 - MAX_LENGTH) return undefined;
      endsOn = this.#pageIndex((linear + MAX_LENGTH) | 0);
      if (endsOn < 0) return undefined;
      record = this.#machine.decodeAcross(linear, this.#pages[page], this.#pages[endsOn]);
      if (record === 0) return undefined;
    }
    if (code[record + R_OP] === regionOperation) record = code[record + R_IMM];
    const operation = operations[code[record + R_OP]];
    if (operation.special) return undefined;
    const next = (linear + ((code[record + R_META] >> META_LENGTH_SHIFT) & 15)) | 0;
    const made = { linear, record, operation, next, endsOn };
    this.#found.set(linear, made);
    return made;
  }

  #target({ linear, record }: Instruction): number {
    return ((linear & ~PAGE_MASK) + this.#machine.code[record + R_DISP]) | 0;
  }

  #explore(seed: number): void {
    const queue = [seed];
    for (let head = 0; head < queue.length; head++) {
      const start = queue[head];
      if (this.#leaders.has(start) || (start !== seed && this.#leadsElsewhere(start))) continue;
      if (!this.#instructionAt(start)) continue;
      this.#leaders.add(start);
      for (let at = start; ; ) {
        const known = this.#found.has(at) && at !== start && this.#reached.has(at);
        const instruction = known ? undefined : this.#instructionAt(at);
        if (!instruction) break;
        this.#reached.add(at);
        const { flow, lift, fence } = instruction.operation;
        if (flow === "branch" || flow === "jump" || flow === "call") {
          const target = this.#target(instruction);
          if (target >>> 0 <= at >>> 0) this.#entries.add(target);
          if (flow === "call") this.#entries.add(target);
          queue.push(target);
        }
        if (flow === "call" || flow === "indirect call") {
          this.#returns.add(instruction.next);
          this.#entries.add(instruction.next);
          queue.push(instruction.next);
        }
        if (flow === "branch") queue.push(instruction.next);
        if (flow === "resume" || (!lift && !fence)) {
          this.#entries.add(instruction.next);
          queue.push(instruction.next);
        }
        if (flow !== "next" || (!lift && !fence)) break;
        at = instruction.next;
        if (this.#leadsElsewhere(at)) break;
        if ((at & ~PAGE_MASK) !== (start & ~PAGE_MASK)) {
          queue.push(at);
          break;
        }
      }
    }
  }
  /** Instructions that belong to the region. */
  readonly #reached = new Set<number>();

  // ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Leaders in reverse postorder from the seed, then what only other entries reach. */
  #order(seed: number): number[] {
    const visited = new Set<number>();
    const postorder: number[] = [];
    const successors = (leader: number): number[] => {
      for (let at = leader; ; ) {
        const instruction = this.#found.get(at);
        if (!instruction) return [];
        const { flow, lift, fence } = instruction.operation;
        if (flow === "branch") return [this.#target(instruction), instruction.next];
        if (flow === "jump") return [this.#target(instruction)];
        if (flow === "call") return [instruction.next, this.#target(instruction)];
        if (flow === "indirect call" || flow === "resume" || (!lift && !fence)) return [instruction.next];
        if (flow === "indirect") return [];
        at = instruction.next;
        if (this.#leaders.has(at)) return [at];
      }
    };
    const visit = (root: number): void => {
      if (!this.#leaders.has(root) || visited.has(root)) return;
      visited.add(root);
      const stack: { leader: number; next: number[] }[] = [{ leader: root, next: successors(root) }];
      while (stack.length > 0) {
        const top = stack[stack.length - 1];
        const child = top.next.shift();
        if (child === undefined) {
          postorder.push(top.leader);
          stack.pop();
        } else if (this.#leaders.has(child) && !visited.has(child)) {
          visited.add(child);
          stack.push({ leader: child, next: successors(child) });
        }
      }
    };
    const rest = [...this.#leaders].filter((leader) => leader !== seed);
    visit(seed);
    const first = postorder.reverse().slice();
    postorder.length = 0;
    for (const leader of rest) visit(leader);
    return [...first, ...postorder.reverse()];
  }

  // ── lifting ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #lift(order: readonly number[]): IrRegion {
    const index = new Map(order.map((leader, at) => [leader, at]));
    const blocks = this.#liftBlocks(order);
    const link = (to: Edge, from: IrBlock): Edge => {
      const block = index.get(to.linear) ?? -1;
      // a block ends on the page it began on, but for its last instruction
      const page = block < 0 || (to.linear & ~PAGE_MASK) === (from.linear & ~PAGE_MASK) ? -1 : this.#pageIndex(to.linear);
      return { linear: to.linear, block, page };
    };
    const returns = [...this.#returns].filter((linear) => index.has(linear)).slice(0, this.#limits.knownTargets);
    for (const block of blocks) {
      const { exit } = block;
      if (exit.kind === "jump") block.exit = { ...exit, to: link(exit.to, block) };
      else if (exit.kind === "branch") block.exit = { ...exit, taken: link(exit.taken, block), otherwise: link(exit.otherwise, block) };
      else if (exit.kind === "indirect") block.exit = { ...exit, known: returns.map((linear) => link(edge(linear), block)) };
    }
    const entries = order.flatMap((leader, at) => (this.#entries.has(leader) ? [at] : []));
    return { blocks, entries: [...new Set([0, ...entries])], pages: this.#pages, tlbPart: this.#machine.i32[TLB_HALF], slot: 0, handles: 0 };
  }

  /** Lifts with what is known of the flags where each block begins; again when an assumption was wrong. */
  #liftBlocks(order: readonly number[]): IrBlock[] {
    const unknown = new Set(this.#entries);
    for (;;) {
      const assumed = new Map<number, number>();
      const before = unknown.size;
      const kinds = new Map<number, number>();
      const blocks = order.map((leader) => {
        const kind = unknown.has(leader) ? UNKNOWN_FLAGS : (kinds.get(leader) ?? UNKNOWN_FLAGS);
        assumed.set(leader, kind);
        const lifted = this.#liftBlock(leader, kind);
        for (const { linear } of edgesOf(lifted.block.exit)) {
          if (kinds.has(linear) && kinds.get(linear) !== lifted.kind) unknown.add(linear);
          kinds.set(linear, lifted.kind);
          const earlier = assumed.get(linear);
          if (earlier !== undefined && earlier !== UNKNOWN_FLAGS && earlier !== lifted.kind) unknown.add(linear);
        }
        return lifted.block;
      });
      if (unknown.size === before) return blocks;
    }
  }

  /** The region has the instruction there, and does not leave it to the interpreter. */
  #goesOnAt(linear: number): boolean {
    const instruction = this.#found.get(linear);
    return instruction !== undefined && this.#reached.has(linear) && instruction.endsOn < 0 && (instruction.operation.lift !== undefined || instruction.operation.fence);
  }

  #liftBlock(leader: number, kind: number): { readonly block: IrBlock; readonly kind: number } {
    const { code } = this.#machine;
    const builder = new BlockBuilder(code, leader, kind, this.#machine.i32[TLB_HALF] === 0);
    for (let at = leader; ; ) {
      const instruction = this.#found.get(at);
      // not decoded, not on a page at hand, or one too many; or a block that continues on another page
      if (!instruction || !this.#reached.has(at) || (at & ~PAGE_MASK) !== builder.page) {
        builder.exit = { kind: "jump", to: edge(at) };
        break;
      }
      const { operation, record, next } = instruction;
      builder.begin(record);
      if (instruction.endsOn >= 0) builder.emit({ kind: "mapped", page: instruction.endsOn, site: builder.site });
      builder.continues = operation.flow === "next" && this.#goesOnAt(next);
      if (!operation.lift?.(builder)) {
        if (!operation.fence) {
          builder.exit = { kind: "interpret", linear: at };
          break;
        }
        builder.fence(operation.name, operation.keepsFlags, operation.ends);
        // a branch that could not be lifted
        if (operation.flow !== "next") builder.exit = { kind: "resume" };
      }
      builder.end();
      if (builder.exit) break;
      at = next;
      if (this.#leaders.has(at)) {
        builder.endShadow();
        builder.exit = { kind: "jump", to: edge(at) };
        break;
      }
    }
    return { block: builder.finish(), kind: builder.flagKind };
  }
}

export const edgesOf = (exit: Exit): readonly Edge[] => {
  if (exit.kind === "jump") return [exit.to];
  if (exit.kind === "branch") return [exit.taken, exit.otherwise];
  return exit.kind === "indirect" ? exit.known : [];
};
