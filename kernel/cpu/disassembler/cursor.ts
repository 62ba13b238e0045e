/** Reads the bytes of one instruction. Behind their end it reads zeros and remembers that. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #at: number;
  #short = false;

  /** @param most bytes that an instruction may have */
  constructor(bytes: Uint8Array, start: number, most: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = start >= 0 ? Math.min(bytes.length, start + most) : start;
    this.#at = start;
  }

  /** More was read than there is. */
  get short(): boolean {
    return this.#short;
  }

  /** Bytes read so far. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** Bytes that can be read at all. */
  get available(): number {
    return Math.max(0, this.#end - this.#start);
  }

  unsigned(size: 1 | 2 | 4): number {
    let value = 0;
    for (let shift = 0; shift < size * 8; shift += 8) value |= this.#byte() << shift;
    return value >>> 0;
  }

  signed(size: 1 | 2 | 4): number {
    const unused = 32 - size * 8;
    return (this.unsigned(size) << unused) >> unused;
  }

  #byte(): number {
    if (this.#at < this.#end) return this.#bytes[this.#at++];
    this.#short = true;
    return 0;
  }
}
