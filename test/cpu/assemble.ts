/** A very small assembler: bytes, words and labels in order, and names for the instructions that tests use most. */

export const REGISTERS = { eax: 0, ecx: 1, edx: 2, ebx: 3, esp: 4, ebp: 5, esi: 6, edi: 7 } as const;
export const SEGMENTS = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5 } as const;
export type Register = keyof typeof REGISTERS;
export type SegmentRegister = keyof typeof SEGMENTS;

interface Fixup {
  readonly at: number;
  readonly bytes: 1 | 2 | 4;
  readonly label: string;
  /** Relative to the end of the field, or absolute. */
  readonly relative: boolean;
}

export class Assembler {
  readonly origin: number;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixups: Fixup[] = [];
  /** 16-bit code: what needs 32 bits gets an operand size prefix. */
  readonly #small: boolean;

  constructor(origin: number, bits: 16 | 32 = 32) {
    this.origin = origin;
    this.#small = bits === 16;
  }

  get here(): number {
    return this.origin + this.#bytes.length;
  }
  /** Bytes as they are. */
  b(...bytes: number[]): this {
    this.#bytes.push(...bytes.map((byte) => byte & 255));
    return this;
  }
  w(value: number): this {
    return this.b(value, value >> 8);
  }
  d(value: number): this {
    return this.b(value, value >> 8, value >> 16, value >>> 24);
  }
  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} twice`);
    this.#labels.set(name, this.here);
    return this;
  }
  /** Opcode bytes, then the distance to a label. */
  near8(label: string, ...opcode: number[]): this {
    return this.b(...opcode).#reserve(label, 1, true);
  }
  near(label: string, ...opcode: number[]): this {
    return this.b(...opcode).#reserve(label, this.#small ? 2 : 4, true);
  }
  /** Address of a label. */
  address(label: string, bytes: 2 | 4 = 4): this {
    return this.#reserve(label, bytes, false);
  }
  #reserve(label: string, bytes: 1 | 2 | 4, relative: boolean): this {
    this.#fixups.push({ at: this.#bytes.length, bytes, label, relative });
    return this.b(...new Array<number>(bytes).fill(0));
  }

  /** A prefix where the code's own size is not 32 bits. */
  get #wide(): number[] {
    return this.#small ? [0x66] : [];
  }
  /** mov r32, imm32 */
  mov(register: Register, value: number): this {
    return this.b(...this.#wide, 0xb8 + REGISTERS[register]).d(value);
  }
  /** mov eax, imm; mov segment, ax */
  seg(segment: SegmentRegister, selector: number): this {
    return this.mov("eax", selector).b(0x8e, 0xc0 | (SEGMENTS[segment] << 3));
  }
  /** mov [address], eax with a 32-bit address */
  store(address: number): this {
    return this.b(...(this.#small ? [0x66, 0x67] : []), 0xa3).d(address);
  }
  /** mov eax, [address] with a 32-bit address */
  load(address: number): this {
    return this.b(...(this.#small ? [0x66, 0x67] : []), 0xa1).d(address);
  }
  push(value: number): this {
    return this.b(...this.#wide, 0x68).d(value);
  }
  int(vector: number): this {
    return this.b(0xcd, vector);
  }
  /** jmp or call selector:offset */
  far(opcode: 0xea | 0x9a, selector: number, offset: number): this {
    return this.b(...this.#wide, opcode)
      .d(offset)
      .w(selector);
  }
  hlt(): this {
    return this.b(0xf4);
  }
  nop(count = 1): this {
    return this.b(...new Array<number>(count).fill(0x90));
  }

  /** Where a label is. */
  at(label: string): number {
    const found = this.#labels.get(label);
    if (found === undefined) throw new Error(`no label ${label}`);
    return found;
  }
  build(): Uint8Array {
    const out = Uint8Array.from(this.#bytes);
    for (const { at, bytes, label, relative } of this.#fixups) {
      const value = this.at(label) - (relative ? this.origin + at + bytes : 0);
      if (bytes === 1 && (value < -128 || value > 127)) throw new Error(`label ${label} is ${value} bytes away`);
      for (let byte = 0; byte < bytes; byte++) out[at + byte] = value >> (8 * byte);
    }
    return out;
  }
}
