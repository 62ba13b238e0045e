/** `backplane devices`: every definition with its role, configuration, defaults and resources. */
import { describeResource } from "../../kernel/machine/index.js";
import type { ConfigOption, ConfigSchema } from "../../sdk/contract/config.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import type { Resource } from "../../sdk/contract/resource.js";
import type { Need, Needs } from "../../sdk/contract/role.js";
import type { Arguments, OptionSpec } from "./arguments.js";
import { loadPlugins } from "./load.js";
import type { Streams } from "./streams.js";

export const DEVICES_OPTIONS: readonly OptionSpec[] = [
  { name: "json", doc: "As JSON" },
  { name: "plugin", value: "SPEC", many: true, doc: "Also list the devices of MODULE" },
];

const defaultsOf = (definition: AnyDefinition): Record<string, unknown> =>
  Object.fromEntries(Object.entries(definition.config as ConfigSchema).map(([key, option]) => [key, option.default]));

const resourcesOf = (definition: AnyDefinition): readonly Resource[] => definition.resources(defaultsOf(definition) as never);

const needName = (need: Need): string => ("optional" in need ? `${need.optional.name} (optional)` : "every" in need ? `${need.every.name} (every)` : need.name);

/** A value as people type it. */
export const showValue = (option: ConfigOption, value: unknown): string => {
  if (option.kind === "integer" && option.radix === 16) return `0x${Number(value).toString(16)}`;
  return option.kind === "text" ? JSON.stringify(value) : String(value);
};

const toJson = (definition: AnyDefinition): object => ({
  id: definition.id,
  summary: definition.summary,
  role: definition.provides.name,
  needs: Object.fromEntries(Object.entries(definition.needs as Needs).map(([name, need]) => [name, needName(need)])),
  config: definition.config,
  resources: resourcesOf(definition),
});

const toText = (definition: AnyDefinition): string => {
  const options = Object.entries(definition.config as ConfigSchema).map(([key, option]) => [`${key}=${showValue(option, option.default)}`, option.doc, option] as const);
  const width = Math.max(0, ...options.map(([setting]) => setting.length));
  const lines = [
    `${definition.id}  [${definition.provides.name}]`,
    `    ${definition.summary}`,
    ...options.map(([setting, doc, option]) => `    ${setting.padEnd(width)}  ${doc}${option.kind === "choice" ? ` (${option.choices.join(", ")})` : ""}`),
  ];
  const resources = resourcesOf(definition).map(describeResource);
  if (resources.length > 0) lines.push(`    uses ${resources.join(", ")}`);
  return `${lines.join("\n")}\n`;
};

export const listDevices = async (args: Arguments, { stdout }: Streams): Promise<void> => {
  const { catalogue } = await loadPlugins(args.values("plugin"));
  const { definitions } = catalogue;
  stdout.write(args.has("json") ? `${JSON.stringify(definitions.map(toJson), null, 2)}\n` : definitions.map(toText).join("\n"));
};
