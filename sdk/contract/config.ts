/** Configuration of a device, described once: type, default, range and documentation of every key. */

export interface OptionBase<T> {
  readonly default: T;
  /** One line for `backplane devices`, the JSON Schema and forms. */
  readonly doc: string;
}
export interface IntegerOption extends OptionBase<number> {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
  /** How people write it: ports and addresses in hexadecimal. */
  readonly radix: 10 | 16;
}
export interface FlagOption extends OptionBase<boolean> {
  readonly kind: "flag";
}
export interface TextOption extends OptionBase<string> {
  readonly kind: "text";
  /** `file`: the text is a file name and is resolved relative to the profile that sets it. */
  readonly format?: "file" | "directory";
  readonly maxLength: number;
}
export interface ChoiceOption<T extends string = string> extends OptionBase<T> {
  readonly kind: "choice";
  readonly choices: readonly T[];
}
export type ConfigOption = IntegerOption | FlagOption | TextOption | ChoiceOption;
export type ConfigSchema = Readonly<Record<string, ConfigOption>>;

/** The values a device receives for its schema. */
export type ConfigOf<C extends ConfigSchema> = {
  readonly [K in keyof C]: C[K] extends ChoiceOption<infer T> ? T : C[K] extends IntegerOption ? number : C[K] extends FlagOption ? boolean : string;
};
