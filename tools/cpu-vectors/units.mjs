/**
 * The state of the x87, MMX and SSE units in a case: the FXSAVE image (SDM volume 1, 10.5) up to XMM7, but with the x87
 * registers in physical order, so that a push or a pop moves nothing.
 */
export const UNIT_BYTES = 288;
export const FCW = 0;
export const FSW = 2;
/** One bit for each physical register in use. */
export const FTW = 4;
export const MXCSR = 24;
export const ST = 32;
export const XMM = 160;
export const REGISTER_STRIDE = 16;
export const ST_BYTES = 10;

export const FSW_ES = 0x80;
export const FSW_B = 0x8000;
export const EXCEPTIONS = 0x3f;

/** @param {Uint8Array} into @param {number} at @param {number} value @param {number} bytes */
const put = (into, at, value, bytes) => {
  for (let byte = 0; byte < bytes; byte++) into[at + byte] = value >>> (8 * byte);
};
/** @param {Uint8Array} from @param {number} at */
export const word = (from, at) => from[at] | (from[at + 1] << 8);
/** @param {Uint8Array} from @param {number} at */
export const dword = (from, at) => (from[at] | (from[at + 1] << 8) | (from[at + 2] << 16) | (from[at + 3] << 24)) >>> 0;

/** A significand's upper word without its leading bit: any, few bits, many ones, a boundary of single or double precision. @param {() => number} next */
const fraction = (next) => {
  switch (next() % 6) {
    case 0:
      return [0, 0];
    case 1:
      return [0xffff_ffff, 0x7fff_ffff];
    case 2:
      return [0, next() & 0x7fff_ffff & ~0xffff];
    case 3:
      return [[0x400, 0x3ff, 0x401, 0x7ff, 0x800, 1][next() % 6], next() & 0x7fff_ffff];
    case 4:
      return [(next() & 1) * 0x8000_0000, (next() & 0x7fff_ff00) | [0x80, 0x7f, 0x81, 0xff, 0][next() % 5]];
    default:
      return [next(), next() & 0x7fff_ffff];
  }
};

/** A random number in extended format. @param {() => number} next @param {Uint8Array} into @param {number} at */
export const randomExtended = (next, into, at) => {
  let [low, high] = fraction(next);
  let exponent = 0x3fff + (next() % 41) - 20;
  let leading = 0x8000_0000;
  switch (next() % 20) {
    case 0:
      exponent = low = high = leading = 0;
      break;
    case 1:
      exponent = 0x7fff;
      low = high = 0;
      break;
    case 2:
      exponent = 0x7fff;
      high |= 0x4000_0000;
      break;
    case 3:
      exponent = 0x7fff;
      high &= ~0x4000_0000;
      low |= 1;
      break;
    case 4:
      exponent = leading = 0;
      break;
    case 5:
      // pseudo-denormals, unnormals, pseudo-infinities, pseudo-NaNs
      exponent = [0, 0x7fff, next() & 0x7fff, exponent][next() % 4];
      leading = exponent === 0 ? leading : 0;
      break;
    case 6:
      exponent = next() & 0x7fff;
      break;
    case 7:
      exponent = [1, 2, 0x7ffe, 0x7ffd][next() % 4];
      break;
    case 8:
      exponent = [0x3f81, 0x3f80, 0x3f6a, 0x407e, 0x407f, 0x3c01, 0x3c00, 0x3bcd, 0x43fe, 0x43ff][next() % 10];
      break;
    case 9:
    case 10: {
      // a small integer
      const value = 1 + (next() % 40);
      exponent = 0x3fff + 31 - Math.clz32(value);
      low = 0;
      high = (value << Math.clz32(value)) & 0x7fff_ffff;
      break;
    }
    case 11:
      exponent = 0x3fff + (next() % 140) - 70;
  }
  put(into, at, low, 4);
  put(into, at + 4, high | leading, 4);
  put(into, at + 8, exponent | (next() & 0x8000), 2);
};

/** @param {() => number} next @param {Uint8Array} into @param {number} at */
export const randomSingle = (next, into, at) => {
  const sign = next() & 0x8000_0000;
  const exponent = [127, 127 + (next() % 25) - 12, 127 + (next() % 25) - 12, 127 + (next() % 25) - 12, next() & 255, [0, 1, 254, 255, 158, 157, 159, 150][next() % 8]][next() % 6];
  const significand = [0, 0x40_0000, 1, 0x7f_ffff, 0x3f_ffff, next() & 0x7f_ffff, next() & 0x7f_ffff, next() & 0x7f_f000][next() % 8];
  put(into, at, sign | (exponent << 23) | significand, 4);
};

/** @param {() => number} next @param {Uint8Array} into @param {number} at */
export const randomDouble = (next, into, at) => {
  const sign = next() & 0x8000_0000;
  const near = 1023 + (next() % 61) - 30;
  const exponent = [1023, near, near, near, next() & 0x7ff, [0, 1, 2046, 2047, 1054, 1053, 1055, 1075, 897, 896, 873, 1150, 1151][next() % 13]][next() % 6];
  const high = [0, 0x8_0000, 0xf_ffff, next() & 0xf_ffff, next() & 0xf_ffff][next() % 5];
  const low = [0, 1, 0xffff_ffff, next(), next() & 0xe000_0000, 0x1000_0000, 0x3000_0000][next() % 7];
  put(into, at, low, 4);
  put(into, at + 4, sign | (exponent << 20) | high, 4);
};

const EDGE_BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x81];
/** Random packed integers with a liking for the ends of their range. @param {() => number} next @param {Uint8Array} into @param {number} at @param {number} bytes */
export const randomIntegers = (next, into, at, bytes) => {
  const edges = next() % 3;
  for (let byte = 0; byte < bytes; byte++) into[at + byte] = next() % 3 < edges ? EDGE_BYTES[next() % EDGE_BYTES.length] : next() & 255;
};

/** What the vector registers hold, by the low two bits of a seed. */
export const FLAVOUR_ANY = 0;
export const FLAVOUR_SINGLE = 1;
export const FLAVOUR_DOUBLE = 2;
export const FLAVOUR_INTEGER = 3;

/** Sixteen bytes of singles, doubles or integers. @param {() => number} next @param {number} flavour @param {Uint8Array} into @param {number} at */
export const randomVector = (next, flavour, into, at) => {
  const kind = flavour === FLAVOUR_ANY ? 1 + (next() % 3) : flavour;
  if (kind === FLAVOUR_SINGLE) for (let lane = 0; lane < 16; lane += 4) randomSingle(next, into, at + lane);
  else if (kind === FLAVOUR_DOUBLE) for (let lane = 0; lane < 16; lane += 8) randomDouble(next, into, at + lane);
  else randomIntegers(next, into, at, 16);
};

/** Makes ES and B of an image follow from exceptions and masks, as the processor keeps them. @param {Uint8Array} units */
export const settleStatus = (units) => {
  const pending = (word(units, FSW) & ~word(units, FCW) & EXCEPTIONS) !== 0;
  put(units, FSW, (word(units, FSW) & ~(FSW_ES | FSW_B)) | (pending ? FSW_ES | FSW_B : 0), 2);
};

/** Random units. Most have nothing pending. @param {() => number} next @param {number} flavour of the registers; integers fill the MMX registers, too */
export const seedUnits = (next, flavour) => {
  const units = new Uint8Array(UNIT_BYTES);
  const masks = next() % 3 !== 0 ? EXCEPTIONS : next() & EXCEPTIONS;
  put(units, FCW, 0x40 | masks | ((next() & 3) << 8) | ((next() & 3) << 10), 2);
  let status = next() & 0x4700;
  const top = next() % 8;
  if (next() % 2 === 0) status |= next() & 0x7f;
  if (next() % 12 !== 0) status &= ~(EXCEPTIONS & ~masks);
  put(units, FSW, status | (top << 11), 2);
  settleStatus(units);
  units[FTW] = [255, 255, next() & 255, next() | next(), 0, next() | (next() & 255)][next() % 6];
  for (let register = 0; register < 8; register++) {
    const at = ST + register * REGISTER_STRIDE;
    if (flavour !== FLAVOUR_INTEGER) randomExtended(next, units, at);
    else {
      randomIntegers(next, units, at, 8);
      put(units, at + 8, 0xffff, 2);
    }
  }
  const quiet = next() % 2 === 0 ? 0x1f80 : (next() & 0x1f80) | ((next() & 3) === 0 ? 0x1f80 : 0);
  put(units, MXCSR, quiet | ((next() & 3) << 13) | (next() % 3 === 0 ? next() & 0x8040 : 0) | (next() % 2 === 0 ? next() & EXCEPTIONS : 0), 4);
  for (let register = 0; register < 8; register++) randomVector(next, flavour, units, XMM + register * REGISTER_STRIDE);
  return units;
};
