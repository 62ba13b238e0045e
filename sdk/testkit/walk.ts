/** A random walk over a device: bus accesses, passing time, and what its world does to it. Every step is noted. */
import type { BusHandler } from "../contract/board.js";
import type { BenchMapping, HandlerTap, Space, Width } from "./bench-bus.js";
import type { Random } from "./random.js";
import { type Action, standIn } from "./stand-in.js";
import type { AnyBench, World } from "./world.js";

/** One thing done and what came of it. */
export interface Step {
  readonly what: string;
  readonly result: unknown;
}

/** Steps between two waits for the host's work. */
const SETTLE_EVERY = 100;
const MICROSECOND = 1000;
const MILLISECOND = 1_000_000;
const SECOND = 1_000_000_000;

const hex = (value: number): string => `${value.toString(16).toUpperCase()}h`;
const fits = (value: unknown, width: Width): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff >>> (32 - width * 8);

const READS: readonly (readonly ["read8" | "read16" | "read32", Width])[] = [
  ["read8", 1],
  ["read16", 2],
  ["read32", 4],
];

/** Puts a check in front of a handler: what it reads fits into the access. Methods it lacks stay lacking. */
export const checkedReads: HandlerTap = (handler, { space, base }) => {
  const checked: BusHandler = {};
  for (const [method, width] of READS) {
    if (!handler[method]) continue;
    checked[method] = (offset) => {
      const value = handler[method]!(offset);
      if (!fits(value, width)) throw new Error(`${method} at ${space} ${hex(base)}+${hex(offset)} answered ${value}, which is no unsigned ${width * 8}-bit number`);
      return value;
    };
  }
  for (const method of ["write8", "write16", "write32"] as const) if (handler[method]) checked[method] = (offset, value) => handler[method]!(offset, value);
  return checked;
};

/** The error with more in front of its message; its stack still leads into the device. */
export const withPrefix = (prefix: string, error: unknown): Error => {
  if (!(error instanceof Error)) return new Error(`${prefix}${String(error)}`);
  if (!error.message.startsWith(prefix)) error.message = `${prefix}${error.message}`;
  return error;
};

export interface WalkOptions {
  readonly steps: number;
  readonly random: Random;
  /** Also what no snapshot holds: media changes. */
  readonly unsaved?: boolean;
  /** Further actions on the device. */
  readonly actions?: Readonly<Record<string, Action>>;
}

interface NamedAction {
  readonly name: string;
  readonly run: Action;
}

const named = (actions: Readonly<Record<string, Action>> | undefined): NamedAction[] => Object.entries(actions ?? {}).map(([name, run]) => ({ name, run }));

const byPlace = (a: BenchMapping, b: BenchMapping): number => (a.space === b.space ? a.base - b.base || a.length - b.length : a.space < b.space ? -1 : 1);

/** Low offsets are as likely as all others together: that is where registers are. */
const offsetIn = ({ length }: BenchMapping, random: Random): number => random.below(random.oneIn(2) ? Math.min(length, 64) : length);

const access = (bench: AnyBench, { space, base }: { space: Space; base: number }, offset: number, width: Width, value: number | undefined): unknown => {
  const at = base + offset;
  if (space === "mmio") return value === undefined ? bench.peek(at, width) : bench.poke(at, width, value);
  if (value !== undefined) return [bench.out8, bench.out16, bench.out32][width >> 1](at, value);
  return [bench.in8, bench.in16, bench.in32][width >> 1](at);
};

const pause = (bench: AnyBench, random: Random): number => {
  const { clock } = bench;
  const untilNext = clock.nextDeadlineNs - clock.nowNs;
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
    case 2:
      return random.below(20 * MICROSECOND);
    case 3:
      return random.below(30 * MILLISECOND);
    case 4:
      return random.oneIn(20) ? random.below(2 * SECOND) : random.below(MICROSECOND);
    case 5:
      return random.below(MILLISECOND);
    default:
      return Math.max(0, Math.min(untilNext, SECOND));
  }
};

/** @throws the first error of a step, with the step in front. */
export const walk = async (bench: AnyBench, world: World, options: WalkOptions): Promise<Step[]> => {
  const { random, steps } = options;
  const trace: Step[] = [];
  const note = (what: string, result: unknown): void => void trace.push({ what, result });

  const step = (): { readonly what: string; readonly run: () => unknown } => {
    const actions = [
      ...bench.standIns.flatMap((part) => named(part[standIn].actions)),
      ...named(world.actions),
      ...named(options.actions),
      ...(options.unsaved ? named(world.unsaved) : []),
    ];
    const kind = random.below(20);
    if (kind === 0) {
      const ns = pause(bench, random);
      return { what: `${ns} ns pass`, run: () => bench.clock.advance(ns) };
    }
    if (actions.length > 0 && (kind <= 4 || bench.mappings.length === 0)) {
      const { name, run } = random.pick(actions);
      return { what: name, run: () => run(random) };
    }
    if (bench.mappings.length === 0) return { what: "nothing", run: () => undefined };
    // In an order that does not tell in which one they were mapped: that is not state.
    const mapping = random.pick([...bench.mappings].sort(byPlace));
    const offset = offsetIn(mapping, random);
    const width = random.pick([1, 1, 2, 4] as const);
    const value = random.oneIn(2) ? random.value(width) : undefined;
    const where = `${mapping.space} ${hex(mapping.base)}+${hex(offset)}, ${width * 8} bits`;
    return { what: value === undefined ? `read ${where}` : `write ${hex(value)} to ${where}`, run: () => access(bench, mapping, offset, width, value) };
  };

  for (let count = 1; count <= steps; count++) {
    let what = "host work";
    try {
      const next = step();
      what = next.what;
      const result = next.run();
      note(what, result instanceof Promise ? await result : result);
      if (count % SETTLE_EVERY === 0 || count === steps) {
        what = "host work";
        await bench.settle();
      }
    } catch (error) {
      throw withPrefix(`step ${count} (${what}): `, error);
    }
    const heard = world.heard();
    if (heard.length > 0) note("heard", heard.join(" "));
  }
  return trace;
};
