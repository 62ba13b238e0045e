/** Bytes of WebAssembly code: opcodes by name, LEB128 numbers. Source: WebAssembly core specification 2.0, section 5. */

/** memory.copy and memory.fill of memory 0: target, then source or byte, then length. */
export const MEMORY_COPY: readonly number[] = [0xfc, 0x0a, 0, 0];
export const MEMORY_FILL: readonly number[] = [0xfc, 0x0b, 0];

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i32Load8S: 0x2c,
  i32Load16S: 0x2e,
  i32Store: 0x36,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32Clz: 0x67,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32RemS: 0x6f,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotl: 0x77,
  i64Mul: 0x7e,
  i64DivU: 0x80,
  i64RemU: 0x82,
  i64Or: 0x84,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i32WrapI64: 0xa7,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i32Extend8S: 0xc0,
  i32Extend16S: 0xc1,
} as const;

export const I32 = 0x7f;
export const VOID = 0x40;

/** A growing buffer. */
export class Bytes {
  data = new Uint8Array(4096);
  length = 0;

  byte(value: number): void {
    if (this.length === this.data.length) this.#grow(1);
    this.data[this.length++] = value;
  }
  #grow(more: number): void {
    const bigger = new Uint8Array(Math.max(this.data.length * 2, this.length + more));
    bigger.set(this.data.subarray(0, this.length));
    this.data = bigger;
  }
  bytes(values: ArrayLike<number>): void {
    if (this.length + values.length > this.data.length) this.#grow(values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }
  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }
  /** Signed LEB128. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }
  name(text: string): void {
    this.unsigned(text.length);
    for (const letter of text) this.byte(letter.charCodeAt(0));
  }
  /** A section or a function body: its size, then its contents. */
  sized(contents: Bytes): void {
    this.unsigned(contents.length);
    this.bytes(contents.data.subarray(0, contents.length));
  }
  get view(): Uint8Array<ArrayBuffer> {
    return this.data.slice(0, this.length);
  }
  clear(): void {
    this.length = 0;
  }
}
