/** What CPUID says. Only features that work are claimed. */
import type { Core } from "./core.js";
import { EAX, EBX, ECX, EDX } from "./state.js";

const FPU = 1 << 0;
const VME = 1 << 1;
const PSE = 1 << 3;
const TSC = 1 << 4;
const MSR = 1 << 5;
const PAE = 1 << 6;
const CX8 = 1 << 8;
const SEP = 1 << 11;
const PGE = 1 << 13;
const CMOV = 1 << 15;
const FXSR = 1 << 24;

/** Family 6, model 5, stepping 2: a Pentium II, the newest processor whose required features are all here. */
export const SIGNATURE = 0x652;
export const FEATURES = FPU | VME | PSE | TSC | MSR | PAE | CX8 | SEP | PGE | CMOV | FXSR;
const VENDOR = "GenuineIntel";
const BRAND = "Backplane Virtual Processor";

const text4 = (text: string, at: number): number => {
  let value = 0;
  for (let index = 0; index < 4; index++) value |= (text.charCodeAt(at + index) || 0) << (8 * index);
  return value;
};

export const cpuid = (core: Core): void => {
  const { i32 } = core;
  const leaf = i32[EAX] >>> 0;
  let [a, b, c, d] = [0, 0, 0, 0];
  if (leaf === 0) [a, b, c, d] = [2, text4(VENDOR, 0), text4(VENDOR, 8), text4(VENDOR, 4)];
  else if (leaf === 1) [a, d] = [SIGNATURE, FEATURES];
  else if (leaf === 0x8000_0000) a = 0x8000_0004 | 0;
  else if (leaf >= 0x8000_0002 && leaf <= 0x8000_0004) {
    const at = (leaf - 0x8000_0002) * 16;
    [a, b, c, d] = [text4(BRAND, at), text4(BRAND, at + 4), text4(BRAND, at + 8), text4(BRAND, at + 12)];
  } else if (leaf === 2) [a, d] = [0x0302_0101, 0x0c04_0843];
  i32[EAX] = a;
  i32[EBX] = b;
  i32[ECX] = c;
  i32[EDX] = d;
};
