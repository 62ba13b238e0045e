/**
 * What becomes of each operation number: lifted to statements, kept as a fence (a call of its cold operation), or, where a hot
 * form cannot be lifted, left to the interpreter, which then goes on behind it.
 */
import { HOT_NUMBERS } from "../../cpu/interpreter/source.js";
import { COLD } from "../../cpu/operation-table.js";
import { ARITHMETIC_FLAGS } from "../../cpu/state.js";
import { FACTS } from "../../cpu/tables/table.js";
import { coldLifters } from "./cold.js";
import { controlLifters } from "./control.js";
import { integerLifters, type Lifter } from "./integer.js";

/** Where control goes after an operation. */
export type Flow = "next" | "jump" | "branch" | "call" | "indirect" | "indirect call" | "resume";

export interface Operation {
  readonly name: string;
  readonly lift: Lifter | undefined;
  /** There is a cold operation, which can be called from within a region. */
  readonly fence: boolean;
  /** It may move EIP or change the mode. */
  readonly ends: boolean;
  readonly keepsFlags: boolean;
  readonly flow: Flow;
  /** It is a record of the interpreter's own, not an instruction. */
  readonly special: boolean;
}

/** Operations that end a block of the interpreter, but mostly go on behind themselves. */
const GOES_ON = /^(RDTSC|CLI|STI|IN|OUT|INDX|OUTDX|MOVTOSEG|POPSEG|L[EDSFG]S|POPF|INVLPG|MOVTO[CD]R|RDMSR|WRMSR|LMSW)$/;

const flowOf = (name: string, ending: boolean): Flow => {
  if (/^JCC|^LOOP$|^JCXZ$/.test(name)) return "branch";
  if (ending) return GOES_ON.test(name) ? "next" : "resume";
  if (name === "JMP") return "jump";
  if (name === "CALL") return "call";
  if (name.startsWith("CALLE32")) return "indirect call";
  if (/^(JMPE32|RET$|RETN32i$)/.test(name)) return "indirect";
  return "next";
};

/** By operation number. */
export const operations = (): readonly Operation[] => {
  const hot = new Map([...integerLifters(), ...controlLifters()]);
  const cold = coldLifters();
  const touching = new Set(FACTS.filter((fact) => ((fact.reads | fact.writes | fact.undefined) & ARITHMETIC_FLAGS) !== 0).map((fact) => fact.operation));
  const list: Operation[] = [];
  for (const [name, number] of HOT_NUMBERS) {
    list[number] = { name, lift: hot.get(name), fence: false, ends: false, keepsFlags: false, flow: flowOf(name, false), special: name.startsWith("%") };
  }
  for (const [name, number] of COLD.numbers) {
    const ending = number >= COLD.firstEnding;
    const lift = cold.get(name);
    list[number] = { name, lift, fence: true, ends: ending, keepsFlags: !touching.has(name), flow: flowOf(name, ending), special: false };
  }
  return list;
};
