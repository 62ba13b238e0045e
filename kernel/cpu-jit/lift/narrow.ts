/**
 * Arithmetic, moves and exchanges in the forms that the hot set leaves out: operands of 8 and 16 bits above all, and the
 * sign extensions.
 */
import { LAZY_DEC, LAZY_INC, LAZY_SUB } from "../../cpu/flags.js";
import { FORM_IMMEDIATE, FORM_TO_G, META_FORM_SHIFT, META_SEGMENT_SHIFT, R_IMM, R_META } from "../../cpu/interpreter/record.js";
import { EAX, EBX, EDX, FS, GS } from "../../cpu/state.js";
import { binary, constant, local, select, unary } from "../ir/ir.js";
import type { BlockBuilder } from "./builder.js";
import { getE, getG, getNumbered, hasAddress16, isRegister, isSimple, modifyE, setG, setNumbered, sizeOf, wordSize } from "./cold-operands.js";
import { carry, condition } from "./conditions.js";
import { ARITHMETIC, arithmetic, increment } from "./integer.js";
import type { Lifter } from "./lifter.js";
import { add, address, and, extend, hasSimpleAddress, offset } from "./operands.js";
import { keepIn } from "./place.js";

const ZERO = constant(0);

const simple =
  (lift: (block: BlockBuilder) => void): Lifter =>
  (block) => {
    if (!isSimple(block)) return false;
    lift(block);
    return true;
  };

/** E with G, G with E, or E with an immediate. */
const twoOperands = (name: string): Lifter =>
  simple((block) => {
    const size = sizeOf(block);
    const form = block.field(R_META) >>> META_FORM_SHIFT;
    if (form === FORM_TO_G) {
      const y = getE(block, size);
      const keep = keepIn(block, { value: y, put: (value) => setG(block, size, value) });
      arithmetic(block, ARITHMETIC[name], size, getG(block, size), y, keep);
      return;
    }
    const place = modifyE(block, size);
    const y = form === FORM_IMMEDIATE ? constant(block.field(R_IMM)) : getG(block, size);
    arithmetic(block, ARITHMETIC[name], size, place.value, y, keepIn(block, place));
  });

const counting = (kind: typeof LAZY_INC | typeof LAZY_DEC): Lifter =>
  simple((block) => {
    const size = sizeOf(block);
    const place = modifyE(block, size);
    increment(block, kind, size, place.value, keepIn(block, place));
  });

const not = simple((block) => {
  const { value, put } = modifyE(block, sizeOf(block));
  put(unary("not", value));
});
const negation = simple((block) => {
  const size = sizeOf(block);
  const { value, put } = modifyE(block, size);
  const result = block.let(extend(size, binary("sub", ZERO, value)));
  put(result);
  block.flagOperands(ZERO, value);
  block.flagOutcome(LAZY_SUB, result);
});

const exchange = simple((block) => {
  const size = sizeOf(block);
  const { value, put } = modifyE(block, size);
  const other = getG(block, size);
  put(other);
  setG(block, size, value);
});
const exchangeAccumulator: Lifter = (block) => {
  const value = getNumbered(block, 16, EAX);
  setNumbered(block, 16, EAX, getG(block, 16));
  setG(block, 16, value);
  return true;
};

const conditionalMove = simple((block) => {
  const size = wordSize(block);
  const value = getE(block, size);
  setG(block, size, select(condition(block, block.field(R_IMM)), value, getG(block, size)));
});
const setByCondition = simple((block) => {
  const value = block.let(condition(block, block.field(R_IMM)));
  if (isRegister(block)) modifyE(block, 8).put(value);
  else block.store(8, address(block, true), value);
});

const loadAddress: Lifter = (block) => {
  if (!hasSimpleAddress(block)) return false;
  setG(block, wordSize(block), offset(block));
  return true;
};

/** AL from the table at EBX. */
const translate: Lifter = (block) => {
  const segment = (block.field(R_META) >> META_SEGMENT_SHIFT) & 7;
  if (hasAddress16(block) || segment === FS || segment === GS) return false;
  const value = block.load(8, add(local(EBX), and(local(EAX), 0xff)));
  setNumbered(block, 8, EAX, value);
  return true;
};

export const narrowLifters = (): Map<string, Lifter> => {
  const all = new Map<string, Lifter>();
  for (const name of ["ADD", "ADC", "SUB", "SBB", "AND", "OR", "XOR"]) all.set(name, twoOperands(name));
  all.set("INC", counting(LAZY_INC)).set("DEC", counting(LAZY_DEC));
  all.set("NOT", not).set("NEG", negation);
  all.set("XCHG", exchange).set("XCHGA", exchangeAccumulator);
  all.set("CMOV", conditionalMove).set("SETCC", setByCondition);
  all.set("LEA", loadAddress).set("XLAT", translate);
  all.set("CBW", (block) => {
    if (wordSize(block) === 32) block.set(EAX, unary("extend16", local(EAX)));
    else setNumbered(block, 16, EAX, unary("extend8", local(EAX)));
    return true;
  });
  all.set("CWD", (block) => {
    const size = wordSize(block);
    setNumbered(block, size, EDX, binary("shrS", getNumbered(block, size, EAX), constant(31)));
    return true;
  });
  all.set("SALC", (block) => {
    setNumbered(block, 8, EAX, binary("sub", ZERO, carry(block)));
    return true;
  });
  return all;
};
