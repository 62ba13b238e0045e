/**
 * A small assembler for the programs of the benchmarks: 32-bit code, the few forms they use.
 * Encodings: Intel SDM volume 2. Labels are strings; a label may be used before it is placed.
 */

/** In the processor's order. */
export const REGISTERS = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"] as const;
export type Register = (typeof REGISTERS)[number];

/** In the processor's order: the number is the `/n` of the opcode group. */
const ARITHMETIC = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];

const CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"] as const;
export type Condition = (typeof CONDITIONS)[number];

const SHIFTS = { rol: 0, ror: 1, shl: 4, shr: 5, sar: 7 } as const;

/** `[base + index * scale + disp]`. A displacement may be a label's address. */
export interface Memory {
  readonly base?: Register;
  readonly index?: Register;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly disp?: number | string;
}

const numberOf = (register: Register): number => REGISTERS.indexOf(register);
const isByte = (value: number): boolean => value >= -128 && value <= 127;

export class Assembler {
  readonly #origin: number;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixes: { readonly at: number; readonly label: string; readonly relative: boolean }[] = [];

  /** @param origin linear address of the first byte */
  constructor(origin: number) {
    this.#origin = origin;
  }

  /** Address of the next byte. */
  get here(): number {
    return this.#origin + this.#bytes.length;
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} is placed twice`);
    this.#labels.set(name, this.here);
    return this;
  }

  /** Bytes as they are. */
  bytes(...values: number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff);
    return this;
  }

  /** A 32-bit word: a number, or the address of a label. */
  word(value: number | string): this {
    if (typeof value === "number") return this.bytes(value, value >> 8, value >> 16, value >> 24);
    this.#fixes.push({ at: this.#bytes.length, label: value, relative: false });
    return this.bytes(0, 0, 0, 0);
  }

  /** @throws when a label was never placed. */
  finish(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes);
    const view = new DataView(bytes.buffer);
    for (const { at, label, relative } of this.#fixes) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`label ${label} is not placed`);
      view.setInt32(at, (relative ? target - (this.#origin + at + 4) : target) | 0, true);
    }
    return bytes;
  }

  // Data

  mov(to: Register, from: Register | number | string): this {
    if (typeof from === "string" && (REGISTERS as readonly string[]).includes(from)) return this.#registers(0x8b, to, from as Register);
    return this.bytes(0xb8 + numberOf(to)).word(from);
  }
  load(to: Register, from: Memory): this {
    return this.bytes(0x8b).#memory(numberOf(to), from);
  }
  store(to: Memory, from: Register): this {
    return this.bytes(0x89).#memory(numberOf(from), to);
  }
  /** MOVZX from a byte. */
  loadByte(to: Register, from: Memory): this {
    return this.bytes(0x0f, 0xb6).#memory(numberOf(to), from);
  }
  storeByte(to: Memory, value: number): this {
    return this.bytes(0xc6).#memory(0, to).bytes(value);
  }
  lea(to: Register, from: Memory): this {
    return this.bytes(0x8d).#memory(numberOf(to), from);
  }
  push(register: Register): this {
    return this.bytes(0x50 + numberOf(register));
  }
  pop(register: Register): this {
    return this.bytes(0x58 + numberOf(register));
  }

  // Arithmetic

  op(name: Arithmetic, to: Register, from: Register | number | Memory): this {
    const group = ARITHMETIC.indexOf(name);
    if (typeof from === "string") return this.#registers(group * 8 + 3, to, from);
    if (typeof from === "object") return this.bytes(group * 8 + 3).#memory(numberOf(to), from);
    const modRm = 0xc0 | (group << 3) | numberOf(to);
    return isByte(from) ? this.bytes(0x83, modRm, from) : this.bytes(0x81, modRm).word(from);
  }
  opByte(name: Arithmetic, at: Memory, value: number): this {
    return this.bytes(0x80).#memory(ARITHMETIC.indexOf(name), at).bytes(value);
  }
  shift(name: keyof typeof SHIFTS, register: Register, count: number): this {
    return this.bytes(0xc1, 0xc0 | (SHIFTS[name] << 3) | numberOf(register), count);
  }
  imul(to: Register, from: Register): this {
    return this.bytes(0x0f).#registers(0xaf, to, from);
  }
  inc(register: Register): this {
    return this.bytes(0x40 + numberOf(register));
  }
  dec(register: Register): this {
    return this.bytes(0x48 + numberOf(register));
  }

  // Control

  /** Short where the label is behind and near enough. */
  jcc(condition: Condition, label: string): this {
    const code = CONDITIONS.indexOf(condition);
    return this.#branch(label, [0x70 + code], [0x0f, 0x80 + code]);
  }
  jmp(label: string): this {
    return this.#branch(label, [0xeb], [0xe9]);
  }
  jmpAt(table: Memory): this {
    return this.bytes(0xff).#memory(4, table);
  }
  call(label: string): this {
    return this.#branch(label, undefined, [0xe8]);
  }
  ret(): this {
    return this.bytes(0xc3);
  }

  // Ports and the rest

  /** IN AL, DX. */
  inAlDx(): this {
    return this.bytes(0xec);
  }
  /** OUT DX, AL. */
  outDxAl(): this {
    return this.bytes(0xee);
  }
  cli(): this {
    return this.bytes(0xfa);
  }
  hlt(): this {
    return this.bytes(0xf4);
  }

  #registers(opcode: number, register: Register, rm: Register): this {
    return this.bytes(opcode, 0xc0 | (numberOf(register) << 3) | numberOf(rm));
  }

  /** ModR/M, SIB and displacement. */
  #memory(register: number, { base, index, scale = 1, disp = 0 }: Memory): this {
    const field = register << 3;
    if (base === undefined && index === undefined) return this.bytes(field | 5).word(disp);
    const sib = index !== undefined || base === "esp";
    const indexNumber = index === undefined ? 4 : numberOf(index);
    const scaleBits = Math.log2(scale) << 6;
    // without a base: mod 0, SIB base 5 and 32 bits of displacement
    if (base === undefined) return this.bytes(field | 4, scaleBits | (indexNumber << 3) | 5).word(disp);
    const size = typeof disp === "string" ? 2 : disp === 0 && base !== "ebp" ? 0 : isByte(disp) ? 1 : 2;
    const rm = sib ? 4 : numberOf(base);
    this.bytes((size << 6) | field | rm);
    if (sib) this.bytes(scaleBits | (indexNumber << 3) | numberOf(base));
    if (size === 1) this.bytes(disp as number);
    if (size === 2) this.word(disp);
    return this;
  }

  #branch(label: string, short: readonly number[] | undefined, near: readonly number[]): this {
    const known = this.#labels.get(label);
    if (short && known !== undefined && isByte(known - (this.here + 2))) return this.bytes(...short, known - (this.here + 2));
    this.bytes(...near);
    this.#fixes.push({ at: this.#bytes.length, label, relative: true });
    return this.bytes(0, 0, 0, 0);
  }
}
