/**
 * A region as the text of a JavaScript function (target) -> linear address.
 *
 * Guest registers and lazy flags are variables, loaded at the start and stored where the region is left, which is one place.
 * The dispatcher is a `switch` at the start; blocks follow each other in the region's order, each behind the end of a
 * labelled statement that forward jumps to it break; see `layout.ts` for loops.
 *
 * V8 optimises a function by what it has seen of it, and throws the code away where it meets the first call, sum or access
 * of a path it has never seen. So ways out consist of constants and jumps, and what they have in common stands behind.
 *
 * Windows (`passes/windows.ts`) are ignored: each access looks up its own page.
 */
import { BASE, CODE_PAGE, COUNT_BASE, CS, EIP, PC, REGION_EXIT, REGION_LIMIT } from "../../../cpu/state.js";
import { PAGE_MASK, PAGE_SHIFT } from "../../../memory/layout.js";
import { LEAVE_AT } from "../../environment.js";
import { type Edge, type Expr, type IrBlock, type IrRegion, LOCAL_NAMES, LOCAL_WORDS, LOCALS, type Site, type Size, type Statement } from "../../ir/ir.js";
import { localsOf } from "../../passes/dead-sets.js";
import { edgesOf } from "../../region/region-former.js";
import { enteredAt, executedAt, leavesAt } from "../../report/counters.js";
import { type Layout, layOut } from "../layout.js";
import { LEFT, LEFT_BITS } from "../leaves.js";
import { partNumber } from "./environment.js";
import { JavaScriptExpressions } from "./expression.js";

const get = (size: Size, at: string): string => (size === 8 ? `i8[${at}]` : `dv.getInt${size}(${at}, true)`);
const put = (size: Size, at: string, value: string): string => (size === 8 ? `i8[${at}] = ${value};` : `dv.setInt${size}(${at}, ${value}, true);`);
const increment = (word: string): string => `i32[${word}] = i32[${word}] + 1 | 0;`;
/** Guest address `a` in the buffer, by its TLB entry `e`. */
const PLACE = "(e ^ a) >>> 0";

export class JavaScriptEmitter {
  readonly #region: IrRegion;
  readonly #layout: Layout;
  readonly #code = new JavaScriptExpressions();
  readonly #lines: string[] = [];
  readonly #part: number;
  readonly #used: number;
  readonly #set: number;
  readonly #indent: string;
  readonly #counts: boolean;
  #depth = 0;
  /** Some fence leaves: what it has answered is looked at in one place. */
  #fenced = false;

  /**
   * @param counts for a report (`report/counters.ts`)
   * @param indent of each level, in text for people
   */
  constructor(region: IrRegion, counts: boolean, indent = "") {
    this.#region = region;
    this.#counts = counts;
    this.#indent = indent;
    this.#layout = layOut(region);
    this.#part = partNumber(region.tlbPart);
    const { used, set } = localsOf(region);
    this.#used = used;
    this.#set = set;
  }

  /** Operators, accesses, calls and jumps of the text. */
  get operations(): number {
    return this.#code.operations;
  }

  emit(name: string): string {
    const { blocks, slot } = this.#region;
    this.#fenced = blocks.some(({ statements }) => statements.some(({ kind }) => kind === "fence" || kind === "x87" || kind === "bulk"));
    const names = LOCAL_NAMES.filter((_, local) => (this.#used & (1 << local)) !== 0);
    this.#open(`function ${name}(target) {`);
    this.#line(`let ${[...names.map((each) => `${each} = i32[${LOCAL_WORDS[LOCAL_NAMES.indexOf(each)]}]`), `count = i32[${COUNT_BASE}]`].join(", ")};`);
    this.#line("let a = 0, e = 0, linear = 0, extra = 0, end = last[0];");
    if (this.#counts) this.#line(`const start = count; ${increment(String(enteredAt(slot) >>> 2))}`);
    this.#open("leave: {");
    if (this.#fenced) this.#open("fenced: {");
    this.#open("dispatch: for (;;) {");
    this.#range(0, blocks.length - 1, true);
    this.#close();
    if (this.#fenced) {
      this.#close();
      this.#line(`if (e === ${LEAVE_AT}) { linear = a; extra = extra - 8 | 0; }`);
    }
    this.#close();
    this.#storeLocals();
    if (this.#counts) {
      const executed = `i32[${executedAt(slot) >>> 2}]`;
      this.#line(`${executed} = ${executed} + (count + extra - start >>> 3) | 0;`);
      this.#line(`a = ${leavesAt(slot) >>> 2} + (extra & ${LEFT_BITS}) | 0; ${increment("a")}`);
    }
    this.#line(`i32[${COUNT_BASE}] = count + (extra & -8) | 0;`);
    this.#line(`i32[${REGION_EXIT}] = extra & 1;`);
    this.#line("return linear;");
    this.#close();
    return this.#lines.join("\n");
  }

  // ── structure ───────────────────────────────────────────────────────────────────────────────────────────────────

  #line(text: string): void {
    this.#code.operations++;
    this.#lines.push(this.#indent.repeat(this.#depth) + text);
  }
  #open(text: string): void {
    this.#line(text);
    this.#depth++;
  }
  #close(): void {
    this.#depth--;
    this.#lines.push(`${this.#indent.repeat(this.#depth)}}`);
  }

  #dispatcher(): void {
    const { dispatched } = this.#layout;
    if (dispatched.length > 1) {
      this.#open("switch (target) {");
      for (let at = 0; at < dispatched.length - 1; at++) this.#line(`case ${at}: break b${dispatched[at]};`);
      this.#line(`default: break b${dispatched[dispatched.length - 1]};`);
      this.#close();
    } else this.#line(`break b${dispatched[0]};`);
  }

  /** Blocks first to last, in scopes that jumps to them leave; the dispatcher, if it is wanted, inside all scopes. */
  #range(first: number, last: number, dispatches: boolean): void {
    const { loopEnd, dispatched } = this.#layout;
    const { blocks } = this.#region;
    const units: number[] = [];
    for (let at = first; at <= last; at++) {
      units.push(at);
      if (loopEnd[at] >= 0 && (dispatches || at !== first)) at = loopEnd[at];
    }
    const targets = new Set<number>(dispatches ? dispatched : []);
    for (let from = first; from <= last; from++) for (const { block: to } of edgesOf(blocks[from].exit)) if (to > from) targets.add(to);
    const inner = (unit: number): boolean => dispatches || unit !== first;
    const scoped = units.filter((unit) => inner(unit) && targets.has(unit));
    for (let at = scoped.length - 1; at >= 0; at--) this.#open(`b${scoped[at]}: {`);
    if (dispatches) this.#dispatcher();
    for (const unit of units) {
      if (inner(unit) && targets.has(unit)) this.#close();
      if (loopEnd[unit] >= 0 && inner(unit)) {
        this.#open(`l${unit}: for (;;) {`);
        this.#range(unit, loopEnd[unit], false);
        // the last block may lead to what follows
        this.#line("break;");
        this.#close();
      } else this.#block(unit);
    }
  }

  #block(at: number): void {
    const block = this.#region.blocks[at];
    this.#code.beginBlock();
    this.#open("{");
    for (const statement of block.statements) this.#statement(statement, block);
    if (block.instructions > 0) this.#line(`count = count + ${block.instructions * 8} | 0;`);
    this.#exit(block, at);
    this.#close();
  }

  #exit(block: IrBlock, at: number): void {
    const { exit } = block;
    switch (exit.kind) {
      case "jump":
        this.#edge(exit.to, at);
        return;
      case "branch": {
        // jump to the one whose code does not follow
        const follows = exit.taken.block === at + 1 && exit.taken.page < 0;
        this.#open(`if (${this.#code.test(exit.test, follows)}) {`);
        this.#edge(follows ? exit.otherwise : exit.taken, -1, at);
        this.#close();
        this.#edge(follows ? exit.taken : exit.otherwise, at);
        return;
      }
      case "indirect":
        this.#line(`linear = ${this.#code.value(exit.target)};`);
        for (const known of exit.known) {
          this.#open(`if (linear === ${known.linear}) {`);
          this.#edge(known, -1, at);
          this.#close();
        }
        this.#line("break leave;");
        return;
      case "resume":
        this.#because(LEFT.moved);
        this.#leaveForEip();
        return;
      case "interpret":
        this.#line(`linear = ${exit.linear}; extra = ${LEFT.interpret}; break leave;`);
    }
  }

  /** Goes to a block; falls through to it where its code follows. `from` is -1 where nothing can fall through. */
  #edge(edge: Edge, from: number, origin = from): void {
    if (edge.block < 0) {
      this.#leaveFor(edge.linear);
      return;
    }
    if (edge.page >= 0) {
      this.#open(`if (${this.#unmapped(edge.page)}) {`);
      this.#because(LEFT.unmapped);
      this.#leaveFor(edge.linear);
      this.#close();
    }
    if (edge.block > origin) {
      if (edge.block !== origin + 1 || from < 0) this.#line(`break b${edge.block};`);
      return;
    }
    this.#open(`if (count >= i32[${REGION_LIMIT}]) {`);
    this.#because(LEFT.limit);
    this.#leaveFor(edge.linear);
    this.#close();
    if (this.#layout.loopEnd[edge.block] >= origin) this.#line(`continue l${edge.block};`);
    else this.#line(`target = ${this.#layout.dispatched.indexOf(edge.block)}; continue dispatch;`);
  }

  /** A page of the region is not mapped any more. */
  #unmapped(index: number): string {
    const { linear, table } = this.#region.pages[index];
    return `execute${this.#part}[${linear >>> PAGE_SHIFT}] !== ${table}`;
  }
  /** Says why the region is about to be left between two instructions; along an edge unless said. `cause`: an even one of `LEFT`. */
  #because(cause: number): void {
    if (this.#counts) this.#line(`extra = ${cause};`);
  }
  #leaveFor(linear: number): void {
    this.#line(`linear = ${linear}; break leave;`);
  }
  /** Leaves at an instruction that the interpreter has to execute. `cause`: an odd one of `LEFT`. */
  #leaveAt(site: Site, cause: number): void {
    this.#line(`linear = ${site.linear}; extra = ${site.before * 8 + cause}; break leave;`);
  }
  /** Goes on where the cold operation has put EIP. */
  #leaveForEip(): void {
    this.#line(`linear = i32[${EIP}] + i32[${BASE + CS}] | 0; break leave;`);
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

  #statement(statement: Statement, block: IrBlock): void {
    const code = this.#code;
    switch (statement.kind) {
      case "set":
        this.#line(`${LOCAL_NAMES[statement.local]} = ${code.value(statement.value)};`);
        return;
      case "let":
        this.#line(`const t${statement.temp} = ${code.value(statement.value)};`);
        code.note(statement.temp, statement.value);
        return;
      case "word":
        this.#line(`i32[${statement.word}] = ${code.value(statement.value)};`);
        return;
      case "require":
        this.#open(`if (${code.test(statement.test, true)}) {`);
        this.#leaveAt(statement.site, LEFT.required);
        this.#close();
        return;
      case "mapped":
        this.#open(`if (${this.#unmapped(statement.page)}) {`);
        this.#leaveAt(statement.site, LEFT.required);
        this.#close();
        return;
      case "load":
        this.#translate(statement.size, statement.address, "read", statement.site);
        this.#line(`const t${statement.temp} = ${get(statement.size, PLACE)};`);
        return;
      case "store":
        this.#translate(statement.size, statement.address, "write", statement.site);
        this.#line(put(statement.size, PLACE, code.value(statement.value)));
        return;
      case "open":
        this.#translate(statement.size, statement.address, "write", statement.site);
        this.#line(`const t${statement.handle} = ${PLACE}, t${statement.temp} = ${get(statement.size, `t${statement.handle}`)};`);
        return;
      case "put":
        this.#line(put(statement.size, `t${statement.handle}`, code.value(statement.value)));
        return;
      case "x87":
      case "bulk":
        this.#fence(statement.fence, block);
        return;
      case "fence":
        this.#fence(statement, block);
    }
  }

  /** The address into `a` and its TLB entry into `e`; leaves where the access is not plain memory. */
  #translate(size: Size, address: Expr, tlb: "read" | "write", site: Site): void {
    this.#line(`a = ${this.#code.value(address)};`);
    this.#line(`e = ${tlb}${this.#part}[a >>> ${PAGE_SHIFT}];`);
    this.#open(size === 8 ? `if ((e & ${PAGE_MASK}) > end) {` : `if (((e | a) & ${PAGE_MASK}) > end) {`);
    this.#line(`e = ${tlb}${size}at${this.#part}(a);`);
    this.#open("if ((e & 1) !== 0) {");
    this.#leaveAt(site, LEFT.refused);
    this.#close();
    this.#close();
  }

  #fence({ record, site, next, ends }: Statement & { kind: "fence" }, block: IrBlock): void {
    this.#storeLocals();
    this.#line(`i32[${PC}] = ${record};`);
    this.#line(`i32[${COUNT_BASE}] = count + ${site.before * 8 - record} | 0;`);
    this.#line(`i32[${CODE_PAGE}] = ${block.linear & ~PAGE_MASK};`);
    // code segments are flat here: offset and linear address are the same
    if (ends) this.#line(`i32[${EIP}] = ${next};`);
    this.#line(`e = ${ends ? "endingFence" : "fence"}(${record});`);
    this.#loadLocals();
    this.#line(`count = i32[${COUNT_BASE}] - ${site.before * 8} | 0;`);
    if (block.exit.kind === "resume" && site.before + 1 === block.instructions) return;
    this.#open("if (e !== 0) {");
    // behind an operation that ends no block the interpreter goes on to the next branch, whatever has been requested
    this.#line(`extra = ${site.before * 8 + 8 + (ends ? LEFT.moved : LEFT.fence)};`);
    if (ends) this.#leaveForEip();
    else this.#line(`linear = ${next}; a = ${site.linear}; break fenced;`);
    this.#close();
  }

  #loadLocals(): void {
    for (let local = 0; local < LOCALS; local++) if ((this.#used & (1 << local)) !== 0) this.#line(`${LOCAL_NAMES[local]} = i32[${LOCAL_WORDS[local]}];`);
  }
  #storeLocals(): void {
    for (let local = 0; local < LOCALS; local++) if ((this.#set & (1 << local)) !== 0) this.#line(`i32[${LOCAL_WORDS[local]}] = ${LOCAL_NAMES[local]};`);
  }
}
