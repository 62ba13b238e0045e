/**
 * The interpreter loop as JavaScript source: one `switch` over operation numbers, printed from the templates.
 *
 * It is compiled per machine, so that the engine sees the typed arrays as constants, and its bytecode must stay under
 * 61,440 bytes or the optimising compiler refuses it.
 */
import type { ColdOperation } from "../core.js";
import { AT_ONCE, BASE, CODE_PAGE, COUNT_BASE, CS, EIP, PC, REGION_EXIT, REGION_LIMIT, RUN_LIMIT, STRETCH_LIMIT, TLB_HALF } from "../state.js";
import { META_CHECKED, META_LENGTH_SHIFT, R_DISP, R_IMM, R_INDEX, R_META, R_OP, R_REG, R_RM } from "./record.js";
import { hotTemplates } from "./templates.js";

/** Records that are not instructions and do not count as executed. */
const SPECIAL: ReadonlyMap<string, string> = new Map([
  // go on at the record in R_IMM
  ["%LINK", `t = code[pc + ${R_IMM}]; cb += pc - t; pc = t; if (cb + t >= stop) break dispatch; continue dispatch;`],
  // behind an instruction that stands apart: to what follows it, which need not be an instruction
  ["%BACK", `t = code[pc + ${R_IMM}]; cb += pc - t; pc = t; continue dispatch;`],
  // a long straight line: leave when the slice is nearly used up
  ["%CHECK", "if (cb + pc >= stop) break dispatch; pc += 8; cb -= 8; continue dispatch;"],
  // look the address up again: end of page, or the record was invalidated
  ["%REENTER", `lin = (lp + code[pc + ${R_DISP}]) | 0; cb -= 8; break branch;`],
  // a translated region begins here: the record that stood here is in R_IMM, for where the region does not apply
  [
    "%REGION",
    `if (cb + pc >= i32[${REGION_LIMIT}] || code[pc + ${R_DISP}] !== lp || code[pc + ${R_RM}] !== us) { t = code[pc + ${R_IMM}]; cb += pc - t; pc = t; continue dispatch; }
    c = cb + pc; i32[${PC}] = 0; i32[${COUNT_BASE}] = c; x = code[pc + ${R_REG}]; y = code[pc + ${R_INDEX}]; pc = -1;
    lin = enterRegion(x, y);
    pc = 0; cb = i32[${COUNT_BASE}]; us = i32[${TLB_HALF}];
    r = i32[${RUN_LIMIT}];
    if (r !== ${AT_ONCE}) { r += cb - c; if (r > i32[${STRETCH_LIMIT}]) r = i32[${STRETCH_LIMIT}]; i32[${RUN_LIMIT}] = r; stop = r; }
    if (i32[${REGION_EXIT}] === 0) { cb -= 8; break branch; }
    t = entries[tlbX[(lin >>> 12) + us] + (lin & 0xfff)];
    if (t === 0) { i32[${EIP}] = lin - i32[${BASE + CS}]; t = enter(lin); }
    if (code[t + ${R_OP}] === REGION) t = code[t + ${R_IMM}];
    lp = lin & -4096; cb -= t; pc = t; continue dispatch;`,
  ],
  // leave the loop
  ["%EXIT", `i32[${EIP}] = lp + code[pc + ${R_DISP}] - i32[${BASE + CS}]; cb += pc; pc = 0; break dispatch;`],
]);

/** Name to number of every hot operation. */
export const HOT_NUMBERS: ReadonlyMap<string, number> = new Map([...SPECIAL.keys(), ...hotTemplates().keys()].map((name, index) => [name, index]));

/** What the compiled loop needs from its machine. */
export interface LoopEnvironment {
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly i16: Int16Array;
  readonly i32: Int32Array;
  readonly dv: DataView;
  readonly code: Int32Array;
  readonly entries: Int32Array;
  readonly tlbR: Int32Array;
  readonly tlbW: Int32Array;
  readonly tlbX: Int32Array;
  readonly cold: ColdOperation[];
  /** Cold operations with this number or above end their block. */
  readonly firstEnding: number;
  slowAddress(pc: number, bytes: number, write: boolean): number;
  slowOffset(pc: number): number;
  slowRead8(address: number, pc: number, countBase: number): number;
  slowRead16(address: number, pc: number, countBase: number): number;
  slowRead32(address: number, pc: number, countBase: number): number;
  slowModify8(address: number, pc: number, countBase: number): number;
  slowModify16(address: number, pc: number, countBase: number): number;
  slowModify32(address: number, pc: number, countBase: number): number;
  slowWrite8(address: number, value: number, pc: number, countBase: number): void;
  slowWrite16(address: number, value: number, pc: number, countBase: number): void;
  slowWrite32(address: number, value: number, pc: number, countBase: number): void;
  carry(): 0 | 1;
  overflow(): boolean;
  sign(): boolean;
  parity(): boolean;
  belowOrEqual(): boolean;
  less(): boolean;
  lessOrEqual(): boolean;
  condition(code: number): boolean;
  setCfOf(cf: number, of: number): void;
  /** Record for a linear address, decoding if need be; may fault with EIP at the address. */
  enter(linear: number): number;
  /** Runs a translated region, and what it leads to; the linear address at which execution goes on. */
  enterRegion(slot: number, entry: number): number;
  /** Linear target of a branch in 16-bit or segmented code; faults at the branch. */
  checkedTarget(pc: number, codePage: number): number;
}

/** Names destructured from the environment; in the loop they are constants. */
const NAMES =
  "i8, u8, i16, i32, dv, code, entries, tlbR, tlbW, tlbX, cold, firstEnding, slowAddress, slowOffset, slowRead8, slowRead16, slowRead32, slowModify8, slowModify16, slowModify32, slowWrite8, slowWrite16, slowWrite32, carry, overflow, sign, parity, belowOrEqual, less, lessOrEqual, condition, setCfOf, enter, enterRegion, checkedTarget";

/**
 * What the loop keeps inline beside a translator, which leaves it a percent of the instructions: compiling the whole of it
 * would cost the engine more time and memory than it saves.
 */
const FREQUENT =
  /^(%.*|(MOV|ADD|SUB|CMP|AND|OR|XOR|TEST)32(rr|ri|rm)|(MOV|CMP|TEST|ADD|AND|OR)32m[ri]|(MOV|CMP|TEST|AND)8(rr|ri|rm|mi)|MOV8mr|MOVZX[BW]32r[rm]|LEA32rm|(INC|DEC)32r|(SHL|SHR|SAR)32ri|SETCC8r|NOP|(PUSH|POP|PUSHE)32r|PUSHI32i|LEAVE|JCC.|JMP|CALL|CALLE32[rm]|JMPE32[rm]|RET|RETN32i|CMOV32rr|XOR8rr|ADC32rr|SBB32rr|IMUL232rr)$/;
/** Operations that cannot be functions: they leave through the loop. */
export const isInline = (name: string, lean: boolean): boolean => !lean || FREQUENT.test(name);

/** A hot operation as a function `(pc) => void` from its template, for the lean loop's table. */
export const operationSource = (name: string): string => `"use strict";
const { ${NAMES} } = environment;
return function ${name}(pc) {
  let a = 0, t = 0, v = 0, x = 0, y = 0, r = 0, c = 0, f = false, d = 0.5;
  const us = i32[${TLB_HALF}], cb = i32[${COUNT_BASE}];
  dispatch: do { ${hotTemplates().get(name)} } while (false);
};`;

/** @param lean frequent operations only; the others are functions in the table of cold ones */
export const loopSource = (lean: boolean): string => {
  const templates = new Map([...SPECIAL, ...hotTemplates()].filter(([name]) => isInline(name, lean)));
  const cases = [...templates].map(([name, body]) => `case ${HOT_NUMBERS.get(name)}: { ${body} } // ${name}`).join("\n");
  const nextOffset = `(code[pc + ${R_META}] & 0xfff) + ((code[pc + ${R_META}] >> ${META_LENGTH_SHIFT}) & 15)`;
  return `"use strict";
const { ${NAMES} } = environment;
const REGION = ${HOT_NUMBERS.get("%REGION")};
/** Executes from record \`pc\` in the page at linear \`lp\`; leaves PC, COUNT_BASE and CODE_PAGE behind, and EIP when PC is 0. */
return function interpret(pc, lp, cb, stop) {
  let a = 0, t = 0, v = 0, x = 0, y = 0, r = 0, c = 0, lin = 0, f = false, d = 0.5;
  let us = i32[${TLB_HALF}];
  try {
    dispatch: for (;;) {
      branch: {
        direct: {
          switch (code[pc + ${R_OP}]) {
${cases}
            default: {
              i32[${PC}] = pc; i32[${COUNT_BASE}] = cb; i32[${CODE_PAGE}] = lp;
              t = code[pc + ${R_OP}];
              if (t < firstEnding) {
                if (cold[t](pc) === true) {
                  cb += 8;
                  if (cb + pc >= i32[${RUN_LIMIT}]) break dispatch;
                } else pc += 8;
                continue dispatch;
              }
              i32[${EIP}] = lp + ${nextOffset} - i32[${BASE + CS}];
              cold[t](pc);
              us = i32[${TLB_HALF}];
              lin = (i32[${EIP}] + i32[${BASE + CS}]) | 0;
              break branch;
            }
          }
        }
        // a relative branch is taken
        t = code[pc + ${R_IMM}];
        if (t !== 0) {
          cb += pc + 8 - t;
          pc = t;
          if (cb + t >= i32[${RUN_LIMIT}]) break dispatch;
          continue dispatch;
        }
        if ((code[pc + ${R_META}] & ${META_CHECKED}) !== 0) {
          lin = checkedTarget(pc, lp);
        } else {
          lin = (lp + code[pc + ${R_DISP}]) | 0;
          if ((code[pc + ${R_DISP}] >>> 12) === 0) code[pc + ${R_IMM}] = entries[tlbX[(lp >>> 12) + us] + code[pc + ${R_DISP}]];
        }
      }
      // control goes to \`lin\`
      cb += pc + 8;
      if (cb >= i32[${RUN_LIMIT}]) { pc = 0; i32[${EIP}] = lin - i32[${BASE + CS}]; break dispatch; }
      t = entries[tlbX[(lin >>> 12) + us] + (lin & 0xfff)];
      if (t === 0) { pc = 0; i32[${PC}] = 0; i32[${COUNT_BASE}] = cb; i32[${EIP}] = lin - i32[${BASE + CS}]; t = enter(lin); }
      cb -= t;
      pc = t;
      lp = lin & -4096;
    }
  } finally {
    // a fault in a region has left the state as it must be
    if (pc >= 0) { i32[${PC}] = pc; i32[${COUNT_BASE}] = cb; i32[${CODE_PAGE}] = lp; }
  }
};`;
};
