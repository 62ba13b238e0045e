/** Configuration of slots: checked against the definition's schema, completed with defaults, read from text, shown as JSON Schema. */
import type { ConfigOf, ConfigOption, ConfigSchema } from "../../sdk/contract/config.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile, Slot } from "../../sdk/contract/profile.js";
import { hint } from "./suggest.js";

/** Whose configuration it is, for messages. */
export interface ConfigOwner {
  readonly path: string;
  readonly definition: AnyDefinition;
  readonly origin: string;
}

/** Completed values of some definition's schema. */
export type ConfigValues = ConfigOf<ConfigSchema>;

const show = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : typeof value === "object" && value !== null ? (Array.isArray(value) ? "a list" : "an object") : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const inRadix = (value: number, radix: 10 | 16): string => (radix === 16 ? `0x${value.toString(16)}` : String(value));

/** What an option accepts, in words. */
export const allowed = (option: ConfigOption): string => {
  switch (option.kind) {
    case "integer":
      return `a whole number from ${inRadix(option.min, option.radix)} to ${inRadix(option.max, option.radix)}`;
    case "flag":
      return "true or false";
    case "text":
      return `text of at most ${option.maxLength} characters`;
    case "choice":
      return `one of ${option.choices.join(", ")}`;
  }
};

const accepts = (option: ConfigOption, value: unknown): boolean => {
  switch (option.kind) {
    case "integer":
      return typeof value === "number" && Number.isInteger(value) && value >= option.min && value <= option.max;
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string" && [...value].length <= option.maxLength && !value.includes("\0");
    case "choice":
      return typeof value === "string" && option.choices.includes(value);
  }
};

const where = (owner: ConfigOwner): string => `${owner.origin}: "${owner.definition.id}" at ${owner.path}`;

const optionOf = (owner: ConfigOwner, key: string): ConfigOption => {
  const schema = owner.definition.config as ConfigSchema;
  if (!Object.hasOwn(schema, key)) {
    throw new BackplaneError("CONFIG_UNKNOWN_KEY", `${where(owner)} has no configuration key "${key}"${hint(key, Object.keys(schema), "keys")}`, {
      path: owner.path,
      id: owner.definition.id,
      origin: owner.origin,
      key,
    });
  }
  return schema[key];
};

const invalid = (owner: ConfigOwner, key: string, option: ConfigOption, value: unknown): BackplaneError =>
  new BackplaneError("CONFIG_INVALID", `${where(owner)}: "${key}" is ${show(value)}; it must be ${allowed(option)}`, {
    path: owner.path,
    id: owner.definition.id,
    origin: owner.origin,
    key,
    value,
  });

/**
 * The given keys, checked.
 * @throws BackplaneError `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID` naming path, id and origin.
 */
export const checkConfig = (owner: ConfigOwner, config: Readonly<Record<string, unknown>>): void => {
  for (const [key, value] of Object.entries(config)) {
    const option = optionOf(owner, key);
    if (!accepts(option, value)) throw invalid(owner, key, option, value);
  }
};

/** What `create` receives: every key of the schema, frozen. @throws as `checkConfig`. */
export const resolveConfig = (slot: Slot): ConfigValues => {
  checkConfig(slot, slot.config);
  const defaults = Object.entries(slot.definition.config as ConfigSchema).map(([key, option]) => [key, option.default]);
  return Object.freeze({ ...Object.fromEntries(defaults), ...slot.config });
};

/** `112`, `0x70`, `70h`, `-3`; NaN for anything else. */
export const parseInteger = (text: string): number => {
  if (/^-?[0-9]+$/.test(text)) return Number(text);
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  return /^[0-9][0-9a-f]*h$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
};

/**
 * One value as people type it, for key `key` of a slot.
 * @throws BackplaneError `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID`.
 */
export const parseConfigValue = (owner: ConfigOwner, key: string, text: string): number | boolean | string => {
  const option = optionOf(owner, key);
  const value = option.kind === "integer" ? parseInteger(text) : option.kind === "flag" ? (text === "true" ? true : text === "false" ? false : text) : text;
  if (!accepts(option, value)) throw invalid(owner, key, option, text);
  return value;
};

/**
 * The slot at a path.
 * @throws BackplaneError `PROFILE_PATH_UNKNOWN`.
 */
export const slotAt = (profile: Profile, path: string, origin: string): Slot => {
  const slot = profile.slots.find((each) => each.path === path);
  if (slot) return slot;
  const paths = profile.slots.map((each) => each.path);
  throw new BackplaneError("PROFILE_PATH_UNKNOWN", `${origin}: machine "${profile.name}" has no device at ${path}${hint(path, paths, "paths")}`, { path, origin });
};

/**
 * Applies `PATH.KEY=VALUE` (the CLI's `--set`) to a profile. The key follows the last dot before the equals sign.
 * @throws BackplaneError `SETTING_INVALID`, `PROFILE_PATH_UNKNOWN`, `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID`.
 */
export const applySetting = (profile: Profile, setting: string, origin = "--set"): Profile => {
  const equals = setting.indexOf("=");
  const dot = equals < 0 ? -1 : setting.lastIndexOf(".", equals);
  if (!setting.startsWith("/") || dot < 2 || dot + 1 === equals) {
    throw new BackplaneError("SETTING_INVALID", `${origin}: "${setting}" is not PATH.KEY=VALUE; write it like /isa/rtc.base=0x70`, { setting });
  }
  const target = slotAt(profile, setting.slice(0, dot), origin);
  const key = setting.slice(dot + 1, equals);
  const value = parseConfigValue({ path: target.path, definition: target.definition, origin }, key, setting.slice(equals + 1));
  return { ...profile, slots: profile.slots.map((slot) => (slot === target ? { ...slot, config: { ...slot.config, [key]: value }, origin } : slot)) };
};

export type JsonSchema = { readonly [key: string]: unknown };

const optionSchema = (option: ConfigOption): JsonSchema => {
  const common = { description: option.doc, default: option.default };
  switch (option.kind) {
    case "integer":
      return { type: "integer", minimum: option.min, maximum: option.max, ...common };
    case "flag":
      return { type: "boolean", ...common };
    case "text":
      return { type: "string", maxLength: option.maxLength, ...common };
    case "choice":
      return { enum: [...option.choices], ...common };
  }
};

/** JSON Schema of a definition's configuration object. */
export const configSchema = (definition: AnyDefinition): JsonSchema => ({
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(Object.entries(definition.config as ConfigSchema).map(([key, option]) => [key, optionSchema(option)])),
});
