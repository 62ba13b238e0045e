/** `backplane profile`: profiles shown, checked, and described as a JSON Schema. */
import { DEFAULT_CPU_MODEL, describeResource, designMachine, nearest, profileSchema } from "../../kernel/machine/index.js";
import type { ConfigSchema } from "../../sdk/contract/config.js";
import { InterruptLines, Processor } from "../../sdk/contract/processor.js";
import type { Profile, Slot } from "../../sdk/contract/profile.js";
import type { Role } from "../../sdk/contract/role.js";
import { servicesFor } from "../api/create-machine.js";
import { nodePlatform } from "../node/platform.js";
import { type Arguments, type OptionSpec, usageError } from "./arguments.js";
import { showValue } from "./devices.js";
import { loadPlugins, loadProfile } from "./load.js";
import type { Streams } from "./streams.js";

export const PROFILE_OPTIONS: readonly OptionSpec[] = [
  { name: "json", doc: "With show: as a JSON profile to start from" },
  { name: "plugin", value: "SPEC", many: true, doc: "Also know the devices of MODULE" },
];

/** Checks everything that can be checked before devices exist. @throws BackplaneError naming the slot. */
const check = (profile: Profile): ReturnType<typeof designMachine> => {
  const { scope } = servicesFor(nodePlatform);
  const hasService = (role: Role<unknown>): boolean => role.key === Processor.key || role.key === InterruptLines.key || scope.isRegistered(role.key);
  return designMachine(profile, { hasService });
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
};

const settings = ({ definition, config }: Slot): string =>
  Object.entries(config)
    .map(([key, value]) => `${key}=${showValue((definition.config as ConfigSchema)[key], value)}`)
    .join(" ");

const toText = (profile: Profile): string => {
  const { ledger } = check(profile);
  const rows = profile.slots.map((slot) => [slot.path, slot.definition.id, slot.definition.provides.name, settings(slot), ledger.of(slot.path).map(describeResource).join(", ")]);
  return `${profile.name}: ${profile.summary}\n${profile.memoryMiB} MiB of memory, processor ${profile.cpu ?? DEFAULT_CPU_MODEL}\n\n${table([["PATH", "DEVICE", "ROLE", "CONFIGURATION", "USES"], ...rows])}`;
};

const toJson = (profile: Profile): object => ({
  name: profile.name,
  summary: profile.summary,
  memory: profile.memoryMiB,
  ...(profile.cpu === undefined ? {} : { cpu: profile.cpu }),
  add: Object.fromEntries(
    profile.slots.map(({ path, definition, config, wires }) => [
      path,
      { use: definition.id, ...(Object.keys(config).length > 0 ? { config } : {}), ...(Object.keys(wires).length > 0 ? { wires } : {}) },
    ]),
  ),
});

const ACTIONS = ["show", "validate", "schema"];

export const profileCommand = async (args: Arguments, { stdout }: Streams): Promise<void> => {
  const [action, name] = args.positionals;
  const { catalogue } = await loadPlugins(args.values("plugin"));
  if (action === "schema") {
    if (name !== undefined) throw usageError(`profile schema: unexpected "${name}"; the schema is the same for every profile`);
    stdout.write(`${JSON.stringify(profileSchema(catalogue), null, 2)}\n`);
    return;
  }
  if (action === "show" && name === undefined) {
    stdout.write(table(catalogue.profiles.map((each) => [each.name, each.summary])));
    return;
  }
  if (action !== "show" && action !== "validate") {
    const near = action === undefined ? undefined : nearest(action, ACTIONS);
    throw usageError(
      `profile ${action === undefined ? "needs an action" : `has no action "${action}"`}; ${near ? `did you mean "${near}"?` : "write profile show, profile validate or profile schema"}`,
    );
  }
  if (name === undefined) throw usageError(`profile ${action} needs the name of a profile or of a JSON file`);
  const profile = await loadProfile(name, catalogue);
  if (action === "validate") {
    check(profile);
    stdout.write(`${name}: good; ${profile.slots.length} devices, ${profile.memoryMiB} MiB\n`);
  } else stdout.write(args.has("json") ? `${JSON.stringify(toJson(profile), null, 2)}\n` : toText(profile));
};
