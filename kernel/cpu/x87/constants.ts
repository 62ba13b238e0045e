/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
export interface LoadedConstant {
  readonly signAndExponent: number;
  readonly high: number;
  /** Truncated. */
  readonly low: number;
  /** What nearest rounding adds; absent where the value is exact. */
  readonly nearest?: 0 | 1;
}

export const CONSTANTS: readonly LoadedConstant[] = [
  { signAndExponent: 0x3fff, high: 0x80000000 | 0, low: 0 },
  { signAndExponent: 0x4000, high: 0xd49a784b | 0, low: 0xcd1b8afe | 0, nearest: 0 },
  { signAndExponent: 0x3fff, high: 0xb8aa3b29 | 0, low: 0x5c17f0bb, nearest: 1 },
  { signAndExponent: 0x4000, high: 0xc90fdaa2 | 0, low: 0x2168c234, nearest: 1 },
  { signAndExponent: 0x3ffd, high: 0x9a209a84 | 0, low: 0xfbcff798 | 0, nearest: 1 },
  { signAndExponent: 0x3ffe, high: 0xb17217f7 | 0, low: 0xd1cf79ab | 0, nearest: 1 },
  { signAndExponent: 0, high: 0, low: 0 },
];
