/**
 * The device conformance suite: what every device must do, whatever it is, found out by random use.
 *
 *     for (const check of conformanceChecks(dice)) it(check.name, check.run);
 *
 * It imports no test framework: `run` throws a message that says what the device did and where.
 */

import type { ResetKind } from "../contract/board.js";
import type { ConfigOf, ConfigOption, ConfigSchema } from "../contract/config.js";
import type { DeviceDefinition } from "../contract/device.js";
import type { Resource } from "../contract/resource.js";
import type { Needs } from "../contract/role.js";
import type { Fields } from "../contract/state.js";
import { difference, misfit, notPlain } from "./plain-data.js";
import { resourceMistakes } from "./resource-claims.js";
import { standIn } from "./stand-in.js";
import { type ConformanceOptions, type Subject, subjectMaker } from "./subject.js";
import { type Step, withPrefix } from "./walk.js";
import type { AnyBench } from "./world.js";

export interface ConformanceCheck {
  readonly name: string;
  /** Rejects with a message when the device fails. */
  run(): Promise<void>;
}

const ACCESSES = 10_000;
/** Steps of a walk that only has to bring the device into some state. */
const SHORT = 1500;
/** So many times the state is looked at while it is being changed. */
const PARTS = 20;

const requireNothing = (found: string | undefined, message: (found: string) => string): void => {
  if (found !== undefined) throw new Error(message(found));
};

const optionMistake = (key: string, option: ConfigOption): string | undefined => {
  const value: unknown = option.default;
  if (option.doc.trim() === "" || option.doc.includes("\n")) return `config.${key}: doc is one line that says what the key does`;
  switch (option.kind) {
    case "integer":
      return Number.isInteger(value) && option.default >= option.min && option.default <= option.max
        ? undefined
        : `config.${key}: default ${value} is no whole number from ${option.min} to ${option.max}`;
    case "flag":
      return typeof value === "boolean" ? undefined : `config.${key}: default ${value} is no flag`;
    case "text":
      return typeof value === "string" && value.length <= option.maxLength ? undefined : `config.${key}: default is no text of at most ${option.maxLength} characters`;
    case "choice":
      return option.choices.includes(option.default) ? undefined : `config.${key}: default "${value}" is none of ${option.choices.join(", ")}`;
  }
};

const differentStep = (was: readonly Step[], is: readonly Step[]): string | undefined => {
  for (const [index, step] of was.entries()) {
    const other = is[index];
    if (other?.what !== step.what) return `step ${index + 1} is "${other?.what}", was "${step.what}"`;
    const found = difference(step.result, other.result, "the result");
    if (found) return `step ${index + 1} (${step.what}): ${found}`;
  }
  return was.length === is.length ? undefined : `${is.length} steps were noted, not ${was.length}`;
};

/** @throws when there is no such field. */
const remove = (fields: Fields, [first, ...rest]: readonly string[], name: string): void => {
  const here = first === undefined ? undefined : fields[first];
  if (first === undefined || here === undefined) throw new Error(`"keeps" names "${name}", which is no field of the state`);
  if (rest.length > 0) remove(here as Fields, rest, name);
  else delete fields[first];
};

/** Time passes anyway, and what stand-ins hold is theirs. */
const ownState = ({ bench }: Fields): Fields => {
  const { fields, blocks, timers, lines } = bench as Fields;
  return { fields, blocks, timers, lines } as Fields;
};
const hasState = (saved: Fields): boolean => {
  const { fields, blocks } = (saved["bench"] ?? {}) as { fields: Fields; blocks: Fields };
  return Object.keys(fields).length > 0 || Object.keys(blocks).length > 0;
};

/** The suite for one definition in one configuration. Every check makes its own devices. */
export const conformanceChecks = <X, C extends ConfigSchema, N extends Needs, S>(
  definition: DeviceDefinition<X, C, N, S>,
  options: ConformanceOptions<X, C, N> = {},
): ConformanceCheck[] => {
  const seed = options.seed ?? 1;
  const accesses = options.accesses ?? ACCESSES;
  const kept = Object.keys(options.keeps ?? {});
  const reserved = Object.keys(options.reserves ?? {});
  const mayRun = Object.keys(options.armedAfterReset ?? {});

  const { created, subject } = subjectMaker(definition, options);

  const walked = async (walkSeed = seed, steps = SHORT): Promise<Subject> => {
    const made = await subject();
    await made.walk(walkSeed, steps);
    return made;
  };

  const checks: Record<string, () => Promise<void>> = {
    "describes its configuration, with defaults that it accepts": async () => {
      if (definition.summary.trim() === "" || definition.summary.includes("\n")) throw new Error("summary is one line");
      for (const [key, option] of Object.entries(definition.config as ConfigSchema)) requireNothing(optionMistake(key, option), (found) => found);
    },

    "declares what it claims and claims what it declares": async () => {
      const { bench } = await walked();
      const config = bench.config as ConfigOf<C>;
      const declared = definition.resources(config);
      requireNothing(difference([...declared], [...definition.resources(config)], "resources()"), (found) => `asked twice, ${found}`);
      const dma = bench.standIns.flatMap((part) => [...(part[standIn].dmaChannels ?? [])]);
      const claimed: Resource[] = [...bench.claims, ...dma.map((channel) => ({ kind: "dma" as const, channel }))];
      requireNothing(resourceMistakes(declared, claimed, bench.deviceBoard.shown, reserved)[0], (found) => found);
    },

    "leaves lines and memory alone until the power-on reset": async () => {
      const { bench } = await created();
      requireNothing(bench.deviceBoard.tooEarly[0], (found) => `create() ${found}; that is for reset("power-on") and later`);
    },

    "has plain data for a state, in a shape that stays": async () => {
      const fresh = (await subject()).bench.state;
      requireNothing(notPlain(fresh, "state"), (found) => found);
      const { bench } = await walked(seed, accesses);
      requireNothing(notPlain(bench.state, "state"), (found) => `after random use ${found}`);
      requireNothing(misfit(fresh, bench.state, "state"), (found) => `after random use ${found}; names, types and lengths are fixed, lists excepted`);
      structuredClone(bench.state);
    },

    "is changed by random use, and saving does not change it": async () => {
      const made = await subject();
      const before = made.save();
      let isChanged = false;
      for (let part = 0; part < PARTS && !isChanged; part++) {
        await made.walk(seed + part, Math.ceil(accesses / PARTS));
        const saved = made.save();
        requireNothing(difference(saved, made.save(), "saved"), (found) => `saved twice, ${found}`);
        isChanged = difference(ownState(before), ownState(saved), "saved") !== undefined;
      }
      if (isChanged && options.unchanging) throw new Error(`random use does change the state, so "unchanging" has to go`);
      if (!isChanged && hasState(before) && !options.unchanging) {
        throw new Error(`it declares state that ${accesses} random accesses did not change: declare none, reach it with "actions", or say why in "unchanging"`);
      }
    },

    "comes back to a saved state": async () => {
      const made = await walked();
      const saved = made.save();
      await made.walk(seed + 1, SHORT);
      made.load(saved);
      requireNothing(difference(saved, made.save(), "saved"), (found) => `saved, used and loaded, ${found}`);
    },

    "saves alike what a fresh device has loaded": async () => {
      const saved = (await walked()).save();
      const other = await subject();
      other.load(saved);
      requireNothing(difference(saved, other.save(), "saved"), (found) => `loaded into a fresh device, ${found}`);
    },

    "goes on alike from a saved state, fresh or used": async () => {
      const first = await walked();
      const saved = first.save();
      const fresh = await subject();
      // Set up as the others, so that stand-ins and walks agree; the load replaces all of it.
      await fresh.walk(seed, 0);
      fresh.load(saved);
      const used = await walked(seed + 2);
      used.load(saved);
      const steps = await first.walk(seed + 3, SHORT);
      const after = first.save();
      for (const [other, what] of [
        [fresh, "a fresh device"],
        [used, "a device used before"],
      ] as const) {
        const found = differentStep(steps, await other.walk(seed + 3, SHORT)) ?? difference(after, other.save(), "saved");
        requireNothing(
          found,
          (text) =>
            `${what} that has loaded a state goes on otherwise than the one it was saved from: ${text}; some state is kept outside of "state", or loaded() forgets to rebuild what follows from it`,
        );
      }
    },

    "resets the same way twice": async () => {
      for (const kind of ["hard", "power-on"] as const satisfies readonly ResetKind[]) {
        const made = await walked();
        made.bench.reset(kind);
        const once = made.save();
        made.bench.reset(kind);
        requireNothing(difference(once, made.save(), "saved"), (found) => `after a second ${kind} reset, ${found}`);
      }
    },

    "forgets everything at power-on": async () => {
      const made = await walked();
      made.bench.reset("power-on");
      const fresh = await subject(made.bench.clock.nowNs);
      const view = ({ bench }: Subject): Fields => {
        const { fields, timers, lines } = bench.save() as { fields: Fields; timers: Fields; lines: string[] };
        for (const name of kept) remove(fields, name.split("."), name);
        return { fields, timers, lines };
      };
      requireNothing(difference(view(fresh), view(made), "saved"), (found) => `used and powered on again, ${found} in a fresh device; what a battery keeps is named in "keeps"`);
    },

    "leaves no line high, no timer armed and no window open at reset": async () => {
      const { bench: fresh } = await subject();
      const { bench } = await walked();
      bench.reset("hard");
      const atPowerOn = Object.keys(fresh.clock.armed());
      for (const timer of Object.keys(bench.clock.armed()))
        if (!atPowerOn.includes(timer) && !mayRun.includes(timer)) throw new Error(`timer "${timer}" is armed after a hard reset, and is not at power-on`);
      for (const [line, level] of bench.lines) if (level) throw new Error(`IRQ ${line} is high after a hard reset`);
      const windows = ({ mappings }: AnyBench): string[] =>
        mappings.filter((each) => each.path === bench.deviceBoard.path).map(({ space, base, length }) => `${space} ${base.toString(16)}h, length ${length}`);
      const known = windows(fresh);
      for (const window of windows(bench)) if (!known.includes(window)) throw new Error(`${window} is mapped after a hard reset, and is not at power-on`);
    },

    "gives back at the end what it opened on the host": async () => {
      const { bench } = await walked();
      await bench.device.dispose?.();
      requireNothing(bench.standIns.flatMap((part) => part[standIn].open?.() ?? [])[0], (found) => `${found} is still open after dispose()`);
    },

    [`survives ${accesses.toLocaleString("en")} random accesses`]: async () => {
      const made = await subject();
      await made.walk(seed, accesses, true);
    },

    "does the same thing given the same": async () => {
      const one = await subject();
      const steps = await one.walk(seed, accesses);
      const other = await subject();
      requireNothing(
        differentStep(steps, await other.walk(seed, accesses)) ?? difference(one.save(), other.save(), "saved"),
        (found) => `a second device, used in the same way: ${found}`,
      );
    },

    "lifts states of every earlier version": async () => {
      const { version, migrations } = definition.state;
      const fresh = (await subject()).bench.state;
      for (let from = 1; from < version; from++) {
        const old = options.oldStates?.[from];
        if (!old) throw new Error(`state version is ${version}: give fields as version ${from} saved them in "oldStates"`);
        let fields = structuredClone(old);
        for (let each = from; each < version; each++) {
          const migrate = migrations?.[each];
          if (!migrate) throw new Error(`migrations[${each}] is missing`);
          fields = migrate(fields);
        }
        requireNothing(misfit(fresh, fields, "state"), (found) => `fields of version ${from}, lifted to ${version}: ${found}`);
      }
    },
  };

  return Object.entries(checks).map(([name, run]) => ({
    name,
    run: async () => {
      try {
        await run();
      } catch (error) {
        throw withPrefix(`${definition.id}: `, error);
      }
    },
  }));
};
