/** Constructors for configuration options. */
import type { ChoiceOption, FlagOption, IntegerOption, TextOption } from "../contract/config.js";

/** An I/O port number, 0-FFFFh. */
export const port = (value: number, doc: string): IntegerOption => ({ kind: "integer", default: value, doc, min: 0, max: 0xffff, radix: 16 });
/** An interrupt line, 0-15. */
export const irqLine = (value: number, doc: string): IntegerOption => ({ kind: "integer", default: value, doc, min: 0, max: 15, radix: 10 });
/** A DMA channel, 0-7. */
export const dmaChannel = (value: number, doc: string): IntegerOption => ({ kind: "integer", default: value, doc, min: 0, max: 7, radix: 10 });
/** A whole number between `min` and `max`. */
export const integer = (value: number, min: number, max: number, doc: string): IntegerOption => ({ kind: "integer", default: value, doc, min, max, radix: 10 });
/** A physical address below 4 GiB. */
export const address = (value: number, doc: string): IntegerOption => ({ kind: "integer", default: value, doc, min: 0, max: 0xffff_ffff, radix: 16 });
export const flag = (value: boolean, doc: string): FlagOption => ({ kind: "flag", default: value, doc });
export const text = (value: string, doc: string, maxLength = 4096): TextOption => ({ kind: "text", default: value, doc, maxLength });
/** A file name; empty means none. */
export const file = (doc: string): TextOption => ({ kind: "text", default: "", doc, format: "file", maxLength: 4096 });
export const choice = <const T extends string>(choices: readonly [T, ...T[]], doc: string): ChoiceOption<T> => ({ kind: "choice", default: choices[0], doc, choices });
