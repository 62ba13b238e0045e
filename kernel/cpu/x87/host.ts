/** What the FPU needs of the processor around it. */

export interface X87Host {
  /**
   * 512 bytes of the CPU's state on a 4-byte boundary, of which the FPU uses the first 164. All FPU state lives here: saving and restoring these bytes
   * saves and restores the FPU. The buffer must keep its place (the FPU holds a view of it).
   */
  readonly state: Uint8Array;

  /**
   * Memory at a linear address, which need not be aligned; addresses and values are unsigned. May throw a guest fault, which passes through with FPU
   * state unchanged. One write across a page boundary is the host's to make whole or not at all.
   */
  read8(linear: number): number;
  read16(linear: number): number;
  read32(linear: number): number;
  write8(linear: number, value: number): void;
  write16(linear: number, value: number): void;
  write32(linear: number, value: number): void;
  /** Throws the fault that writing any of these bytes would raise, and writes nothing. Called before a store that crosses a 4 KB boundary, and in place of one that an exception prevents. */
  probeWrite(linear: number, bytes: number): void;

  cr0(): number;
  raiseNM(): never;
  raiseMF(): never;
  raiseUD(): never;
  /** FERR#: with CR0.NE = 0, true while an unmasked exception pends. Called on changes; false may repeat. */
  ferr(level: boolean): void;
  /** IGNNE#, which lets instructions run although FERR# is active. */
  ignne(): boolean;
  /**
   * A waiting instruction met FERR# without IGNNE#. The processor stops before it until an interrupt comes: throw to leave the instruction undone
   * and halt, or return to let it run as if IGNNE# were active.
   */
  stall(): void;

  /** Operand size and mode of the current instruction; they choose among the four FSTENV layouts. Virtual-8086 mode counts as real mode. */
  operand32(): boolean;
  protectedMode(): boolean;

  /** Address of the current instruction (of its first prefix) and its CS selector, for FIP and FCS. */
  instructionOffset(): number;
  instructionSelector(): number;
  /** Effective address and segment selector of the current memory operand, for FDP and FDS. */
  operandOffset(): number;
  operandSelector(): number;

  /** EFLAGS, of which FCMOVcc reads CF (bit 0), PF (2) and ZF (6). */
  flags(): number;
  /** FCOMI and kin: CF, PF and ZF take the bits of `value`; OF, SF and AF become zero. */
  setFlags(value: number): void;
  /** FNSTSW AX. */
  setAx(value: number): void;

  /** Whether FXSAVE and FXRSTOR carry MXCSR and the XMM registers (CR4.OSFXSR); without, they leave both and their places in the image alone. */
  savesSse(): boolean;
  mxcsr(): number;
  mxcsrMask(): number;
  /** May raise #GP for reserved bits; called before FXRSTOR changes anything. */
  setMxcsr(value: number): void;
  /** XMM registers, four words each. */
  readonly xmm: Int32Array;
}
