/**
 * The register stack and the control, status and tag words, kept as words of the CPU's state block.
 * Registers are addressed by their physical number here; ST(i) is register (top + i) & 7.
 */
import { BUSY, C1, CONTROL, DE, ES, FLAGS, IE, OE, PE, R_HI, R_LO, R_SE, resultIndefinite, S, SF, UE, unpack, ZE } from "./float80.js";

/** Four words a register: low, high, sign and exponent, unused. */
export const REGISTER_WORDS = 4;
export const CONTROL_WORD = 32;
/** Status word with the TOP field zero. */
export const STATUS_WORD = 33;
export const TOP = 34;
/** Bit n is set when physical register n is not empty. */
export const IN_USE = 35;
export const FIP = 36;
export const FCS = 37;
export const FDP = 38;
export const FDS = 39;
export const FOP = 40;
export const STATE_WORDS = 41;

/** Control bits that exist; bit 6 reads as one. */
const CONTROL_BITS = 0x1f3f;
const CONTROL_FIXED = 0x40;
const EXCEPTIONS = 0x3f;

export class Registers {
  readonly words: Int32Array;
  private readonly ferr: (level: boolean) => void;

  /** `ferr` is told when a pending unmasked exception appears and when it is gone. */
  constructor(state: Uint8Array, ferr: (pending: boolean) => void) {
    if (state.byteLength < STATE_WORDS * 4 || (state.byteOffset & 3) !== 0) throw new RangeError("x87 state must be 512 bytes on a word boundary");
    this.words = new Int32Array(state.buffer, state.byteOffset, STATE_WORDS);
    this.ferr = ferr;
  }

  /** FNINIT; register contents stay. */
  initialise(): void {
    const w = this.words;
    w[STATUS_WORD] &= ES;
    w[TOP] = w[IN_USE] = 0;
    w[FIP] = w[FCS] = w[FDP] = w[FDS] = w[FOP] = 0;
    this.setControl(0x37f);
  }

  get control(): number {
    return this.words[CONTROL_WORD];
  }

  /** Also settles ES, since a mask may uncover a pending exception. */
  setControl(value: number): void {
    this.words[CONTROL_WORD] = (value & CONTROL_BITS) | CONTROL_FIXED;
    this.settle();
  }

  get status(): number {
    return this.words[STATUS_WORD] | (this.words[TOP] << 11);
  }

  setStatus(value: number): void {
    const w = this.words;
    w[TOP] = (value >> 11) & 7;
    w[STATUS_WORD] = (value & 0x477f) | (w[STATUS_WORD] & ES);
    this.settle();
  }

  /** FNCLEX. */
  clearExceptions(): void {
    this.words[STATUS_WORD] &= 0x4700 | ES;
    this.settle();
  }

  private settle(): void {
    const w = this.words;
    const wasPending = (w[STATUS_WORD] & ES) !== 0;
    const pending = (w[STATUS_WORD] & ~w[CONTROL_WORD] & EXCEPTIONS) !== 0;
    w[STATUS_WORD] = (w[STATUS_WORD] & 0x477f) | (pending ? ES | BUSY : 0);
    if (pending !== wasPending) this.ferr(pending);
  }

  /** Starts an instruction's arithmetic. */
  begin(): void {
    S[FLAGS] = 0;
    S[CONTROL] = this.words[CONTROL_WORD];
  }

  /** Ends it: C1 and the exceptions in FLAGS become visible. */
  finish(): void {
    const w = this.words;
    let flags = S[FLAGS];
    const unmasked = flags & ~w[CONTROL_WORD] & EXCEPTIONS;
    // These are found before the operation, which then does not take place.
    if ((unmasked & (IE | DE | ZE)) !== 0) {
      flags &= (flags & SF) !== 0 ? ~(OE | UE | PE) : ~(OE | UE | PE | C1);
      S[FLAGS] = flags;
    }
    w[STATUS_WORD] = (w[STATUS_WORD] & ~C1) | flags;
    if (unmasked !== 0) this.settle();
  }

  /** Whether this instruction raised one of `exceptions` unmasked. */
  unmasked(exceptions: number): boolean {
    return (S[FLAGS] & ~this.words[CONTROL_WORD] & exceptions) !== 0;
  }

  /** Replaces the condition codes C0, C2, C3 (and sets C1 where `codes` has it). */
  setConditions(codes: number): void {
    this.words[STATUS_WORD] = (this.words[STATUS_WORD] & ~0x4500) | codes;
  }

  physical(i: number): number {
    return (this.words[TOP] + i) & 7;
  }

  isEmpty(i: number): boolean {
    return ((this.words[IN_USE] >> this.physical(i)) & 1) === 0;
  }

  /** ST(i) into an operand block. */
  load(i: number, block: number): void {
    unpack(this.words, this.physical(i) * REGISTER_WORDS, block);
  }

  /** The result into ST(i). */
  store(i: number): void {
    this.put(this.physical(i), S[R_SE], S[R_HI], S[R_LO]);
  }

  /** Writes a physical register and marks it in use. */
  put(register: number, se: number, hi: number, lo: number): void {
    const w = this.words;
    const at = register * REGISTER_WORDS;
    w[at] = lo;
    w[at + 1] = hi;
    w[at + 2] = se;
    w[IN_USE] |= 1 << register;
  }

  /** ST(i), packed, as the result. */
  fetch(i: number): void {
    const at = this.physical(i) * REGISTER_WORDS;
    S[R_LO] = this.words[at];
    S[R_HI] = this.words[at + 1];
    S[R_SE] = this.words[at + 2];
  }

  /** Pushes the result. */
  push(): void {
    const top = (this.words[TOP] - 1) & 7;
    this.words[TOP] = top;
    this.put(top, S[R_SE], S[R_HI], S[R_LO]);
  }

  pop(): void {
    const w = this.words;
    w[IN_USE] &= ~(1 << w[TOP]);
    w[TOP] = (w[TOP] + 1) & 7;
  }

  free(i: number): void {
    this.words[IN_USE] &= ~(1 << this.physical(i));
  }

  /** Notes an empty source; the result is the indefinite. Returns whether the masked response applies. */
  underflow(): boolean {
    S[FLAGS] = IE | SF;
    resultIndefinite();
    return (this.words[CONTROL_WORD] & IE) !== 0;
  }

  /** Notes a push onto a register in use; the result is the indefinite. Returns whether the masked response applies. */
  overflow(): boolean {
    S[FLAGS] = IE | SF | C1;
    resultIndefinite();
    return (this.words[CONTROL_WORD] & IE) !== 0;
  }

  /** The tag word in the two-bit form, computed from the registers. */
  tagWord(): number {
    let tags = 0;
    for (let n = 7; n >= 0; n--) tags = (tags << 2) | this.tag(n);
    return tags;
  }

  private tag(register: number): number {
    if (((this.words[IN_USE] >> register) & 1) === 0) return 3;
    const at = register * REGISTER_WORDS;
    const exp = this.words[at + 2] & 0x7fff;
    const hi = this.words[at + 1];
    if (exp === 0 && (hi | this.words[at]) === 0) return 1;
    return exp === 0 || exp === 0x7fff || hi >= 0 ? 2 : 0;
  }

  /** Of a two-bit tag word only "empty" counts. */
  setTagWord(tags: number): void {
    let used = 0;
    for (let n = 0; n < 8; n++) if (((tags >> (n * 2)) & 3) !== 3) used |= 1 << n;
    this.words[IN_USE] = used;
  }
}
