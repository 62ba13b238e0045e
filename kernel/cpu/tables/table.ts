/** The opcode table in the form that decoder, disassembler, documentation and test generators use. */
import { AF, CF, DF, IF, NT, OF, PF, SF, TF, VIF, ZF } from "../state.js";
import { EFFECTS } from "./effects.js";
import { INTEGER } from "./integer.js";
import { SIMD } from "./simd.js";
import { X87 } from "./x87.js";

/** CPUID features that encodings depend on. */
export type Feature = "fpu" | "tsc" | "msr" | "cx8" | "sep" | "cmov" | "p6" | "mmx" | "fxsr" | "sse" | "sse2" | "sse3" | "ssse3" | "clfsh";
/** Which map of bytes an opcode belongs to, and which unit executes it. */
export type Unit = "integer" | "x87" | "mmx" | "sse";

export interface OpcodeFact {
  /** As in the table, `mm.` resolved. */
  readonly opcode: string;
  /** Intel's name. */
  readonly mnemonic: string;
  /** What executes it: the mnemonic with what stands behind its dot, or FPU for the whole x87. */
  readonly operation: string;
  /** Operand letters of the opcode map. */
  readonly operands: readonly string[];
  readonly unit: Unit;
  /** What CPUID must claim; undefined for what every processor here has. */
  readonly feature: Feature | undefined;
  /** Control may leave the straight line, or the decoding mode may change. */
  readonly ends: boolean;
  readonly lockable: boolean;
  readonly repeats: boolean;
  readonly modrm: boolean;
  /** A 16-byte memory operand must be aligned. */
  readonly aligned: boolean;
  /** EFLAGS, as masks; what depends on a count or a condition is in `flag-effects.ts`. */
  readonly reads: number;
  readonly writes: number;
  readonly undefined: number;
  /** Exceptions beyond those of memory operands; see `effects.ts`. */
  readonly exceptions: readonly string[];
  readonly cost: number;
}

/** By ModR/M byte, when the reg field or the mode decides. */
export type ByModrm = readonly (OpcodeFact | undefined)[];
/** By mandatory prefix: none, 66, F3, F2. */
export interface ByPrefix {
  readonly prefixes: readonly (OpcodeFact | ByModrm | undefined)[];
}
/** Undefined is #UD. */
export type OpcodeEntry = OpcodeFact | ByModrm | ByPrefix | undefined;
export type OpcodeMap = readonly OpcodeEntry[];

export const isByModrm = (entry: OpcodeEntry): entry is ByModrm => Array.isArray(entry);
export const isByPrefix = (entry: OpcodeEntry): entry is ByPrefix => entry !== undefined && "prefixes" in entry;

const FLAG_LETTERS: Readonly<Record<string, number>> = { o: OF, d: DF, i: IF, t: TF, s: SF, z: ZF, a: AF, p: PF, c: CF, n: NT, v: VIF };
const ALL_FLAGS = Object.values(FLAG_LETTERS).reduce((all, bit) => all | bit, 0);
const CONDITION_FLAGS = OF | SF | ZF | PF | CF;

const flagMask = (letters: string): number => {
  if (letters === "-") return 0;
  if (letters === "*") return ALL_FLAGS;
  if (letters === "cc") return CONDITION_FLAGS;
  let mask = 0;
  for (const letter of letters) mask |= FLAG_LETTERS[letter];
  return mask;
};

type Effect = Pick<OpcodeFact, "reads" | "writes" | "undefined" | "exceptions" | "cost">;
const lines = (text: string): string[] => text.trim().split("\n");

const parseEffects = (): ReadonlyMap<string, Effect> => {
  const effects = new Map<string, Effect>();
  for (const line of lines(EFFECTS)) {
    const [names, flags, exceptions, cost] = line.split(";").map((part) => part.trim());
    const [reads, writes, lost] = flags.split(" ").map(flagMask);
    for (const name of names.split(" ")) {
      if (effects.has(name)) throw new Error(`effects of ${name} are given twice`);
      effects.set(name, { reads, writes, undefined: lost, exceptions: exceptions === "-" ? [] : exceptions.split(" "), cost: Number(cost) });
    }
  }
  return effects;
};

/** Costs of what has no line of its own, and the exceptions of the unit. */
const UNIT_EFFECTS: Readonly<Record<Unit, Effect>> = {
  integer: { reads: 0, writes: 0, undefined: 0, exceptions: [], cost: 1 },
  x87: { reads: 0, writes: 0, undefined: 0, exceptions: ["NM", "MF"], cost: 3 },
  mmx: { reads: 0, writes: 0, undefined: 0, exceptions: ["UD", "NM", "MF"], cost: 1 },
  sse: { reads: 0, writes: 0, undefined: 0, exceptions: ["UD", "NM"], cost: 3 },
};
/** SSE arithmetic and conversions, which report through MXCSR; an integer of 32 bits always is a double. */
const REPORTS_TO_MXCSR = /^(ADD|SUB|MUL|DIV|SQRT|MIN|MAX|CMP|U?COMI|HADD|HSUB|ADDSUB)[PS][SD]$|^CVT(?!(DQ2P|PI2P|SI2S)D$)/;

/** Operands of the reg and r/m fields; segment registers and the like only look like them. */
export const FIXED_OPERANDS: ReadonlySet<string> = new Set(["CS", "ES", "SS", "DS", "FS", "GS", "CL", "DX", "ST", "Si", "AX", "eAX", "AL"]);
const USES_MODRM = /^[EGMSCDRPQVWNU]/;
const MMX_LINE: Readonly<Record<string, string>> = { PV: "Pq", QW: "Qq", NU: "Nq" };
const XMM_LINE: Readonly<Record<string, string>> = { PV: "Vdq", QW: "Wdq", NU: "Udq" };

/** A line of the table as one fact or, behind `mm.`, two. */
const factsOf = (line: string, text: "integer" | "x87" | "simd", effects: ReadonlyMap<string, Effect>): OpcodeFact[] => {
  const [left, right = ""] = line.split(";").map((part) => part.trim());
  const [code, name, ...operands] = left.split(/\s+/);
  const marks = right.split(/\s+/);
  const features = marks
    .find((mark) => mark.startsWith("@"))
    ?.slice(1)
    .split("/") as Feature[] | undefined;
  const [mnemonic] = name.split(".");
  const key = name.replace(".", "");
  const make = (opcode: string, letters: readonly string[], feature: Feature | undefined): OpcodeFact => {
    const touchesMmx = letters.some((letter) => /^[PQN]q?d?$/.test(letter)) || mnemonic === "EMMS";
    const unit: Unit = text === "simd" ? (touchesMmx && !letters.some((letter) => /^[VWU]/.test(letter)) ? "mmx" : "sse") : text;
    const effect = effects.get(key) ?? UNIT_EFFECTS[unit];
    const exceptions = new Set(effect.exceptions);
    if (unit === "sse" && touchesMmx) exceptions.add("MF");
    if (unit === "sse" && REPORTS_TO_MXCSR.test(mnemonic)) exceptions.add("XM");
    return {
      opcode,
      mnemonic,
      operation: text === "x87" && key !== "FWAIT" ? "FPU" : key,
      operands: letters,
      unit,
      feature: feature ?? (text === "x87" ? "fpu" : undefined),
      ends: marks.includes("end"),
      lockable: marks.includes("lock"),
      repeats: marks.includes("rep"),
      modrm: /[/:]|[0-9A-F][mr]$/.test(opcode) || letters.some((letter) => USES_MODRM.test(letter) && !FIXED_OPERANDS.has(letter)),
      aligned: text === "simd" && !marks.includes("any"),
      reads: effect.reads,
      writes: effect.writes,
      undefined: effect.undefined,
      exceptions: [...exceptions],
      cost: effect.cost,
    };
  };
  if (!code.startsWith("mm.")) return [make(code, operands, features?.[0])];
  const bytes = code.slice(3);
  const inForm = (form: Readonly<Record<string, string>>): string[] => operands.map((operand) => form[operand] ?? operand);
  return [make(`np.${bytes}`, inForm(MMX_LINE), features?.[0]), make(`66.${bytes}`, inForm(XMM_LINE), features?.[1])];
};

const PREFIXES = ["np", "66", "f3", "f2"];
const CODE = /^(?:(np|66|f3|f2)\.)?([0-9A-F]+)(?:\/([0-7]))?([mr])?(?::([0-9A-F]{2}))?(\+)?$/;

type Slot = OpcodeFact | (OpcodeFact | undefined)[] | undefined;

/** Enters a fact into a place that ModR/M may have to tell apart from others. */
const placed = (before: Slot, fact: OpcodeFact, group: number, mode: string | undefined, modrm: number, plus: boolean): Slot => {
  if (group < 0 && mode === undefined && modrm < 0) return fact;
  const byModrm = Array.isArray(before) ? before : new Array<OpcodeFact | undefined>(256).fill(before);
  for (let byte = 0; byte < 256; byte++) {
    if (group >= 0 && ((byte >> 3) & 7) !== group) continue;
    if (mode !== undefined && byte >= 0xc0 !== (mode === "r")) continue;
    if (modrm >= 0 && (plus ? byte & 0xf8 : byte) !== modrm) continue;
    byModrm[byte] = fact;
  }
  return byModrm;
};

interface Tables {
  readonly facts: readonly OpcodeFact[];
  readonly maps: Readonly<Record<"" | "0F" | "0F38" | "0F3A", OpcodeMap>>;
}

const parse = (): Tables => {
  const effects = parseEffects();
  const facts = [
    ...lines(INTEGER).flatMap((line) => factsOf(line, "integer", effects)),
    ...lines(X87).flatMap((line) => factsOf(line, "x87", effects)),
    ...lines(SIMD).flatMap((line) => factsOf(line, "simd", effects)),
  ];
  const empty = (): (Slot | { prefixes: Slot[] })[] => new Array(256).fill(undefined);
  const maps = { "": empty(), "0F": empty(), "0F38": empty(), "0F3A": empty() };
  for (const fact of facts) {
    const found = CODE.exec(fact.opcode);
    if (!found) throw new Error(`opcode "${fact.opcode}" cannot be read`);
    const [, prefix, bytes, group, mode, modrm, plus] = found;
    const map = maps[bytes.slice(0, -2) as keyof typeof maps];
    const first = Number.parseInt(bytes.slice(-2), 16);
    const opcodes = plus !== undefined && modrm === undefined ? 8 : 1;
    const enter = (slot: Slot): Slot =>
      placed(slot, fact, group === undefined ? -1 : Number(group), mode, modrm === undefined ? -1 : Number.parseInt(modrm, 16), plus !== undefined);
    for (let index = first; index < first + opcodes; index++) {
      const before = map[index];
      if (prefix === undefined) map[index] = enter(before as Slot);
      else {
        const byPrefix = before !== undefined && "prefixes" in before ? before : { prefixes: new Array<Slot>(4).fill(before) };
        const at = PREFIXES.indexOf(prefix);
        byPrefix.prefixes[at] = enter(byPrefix.prefixes[at]);
        map[index] = byPrefix;
      }
    }
  }
  return { facts, maps };
};

const tables = parse();
/** Opcodes by the bytes in front of the last one. */
export const OPCODE_MAPS: Readonly<Record<"" | "0F" | "0F38" | "0F3A", OpcodeMap>> = tables.maps;
/** Every encoding, in the order of the table. */
export const FACTS: readonly OpcodeFact[] = tables.facts;

/** Index into `ByPrefix.prefixes` for the prefixes that an instruction has; F2 and F3 come before 66, the later of them counts. */
export const mandatoryPrefix = (operandSize: boolean, repeat: 0 | 1 | 2): number => (repeat === 2 ? 2 : repeat === 1 ? 3 : operandSize ? 1 : 0);
