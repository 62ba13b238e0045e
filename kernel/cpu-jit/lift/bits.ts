/** Bit tests and scans, and BSWAP. */
import { OPERAND_IN_REGISTER, R_IMM, R_REG } from "../../cpu/interpreter/record.js";
import { ARITHMETIC_FLAGS, ZF } from "../../cpu/state.js";
import { binary, constant, type Expr, local, select, unary } from "../ir/ir.js";
import { getE, getG, isRegister, isSimple, modifyE, setG, setNumbered, wordSize } from "./cold-operands.js";
import { materialise, setCarry } from "./flag-changes.js";
import type { Lifter } from "./lifter.js";
import { add, address, and } from "./operands.js";
import { memoryPlace, type Place } from "./place.js";

const ONE = constant(1);

/** What becomes of the operand; undefined: nothing. */
type Change = ((value: Expr, mask: Expr) => Expr) | undefined;

const readOnly = (value: Expr): Place => ({ value, put: () => {} });

const bitTest =
  (change: Change): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = wordSize(block);
    const inRegister = block.field(R_IMM) === OPERAND_IN_REGISTER;
    const offset = inRegister ? getG(block, size) : constant(block.field(R_IMM));
    let place: Place;
    if (isRegister(block) || !inRegister) place = change ? modifyE(block, size) : readOnly(getE(block, size));
    else {
      // the offset reaches beyond the operand, to both sides
      const log = size === 32 ? 5 : 4;
      const at = add(address(block, change !== undefined), binary("shl", binary("shrS", offset, constant(log)), constant(log - 3)));
      place = change ? memoryPlace(block, size, at) : readOnly(block.load(size, at));
    }
    const index = and(offset, size - 1);
    const bit = block.let(and(binary("shrU", place.value, index), 1));
    if (change) place.put(block.let(change(place.value, binary("shl", ONE, index))));
    setCarry(block, bit);
    return true;
  };

/** The destination is kept when no bit is set; of the flags only ZF changes. */
const scan =
  (forward: boolean): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    const size = wordSize(block);
    const e = getE(block, size);
    const value = size === 32 ? e : block.let(and(e, 0xffff));
    const chosen = forward ? binary("and", value, binary("sub", constant(0), value)) : value;
    const found = binary("sub", constant(31), unary("clz", chosen));
    setG(block, size, select(value, found, getG(block, size)));
    materialise(block, ARITHMETIC_FLAGS & ~ZF, binary("shl", binary("eq", value, constant(0)), constant(6)));
    return true;
  };

const byteSwap: Lifter = (block) => {
  const register = block.field(R_REG);
  if (wordSize(block) === 16) {
    // undefined in the manual: the processor clears it
    setNumbered(block, 16, register, constant(0));
    return true;
  }
  const value = block.let(local(register));
  const odd = and(binary("rotl", value, constant(8)), 0x00ff_00ff);
  const even = and(binary("rotl", value, constant(24)), 0xff00_ff00);
  block.set(register, binary("or", odd, even));
  return true;
};

export const bitLifters = (): Map<string, Lifter> =>
  new Map([
    ["BT", bitTest(undefined)],
    ["BTS", bitTest((value, mask) => binary("or", value, mask))],
    ["BTR", bitTest((value, mask) => binary("and", value, unary("not", mask)))],
    ["BTC", bitTest((value, mask) => binary("xor", value, mask))],
    ["BSF", scan(true)],
    ["BSR", scan(false)],
    ["BSWAP", byteSwap],
  ]);
