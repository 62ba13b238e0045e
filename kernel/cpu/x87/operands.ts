/** Sizes and directions of memory operands, for the processor's segment and page checks, from the opcode table. */
import { isByModrm, OPCODE_MAPS, type OpcodeFact } from "../tables/table.js";

const FIRST_OPCODE = 0xd8;
/** By operand letter; environment and state stand with their 16-bit sizes. */
const SIZES: Readonly<Record<string, number>> = { Mw: 2, Md: 4, Mq: 8, Mt: 10, Me: 14, Ms: 94 };
const ENVIRONMENT = 14;
const STATE = 94;
/** What is longer in the 32-bit layouts of the environment. */
const WIDER = 14;
const STORES = /^F(N?ST|IST|BSTP|NSAVE)/;

const memoryForm = (opcode: number, reg: number): OpcodeFact | undefined => {
  const entry = OPCODE_MAPS[""][opcode];
  return isByModrm(entry) ? entry[reg << 3] : undefined;
};
const forms = Array.from({ length: 64 }, (_, index) => memoryForm(FIRST_OPCODE + (index >> 3), index & 7));
const bytes = Uint8Array.from(forms, (fact) => (fact ? SIZES[fact.operands[0]] : 0));
const stores = forms.map((fact) => fact !== undefined && STORES.test(fact.mnemonic));

const place = (opcode: number, modrm: number): number => ((opcode & 7) << 3) | ((modrm >> 3) & 7);

/** Size of the memory operand of D8-DF: 0 for register forms and for encodings that do not exist. */
export const x87OperandBytes = (opcode: number, modrm: number, operand32: boolean): number => {
  if (modrm >= 0xc0) return 0;
  const size = bytes[place(opcode, modrm)];
  return operand32 && (size === ENVIRONMENT || size === STATE) ? size + WIDER : size;
};

/** Whether the memory operand is written (none is both read and written). */
export const x87Writes = (opcode: number, modrm: number): boolean => modrm < 0xc0 && stores[place(opcode, modrm)];
