/** What a trace is to show: `cpu`, `ports`, `mmio`, `irq`, the first three with a range. */
import type { AddressRange } from "../../../kernel/bus/bus-trace.js";
import { hint } from "../../../kernel/machine/index.js";
import { BackplaneError } from "../../../sdk/contract/errors.js";

export interface TraceRequest {
  /** Linear addresses of instructions. */
  readonly cpu: readonly AddressRange[];
  readonly ports: readonly AddressRange[];
  /** Physical addresses. */
  readonly mmio: readonly AddressRange[];
  readonly irq: boolean;
}

const LAST: Readonly<Record<"cpu" | "ports" | "mmio", number>> = { cpu: 0xffff_ffff, ports: 0xffff, mmio: 0xffff_ffff };
const KINDS = ["cpu", "ports", "mmio", "irq"] as const;
const RANGE = /^(?:0x)?([0-9a-f]{1,8})h?(?:-(?:0x)?([0-9a-f]{1,8})h?)?$/i;
const EXAMPLES: Readonly<Record<string, string>> = { cpu: "cpu=c1000000-c1ffffff", ports: "ports=3f8-3ff", mmio: "mmio=a0000-bffff" };

const invalid = (message: string): BackplaneError => new BackplaneError("TRACE_REQUEST", message);

const parseRange = (kind: keyof typeof LAST, text: string): AddressRange => {
  const [, from, to = from] = RANGE.exec(text) ?? [];
  const [first, last] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
  if (!(first <= last && last <= LAST[kind]))
    throw invalid(`"${kind}=${text}" is no range of hexadecimal addresses up to ${LAST[kind].toString(16)}; write it like ${EXAMPLES[kind]}`);
  return { first, last };
};

/** @throws BackplaneError `TRACE_REQUEST`. */
export const parseTraceRequest = (texts: readonly string[]): TraceRequest => {
  const ranges: Record<keyof typeof LAST, AddressRange[]> = { cpu: [], ports: [], mmio: [] };
  let irq = false;
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const kind = KINDS.find((each) => each === name);
    if (!kind) throw invalid(`"${name}" cannot be traced${hint(name, KINDS, "can be")}`);
    if (kind === "irq") {
      if (equals >= 0) throw invalid(`"irq" takes no range, but is "${text}"`);
      irq = true;
    } else ranges[kind].push(equals < 0 ? { first: 0, last: LAST[kind] } : parseRange(kind, text.slice(equals + 1)));
  }
  return { ...ranges, irq };
};
