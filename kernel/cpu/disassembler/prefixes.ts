/**
 * The prefixes of one instruction (SDM volume 2, 2.1.1), and which of them its text shows already. The others are written
 * in front of the mnemonic, as words, in their order; of several in a group the last counts.
 */
import type { OpcodeFact } from "../tables/table.js";

type Group = "lock" | "repeat" | "segment" | "operand" | "address";

const GROUPS: ReadonlyMap<number, Group> = new Map([
  [0xf0, "lock"],
  [0xf2, "repeat"],
  [0xf3, "repeat"],
  [0x26, "segment"],
  [0x2e, "segment"],
  [0x36, "segment"],
  [0x3e, "segment"],
  [0x64, "segment"],
  [0x65, "segment"],
  [0x66, "operand"],
  [0x67, "address"],
]);
const NAMES: Readonly<Record<number, string>> = { 240: "lock", 242: "repnz", 243: "repz", 38: "es", 46: "cs", 54: "ss", 62: "ds", 100: "fs", 101: "gs" };
/** String instructions that end on a condition; REP before the others looks at none. */
const COMPARES = /^(CMPS|SCAS)/;

export class Prefixes {
  readonly #code32: boolean;
  readonly #bytes: number[] = [];
  readonly #last = new Map<Group, number>();
  readonly #shown = new Set<Group>();

  constructor(code32: boolean) {
    this.#code32 = code32;
  }

  /** Takes a byte if it is a prefix. */
  take(byte: number): boolean {
    const group = GROUPS.get(byte);
    if (group === undefined) return false;
    this.#last.set(group, this.#bytes.length);
    this.#bytes.push(byte);
    return true;
  }

  has(group: Group): boolean {
    return this.#last.has(group);
  }

  /** 1 for F2, 2 for F3. */
  get repeat(): 0 | 1 | 2 {
    const byte = this.#active("repeat");
    return byte === 0xf3 ? 2 : byte === 0xf2 ? 1 : 0;
  }

  get code32(): boolean {
    return this.#code32;
  }

  get operand32(): boolean {
    return this.#code32 !== this.has("operand");
  }

  get address32(): boolean {
    return this.#code32 !== this.has("address");
  }

  /** What the prefix says stands in the text. */
  show(group: Group): void {
    this.#shown.add(group);
  }

  /** The overriding segment register, which the text shows from now on. */
  showSegment(): string | undefined {
    this.show("segment");
    const byte = this.#active("segment");
    return byte === undefined ? undefined : NAMES[byte];
  }

  /** Words in front of the mnemonic. */
  words(fact: OpcodeFact): string[] {
    return this.#bytes.flatMap((byte, index) => {
      const group = GROUPS.get(byte)!;
      const active = this.#last.get(group) === index;
      if (active && this.#shown.has(group)) return [];
      if (group === "operand") return [this.#code32 ? "data16" : "data32"];
      if (group === "address") return [this.#code32 ? "addr16" : "addr32"];
      return [active && byte === 0xf3 && fact.repeats && !COMPARES.test(fact.mnemonic) ? "rep" : NAMES[byte]];
    });
  }

  #active(group: Group): number | undefined {
    const index = this.#last.get(group);
    return index === undefined ? undefined : this.#bytes[index];
  }
}
