/**
 * Shows the freshly compiled loop every operation once, before a guest runs.
 *
 * The host's optimising compiler treats what it has never seen as impossible: each operation, slow path or integer
 * overflow met for the first time would throw the optimised loop away and cost most of a second. A few milliseconds of
 * synthetic records prevent that. Nothing here is visible to the guest: the caller resets the processor afterwards.
 */

import type { ColdOperation } from "../core.js";
import { LAZY_ADD, LAZY_LOGIC, LAZY_NONE, LAZY_SUB } from "../flags.js";
import {
  AT_ONCE,
  EAX,
  EBP,
  EBX,
  ECX,
  EDX,
  EIP,
  ESI,
  ESP,
  FLAGS,
  LAZY_A,
  LAZY_B,
  LAZY_OP,
  LAZY_RESULT,
  REGION_EXIT,
  REGION_LIMIT,
  RUN_LIMIT,
  STRETCH_LIMIT,
  TLB_HALF,
} from "../state.js";
import type { Interpret } from "./compile.js";
import { META_CHECKED, META_LENGTH_SHIFT, R_DISP, R_IMM, R_INDEX, R_META, R_OP, R_REG, R_RM, R_SCALE, RECORD_WORDS, SLOW_ADDRESS } from "./record.js";
import { HOT_NUMBERS, isInline } from "./source.js";

/** Records used for priming, at the end of the arena. */
const ROOM = 4 * RECORD_WORDS;
/** Pages of low memory that serve as operands and as the target of branches; left as they were found. */
const DATA = 0x3000;
const TARGET = 0x2000;
const HLT = 0xf4;
const NEVER = 0x7000_0000;
/** The engine collects nothing on a function's first calls. */
const ROUNDS = 4;

const MAX = 0x7fff_ffff;
const MIN = -0x8000_0000;
/** Operand pairs: ordinary, sums that overflow up and down, differences that do. */
const OPERANDS: readonly (readonly [number, number])[] = [
  [5, 3],
  [MAX, MAX],
  [MIN, MIN],
  [-1, 1],
  [MAX, MIN],
  [MIN, MAX],
];

export interface PrimeTarget {
  readonly i32: Int32Array;
  readonly ram: Uint8Array;
  readonly code: Int32Array;
  readonly interpret: Interpret;
  /** Forgets translations, so that the next access takes the slow path. */
  flushTlb(): void;
  /** Record of the instruction at a linear address. */
  enter(linear: number): number;
  /** Which operations the loop has. */
  readonly lean: boolean;
  /** The loop's table of cold operations, and the numbers of one that falls through and of one that ends a block. */
  readonly cold: ColdOperation[];
  readonly coldThrough: number;
  readonly coldEnding: number;
}

const CONTROL = /^(JCC.|JMP|CALL|CALLE32[rm]|JMPE32[rm]|RET|RETN32i)$/;

export const primeLoop = (target: PrimeTarget): void => {
  const { i32, ram, code, interpret, flushTlb } = target;
  const record = code.length - ROOM;
  const exit = HOT_NUMBERS.get("%EXIT")!;
  const saved = ram.slice(TARGET, DATA + 0x1000);
  ram[TARGET] = HLT;

  /** Runs one record, then leaves. */
  const run = (operation: number, fields: { disp?: number; imm?: number; scale?: number; meta?: number; rm?: number; index?: number; page?: number; register?: number }): void => {
    code[record + R_OP] = operation;
    code[record + R_REG] = fields.register ?? EBX;
    code[record + R_RM] = fields.rm ?? ESI;
    code[record + R_INDEX] = fields.index ?? EDX;
    code[record + R_SCALE] = fields.scale ?? 0;
    code[record + R_DISP] = fields.disp ?? 0;
    code[record + R_IMM] = fields.imm ?? 1;
    code[record + R_META] = (1 << META_LENGTH_SHIFT) | (fields.meta ?? 0);
    code[record + RECORD_WORDS + R_OP] = exit;
    code[record + RECORD_WORDS + R_DISP] = 1;
    interpret(record, fields.page ?? 0x1000, -record, 1 << 20);
  };
  const registers = (base: number, index: number, value: number): void => {
    i32[ESI] = base;
    i32[EDX] = index;
    i32[EBX] = value;
    i32[EAX] = value;
    i32[ECX] = value;
    i32[ESP] = DATA + 0x800;
    i32[EBP] = DATA + 0x800;
  };
  const lazy = (kind: number, a: number, b: number): void => {
    i32[LAZY_OP] = kind;
    i32[LAZY_A] = a;
    i32[LAZY_B] = b;
    i32[LAZY_RESULT] = (a - b) | 0;
  };

  const straight = (name: string, operation: number): void => {
    for (const [a, b] of OPERANDS) {
      i32[RUN_LIMIT] = NEVER;
      lazy(name.startsWith("ADC") || name.startsWith("SBB") ? LAZY_SUB : LAZY_ADD, a, b);
      if (/m/.test(name)) {
        const fill = (): void => new DataView(ram.buffer, ram.byteOffset).setInt32(DATA, b, true);
        for (const scale of [0, SLOW_ADDRESS]) {
          flushTlb();
          for (let again = 0; again < 2; again++) {
            fill();
            registers(DATA - 8, 4, a);
            run(operation, { disp: 4, imm: b, scale });
          }
        }
        // an address sum that overflows, to where no memory is
        registers(MAX, MAX, a);
        run(operation, { disp: MAX, imm: b });
      } else {
        registers(b, 0, a);
        flushTlb();
        for (let again = 0; again < 2; again++) {
          i32[EBX] = a;
          i32[ESI] = b;
          i32[ESP] = DATA + 0x800;
          i32[EBP] = DATA + 0x800;
          run(operation, { imm: b, disp: MAX });
        }
      }
    }
  };

  const control = (operation: number): void => {
    const there = target.enter(TARGET);
    const stack = new DataView(ram.buffer, ram.byteOffset);
    for (const [kind, a, b] of [
      [LAZY_SUB, 1, 2],
      [LAZY_SUB, 2, 1],
      [LAZY_SUB, 1, 1],
      [LAZY_SUB, -1, 1],
      [LAZY_SUB, 1, -1],
      [LAZY_ADD, MAX, -1],
      [LAZY_ADD, 1, 1],
      [LAZY_LOGIC, 0, 0],
      [LAZY_LOGIC, 0, 1],
      [LAZY_NONE, 0, 0],
    ] as const) {
      for (const way of ["chained", "same page", "other page", "checked", "at once"]) {
        for (const translations of ["none", "missed once", "found"]) {
          const cached = translations !== "none";
          if (!cached) flushTlb();
          lazy(kind, a, b);
          i32[FLAGS] = kind === LAZY_NONE && cached ? 0x8c7 : 2;
          i32[RUN_LIMIT] = way === "at once" ? -1 : NEVER;
          registers(DATA, 0, TARGET);
          // a page of its own, which a look-up of the operand does not bring into the TLB
          if (!cached) i32[ESP] = TARGET + 0x800;
          stack.setInt32(DATA, TARGET, true);
          stack.setInt32(i32[ESP], TARGET, true);
          const samePage = way === "same page";
          run(operation, {
            page: samePage ? TARGET : 0x1000,
            disp: operandIsMemory(operation) ? 0 : samePage ? 0 : TARGET - 0x1000,
            imm: way === "chained" || operandIsMemory(operation) ? (isReturn(operation) ? 4 : there) : isReturn(operation) ? 4 : 0,
            meta: way === "checked" ? META_CHECKED : 0,
            scale: way === "checked" && operandIsMemory(operation) ? SLOW_ADDRESS : 0,
          });
        }
      }
    }
  };

  const specials = (): void => {
    const there = target.enter(TARGET);
    for (const limit of [NEVER, -1]) {
      for (const exit of [0, 1]) {
        for (const way of ["decoded", "not decoded", "past its limit", "at once", "at a region"]) {
          if (way === "not decoded") flushTlb();
          if (way === "at a region") {
            // what stands at the target is kept two records on
            code.copyWithin(record + 2 * RECORD_WORDS, there, there + RECORD_WORDS);
            code[there + R_OP] = HOT_NUMBERS.get("%REGION")!;
            code[there + R_IMM] = record + 2 * RECORD_WORDS;
            code[there + R_DISP] = -1;
          }
          i32[RUN_LIMIT] = way === "at once" ? AT_ONCE : limit;
          i32[STRETCH_LIMIT] = limit === NEVER ? 0 : NEVER;
          i32[REGION_LIMIT] = way === "past its limit" ? AT_ONCE : NEVER;
          i32[REGION_EXIT] = exit;
          registers(DATA, 0, 1);
          run(HOT_NUMBERS.get("%REGION")!, { register: 0, index: TARGET, disp: 0x1000, rm: i32[TLB_HALF], imm: there });
          if (way === "at a region") code.copyWithin(there, record + 2 * RECORD_WORDS, record + 3 * RECORD_WORDS);
        }
      }
      i32[RUN_LIMIT] = limit;
      registers(DATA, 0, 1);
      run(HOT_NUMBERS.get("%LINK")!, { imm: there });
      run(HOT_NUMBERS.get("%BACK")!, { imm: there });
      run(HOT_NUMBERS.get("%CHECK")!, {});
      flushTlb();
      run(HOT_NUMBERS.get("%REENTER")!, { disp: TARGET - 0x1000 });
      for (const operation of coldOperations) {
        target.cold[target.coldThrough] = operation;
        run(target.coldThrough, {});
        target.cold[target.coldEnding] = operation;
        run(target.coldEnding, {});
      }
    }
  };

  // several, so that the engine does not take the first for the only one
  const coldOperations: readonly ColdOperation[] = [
    () => {
      i32[EIP] = TARGET;
    },
    () => {
      i32[EIP] = TARGET;
      return true;
    },
    () => {
      i32[EIP] = TARGET;
      return false;
    },
  ];
  const savedCold = [target.cold[target.coldThrough], target.cold[target.coldEnding]];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, operation] of HOT_NUMBERS) {
      if (name.startsWith("%") || !isInline(name, target.lean)) continue;
      if (CONTROL.test(name)) control(operation);
      else straight(name, operation);
    }
    specials();
  }
  [target.cold[target.coldThrough], target.cold[target.coldEnding]] = savedCold;
  ram.set(saved, TARGET);
  i32[EIP] = 0;
};

const MEMORY_CONTROL = new Set([HOT_NUMBERS.get("CALLE32m"), HOT_NUMBERS.get("JMPE32m")]);
const operandIsMemory = (operation: number): boolean => MEMORY_CONTROL.has(operation);
const isReturn = (operation: number): boolean => operation === HOT_NUMBERS.get("RETN32i");
