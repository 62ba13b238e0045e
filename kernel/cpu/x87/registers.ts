/**
 * The register stack and the control, status and tag words, kept as words of the CPU's state block.
 * Registers are addressed by their physical number here; ST(i) is register (top + i) & 7.
 */
import { resultIndefinite, unpack } from "./float80.js";
import type { X87Host } from "./host.js";
import * as layout from "./layout.js";

const {
  CR0_NE,
  BUSY,
  C1,
  CONTROL,
  DE,
  ES,
  FLAGS,
  IE,
  OE,
  PE,
  R_HI,
  R_LO,
  R_SE,
  S,
  SF,
  UE,
  ZE,
  REGISTER_WORDS,
  CONTROL_WORD,
  STATUS_WORD,
  TOP,
  IN_USE,
  FIP,
  FCS,
  FDP,
  FDS,
  FOP,
  STATE_WORDS,
} = layout;

/** Control bits that exist; bit 6 reads as one. */
export const CONTROL_BITS = 0x1f3f;
export const CONTROL_FIXED = 0x40;
export const EXCEPTIONS = 0x3f;
/** Status bits that are stored as such: all but TOP, ES and B. */
const KEPT_STATUS = 0x477f;

export class Registers {
  readonly words: Int32Array;
  private readonly host: X87Host;

  constructor(host: X87Host) {
    const state = host.state;
    if (state.byteLength < STATE_WORDS * 4 || (state.byteOffset & 3) !== 0) throw new RangeError("x87 state must be 512 bytes on a word boundary");
    this.words = new Int32Array(state.buffer, state.byteOffset, STATE_WORDS);
    this.host = host;
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

  /** Takes over both words of an image; ES and B follow from the exceptions and their masks, whatever the image says. */
  setControlAndStatus(control: number, status: number): void {
    const w = this.words;
    w[TOP] = (status >> 11) & 7;
    w[STATUS_WORD] = (status & KEPT_STATUS) | (w[STATUS_WORD] & ES);
    this.setControl(control);
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
    w[STATUS_WORD] = (w[STATUS_WORD] & KEPT_STATUS) | (pending ? ES | BUSY : 0);
    if (pending !== wasPending) this.host.ferr(pending && (this.host.cr0() & CR0_NE) === 0);
  }

  /** Notes the address of a non-control instruction; `opcode` is 0-7. */
  recordInstruction(opcode: number, modrm: number): void {
    const w = this.words;
    const host = this.host;
    w[FIP] = host.instructionOffset();
    w[FCS] = host.instructionSelector();
    w[FOP] = (opcode << 8) | modrm;
  }

  /** The same for one with a memory operand. */
  recordOperand(opcode: number, modrm: number): void {
    this.recordInstruction(opcode, modrm);
    this.words[FDP] = this.host.operandOffset();
    this.words[FDS] = this.host.operandSelector();
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
    if (flags === 0) {
      w[STATUS_WORD] &= ~C1;
      return;
    }
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
    return ((this.words[IN_USE] >> ((this.words[TOP] + i) & 7)) & 1) === 0;
  }

  /** ST(i) into an operand block. */
  load(i: number, block: number): void {
    unpack(this.words, this.physical(i) * REGISTER_WORDS, block);
  }

  /** The result into ST(i). */
  store(i: number): void {
    const w = this.words;
    const register = (w[TOP] + i) & 7;
    const at = register * REGISTER_WORDS;
    w[at] = S[R_LO];
    w[at + 1] = S[R_HI];
    w[at + 2] = S[R_SE];
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
    this.words[TOP] = (this.words[TOP] - 1) & 7;
    this.store(0);
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
