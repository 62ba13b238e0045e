/** The CPUID instruction (SDM volume 2, CPUID). */
import type { Core } from "./core.js";
import { type CpuModel, extendedEdx, leaf1Ecx, leaf1Edx, signature } from "./models.js";
import { EAX, EBX, ECX, EDX } from "./state.js";

const VENDOR = "GenuineIntel";
const BRAND = "Backplane Virtual Processor";
const CLFLUSH_LINE = 8 << 8;
const EXTENDED = 0x8000_0000;
const LAST_EXTENDED = 0x8000_0004;

const text4 = (text: string, at: number): number => {
  let value = 0;
  for (let index = 0; index < 4; index++) value |= (text.charCodeAt(at + index) || 0) << (8 * index);
  return value;
};

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

const leafOf = (model: CpuModel, leaf: number): Leaf => {
  if (model.extended && leaf >= EXTENDED && leaf <= LAST_EXTENDED) {
    if (leaf === EXTENDED) return [LAST_EXTENDED | 0, 0, 0, 0];
    if (leaf === EXTENDED + 1) return [0, 0, 0, extendedEdx(model)];
    const at = (leaf - EXTENDED - 2) * 16;
    return [text4(BRAND, at), text4(BRAND, at + 4), text4(BRAND, at + 8), text4(BRAND, at + 12)];
  }
  // beyond the last leaf the last basic one answers
  const basic = Math.min(leaf, model.maxLeaf);
  if (basic === 0) return [model.maxLeaf, text4(VENDOR, 0), text4(VENDOR, 8), text4(VENDOR, 4)];
  if (basic === 1) return [signature(model), model.features.has("clfsh") ? CLFLUSH_LINE : 0, leaf1Ecx(model), leaf1Edx(model)];
  return model.descriptors;
};

export const cpuid = (core: Core, model: CpuModel): void => {
  const { i32 } = core;
  const [a, b, c, d] = leafOf(model, i32[EAX] >>> 0);
  i32[EAX] = a;
  i32[EBX] = b;
  i32[ECX] = c;
  i32[EDX] = d;
};
