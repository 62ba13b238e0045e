/** Makes a case that diverges as small as it stays diverging: fewer instructions, simpler registers, memory and units. */
import { Case } from "./encode.mjs";
import { assemble, isDefined } from "./program.mjs";
import { FCW, FSW, FTW, MXCSR, REGISTER_STRIDE, ST, settleStatus, UNIT_BYTES, XMM } from "./units.mjs";

/** @typedef {import("./program.mjs").Item} Item */
/** @typedef {Case & { items?: Item[] }} Fuzzed */
/** What differs in each of the cases; nothing where there is no judging it. @typedef {(cases: readonly Fuzzed[]) => string[][]} Judge */

const PLACE = 0x100;
/** Segment overrides, LOCK and repeats: instructions mean nearly the same without. */
const DISPENSABLE = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0xf0, 0xf2, 0xf3]);
const MOV_ECX = 0xb9;
const QUIET_FLAGS = 0x202;
const ROUNDS_MOST = 200;

/** @param {Fuzzed} c @returns {Fuzzed} */
const copy = (c) =>
  Object.assign(Object.create(Case.prototype), c, {
    registers: c.registers.slice(),
    memory: c.memory.slice(),
    units: c.units?.slice(),
    code: [...c.code],
    masks: [...c.masks],
  });

/** The case with other items; jumps to a missing one go to what follows it. @param {Fuzzed} c @param {readonly Item[]} before @param {ReadonlySet<Item>} missing @returns {Fuzzed | undefined} */
const without = (c, before, missing) => {
  /** @type {Map<Item, Item>} */
  const made = new Map();
  const kept = before.filter((item) => !missing.has(item));
  for (const item of kept) made.set(item, { ...item });
  const at = new Map(before.map((item, index) => [item, index]));
  for (const item of kept) {
    if (!item.target) continue;
    const target = before.slice(at.get(item.target)).find((candidate) => !missing.has(candidate));
    const copied = target && made.get(target);
    if (!copied) return undefined;
    /** @type {Item} */ (made.get(item)).target = copied;
  }
  return withItems(
    c,
    kept.map((item) => /** @type {Item} */ (made.get(item))),
  );
};

/** @param {Fuzzed} c @param {Item[]} items @returns {Fuzzed | undefined} */
const withItems = (c, items) => {
  const code = assemble(items);
  return code && isDefined(items) ? Object.assign(copy(c), { items, code }) : undefined;
};

/** Programs with some of the items, the fewest first. @param {Fuzzed} c @returns {(Fuzzed | undefined)[]} */
const fewerItems = (c) => {
  const { items } = c;
  if (!items) {
    return c.code
      .flatMap((byte, at) =>
        at < 8 && DISPENSABLE.has(byte) && c.code.slice(0, at).every((before) => before === 0x66 || before === 0x67 || DISPENSABLE.has(before)) ? [{ at }] : [],
      )
      .map(({ at }) => {
        const simpler = copy(c);
        simpler.code.splice(at, 1);
        return simpler;
      });
  }
  /** @type {(Fuzzed | undefined)[]} */
  const found = [];
  for (let size = items.length >> 1; size > 0; size >>= 1)
    for (let from = 0; from < items.length; from += size) found.push(without(c, items, new Set(items.slice(from, from + size))));
  // the routine with its calls
  const stop = items.findIndex((item) => item.flow === "stop");
  if (stop >= 0) found.push(without(c, items, new Set(items.filter((item, at) => at >= stop || item.flow === "call"))));
  // a jump and its target, a loop's head and its end
  items.forEach((item, from) => {
    if (item.target) found.push(without(c, items, new Set([item, item.target])));
    if (item.flow === "branch") for (let to = 0; to < from; to++) if (items[to].bytes[0] === MOV_ECX) found.push(without(c, items, new Set([item, items[to]])));
    if (item.bytes[0] === MOV_ECX && item.bytes[1] > 1) {
      const once = { ...item, bytes: [MOV_ECX, item.bytes[1] > 2 ? 2 : 1, ...item.bytes.slice(2)] };
      found.push(
        withItems(
          c,
          items.map((other) => (other === item ? once : other)),
        ),
      );
    }
  });
  return found;
};

/** Makes a case simpler in one respect; false when there was nothing to change. @typedef {(c: Fuzzed) => boolean} Change */

/** @param {Uint8Array} bytes @param {number} from @param {number} to */
const clear = (bytes, from, to) => {
  const was = bytes.subarray(from, to).some((byte) => byte !== 0);
  bytes.fill(0, from, to);
  return was;
};

/** @param {Uint8Array} units @param {number} at @param {readonly number[]} bytes */
const become = (units, at, bytes) => {
  const was = bytes.some((byte, index) => units[at + index] !== byte);
  units.set(bytes, at);
  return was;
};

/** Changes of the units, from all of them to a part of one register. @returns {Change[]} */
const simplerUnits = () => {
  /** @type {Change[]} */
  const found = [];
  /** @param {(units: Uint8Array) => boolean} change */
  const unit = (change) =>
    found.push((c) => {
      if (!c.units || !change(c.units)) return false;
      settleStatus(c.units);
      return true;
    });
  unit((u) => clear(u, ST, XMM));
  unit((u) => clear(u, XMM, UNIT_BYTES));
  unit((u) => become(u, FSW, [0, 0]));
  unit((u) => become(u, FCW, [0x7f, 3]));
  unit((u) => become(u, FTW, [255]));
  unit((u) => become(u, MXCSR, [0x80, 0x1f, 0, 0]));
  unit((u) => become(u, MXCSR, [u[MXCSR] & 0xc0, u[MXCSR + 1]]));
  for (let at = ST; at < UNIT_BYTES; at += REGISTER_STRIDE) {
    unit((u) => clear(u, at, at + REGISTER_STRIDE));
    unit((u) => clear(u, at, at + 4));
    unit((u) => clear(u, at + 8, at + REGISTER_STRIDE));
  }
  return found;
};

/** @returns {Change[]} */
const simplerRegisters = () =>
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap((register) =>
    [0xffff_ffff, 0xff, 1, 0].map((value) => (/** @type {Fuzzed} */ c) => {
      const was = c.registers[register];
      if (was === value || (c.pinned >> register) & 1 || (value !== 0 && was <= 0xff)) return false;
      c.registers[register] = value;
      return true;
    }),
  );

/** @type {readonly Change[]} */
const CHANGES = [
  (c) => {
    const was = c.flags;
    c.flags = QUIET_FLAGS;
    return was !== QUIET_FLAGS;
  },
  (c) => {
    const was = c.codeOffset;
    c.codeOffset = PLACE;
    return was !== PLACE;
  },
  ...simplerRegisters(),
  ...simplerUnits(),
  ...[512, 128, 32, 8].flatMap((size) => Array.from({ length: 512 / size }, (_, part) => (/** @type {Fuzzed} */ c) => clear(c.memory, part * size, (part + 1) * size))),
];

/** The case with fewer instructions, as few as it takes. @param {Fuzzed} first @param {Judge} judge */
const shrinkItems = (first, judge) => {
  let smallest = first;
  for (let round = 0; round < ROUNDS_MOST; round++) {
    const candidates = fewerItems(smallest).filter((candidate) => candidate !== undefined);
    const found = candidates.length === 0 ? -1 : judge(candidates).findIndex((differences) => differences.length > 0);
    if (found < 0) break;
    smallest = candidates[found];
  }
  return smallest;
};

/** The case with simpler values: all changes that do, together where that does, too. @param {Fuzzed} first @param {Judge} judge */
const shrinkState = (first, judge) => {
  let smallest = first;
  for (let round = 0; round < ROUNDS_MOST; round++) {
    const tried = CHANGES.flatMap((change) => {
      const candidate = copy(smallest);
      return change(candidate) ? [{ change, candidate }] : [];
    });
    if (tried.length === 0) break;
    const differences = judge(tried.map(({ candidate }) => candidate));
    const does = tried.filter((_, index) => differences[index].length > 0);
    if (does.length === 0) break;
    // all of them, the first half, the first quarter, the first
    const together = [];
    for (let count = does.length; count > 0; count >>= 1) {
      const candidate = copy(smallest);
      for (const { change } of does.slice(0, count)) change(candidate);
      together.push(candidate);
    }
    smallest = together[judge(together).findIndex((found) => found.length > 0)] ?? does[0].candidate;
  }
  return smallest;
};

/**
 * The smallest case found that still diverges.
 * @param {Fuzzed} first one that does @param {Judge} judge @returns {Fuzzed}
 */
export const shrink = (first, judge) => shrinkItems(shrinkState(shrinkItems(first, judge), judge), judge);
