/** Square root: a root of 32 bits by the host's, then as many more by a division (P. Zimmermann, "Karatsuba Square Root", 1999). */
import * as layout from "../layout.js";
import { type Code, f64, i32, i64, repeatWhile, select, sequence, when } from "./builder.js";
import { deliverZero, roundAndDeliver, rounding } from "./round.js";
import { giveUpIf, J, takeTop, type Unit } from "./unit.js";

const { BIAS } = layout;
const HALF = i64.const(32n);
const ONE = i64.const(1n);

export const squareRoot = (unit: Unit): Code => {
  const { f } = unit;
  const a = unit.real();
  const r = rounding(unit, a);
  const upper = f.i64();
  const next = f.i64();
  const root = f.i64();
  const left = f.i64();
  const digit = f.i64();
  const over = f.i64();
  const square = i64.mul(digit.get, digit.get);
  const whole = i64.const(1n << 32n);
  const beyond = i64.sub(over.get, whole);
  /** The remainder is 2^64 or more, hence above the root. */
  const needs65Bits = i32.and(i64.geU(over.get, whole), i32.or(i64.geU(beyond, whole), i64.geU(i64.shl(beyond, HALF), square)));
  const adjust = (by: bigint): Code => root.set(i64.add(root.get, i64.const(by)));
  return sequence(
    unit.begin(),
    takeTop(unit, a),
    when(i64.eqz(a.significand.get), deliverZero(unit, a)),
    giveUpIf(a.sign.get),
    // the radicand of 128 bits is `upper`, one digit `next`, and one that is zero
    a.exponent.set(i32.sub(a.exponent.get, i32.const(BIAS))),
    when(
      i32.and(a.exponent.get, i32.const(1)),
      upper.set(a.significand.get),
      sequence(upper.set(i64.shrU(a.significand.get, ONE)), next.set(i64.shl(i64.and(a.significand.get, ONE), i64.const(31n)))),
    ),
    a.exponent.set(i32.add(i32.shrS(a.exponent.get, i32.const(1)), i32.const(BIAS))),
    root.set(i64.truncU(f64.sqrt(f64.convertU(upper.get)))),
    when(i64.gtU(root.get, i64.const(0xffff_ffffn)), root.set(i64.const(0xffff_ffffn))),
    repeatWhile(i64.gtU(i64.mul(root.get, root.get), upper.get), adjust(-1n)),
    left.set(i64.sub(upper.get, i64.mul(root.get, root.get))),
    repeatWhile(i64.gtU(left.get, i64.shl(root.get, ONE)), sequence(adjust(1n), left.set(i64.sub(upper.get, i64.mul(root.get, root.get))))),
    // left * 2^32 + next by twice the root: half of both, lest it needs 65 bits
    over.set(i64.or(i64.shl(left.get, i64.const(31n)), i64.shrU(next.get, ONE))),
    digit.set(i64.divU(over.get, root.get)),
    over.set(i64.or(i64.shl(i64.sub(over.get, i64.mul(digit.get, root.get)), ONE), i64.and(next.get, ONE))),
    when(i64.gtU(digit.get, i64.const(0xffff_ffffn)), sequence(over.set(i64.add(over.get, i64.shl(root.get, ONE))), digit.set(i64.const(0xffff_ffffn)))),
    root.set(i64.add(i64.shl(root.get, HALF), digit.get)),
    // what remains is over * 2^32 - square
    left.set(i64.sub(i64.shl(over.get, HALF), square)),
    when(
      i32.and(i64.ltU(over.get, whole), i64.ltU(i64.shl(over.get, HALF), square)),
      sequence(
        // one too many: the remainder grows by twice the root and one, so it is positive and above the root if what was missing is not
        adjust(-1n),
        r.rest.set(select(i64.const(J + 1n), ONE, i64.geU(root.get, i64.sub(i64.const(0n), left.get)))),
      ),
      when(i32.or(i64.geU(over.get, whole), i64.ne(left.get, i64.const(0n))), r.rest.set(select(i64.const(J + 1n), ONE, i32.or(i64.gtU(left.get, root.get), needs65Bits)))),
    ),
    a.significand.set(root.get),
    roundAndDeliver(unit, r),
  );
};
