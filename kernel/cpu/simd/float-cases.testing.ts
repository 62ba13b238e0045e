/**
 * Operands for floating-point tests: zeros, denormals, infinities, NaNs of both kinds, integers about 2^31, halfway fractions, and pairs whose sum
 * cancels or ties, whose product or quotient lies about the edges of the format, or whose product rounds up to the smallest normal number.
 * The same seed gives the same stream.
 */
import type { Vector } from "./vector.js";

export class FloatCases {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** The next word (Marsaglia's xorshift, twice, so that low bits are no worse than high ones). */
  word(): number {
    let x = this.#state;
    for (let i = 0; i < 2; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
    }
    this.#state = x;
    return Math.imul(x, 0x9e3779b1) ^ (x >>> 15);
  }

  /** A number below `n`. */
  below(n: number): number {
    return ((this.word() >>> 8) % n) | 0;
  }

  /** Fills both vectors with pairs of singles, pairs of doubles or, where the operation converts them, integers. */
  operands(d: Vector, s: Vector, kind: "single" | "double" | "integer"): void {
    for (let i = 0; i < 4; i++) {
      if (kind === "single") this.#singles(d, s, i);
      else if (kind === "integer") {
        d.i32[i] = this.word();
        s.i32[i] = this.#integer();
      } else if (i < 2) this.#doubles(d, s, i);
    }
  }

  #integer(): number {
    const value = this.word() >> this.below(32);
    const near = this.below(4);
    if (near === 0) return (1 << this.below(32)) + this.below(5) - 2;
    return near === 1 ? ((value & 0xff) << 23) | (1 << this.below(24)) : value;
  }

  #singles(d: Vector, s: Vector, i: number): void {
    const exp = this.#exponent(0xff, 24);
    let a = (exp << 23) | this.#fraction(23);
    let b = (this.#partner(exp, 0xff, 24) << 23) | this.#fraction(23);
    const pair = this.below(20);
    if (pair < 2) b = a + this.below(5) - 2;
    else if (pair === 2 && exp <= 0x7f) {
      const k = 1 + this.below(3);
      a = (exp << 23) | (0x800000 - 2 * k);
      b = ((0x7f - exp + this.below(2)) << 23) | k;
    }
    a ^= this.below(2) << 31;
    b ^= this.below(2) << 31;
    const swap = this.below(2);
    d.i32[i] = swap === 0 ? a : b;
    s.i32[i] = swap === 0 ? b : a;
  }

  #doubles(d: Vector, s: Vector, i: number): void {
    const exp = this.#exponent(0x7ff, 53);
    let aHi = (exp << 20) | this.#fraction(20);
    let aLo = this.#fraction(32);
    let bHi = (this.#partner(exp, 0x7ff, 53) << 20) | this.#fraction(20);
    let bLo = this.#fraction(32);
    const pair = this.below(20);
    if (pair < 2) {
      bHi = aHi;
      bLo = (aLo + this.below(5) - 2) | 0;
    } else if (pair === 2 && exp <= 0x3ff) {
      const k = 1 + this.below(3);
      aHi = (exp << 20) | 0xfffff;
      aLo = -2 * k;
      bHi = (0x3ff - exp + this.below(2)) << 20;
      bLo = k;
    } else if (pair === 3) {
      aHi = ((0x3ff - 127 + this.below(2)) << 20) | 0xfffff;
      aLo = this.word() | (-1 << this.below(32));
    }
    aHi ^= this.below(2) << 31;
    bHi ^= this.below(2) << 31;
    const swap = this.below(2) * 2;
    const first = swap === 0 ? d : s;
    const second = swap === 0 ? s : d;
    first.i32[2 * i] = aLo;
    first.i32[2 * i + 1] = aHi;
    second.i32[2 * i] = bLo;
    second.i32[2 * i + 1] = bHi;
  }

  #fraction(bits: number): number {
    const mask = bits === 32 ? -1 : (1 << bits) - 1;
    switch (this.below(10)) {
      case 0:
      case 1:
        return 0;
      case 2:
        return 1 + this.below(3);
      case 3:
        return mask - this.below(3);
      case 4:
        return (1 << this.below(bits)) & mask;
      case 5:
        return ((1 << this.below(bits)) | (1 << this.below(bits))) & mask;
      case 6:
        return (mask << this.below(bits)) & mask;
      case 7:
        return (this.word() << this.below(bits)) & mask;
      default:
        return this.word() & mask;
    }
  }

  #exponent(top: number, precision: number): number {
    const bias = top >> 1;
    switch (this.below(24)) {
      case 0:
      case 1:
        return 0;
      case 2:
        return 1 + this.below(3);
      case 3:
        return top - 1 - this.below(3);
      case 4:
        return top;
      case 5:
        return bias + 29 + this.below(4);
      case 6:
        return bias + precision - 3 + this.below(6);
      case 7:
      case 8:
        return bias - 2 + this.below(5);
      // About the limits of a single, for conversions; a single takes any.
      case 9:
        return top === 0xff ? this.below(top) : bias - 150 + this.below(26);
      case 10:
        return top === 0xff ? this.below(top) : bias + 126 + this.below(3);
      case 11:
      case 12:
        return this.below(top);
      case 13:
        return 1 + this.below(precision + 4);
      default:
        return bias - 40 + this.below(80);
    }
  }

  /** An exponent that meets another at an edge of some operation. */
  #partner(exp: number, top: number, precision: number): number {
    const bias = top >> 1;
    let partner: number;
    switch (this.below(12)) {
      case 0:
        return this.#exponent(top, precision);
      case 1:
        partner = bias - exp + this.below(4);
        break;
      case 2:
        partner = bias - exp - this.below(precision + 4);
        break;
      case 3:
        partner = 2 * bias + bias - exp - 2 + this.below(4);
        break;
      case 4:
        partner = exp + bias - this.below(4);
        break;
      case 5:
        partner = exp + bias + this.below(precision + 4);
        break;
      case 6:
        partner = exp - bias - 2 + this.below(4);
        break;
      case 7:
        partner = exp + (this.below(2) === 0 ? precision : -precision) + this.below(5) - 2;
        break;
      case 8:
        partner = exp + this.below(5) - 2;
        break;
      default:
        partner = exp - precision - 2 + this.below(2 * precision + 4);
    }
    return partner >= 0 && partner < top ? partner : this.#exponent(top, precision);
  }
}
