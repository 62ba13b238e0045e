/** XADD, CMPXCHG and CMPXCHG8B. */
import { LAZY_ADD, LAZY_SUB } from "../../cpu/flags.js";
import { ARITHMETIC_FLAGS, EAX, EBX, ECX, EDX, ZF } from "../../cpu/state.js";
import { binary, constant, local, select } from "../ir/ir.js";
import { getG, getNumbered, isSimple, modifyE, setG, setNumbered, sizeOf } from "./cold-operands.js";
import { materialise } from "./flag-changes.js";
import type { Lifter } from "./lifter.js";
import { add, address, extend, hasSimpleAddress } from "./operands.js";
import { memoryPlace } from "./place.js";

const exchangeAdd: Lifter = (block) => {
  if (!isSimple(block)) return false;
  const size = sizeOf(block);
  const { value, put } = modifyE(block, size);
  const other = getG(block, size);
  const result = block.let(extend(size, add(value, other)));
  // the sum stays where both operands are one register
  setG(block, size, value);
  put(result);
  block.flagOperands(value, other);
  block.flagOutcome(LAZY_ADD, result);
  return true;
};

/** The destination is written in either case. */
const compareExchange: Lifter = (block) => {
  if (!isSimple(block)) return false;
  const size = sizeOf(block);
  const { value, put } = modifyE(block, size);
  const expected = getNumbered(block, size, EAX);
  const equal = block.let(binary("eq", value, expected));
  put(block.let(select(equal, getG(block, size), value)));
  setNumbered(block, size, EAX, select(equal, getNumbered(block, size, EAX), value));
  block.flagOperands(expected, value);
  block.flagOutcome(LAZY_SUB, block.let(extend(size, binary("sub", expected, value))));
  return true;
};

const compareExchange8: Lifter = (block) => {
  if (!hasSimpleAddress(block)) return false;
  const at = block.let(address(block, true));
  const low = memoryPlace(block, 32, at);
  const high = memoryPlace(block, 32, add(at, constant(4)));
  const equal = block.let(binary("and", binary("eq", low.value, local(EAX)), binary("eq", high.value, local(EDX))));
  low.put(select(equal, local(EBX), low.value));
  high.put(select(equal, local(ECX), high.value));
  block.set(EAX, select(equal, local(EAX), low.value));
  block.set(EDX, select(equal, local(EDX), high.value));
  materialise(block, ARITHMETIC_FLAGS & ~ZF, binary("shl", equal, constant(6)));
  return true;
};

export const exchangeLifters = (): Map<string, Lifter> =>
  new Map([
    ["XADD", exchangeAdd],
    ["CMPXCHG", compareExchange],
    ["CMPXCHG8B", compareExchange8],
  ]);
