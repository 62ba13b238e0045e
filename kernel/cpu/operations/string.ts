/**
 * String instructions, with REP as bulk operations.
 *
 * A repeated instruction does at most one page of work at a time and then lets itself be executed again, so that
 * interrupts, faults and the instruction count see it make progress; registers are always those of the next element.
 */
import type { ColdOperation, Core, OperandSize } from "../core.js";
import { LAZY_SUB } from "../flags.js";
import { META_REP_SHIFT, R_META } from "../interpreter/record.js";
import { CPL, DF, EAX, ECX, EDI, EDX, EIP, ES, ESI, FLAGS, LAZY_A, LAZY_B, LAZY_OP, LAZY_RESULT, REPEATING } from "../state.js";

const REPNE = 1;
/** Elements per execution where no bulk copy is possible. */
const CHUNK = 1024;

export const stringOperations = (core: Core, ioAllowed: (port: number, bytes: number) => void): Record<string, ColdOperation> => {
  const { i32, i16, memory, mmu, flags, code, ports } = core;

  const rep = (pc: number): number => (code[pc + R_META] >> META_REP_SHIFT) & 3;
  const step = (size: OperandSize): number => ((i32[FLAGS] & DF) !== 0 ? -(size >> 3) : size >> 3);
  const index = (pc: number, register: number): number => (core.address16(pc) ? i32[register] & 0xffff : i32[register]);
  const advance = (pc: number, register: number, by: number): void => {
    if (core.address16(pc)) i16[register << 1] += by;
    else i32[register] += by;
  };
  const count = (pc: number): number => (core.address16(pc) ? i32[ECX] & 0xffff : i32[ECX] >>> 0);
  const setCount = (pc: number, value: number): void => {
    if (core.address16(pc)) i16[ECX << 1] = value;
    else i32[ECX] = value;
  };
  /** Single steps and watchpoints stop after each element. */
  const stepping = (): boolean => core.oneElement;
  /** Notes whether the instruction has elements left. */
  const repeating =
    (operation: (pc: number) => boolean): ColdOperation =>
    (pc) => {
      const again = operation(pc);
      i32[REPEATING] = again ? 1 : 0;
      return again;
    };
  /** Runs `one` for the current elements, with REP, up to a chunk. True: the instruction has to be executed again. */
  const repeat = (pc: number, one: () => void, condition: boolean, chunk = CHUNK): boolean => {
    const prefix = rep(pc);
    if (prefix === 0) {
      one();
      return false;
    }
    let left = count(pc);
    if (left === 0) return false;
    const most = stepping() ? 1 : chunk;
    for (let done = 0; done < most; done++) {
      one();
      setCount(pc, --left);
      if (left === 0) return false;
      if (condition && flags.zf() === (prefix === REPNE)) return false;
    }
    return true;
  };

  /** How many elements lie ahead in the page, so that a bulk operation stays inside it. */
  const inPage = (linear: number, size: OperandSize, backward: boolean): number => {
    const bytes = size >> 3;
    const offset = linear & 0xfff;
    return backward ? Math.floor(offset / bytes) + (offset + bytes <= 0x1000 ? 1 : 0) : Math.floor((0x1000 - offset) / bytes);
  };

  /** Elements until a 16-bit index register would wrap, so that bulk operations need no wrap. */
  const untilWrap = (pc: number, register: number, size: OperandSize): number => {
    if (!core.address16(pc)) return Infinity;
    return Math.max(1, Math.floor((0x1_0000 - (i32[register] & 0xffff)) / (size >> 3)));
  };

  const move = (pc: number): boolean => {
    const size = core.size(pc);
    const bytes = size >> 3;
    const by = step(size);
    const user = i32[CPL] === 3;
    const one = (): void => {
      const from = core.linear(core.segment(pc), index(pc, ESI), bytes, false);
      const value = core.read(from, size);
      core.write(core.linear(ES, index(pc, EDI), bytes, true), size, value);
      advance(pc, ESI, by);
      advance(pc, EDI, by);
    };
    if (rep(pc) === 0 || by < 0 || stepping()) return repeat(pc, one, false);
    const left = count(pc);
    if (left === 0) return false;
    const source = core.linear(core.segment(pc), index(pc, ESI), bytes, false);
    const target = core.linear(ES, index(pc, EDI), bytes, true);
    const elements = Math.min(left, inPage(source, size, false), inPage(target, size, false), untilWrap(pc, ESI, size), untilWrap(pc, EDI, size));
    if (elements < 2) return repeat(pc, one, false);
    const length = elements * bytes;
    // the count of executions must not depend on where the memory is: element by element it is as many
    if (!core.inside(core.segment(pc), index(pc, ESI), length) || !core.inside(ES, index(pc, EDI), length)) return repeat(pc, one, false, elements);
    const from = mmu.directRead(source, user);
    const to = mmu.directWrite(target, user);
    if (from < 0 || to < 0) return repeat(pc, one, false, elements);
    // an overlap with the target ahead of the source repeats the bytes in between, as the element-wise move does
    if (to > from && to < from + length) {
      const data = memory.bytes;
      if (size === 32) for (let at = 0; at < length; at += 4) memory.view.setInt32(to + at, memory.view.getInt32(from + at, true), true);
      else if (size === 16) for (let at = 0; at < length; at += 2) memory.view.setInt16(to + at, memory.view.getInt16(from + at, true), true);
      else for (let at = 0; at < length; at++) data[to + at] = data[from + at];
    } else memory.bytes.copyWithin(to, from, from + length);
    advance(pc, ESI, length);
    advance(pc, EDI, length);
    setCount(pc, left - elements);
    return left !== elements;
  };

  const store = (pc: number): boolean => {
    const size = core.size(pc);
    const bytes = size >> 3;
    const by = step(size);
    const user = i32[CPL] === 3;
    const one = (): void => {
      core.write(core.linear(ES, index(pc, EDI), bytes, true), size, core.getRegister(EAX, size));
      advance(pc, EDI, by);
    };
    if (rep(pc) === 0 || by < 0 || stepping()) return repeat(pc, one, false);
    const left = count(pc);
    if (left === 0) return false;
    const target = core.linear(ES, index(pc, EDI), bytes, true);
    const elements = Math.min(left, inPage(target, size, false), untilWrap(pc, EDI, size));
    if (elements < 2) return repeat(pc, one, false);
    const length = elements * bytes;
    if (!core.inside(ES, index(pc, EDI), length)) return repeat(pc, one, false, elements);
    const to = mmu.directWrite(target, user);
    if (to < 0) return repeat(pc, one, false, elements);
    const value = core.getRegister(EAX, size);
    if (size === 8 || value === 0) memory.bytes.fill(value, to, to + length);
    else if (size === 16) for (let at = 0; at < length; at += 2) memory.view.setInt16(to + at, value, true);
    else for (let at = 0; at < length; at += 4) memory.view.setInt32(to + at, value, true);
    advance(pc, EDI, length);
    setCount(pc, left - elements);
    return left !== elements;
  };

  const compare = (a: number, b: number, size: OperandSize): void => {
    i32[LAZY_OP] = LAZY_SUB;
    i32[LAZY_A] = a;
    i32[LAZY_B] = b;
    i32[LAZY_RESULT] = size === 32 ? a - b : ((a - b) << (32 - size)) >> (32 - size);
  };

  const load = (pc: number): boolean => {
    const size = core.size(pc);
    const by = step(size);
    return repeat(
      pc,
      () => {
        const value = core.read(core.linear(core.segment(pc), index(pc, ESI), size >> 3, false), size);
        core.setRegister(EAX, size, value);
        advance(pc, ESI, by);
      },
      false,
    );
  };
  const scan = (pc: number): boolean => {
    const size = core.size(pc);
    const by = step(size);
    return repeat(
      pc,
      () => {
        const value = core.read(core.linear(ES, index(pc, EDI), size >> 3, false), size);
        compare(core.getRegister(EAX, size), value, size);
        advance(pc, EDI, by);
      },
      true,
    );
  };
  const compareStrings = (pc: number): boolean => {
    const size = core.size(pc);
    const by = step(size);
    return repeat(
      pc,
      () => {
        // both segments are checked before either page
        const source = core.linear(core.segment(pc), index(pc, ESI), size >> 3, false);
        const target = core.linear(ES, index(pc, EDI), size >> 3, false);
        const a = core.read(source, size);
        const b = core.read(target, size);
        compare(a, b, size);
        advance(pc, ESI, by);
        advance(pc, EDI, by);
      },
      true,
    );
  };
  const input = (pc: number): void => {
    const size = core.size(pc);
    const bytes = size >> 3;
    const port = i32[EDX] & 0xffff;
    const by = step(size);
    ioAllowed(port, bytes);
    const again = repeat(
      pc,
      () => {
        const linear = core.linear(ES, index(pc, EDI), bytes, true);
        // what stops the write must come before the port is read
        mmu.probeWrites(linear, bytes, i32[CPL] === 3);
        mmu.announce(linear, bytes, true, i32[CPL] === 3);
        const value = size === 8 ? ports.read8(port) : size === 16 ? ports.read16(port) : ports.read32(port);
        core.write(linear, size, value);
        advance(pc, EDI, by);
      },
      false,
    );
    i32[REPEATING] = again ? 1 : 0;
    if (again) i32[EIP] = core.eip(pc);
  };
  const output = (pc: number): void => {
    const size = core.size(pc);
    const bytes = size >> 3;
    const port = i32[EDX] & 0xffff;
    const by = step(size);
    ioAllowed(port, bytes);
    const again = repeat(
      pc,
      () => {
        const value = core.read(core.linear(core.segment(pc), index(pc, ESI), bytes, false), size);
        advance(pc, ESI, by);
        if (size === 8) ports.write8(port, value & 0xff);
        else if (size === 16) ports.write16(port, value & 0xffff);
        else ports.write32(port, value >>> 0);
      },
      false,
    );
    i32[REPEATING] = again ? 1 : 0;
    if (again) i32[EIP] = core.eip(pc);
  };

  return {
    MOVSB: repeating(move),
    MOVSV: repeating(move),
    STOSB: repeating(store),
    STOSV: repeating(store),
    LODSB: repeating(load),
    LODSV: repeating(load),
    SCASB: repeating(scan),
    SCASV: repeating(scan),
    CMPSB: repeating(compareStrings),
    CMPSV: repeating(compareStrings),
    INSB: input,
    INSV: input,
    OUTSB: output,
    OUTSV: output,
  };
};
