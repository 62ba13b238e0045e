/**
 * MXCSR: rounding, masks, denormals-are-zero, flush-to-zero and the sticky flags (SDM volume 1, section 10.2.3).
 * Operations add the exceptions they find to `raised`; whoever runs them settles with `commit`.
 */

export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
const FLAGS = 0x3f;
export const DAZ = 0x40;
/** Masks lie seven bits above their flags. */
export const MASK_SHIFT = 7;
export const RC_SHIFT = 13;
export const FTZ = 0x8000;
/** Bits that exist, with DAZ and without. */
const ALL_BITS = 0xffff;
const WITHOUT_DAZ = ALL_BITS & ~DAZ;
export const MXCSR_DEFAULT = 0x1f80;

export const RC_NEAREST = 0;
export const RC_DOWN = 1;
export const RC_UP = 2;
export const RC_CHOP = 3;

export class Mxcsr {
  readonly #words: Int32Array;
  readonly #index: number;
  /** Exceptions of the instruction being executed. */
  raised = 0;

  /** Bits that can be set; the others are #GP(0). */
  readonly mask: number;
  /** MXCSR_MASK in the image of FXSAVE: 0 on processors before DAZ (SDM volume 1, section 11.6.6). */
  readonly savedMask: number;

  /** @param words the processor's state @param index of its MXCSR word @param daz whether denormals-are-zero exists */
  constructor(words: Int32Array, index: number, daz = true) {
    this.#words = words;
    this.#index = index;
    this.mask = daz ? ALL_BITS : WITHOUT_DAZ;
    this.savedMask = daz ? ALL_BITS : 0;
  }

  get value(): number {
    return this.#words[this.#index];
  }
  set value(value: number) {
    this.#words[this.#index] = value;
  }
  get rounding(): number {
    return (this.#words[this.#index] >> RC_SHIFT) & 3;
  }
  get daz(): boolean {
    return (this.#words[this.#index] & DAZ) !== 0;
  }
  get ftz(): boolean {
    return (this.#words[this.#index] & FTZ) !== 0;
  }
  /** Of these exceptions, the unmasked ones. */
  unmasked(exceptions: number): number {
    return exceptions & ~(this.#words[this.#index] >> MASK_SHIFT);
  }
  /** Makes the exceptions sticky; true when one of them is unmasked and the instruction must not write its result. */
  commit(): boolean {
    const raised = this.raised & FLAGS;
    this.raised = 0;
    this.#words[this.#index] |= raised;
    return this.unmasked(raised) !== 0;
  }
}
