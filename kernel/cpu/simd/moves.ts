/**
 * Moves between XMM, MMX and general registers and memory, as they are: no conversion, no exception but those of operands.
 * Non-temporal stores are stores; there is no cache here to pass by. Source: SDM volume 2.
 */
import type { ColdOperation, Core } from "../core.js";
import { META_REGISTER, META_XMM, R_META, R_REG, R_RM } from "../interpreter/record.js";
import { EDI } from "../state.js";
import type { VectorUnit } from "./unit.js";

export const moveOperations = (core: Core, unit: VectorUnit): Record<string, ColdOperation> => {
  const { code, i32 } = core;
  const { xmm, mmx } = unit;
  const isRegister = (pc: number): boolean => (code[pc + R_META] & META_REGISTER) !== 0;
  const regXmm = (pc: number): Int32Array => xmm[code[pc + R_REG]].i32;
  const rmXmm = (pc: number): Int32Array => xmm[code[pc + R_RM]].i32;

  const copy = (to: Int32Array, from: Int32Array): void => {
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
  };
  const copyLow = (to: Int32Array, from: Int32Array, bytes: 4 | 8): void => {
    to[0] = from[0];
    if (bytes === 8) to[1] = from[1];
  };

  // ── whole XMM registers ─────────────────────────────────────────────────────────────────────────────────────────

  const load16 =
    (aligned: boolean): ColdOperation =>
    (pc) => {
      unit.requireSse();
      if (isRegister(pc)) copy(regXmm(pc), rmXmm(pc));
      else unit.load(regXmm(pc), 0, unit.address(pc, 16, aligned, false), 16);
    };
  const store16 =
    (aligned: boolean): ColdOperation =>
    (pc) => {
      unit.requireSse();
      if (isRegister(pc)) copy(rmXmm(pc), regXmm(pc));
      else unit.store(regXmm(pc), 0, unit.address(pc, 16, aligned, true), 16);
    };

  // ── parts of XMM registers ──────────────────────────────────────────────────────────────────────────────────────

  /** From memory the rest of the register becomes zero, from a register it stays. */
  const loadScalar =
    (bytes: 4 | 8): ColdOperation =>
    (pc) => {
      unit.requireSse();
      const to = regXmm(pc);
      if (isRegister(pc)) {
        copyLow(to, rmXmm(pc), bytes);
        return;
      }
      unit.load(to, 0, unit.address(pc, bytes, false, false), bytes);
      if (bytes === 4) to[1] = 0;
      to[2] = 0;
      to[3] = 0;
    };
  const storeScalar =
    (bytes: 4 | 8): ColdOperation =>
    (pc) => {
      unit.requireSse();
      if (isRegister(pc)) copyLow(rmXmm(pc), regXmm(pc), bytes);
      else unit.store(regXmm(pc), 0, unit.address(pc, bytes, false, true), bytes);
    };
  /** Half of a register, from word `half` on, and memory. */
  const loadHalf =
    (half: 0 | 2): ColdOperation =>
    (pc) => {
      unit.requireSse();
      unit.load(regXmm(pc), half, unit.address(pc, 8, false, false), 8);
    };
  const storeHalf =
    (half: 0 | 2): ColdOperation =>
    (pc) => {
      unit.requireSse();
      unit.store(regXmm(pc), half, unit.address(pc, 8, false, true), 8);
    };
  const moveHalf =
    (to: 0 | 2, from: 0 | 2): ColdOperation =>
    (pc) => {
      unit.requireSse();
      const target = regXmm(pc);
      const source = rmXmm(pc);
      target[to] = source[from];
      target[to + 1] = source[from + 1];
    };

  // ── MOVD and MOVQ ───────────────────────────────────────────────────────────────────────────────────────────────

  const byForm =
    (short: ColdOperation, long: ColdOperation): ColdOperation =>
    (pc) =>
      (code[pc + R_META] & META_XMM) !== 0 ? long(pc) : short(pc);

  const loadDwordMmx = (pc: number): void => {
    unit.requireMmx();
    const value = core.getE(pc, 32);
    unit.enterMmx();
    const to = unit.writeMmx(code[pc + R_REG]).i32;
    to[0] = value;
    to[1] = 0;
  };
  const loadDwordXmm = (pc: number): void => {
    unit.requireSse();
    const value = core.getE(pc, 32);
    const to = regXmm(pc);
    to[0] = value;
    to[1] = to[2] = to[3] = 0;
  };
  const storeDwordMmx = (pc: number): void => {
    unit.requireMmx();
    core.setE(pc, 32, mmx[code[pc + R_REG]].i32[0]);
    unit.enterMmx();
  };
  const storeDwordXmm = (pc: number): void => {
    unit.requireSse();
    core.setE(pc, 32, regXmm(pc)[0]);
  };
  const loadQuadMmx = (pc: number): void => {
    unit.requireMmx();
    const to = mmx[code[pc + R_REG]].i32;
    if (isRegister(pc)) copyLow(to, mmx[code[pc + R_RM]].i32, 8);
    else unit.load(to, 0, unit.address(pc, 8, false, false), 8);
    unit.enterMmx();
    unit.writeMmx(code[pc + R_REG]);
  };
  const loadQuadXmm = (pc: number): void => {
    unit.requireSse();
    const to = regXmm(pc);
    if (isRegister(pc)) copyLow(to, rmXmm(pc), 8);
    else unit.load(to, 0, unit.address(pc, 8, false, false), 8);
    to[2] = 0;
    to[3] = 0;
  };
  const storeQuadMmx = (pc: number): void => {
    unit.requireMmx();
    const from = mmx[code[pc + R_REG]].i32;
    if (isRegister(pc)) copyLow(unit.writeMmx(code[pc + R_RM]).i32, from, 8);
    else unit.store(from, 0, unit.address(pc, 8, false, true), 8);
    unit.enterMmx();
  };
  const storeQuadXmm = (pc: number): void => {
    unit.requireSse();
    if (!isRegister(pc)) {
      unit.store(regXmm(pc), 0, unit.address(pc, 8, false, true), 8);
      return;
    }
    const to = rmXmm(pc);
    copyLow(to, regXmm(pc), 8);
    to[2] = 0;
    to[3] = 0;
  };
  const mmxToXmm = (pc: number): void => {
    unit.requireSse();
    unit.requireMmx();
    unit.enterMmx();
    const to = regXmm(pc);
    copyLow(to, mmx[code[pc + R_RM]].i32, 8);
    to[2] = 0;
    to[3] = 0;
  };
  const xmmToMmx = (pc: number): void => {
    unit.requireSse();
    unit.requireMmx();
    unit.enterMmx();
    copyLow(unit.writeMmx(code[pc + R_REG]).i32, rmXmm(pc), 8);
  };

  // ── bytes under a mask ──────────────────────────────────────────────────────────────────────────────────────────

  /**
   * To DS:EDI, or the segment of a prefix. All bytes must be writable, whatever the mask says: the SDM leaves that to the
   * implementation, and this is what silicon does. Only the bytes of the mask are written.
   */
  const maskedStore = (pc: number, from: Uint8Array, mask: Int8Array, bytes: 8 | 16): void => {
    const offset = core.address16(pc) ? i32[EDI] & 0xffff : i32[EDI];
    const linear = core.linear(core.segment(pc), offset, bytes, true);
    const user = core.mmu.user;
    // alignment is that of eight bytes for both forms, as silicon has it
    for (let half = 0; half < bytes; half += 8) core.mmu.probeWrites((linear + half) | 0, 8, user);
    for (let index = 0; index < bytes; index++) if (mask[index] < 0) core.mmu.write8((linear + index) | 0, from[index], user);
  };

  return {
    MOVUPS: load16(false),
    MOVUPD: load16(false),
    MOVDQU: load16(false),
    LDDQU: load16(false),
    MOVAPS: load16(true),
    MOVAPD: load16(true),
    MOVDQA: load16(true),
    MOVUPSSTORE: store16(false),
    MOVUPDSTORE: store16(false),
    MOVDQUSTORE: store16(false),
    MOVAPSSTORE: store16(true),
    MOVAPDSTORE: store16(true),
    MOVDQASTORE: store16(true),
    MOVNTPS: store16(true),
    MOVNTPD: store16(true),
    MOVNTDQ: store16(true),
    MOVSSLOAD: loadScalar(4),
    MOVSDLOAD: loadScalar(8),
    MOVSSSTORE: storeScalar(4),
    MOVSDSTORE: storeScalar(8),
    MOVLPS: loadHalf(0),
    MOVLPD: loadHalf(0),
    MOVHPS: loadHalf(2),
    MOVHPD: loadHalf(2),
    MOVLPSSTORE: storeHalf(0),
    MOVLPDSTORE: storeHalf(0),
    MOVHPSSTORE: storeHalf(2),
    MOVHPDSTORE: storeHalf(2),
    MOVHLPS: moveHalf(0, 2),
    MOVLHPS: moveHalf(2, 0),
    MOVDLOAD: byForm(loadDwordMmx, loadDwordXmm),
    MOVDSTORE: byForm(storeDwordMmx, storeDwordXmm),
    MOVQLOAD: byForm(loadQuadMmx, loadQuadXmm),
    MOVQSTORE: byForm(storeQuadMmx, storeQuadXmm),
    MOVQ2DQ: mmxToXmm,
    MOVDQ2Q: xmmToMmx,
    MOVNTQ: storeQuadMmx,
    // a store of general registers, which asks nothing of CR0 and CR4
    MOVNTI: (pc) => core.write(core.operandAddress(pc, 4, true), 32, i32[code[pc + R_REG]]),
    MASKMOVQ: (pc) => {
      unit.requireMmx();
      maskedStore(pc, mmx[code[pc + R_REG]].u8, mmx[code[pc + R_RM]].i8, 8);
      unit.enterMmx();
    },
    MASKMOVDQU: (pc) => {
      unit.requireSse();
      maskedStore(pc, xmm[code[pc + R_REG]].u8, xmm[code[pc + R_RM]].i8, 16);
    },
  };
};
