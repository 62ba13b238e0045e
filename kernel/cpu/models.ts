/**
 * Processor models: what CPUID says and, by the same list, which instructions and control bits exist.
 *
 * A model claims only what works here. Not claimed by any, though the real processors have them: MCE, MCA, MTRR, APIC,
 * PSE-36, debug store, thermal monitoring, hyper-threading, MONITOR. Sources: Intel application note 485 (signatures,
 * features, cache descriptors); Microsoft on Windows NT 4 Setup and CPUID.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";

/** Features by CPUID name, with the bit of leaf 1 EDX, leaf 1 ECX or leaf 80000001h EDX that claims them. */
const LEAF1_EDX = {
  fpu: 0,
  vme: 1,
  de: 2,
  pse: 3,
  tsc: 4,
  msr: 5,
  pae: 6,
  cx8: 8,
  sep: 11,
  pge: 13,
  cmov: 15,
  pat: 16,
  clfsh: 19,
  mmx: 23,
  fxsr: 24,
  sse: 25,
  sse2: 26,
} as const;
const LEAF1_ECX = { sse3: 0, ssse3: 9 } as const;
const EXTENDED_EDX = { nx: 20 } as const;

export type CpuFeature = keyof typeof LEAF1_EDX | keyof typeof LEAF1_ECX | keyof typeof EXTENDED_EDX;

export interface CpuModel {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly features: ReadonlySet<CpuFeature>;
  /** Highest basic leaf. */
  readonly maxLeaf: 1 | 2;
  /** EAX, EBX, ECX, EDX of leaf 2: cache and TLB descriptors. */
  readonly descriptors: readonly [number, number, number, number];
  /** Leaves 80000000h and up exist: brand string, NX. */
  readonly extended: boolean;
}

const P5 = ["fpu", "vme", "de", "pse", "tsc", "msr", "cx8"] as const;
const P6 = [...P5, "pae", "pge", "cmov"] as const;
const PENTIUM_3 = [...P6, "sep", "pat", "mmx", "fxsr", "sse"] as const;
const PENTIUM_4 = [...PENTIUM_3, "sse2", "clfsh", "sse3", "nx"] as const;
const NO_DESCRIPTORS = [0, 0, 0, 0] as const;
const P6_DESCRIPTORS = [0x0302_0101, 0, 0, 0x0c04_0843] as const;
const PENTIUM_4_DESCRIPTORS = [0x665b_5001, 0, 0, 0x007a_7040] as const;

const model = (
  name: string,
  summary: string,
  [family, number, stepping]: readonly [number, number, number],
  features: readonly CpuFeature[],
  rest: Partial<Pick<CpuModel, "maxLeaf" | "descriptors" | "extended">> = {},
): CpuModel => ({ name, summary, family, model: number, stepping, features: new Set(features), maxLeaf: 2, descriptors: P6_DESCRIPTORS, extended: false, ...rest });

export const CPU_MODELS: readonly CpuModel[] = [
  model("486", "486DX4: no time stamp counter, no CMPXCHG8B, no large pages", [4, 8, 0], ["fpu", "vme"], { maxLeaf: 1, descriptors: NO_DESCRIPTORS }),
  model("pentium", "Pentium (P54C)", [5, 2, 12], P5, { maxLeaf: 1, descriptors: NO_DESCRIPTORS }),
  model("pentium-pro", "Pentium Pro: CMOV, PAE, global pages", [6, 1, 9], P6),
  model("nt4", "Pentium II as Windows NT 4 Setup likes it: few CPUID leaves, no PAE, SYSENTER or SSE", [6, 5, 2], [...P5, "pge", "cmov", "mmx"]),
  model("pentium3", "Pentium III (Coppermine): MMX, SSE, SYSENTER", [6, 8, 6], PENTIUM_3),
  model("pentium4", "Pentium 4 (Prescott): SSE2, SSE3, NX", [15, 4, 3], PENTIUM_4, { descriptors: PENTIUM_4_DESCRIPTORS, extended: true }),
  model("core2", "Core 2 (Merom) in 32-bit modes: SSSE3", [6, 15, 6], [...PENTIUM_4, "ssse3"], { descriptors: PENTIUM_4_DESCRIPTORS, extended: true }),
];
export const DEFAULT_CPU_MODEL = "pentium4";

/** @throws BackplaneError `CPU_MODEL`. */
export const cpuModel = (name: string): CpuModel => {
  const found = CPU_MODELS.find((each) => each.name === name);
  if (found) return found;
  const known = CPU_MODELS.map((each) => each.name);
  throw new BackplaneError("CPU_MODEL", `"${name}" is not a processor model; there are ${known.join(", ")}`, { name, known });
};

/** EAX of CPUID leaf 1, and EDX after reset. */
export const signature = ({ family, model: number, stepping }: CpuModel): number =>
  ((Math.max(0, family - 15) << 20) | ((number >> 4) << 16) | (Math.min(family, 15) << 8) | ((number & 15) << 4) | stepping) >>> 0;

const bits = (features: ReadonlySet<CpuFeature>, table: Readonly<Partial<Record<CpuFeature, number>>>): number => {
  let mask = 0;
  for (const [feature, bit] of Object.entries(table)) if (features.has(feature as CpuFeature)) mask |= 1 << bit;
  return mask;
};
export const leaf1Edx = ({ features }: CpuModel): number => bits(features, LEAF1_EDX);
export const leaf1Ecx = ({ features }: CpuModel): number => bits(features, LEAF1_ECX);
export const extendedEdx = ({ features }: CpuModel): number => bits(features, EXTENDED_EDX);
