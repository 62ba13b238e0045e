/**
 * Removes what nobody reads: sets of locals, above all lazy flags, that are set again first, and unused temporaries.
 *
 * Wherever the region may be left every local is read. A local set and set again between two such places is dead, across
 * blocks as well.
 */
import { EAX, ECX, EDI, ESI } from "../../cpu/state.js";
import { type Exit, type Expr, type IrBlock, type IrRegion, L_OP, LOCALS, type Statement } from "../ir/ir.js";
import { edgesOf } from "../region/region-former.js";

const ALL = (1 << LOCALS) - 1;
/** What a bulk statement does to the registers. */
const BULK_SETS = (1 << ECX) | (1 << ESI) | (1 << EDI);
const BULK_READS = BULK_SETS | (1 << EAX);
const FLAGS = ALL & ~((1 << L_OP) - 1);

/** Locals that an expression reads, as bits; notes its temporaries. */
const uses = (expr: Expr, temps: Uint8Array): number => {
  switch (expr.kind) {
    case "local":
      return 1 << expr.local;
    case "temp":
      temps[expr.temp] = 1;
      return 0;
    case "unary":
      return uses(expr.a, temps);
    case "binary":
      return uses(expr.a, temps) | uses(expr.b, temps);
    case "select":
      return uses(expr.test, temps) | uses(expr.a, temps) | uses(expr.b, temps);
    case "wide":
      return uses(expr.high, temps) | uses(expr.low, temps) | uses(expr.by, temps);
    case "condition":
      return FLAGS;
    default:
      return 0;
  }
};

const exitUses = (exit: Exit, temps: Uint8Array): number => (exit.kind === "branch" ? uses(exit.test, temps) : exit.kind === "indirect" ? uses(exit.target, temps) | ALL : 0);

/** Locals live where the block begins; `sweep` takes the dead statements out. */
const backward = (block: IrBlock, liveOut: number, sweep: boolean): number => {
  const temps = new Uint8Array(block.temps);
  let live = liveOut | exitUses(block.exit, temps);
  const { statements } = block;
  let kept = statements.length;
  for (let at = statements.length - 1; at >= 0; at--) {
    const statement = statements[at];
    let dead = false;
    switch (statement.kind) {
      case "set":
        dead = (live & (1 << statement.local)) === 0 || (statement.value.kind === "local" && statement.value.local === statement.local);
        if (!dead) live = (live & ~(1 << statement.local)) | uses(statement.value, temps);
        break;
      case "let":
        dead = temps[statement.temp] === 0;
        if (!dead) live |= uses(statement.value, temps);
        break;
      case "word":
      case "put":
        live |= uses(statement.value, temps);
        break;
      case "load":
      case "open":
        live = ALL;
        uses(statement.address, temps);
        break;
      case "store":
        live = ALL;
        uses(statement.address, temps);
        uses(statement.value, temps);
        break;
      case "require":
        live = ALL;
        uses(statement.test, temps);
        break;
      case "x87":
        live = ALL;
        if (statement.address) uses(statement.address, temps);
        break;
      case "mapped":
      case "bulk":
      case "fence":
        live = ALL;
    }
    if (!sweep) continue;
    if (!dead) statements[--kept] = statement;
  }
  if (sweep) statements.splice(0, kept);
  return live;
};

export const removeDeadSets = (region: IrRegion): void => {
  const { blocks } = region;
  const liveIn = new Int32Array(blocks.length).fill(0);
  const liveOut = (block: IrBlock): number => {
    if (block.exit.kind === "interpret" || block.exit.kind === "resume") return ALL;
    let live = 0;
    for (const { block: to } of edgesOf(block.exit)) live |= to < 0 ? ALL : liveIn[to];
    return live;
  };
  // back edges leave when the time is up
  const outOf = (block: IrBlock, at: number): number => (edgesOf(block.exit).some(({ block: to, page }) => page >= 0 || (to >= 0 && to <= at)) ? ALL : liveOut(block));
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = blocks.length - 1; at >= 0; at--) {
      const live = backward(blocks[at], outOf(blocks[at], at), false);
      if (live !== liveIn[at]) {
        liveIn[at] = live;
        changed = true;
      }
    }
  }
  for (let at = 0; at < blocks.length; at++) backward(blocks[at], outOf(blocks[at], at), true);
};

/** Locals that a region reads or sets anywhere, and those it sets. */
export const localsOf = (region: IrRegion): { readonly used: number; readonly set: number } => {
  let used = 0;
  let set = 0;
  for (const block of region.blocks) {
    const temps = new Uint8Array(block.temps);
    if (block.exit.kind === "branch") used |= uses(block.exit.test, temps);
    else if (block.exit.kind === "indirect") used |= uses(block.exit.target, temps);
    for (const statement of block.statements) {
      used |= expressionsOf(statement).reduce((all, expr) => all | uses(expr, temps), 0);
      if (statement.kind === "set") set |= 1 << statement.local;
      if (statement.kind === "bulk") {
        set |= BULK_SETS;
        used |= BULK_READS;
      }
    }
  }
  return { used: used | set, set };
};

export const expressionsOf = (statement: Statement): readonly Expr[] => {
  switch (statement.kind) {
    case "load":
    case "open":
      return [statement.address];
    case "store":
      return [statement.address, statement.value];
    case "require":
      return [statement.test];
    case "x87":
      return statement.address ? [statement.address] : [];
    case "mapped":
    case "bulk":
    case "fence":
      return [];
    default:
      return [statement.value];
  }
};
