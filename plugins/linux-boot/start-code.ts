/**
 * The first instructions the processor runs: what only port writes can set up, then the kernel's 32-bit entry.
 *
 * A BIOS would have programmed these chips; a device has no access to ports, the guest's processor has. All of it is
 * straight-line i386 code made here for the machine at hand.
 *
 * Source: Intel 80386 Programmer's Reference Manual for encodings.
 */
import { writeLe32 } from "backplane/sdk";
import { BOOT_PARAMS } from "./low-memory.js";

/** One access to a port: a byte written, or with no value a byte read and dropped. */
export interface PortStep {
  readonly port: number;
  readonly value?: number;
}

/** A piece of work: ports, glyphs into display memory, or a fill. */
export type StartStep =
  | { readonly ports: readonly PortStep[] }
  /** Copies 16-byte glyphs to slots 32 bytes apart. */
  | { readonly glyphs: Uint8Array; readonly to: number }
  | { readonly fill: number; readonly to: number; readonly doublewords: number };

const GLYPH_BYTES = 16;

const imm32 = (value: number): number[] => {
  const bytes = new Uint8Array(4);
  writeLe32(bytes, 0, value);
  return [...bytes];
};
// Opcodes that take a 32-bit immediate.
const movEax = (value: number): number[] => [0xb8, ...imm32(value)];
const movEcx = (value: number): number[] => [0xb9, ...imm32(value)];
const movEdx = (value: number): number[] => [0xba, ...imm32(value)];
const movEsi = (value: number): number[] => [0xbe, ...imm32(value)];
const movEdi = (value: number): number[] => [0xbf, ...imm32(value)];
const JMP_EAX = [0xff, 0xe0];
const CLD = 0xfc;
const REP_MOVSD = [0xf3, 0xa5];
const REP_STOSD = [0xf3, 0xab];
const ADD_EDI_16 = [0x83, 0xc7, 0x10];
const DEC_EDX = 0x4a;
const JNZ = 0x75;
const OUT_DX_AL = 0xee;
const IN_AL_DX = 0xec;
const XOR_EBX_EBP_EDI = [0x31, 0xdb, 0x31, 0xed, 0x31, 0xff];

const portCode = ({ port, value }: PortStep): number[] => [...movEdx(port), ...(value === undefined ? [IN_AL_DX] : [...movEax(value), OUT_DX_AL])];

const glyphCode = (from: number, to: number, count: number): number[] => {
  const body = [...movEcx(GLYPH_BYTES / 4), ...REP_MOVSD, ...ADD_EDI_16, DEC_EDX];
  return [...movEsi(from), ...movEdi(to), ...movEdx(count), ...body, JNZ, 0x100 - (body.length + 2)];
};

/** Code and data for `base`; it ends with a jump to `entry` with ESI at boot_params, EBX, EBP and EDI zero. */
export const startCode = (base: number, entry: number, steps: readonly StartStep[]): Uint8Array => {
  const assemble = (dataAt: number): { code: number[]; data: number[] } => {
    const code: number[] = [CLD];
    const data: number[] = [];
    for (const step of steps) {
      if ("ports" in step) code.push(...step.ports.flatMap(portCode));
      else if ("glyphs" in step) {
        code.push(...glyphCode(dataAt + data.length, step.to, step.glyphs.length / GLYPH_BYTES));
        data.push(...step.glyphs);
      } else code.push(...movEdi(step.to), ...movEcx(step.doublewords), ...movEax(step.fill), ...REP_STOSD);
    }
    code.push(...movEsi(BOOT_PARAMS), ...XOR_EBX_EBP_EDI, ...movEax(entry), ...JMP_EAX);
    return { code, data };
  };
  // Lengths do not depend on addresses, so the first pass tells where the data begin.
  const { code, data } = assemble(base + assemble(0).code.length);
  return Uint8Array.from([...code, ...data]);
};
