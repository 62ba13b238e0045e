/** Operands for packed integer instructions, the same for a seed on every machine, with many values at the edges of lanes. */
import type { Vector } from "./vector.js";

const EDGES8 = [0, 1, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x40];
const EDGES16 = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x80, 0x7f];
const EDGES32 = [0, 1, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x8000, 0x7fff];
/** Beyond the width of every lane, so that shift counts lie on both sides. */
const COUNTS = 72;

export class IntegerCases {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** xorshift32. */
  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state;
  }

  #fill({ u8, u16, u32, i32 }: Vector): void {
    const pick = (edges: readonly number[]): number => edges[this.#next() & 7];
    switch (this.#next() & 7) {
      case 3:
        for (let i = 0; i < 16; i++) u8[i] = pick(EDGES8);
        break;
      case 4:
        for (let i = 0; i < 8; i++) u16[i] = pick(EDGES16);
        break;
      case 5:
        for (let i = 0; i < 4; i++) u32[i] = pick(EDGES32);
        break;
      case 6:
        i32.fill(0);
        u32[0] = (this.#next() >>> 0) % COUNTS;
        u32[2] = (this.#next() >>> 0) % COUNTS;
        break;
      case 7:
        for (let i = 0; i < 4; i++) {
          i32[i] = this.#next();
          i32[i] &= this.#next();
        }
        break;
      default:
        for (let i = 0; i < 4; i++) i32[i] = this.#next();
    }
  }

  /** Fills both operands, now and then with equal parts, and returns an immediate. */
  operands(d: Vector, s: Vector): number {
    this.#fill(d);
    this.#fill(s);
    const rest = this.#next();
    if ((rest & 0xe00) === 0) {
      s.i32[0] = d.i32[0];
      s.i32[3] = d.i32[3];
    }
    return (rest & 0x100) !== 0 ? rest & 0x1f : rest & 0xff;
  }
}

/** Takes a word of a result into a hash; the first one is `HASH_START`. */
export const HASH_START = 0x811c_9dc5 | 0;
export const hashWord = (hash: number, word: number): number => {
  const mixed = Math.imul(hash ^ word, 0x9e37_79b1 | 0);
  return mixed ^ (mixed >>> 15);
};
