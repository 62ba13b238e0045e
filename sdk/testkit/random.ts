/** Random numbers for tests: the same seed gives the same sequence everywhere. */

export class Random {
  #state: number;

  constructor(seed: number) {
    // A multiplicative spread, so that neighbouring seeds do not begin alike; xorshift must not start from zero.
    this.#state = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0 || 1;
    for (let round = 0; round < 4; round++) this.next32();
  }

  /** An unsigned 32-bit number (xorshift32, Marsaglia 2003). */
  next32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** A whole number from 0 up to `limit - 1`; `limit` is at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.next32() / 0x1_0000_0000) * limit);
  }

  /** True about once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  /** What guests write: now any number, now a small one, all ones, a single bit. Fits into `width` bytes. */
  value(width: 1 | 2 | 4): number {
    const bits = width * 8;
    const mask = 0xffff_ffff >>> (32 - bits);
    switch (this.below(6)) {
      case 0:
        return this.below(16);
      case 1:
        return mask;
      case 2:
        return (1 << this.below(bits)) >>> 0;
      default:
        return (this.next32() & mask) >>> 0;
    }
  }

  fill(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.next32() >>> 11;
    return bytes;
  }
}
