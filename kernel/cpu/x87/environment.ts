/**
 * FSTENV, FSAVE and FXSAVE images: written, and read back. Every access to memory comes before the first change of state.
 * Sources: Intel SDM volume 1, section 8.1.10 (environments) and 10.5 (FXSAVE); volume 3, section 13.4 (what CR4.OSFXSR changes).
 */
import type { X87Host } from "./host.js";
import * as layout from "./layout.js";
import type { Registers } from "./registers.js";

const { CONTROL_WORD, FCS, FDP, FDS, FIP, FOP, IN_USE, REGISTER_WORDS } = layout;

const UPPER_ONES = 0xffff0000;
const REGISTERS_BYTES = 80;
const FXSAVE_BYTES = 512;
const XMM_AT = 160;

/** What an image holds while it is being read. */
const image = new Int32Array(8 * REGISTER_WORDS + 8);
const xmmImage = new Int32Array(8 * REGISTER_WORDS);
/** Places in `image` after the registers. */
const CONTROL_AT = 32;
const STATUS_AT = 33;
const TAGS_AT = 34;
const FIP_AT = 35;
const FCS_AT = 36;
const FDP_AT = 37;
const FDS_AT = 38;
const FOP_AT = 39;

export function environmentBytes(operand32: boolean): number {
  return operand32 ? 28 : 14;
}

function address(linear: number, offset: number): number {
  return (linear + offset) >>> 0;
}

/** Writes the environment. */
export function writeEnvironment(regs: Registers, host: X87Host, linear: number): void {
  const w = regs.words;
  let ip = w[FIP];
  let cs = w[FCS];
  let dp = w[FDP];
  let ds = w[FDS];
  const protectedMode = host.protectedMode();
  if (!protectedMode) {
    ip = (cs << 4) + ip;
    dp = (ds << 4) + dp;
  }
  if (host.operand32()) {
    if (protectedMode) cs |= w[FOP] << 16;
    else {
      cs = ((ip >>> 16) << 12) | w[FOP];
      ds = (dp >>> 16) << 12;
      ip |= UPPER_ONES;
      dp |= UPPER_ONES;
    }
    host.write32(linear, (UPPER_ONES | w[CONTROL_WORD]) >>> 0);
    host.write32(address(linear, 4), (UPPER_ONES | regs.status) >>> 0);
    host.write32(address(linear, 8), (UPPER_ONES | regs.tagWord()) >>> 0);
    host.write32(address(linear, 12), ip >>> 0);
    host.write32(address(linear, 16), cs >>> 0);
    host.write32(address(linear, 20), dp >>> 0);
    host.write32(address(linear, 24), (protectedMode ? UPPER_ONES | ds : ds) >>> 0);
    return;
  }
  if (!protectedMode) {
    cs = ((ip >>> 4) & 0xf000) | w[FOP];
    ds = (dp >>> 4) & 0xf000;
  }
  host.write16(linear, w[CONTROL_WORD]);
  host.write16(address(linear, 2), regs.status);
  host.write16(address(linear, 4), regs.tagWord());
  host.write16(address(linear, 6), ip & 0xffff);
  host.write16(address(linear, 8), cs & 0xffff);
  host.write16(address(linear, 10), dp & 0xffff);
  host.write16(address(linear, 12), ds & 0xffff);
}

/** Reads an environment without taking it over. */
export function readEnvironment(host: X87Host, linear: number): void {
  const protectedMode = host.protectedMode();
  const wide = host.operand32();
  const step = wide ? 4 : 2;
  image[CONTROL_AT] = host.read16(linear);
  image[STATUS_AT] = host.read16(address(linear, step));
  image[TAGS_AT] = host.read16(address(linear, 2 * step));
  let ip = host.read16(address(linear, 3 * step));
  let cs = wide ? host.read32(address(linear, 4 * step)) : host.read16(address(linear, 4 * step));
  let dp = host.read16(address(linear, 5 * step));
  let ds = wide ? host.read32(address(linear, 6 * step)) : host.read16(address(linear, 6 * step));
  let fop = 0;
  if (protectedMode) {
    if (wide) {
      ip |= host.read16(address(linear, 14)) << 16;
      dp |= host.read16(address(linear, 22)) << 16;
      fop = cs >>> 16;
    }
  } else {
    fop = cs;
    ip |= ((cs >>> 12) & 0xffff) << 16;
    dp |= ((ds >>> 12) & 0xffff) << 16;
    cs = ds = 0;
  }
  image[FIP_AT] = ip;
  image[FCS_AT] = cs & 0xffff;
  image[FDP_AT] = dp;
  image[FDS_AT] = ds & 0xffff;
  image[FOP_AT] = fop & 0x7ff;
}

/** Takes over the environment read last. */
export function takeEnvironment(regs: Registers): void {
  takePointers(regs);
  regs.setTagWord(image[TAGS_AT]);
  regs.setControlAndStatus(image[CONTROL_AT], image[STATUS_AT]);
}

function takePointers(regs: Registers): void {
  const w = regs.words;
  w[FIP] = image[FIP_AT];
  w[FCS] = image[FCS_AT];
  w[FDP] = image[FDP_AT];
  w[FDS] = image[FDS_AT];
  w[FOP] = image[FOP_AT];
}

/** Writes the eight registers in stack order, `stride` bytes apart. */
function writeRegisters(regs: Registers, host: X87Host, linear: number, stride: number): void {
  for (let i = 0; i < 8; i++) {
    const at = regs.physical(i) * REGISTER_WORDS;
    const to = linear + i * stride;
    host.write32(address(to, 0), regs.words[at] >>> 0);
    host.write32(address(to, 4), regs.words[at + 1] >>> 0);
    if (stride === 10) host.write16(address(to, 8), regs.words[at + 2]);
    else {
      host.write32(address(to, 8), regs.words[at + 2]);
      host.write32(address(to, 12), 0);
    }
  }
}

function readRegisters(host: X87Host, linear: number, stride: number): void {
  for (let i = 0; i < 8; i++) {
    const from = linear + i * stride;
    image[i * REGISTER_WORDS] = host.read32(address(from, 0));
    image[i * REGISTER_WORDS + 1] = host.read32(address(from, 4));
    image[i * REGISTER_WORDS + 2] = host.read16(address(from, 8));
  }
}

/** Takes over the registers read last, in the order of the TOP in force. */
function takeRegisters(regs: Registers): void {
  for (let i = 0; i < 8; i++) {
    const at = regs.physical(i) * REGISTER_WORDS;
    for (let k = 0; k < 3; k++) regs.words[at + k] = image[i * REGISTER_WORDS + k];
  }
}

export function save(regs: Registers, host: X87Host, linear: number): void {
  writeEnvironment(regs, host, linear);
  writeRegisters(regs, host, linear + environmentBytes(host.operand32()), REGISTERS_BYTES / 8);
}

export function restore(regs: Registers, host: X87Host, linear: number): void {
  readEnvironment(host, linear);
  readRegisters(host, linear + environmentBytes(host.operand32()), REGISTERS_BYTES / 8);
  takeEnvironment(regs);
  takeRegisters(regs);
}

/** FXSAVE. Bytes of the 512 that no register here has a place in stay as they are. */
export function saveExtended(regs: Registers, host: X87Host, linear: number): void {
  const w = regs.words;
  host.probeWrite(linear, FXSAVE_BYTES);
  host.write32(linear, ((regs.status << 16) | w[CONTROL_WORD]) >>> 0);
  host.write32(address(linear, 4), ((w[FOP] << 16) | w[IN_USE]) >>> 0);
  host.write32(address(linear, 8), w[FIP] >>> 0);
  host.write32(address(linear, 12), w[FCS]);
  host.write32(address(linear, 16), w[FDP] >>> 0);
  host.write32(address(linear, 20), w[FDS]);
  writeRegisters(regs, host, linear + 32, 16);
  if (!host.savesSse()) return;
  host.write32(address(linear, 24), host.mxcsr());
  host.write32(address(linear, 28), host.mxcsrMask());
  for (let word = 0; word < xmmImage.length; word++) host.write32(address(linear, XMM_AT + word * 4), host.xmm[word] >>> 0);
}

/** FXRSTOR. */
export function restoreExtended(regs: Registers, host: X87Host, linear: number): void {
  image[CONTROL_AT] = host.read16(linear);
  image[STATUS_AT] = host.read16(address(linear, 2));
  const used = host.read8(address(linear, 4));
  image[FOP_AT] = host.read16(address(linear, 6)) & 0x7ff;
  image[FIP_AT] = host.read32(address(linear, 8));
  image[FCS_AT] = host.read16(address(linear, 12));
  image[FDP_AT] = host.read32(address(linear, 16));
  image[FDS_AT] = host.read16(address(linear, 20));
  const mxcsr = host.read32(address(linear, 24));
  readRegisters(host, linear + 32, 16);
  if (host.savesSse()) {
    for (let word = 0; word < xmmImage.length; word++) xmmImage[word] = host.read32(address(linear, XMM_AT + word * 4));
    host.setMxcsr(mxcsr);
    host.xmm.set(xmmImage);
  }
  takePointers(regs);
  regs.words[IN_USE] = used;
  regs.setControlAndStatus(image[CONTROL_AT], image[STATUS_AT]);
  takeRegisters(regs);
}
