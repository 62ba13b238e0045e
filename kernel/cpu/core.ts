/**
 * What every cold operation works with: the state, memory through segments, operands of the current record, the stack.
 *
 * Operand values of 8 and 16 bits are sign-extended, as the lazy flags want them.
 */
import type { PortSpace } from "../bus/port-space.js";
import type { GuestMemory } from "../memory/guest-memory.js";
import { TLB_ALIGNED, TLB_USER } from "../memory/layout.js";
import type { GuestFault } from "./fault.js";
import { LazyFlags } from "./flags.js";
import {
  META_ADDR16,
  META_BYTE,
  META_LENGTH_SHIFT,
  META_OFFSET_MASK,
  META_OP16,
  META_REGISTER,
  META_SEGMENT_SHIFT,
  R_DISP,
  R_INDEX,
  R_META,
  R_REG,
  R_RM,
  R_SCALE,
} from "./interpreter/record.js";
import type { Mmu } from "./mmu.js";
import {
  AC,
  ATTR,
  ATTR_BIG,
  ATTR_CODE,
  ATTR_EXPAND_DOWN,
  ATTR_READABLE,
  ATTR_WRITABLE,
  BASE,
  CODE_PAGE,
  CPL,
  CR0,
  CR0_AM,
  CR0_PE,
  CS,
  DS,
  EIP,
  ES,
  ESP,
  FLAGS,
  GP_VECTOR,
  KEY_CODE32,
  KEY_FLAT,
  KEY_REAL,
  KEY_STACK32,
  LIMIT,
  MODE_KEY,
  SS,
  SS_VECTOR,
  TLB_HALF,
  UD_VECTOR,
  VM,
} from "./state.js";

export type OperandSize = 8 | 16 | 32;

/**
 * Reads the current record's operands; `pc` is its index in the arena. Returns true to be executed again (REP), which an
 * operation that ends its block says by moving EIP instead.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most operations just end
export type ColdOperation = (pc: number) => boolean | void;

export class Core {
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly memory: GuestMemory;
  readonly mmu: Mmu;
  readonly ports: PortSpace;
  readonly fault: GuestFault;
  readonly flags: LazyFlags;
  readonly code: Int32Array;
  /** A task switch has gone past the point of no return: a fault from here on belongs to the new task, at its EIP. */
  eipCommitted = false;
  /** The current instruction has transferred to an interrupt handler, which takes its single-step trap away. */
  interrupted = false;
  /** A repeated string instruction stops after each element. */
  oneElement = false;
  /** A permitted port access is about to happen. */
  onPort: (port: number, bytes: number) => void = () => {};
  /** A task switch has cleared the local breakpoints. */
  onTaskSwitched: () => void = () => {};

  constructor(memory: GuestMemory, mmu: Mmu, ports: PortSpace, fault: GuestFault, code: Int32Array) {
    this.memory = memory;
    this.i32 = memory.words;
    this.i16 = new Int16Array(memory.buffer);
    this.i8 = new Int8Array(memory.buffer);
    this.u8 = memory.bytes;
    this.mmu = mmu;
    this.ports = ports;
    this.fault = fault;
    this.flags = new LazyFlags(this.i32);
    this.code = code;
  }

  // ── mode ────────────────────────────────────────────────────────────────────────────────────────────────────────

  get protectedMode(): boolean {
    return (this.i32[CR0] & CR0_PE) !== 0 && (this.i32[FLAGS] & VM) === 0;
  }
  get virtual8086(): boolean {
    return (this.i32[FLAGS] & VM) !== 0;
  }
  get iopl(): number {
    return (this.i32[FLAGS] >> 12) & 3;
  }

  gp(errorCode: number): never {
    this.fault.raise(GP_VECTOR, errorCode);
  }
  ud(): never {
    this.fault.raise(UD_VECTOR);
  }

  setCpl(cpl: number): void {
    this.i32[CPL] = cpl;
    this.updatePrivilege();
  }

  /** Recomputes which part of the TLBs the running program uses: after a change of CPL, EFLAGS.AC or CR0.AM. */
  updatePrivilege(): void {
    const i32 = this.i32;
    if (i32[CPL] !== 3) i32[TLB_HALF] = 0;
    else i32[TLB_HALF] = (i32[FLAGS] & AC) !== 0 && (i32[CR0] & CR0_AM) !== 0 ? TLB_ALIGNED : TLB_USER;
  }

  /** Recomputes the decoding mode after a segment register or mode change. */
  updateKey(): void {
    const i32 = this.i32;
    let key = (i32[ATTR + CS] & ATTR_BIG) !== 0 ? KEY_CODE32 : 0;
    if ((i32[ATTR + SS] & ATTR_BIG) !== 0) key |= KEY_STACK32;
    if (this.#flat(CS, ATTR_READABLE) && this.#flat(SS, ATTR_WRITABLE) && this.#flat(DS, ATTR_WRITABLE) && this.#flat(ES, ATTR_WRITABLE)) key |= KEY_FLAT;
    if (!this.protectedMode) key |= KEY_REAL;
    // where the code segment ends, execution has to meet its limit, even if that page has run in another segment
    if ((key & KEY_FLAT) === 0 && i32[LIMIT + CS] !== -1) this.mmu.forgetCode((i32[BASE + CS] + i32[LIMIT + CS] + 1) | 0);
    if (key === i32[MODE_KEY]) return;
    i32[MODE_KEY] = key;
    this.mmu.flushExecute();
  }

  #flat(segment: number, needed: number): boolean {
    const attributes = this.i32[ATTR + segment];
    if (this.i32[BASE + segment] !== 0 || this.i32[LIMIT + segment] !== -1 || (attributes & needed) === 0) return false;
    return segment === CS || (attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) === 0;
  }

  // ── memory through segments ─────────────────────────────────────────────────────────────────────────────────────

  /** Whether `bytes` at an offset lie within a segment's limit. */
  inside(segment: number, offset: number, bytes: number): boolean {
    const i32 = this.i32;
    const attributes = i32[ATTR + segment];
    const limit = i32[LIMIT + segment] >>> 0;
    const first = offset >>> 0;
    const last = first + bytes - 1;
    if ((attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) === ATTR_EXPAND_DOWN) return first > limit && last <= ((attributes & ATTR_BIG) !== 0 ? 0xffff_ffff : 0xffff);
    return last <= limit;
  }

  /** Linear address of `bytes` at an offset in a segment. @throws GuestFault #GP(0) or #SS(0). */
  linear(segment: number, offset: number, bytes: number, write: boolean): number {
    const i32 = this.i32;
    const attributes = i32[ATTR + segment];
    if (!this.inside(segment, offset, bytes)) this.fault.raise(segment === SS ? SS_VECTOR : GP_VECTOR, 0);
    if (write ? (attributes & (ATTR_CODE | ATTR_WRITABLE)) !== ATTR_WRITABLE : (attributes & ATTR_CODE) !== 0 ? (attributes & ATTR_READABLE) === 0 : attributes === 0) this.gp(0);
    return (i32[BASE + segment] + offset) | 0;
  }

  /** Offset part of the record's memory operand. */
  offset(pc: number): number {
    const code = this.code;
    const sum = (this.i32[code[pc + R_RM]] + (this.i32[code[pc + R_INDEX]] << (code[pc + R_SCALE] & 3)) + code[pc + R_DISP]) | 0;
    return (code[pc + R_META] & META_ADDR16) !== 0 ? sum & 0xffff : sum;
  }

  /** Segment register of the record's memory operand. */
  segment(pc: number): number {
    return (this.code[pc + R_META] >> META_SEGMENT_SHIFT) & 7;
  }

  /** Linear address of the record's memory operand. */
  operandAddress(pc: number, bytes: number, write: boolean): number {
    return this.linear(this.segment(pc), this.offset(pc), bytes, write);
  }

  /** Of the part of the operand that lies `skip` bytes in: a far pointer's selector has checks and address wrap of its own. */
  partAddress(pc: number, skip: number, bytes: number, write: boolean): number {
    const offset = this.offset(pc) + skip;
    return this.linear(this.segment(pc), this.address16(pc) ? offset & 0xffff : offset | 0, bytes, write);
  }

  read(linear: number, size: OperandSize): number {
    const user = this.i32[CPL] === 3;
    if (size === 8) return (this.mmu.read8(linear, user) << 24) >> 24;
    if (size === 16) return (this.mmu.read16(linear, user) << 16) >> 16;
    return this.mmu.read32(linear, user);
  }

  write(linear: number, size: OperandSize, value: number): void {
    const user = this.i32[CPL] === 3;
    if (size === 8) this.mmu.write8(linear, value, user);
    else if (size === 16) this.mmu.write16(linear, value, user);
    else this.mmu.write32(linear, value, user);
  }

  // ── operands ────────────────────────────────────────────────────────────────────────────────────────────────────

  size(pc: number): OperandSize {
    const meta = this.code[pc + R_META];
    return (meta & META_BYTE) !== 0 ? 8 : (meta & META_OP16) !== 0 ? 16 : 32;
  }
  operand16(pc: number): boolean {
    return (this.code[pc + R_META] & META_OP16) !== 0;
  }
  address16(pc: number): boolean {
    return (this.code[pc + R_META] & META_ADDR16) !== 0;
  }
  isRegister(pc: number): boolean {
    return (this.code[pc + R_META] & META_REGISTER) !== 0;
  }

  getRegister(number: number, size: OperandSize): number {
    if (size === 32) return this.i32[number];
    if (size === 16) return this.i16[number << 1];
    return this.i8[((number & 3) << 2) | (number >> 2)];
  }
  setRegister(number: number, size: OperandSize, value: number): void {
    if (size === 32) this.i32[number] = value;
    else if (size === 16) this.i16[number << 1] = value;
    else this.i8[((number & 3) << 2) | (number >> 2)] = value;
  }
  /** The G operand. */
  getG(pc: number, size: OperandSize): number {
    return this.getRegister(this.code[pc + R_REG], size);
  }
  setG(pc: number, size: OperandSize, value: number): void {
    this.setRegister(this.code[pc + R_REG], size, value);
  }
  /** The E operand. */
  getE(pc: number, size: OperandSize): number {
    if (this.isRegister(pc)) return this.getRegister(this.code[pc + R_RM], size);
    return this.read(this.operandAddress(pc, size >> 3, false), size);
  }
  setE(pc: number, size: OperandSize, value: number): void {
    if (this.isRegister(pc)) this.setRegister(this.code[pc + R_RM], size, value);
    else this.write(this.operandAddress(pc, size >> 3, true), size, value);
  }
  /** The E operand of an instruction that will write it: faults now if the write would. */
  modifyE(pc: number, size: OperandSize): number {
    if (this.isRegister(pc)) return this.getRegister(this.code[pc + R_RM], size);
    const linear = this.operandAddress(pc, size >> 3, true);
    const user = this.i32[CPL] === 3;
    this.mmu.probeWrites(linear, size >> 3, user);
    return this.read(linear, size);
  }

  // ── instruction pointer ─────────────────────────────────────────────────────────────────────────────────────────

  /** EIP of the record being executed. */
  eip(pc: number): number {
    return (this.i32[CODE_PAGE] + (this.code[pc + R_META] & META_OFFSET_MASK) - this.i32[BASE + CS]) | 0;
  }
  length(pc: number): number {
    return (this.code[pc + R_META] >> META_LENGTH_SHIFT) & 15;
  }
  /** Near transfer: checks the limit, then moves EIP. */
  jumpNear(eip: number): void {
    if (eip >>> 0 > this.i32[LIMIT + CS] >>> 0) this.gp(0);
    this.i32[EIP] = eip;
  }

  // ── stack ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get stack32(): boolean {
    return (this.i32[ATTR + SS] & ATTR_BIG) !== 0;
  }
  /** Stack pointer as the stack segment's size has it, unsigned. */
  get sp(): number {
    return this.stack32 ? this.i32[ESP] >>> 0 : this.i32[ESP] & 0xffff;
  }
  setSp(value: number): void {
    if (this.stack32) this.i32[ESP] = value;
    else this.i16[ESP << 1] = value;
  }
  /** Wraps a stack offset. */
  wrapSp(value: number): number {
    return this.stack32 ? value >>> 0 : value & 0xffff;
  }
  push(size: OperandSize, value: number): void {
    const bytes = size >> 3;
    const sp = this.wrapSp(this.sp - bytes);
    this.write(this.linear(SS, sp, bytes, true), size, value);
    this.setSp(sp);
  }
  /** Reads at the top of the stack, `skip` bytes down; does not move the pointer. */
  peek(size: OperandSize, skip = 0): number {
    const sp = this.wrapSp(this.sp + skip);
    return this.read(this.linear(SS, sp, size >> 3, false), size);
  }
  pop(size: OperandSize): number {
    const value = this.peek(size);
    this.setSp(this.wrapSp(this.sp + (size >> 3)));
    return value;
  }
}
