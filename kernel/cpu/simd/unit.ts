/**
 * What MMX and SSE instructions have in common: permission to run, the MMX view of the x87 registers, memory operands of 4
 * to 16 bytes. Sources: SDM volume 2, "Exception classification"; volume 3, "MMX technology system programming", "System
 * programming for instruction set extensions". The order of the checks is that of silicon: a pending x87 exception comes
 * before anything about the operand, then segment limits, then alignment, then pages.
 */
import type { Core } from "../core.js";
import type { Fpu } from "../fpu.js";
import * as record from "../interpreter/record.js";
import type { Mmu } from "../mmu.js";
import * as S from "../state.js";
import * as layout from "../x87/layout.js";
import type { Mxcsr } from "./mxcsr.js";
import * as state from "./state.js";
import type { Vector } from "./vector.js";

const { R_DISP, R_INDEX, R_RM, R_SCALE, SLOW_ADDRESS } = record;
const { CPL, CR0, CR4, CR4_OSFXSR, NM_VECTOR, UD_VECTOR } = S;
const UNAVAILABLE = S.CR0_EM | S.CR0_TS;
const PENDING = layout.ES;
const { ALL_IN_USE, EXPONENT_ONES, MMX_EXPONENT, MMX_WORDS, X87_IN_USE, X87_STATUS, X87_TOP } = state;
const PAGE_BYTES = 0x1000;
const PAGE_MASK = PAGE_BYTES - 1;
const ALIGNMENT = 16;
const ADDRESS_SPACE = 0x1_0000_0000;

/** Bytes of a memory operand that is loaded or stored as a whole. */
export type VectorBytes = 4 | 8 | 16;

export class VectorUnit {
  readonly core: Core;
  readonly mxcsr: Mxcsr;
  readonly xmm: readonly Vector[];
  /** Eight bytes each; writing one goes with `writeMmx`. */
  readonly mmx: readonly Vector[];
  readonly #i32: Int32Array;
  readonly #code: Int32Array;
  readonly #view: DataView;
  readonly #mmu: Mmu;
  readonly #fpu: Fpu;

  constructor(core: Core, fpu: Fpu) {
    this.core = core;
    this.mxcsr = fpu.mxcsr;
    this.xmm = state.xmmRegisters(core.memory.buffer);
    this.mmx = state.mmxRegisters(core.memory.buffer);
    this.#i32 = core.i32;
    this.#code = core.code;
    this.#view = core.memory.view;
    this.#mmu = core.mmu;
    this.#fpu = fpu;
  }

  // ── permission ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** An instruction with XMM registers or MXCSR. @throws GuestFault #UD, #NM */
  requireSse(): void {
    if ((this.#i32[CR0] & UNAVAILABLE) !== 0 || (this.#i32[CR4] & CR4_OSFXSR) === 0) this.#refuse((this.#i32[CR4] & CR4_OSFXSR) === 0);
  }

  /** An instruction with MMX registers. @throws GuestFault #UD, #NM, #MF of an earlier x87 instruction */
  requireMmx(): void {
    if ((this.#i32[CR0] & UNAVAILABLE) !== 0) this.#refuse(false);
    if ((this.#i32[X87_STATUS] & PENDING) !== 0) this.#fpu.wait();
  }

  #refuse(unsupported: boolean): never {
    this.core.fault.raise(unsupported || (this.#i32[CR0] & S.CR0_EM) !== 0 ? UD_VECTOR : NM_VECTOR);
  }

  /** An unmasked SIMD floating-point exception. */
  reportException(): never {
    this.core.fault.raise((this.#i32[CR4] & S.CR4_OSXMMEXCPT) !== 0 ? state.XM_VECTOR : UD_VECTOR);
  }

  // ── MMX registers ───────────────────────────────────────────────────────────────────────────────────────────────

  /** From x87 to MMX, once nothing can fault any more but the instruction's own #XM: register 0 on top, all tags valid. */
  enterMmx(): void {
    this.#i32[X87_TOP] = 0;
    this.#i32[X87_IN_USE] = ALL_IN_USE;
  }

  /** The register to be written, as a number that no x87 instruction takes for one. */
  writeMmx(register: number): Vector {
    this.#i32[MMX_EXPONENT + register * MMX_WORDS] = EXPONENT_ONES;
    return this.mmx[register];
  }

  // ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Linear address of the record's memory operand. @throws GuestFault #GP(0), #SS(0) */
  address(pc: number, bytes: VectorBytes, aligned: boolean, write: boolean): number {
    const code = this.#code;
    const i32 = this.#i32;
    const scale = code[pc + R_SCALE];
    let linear = (i32[code[pc + R_RM]] + (i32[code[pc + R_INDEX]] << scale) + code[pc + R_DISP]) | 0;
    // segment rules, or an operand across the end of the address space
    if ((scale & SLOW_ADDRESS) !== 0 || linear >>> 0 > ADDRESS_SPACE - bytes) linear = this.core.operandAddress(pc, bytes, write);
    if (aligned && (linear & (ALIGNMENT - 1)) !== 0) this.core.gp(0);
    else if ((linear & (bytes - 1)) !== 0) this.#mmu.checkAlignment(linear, bytes, i32[CPL] === 3);
    return linear;
  }

  /** Reads memory into `to` from word `at` on, all or nothing. */
  load(to: Int32Array, at: number, linear: number, bytes: VectorBytes): void {
    const user = this.#i32[CPL] === 3;
    if ((linear & PAGE_MASK) <= PAGE_BYTES - bytes) {
      const from = this.#mmu.directRead(linear, user);
      if (from >= 0) {
        this.#copyIn(to, at, from, bytes);
        return;
      }
    }
    const mmu = this.#mmu;
    const w0 = mmu.read32(linear, user);
    const w1 = bytes > 4 ? mmu.read32((linear + 4) | 0, user) : 0;
    const w2 = bytes > 8 ? mmu.read32((linear + 8) | 0, user) : 0;
    const w3 = bytes > 8 ? mmu.read32((linear + 12) | 0, user) : 0;
    to[at] = w0;
    if (bytes > 4) to[at + 1] = w1;
    if (bytes > 8) {
      to[at + 2] = w2;
      to[at + 3] = w3;
    }
  }

  #copyIn(to: Int32Array, at: number, from: number, bytes: VectorBytes): void {
    if ((from & 3) === 0) {
      const i32 = this.#i32;
      const word = from >>> 2;
      to[at] = i32[word];
      if (bytes > 4) to[at + 1] = i32[word + 1];
      if (bytes > 8) {
        to[at + 2] = i32[word + 2];
        to[at + 3] = i32[word + 3];
      }
      return;
    }
    const view = this.#view;
    to[at] = view.getInt32(from, true);
    if (bytes > 4) to[at + 1] = view.getInt32(from + 4, true);
    if (bytes > 8) {
      to[at + 2] = view.getInt32(from + 8, true);
      to[at + 3] = view.getInt32(from + 12, true);
    }
  }

  /** Writes words of `from` to memory, all or nothing. */
  store(from: Int32Array, at: number, linear: number, bytes: VectorBytes): void {
    const user = this.#i32[CPL] === 3;
    if ((linear & PAGE_MASK) <= PAGE_BYTES - bytes) {
      const to = this.#mmu.directWrite(linear, user);
      if (to >= 0) {
        this.#copyOut(from, at, to, bytes);
        return;
      }
    }
    const mmu = this.#mmu;
    mmu.probeWrites(linear, bytes, user);
    for (let done = 0; done < bytes; done += 4) mmu.write32((linear + done) | 0, from[at + (done >> 2)], user);
  }

  #copyOut(from: Int32Array, at: number, to: number, bytes: VectorBytes): void {
    if ((to & 3) === 0) {
      const i32 = this.#i32;
      const word = to >>> 2;
      i32[word] = from[at];
      if (bytes > 4) i32[word + 1] = from[at + 1];
      if (bytes > 8) {
        i32[word + 2] = from[at + 2];
        i32[word + 3] = from[at + 3];
      }
      return;
    }
    const view = this.#view;
    view.setInt32(to, from[at], true);
    if (bytes > 4) view.setInt32(to + 4, from[at + 1], true);
    if (bytes > 8) {
      view.setInt32(to + 8, from[at + 2], true);
      view.setInt32(to + 12, from[at + 3], true);
    }
  }
}
