/** Command line arguments, checked against a table of options. */
import { parseArgs } from "node:util";
import { nearest } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";

export interface OptionSpec {
  readonly name: string;
  /** How help calls its value; without one it is a flag. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly doc: string;
}

export interface Arguments {
  /** The value of an option given once, or `undefined`. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  has(name: string): boolean;
  readonly positionals: readonly string[];
}

export const usageError = (message: string): BackplaneError => new BackplaneError("USAGE", message);

const HELP = "help";
/** Every command has it. */
export const HELP_OPTION: OptionSpec = { name: HELP, doc: "Show this help" };

/** @throws BackplaneError `USAGE`. */
export const parseArguments = (command: string, argv: readonly string[], specs: readonly OptionSpec[], maxPositionals: number): Arguments => {
  const known = new Map([...specs, HELP_OPTION].map((spec) => [spec.name, spec]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries([...known.values()].map(({ name, value }) => [name, { type: value === undefined ? "boolean" : "string", multiple: true } as const])),
      [HELP]: { type: "boolean", short: "h", multiple: true },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = known.get(token.name);
    if (!spec) {
      const near = nearest(token.name, [...known.keys()]);
      throw usageError(`${command} has no option ${token.rawName}${near === undefined ? "" : `; did you mean --${near}?`} (--help lists them)`);
    }
    const values = given.get(spec.name) ?? [];
    given.set(spec.name, values);
    if (values.length > 0 && !spec.many) throw usageError(`--${spec.name} is given twice; give it once`);
    if (spec.value === undefined) {
      if (token.value !== undefined) throw usageError(`--${spec.name} takes no value, but has "${token.value}"`);
      values.push("");
      continue;
    }
    const swallowed = !token.inlineValue && token.value?.startsWith("--") && known.has(token.value.slice(2).split("=")[0]);
    if (token.value === undefined || swallowed) throw usageError(`--${spec.name} needs a value: --${spec.name} ${spec.value}`);
    values.push(token.value);
  }
  if (positionals.length > maxPositionals) throw usageError(`${command}: unexpected "${positionals[maxPositionals]}"; options begin with --, and --help lists them`);
  return {
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
    has: (name) => given.has(name),
    positionals,
  };
};

/** Option lines of a help text. */
export const describeOptions = (specs: readonly OptionSpec[]): string => {
  const all = [...specs, HELP_OPTION];
  const left = all.map(({ name, value }) => `  --${name}${value === undefined ? "" : ` ${value}`}`);
  const width = Math.max(...left.map((each) => each.length));
  return all.map(({ doc, many }, index) => `${left[index].padEnd(width)}  ${doc}${many ? " (repeatable)" : ""}\n`).join("");
};
