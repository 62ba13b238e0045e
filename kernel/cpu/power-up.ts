/** Register values after RESET# and INIT# (Intel SDM volume 3, table 9-1). */
import { type CpuModel, signature } from "./models.js";
import {
  APIC_BASE,
  ATTR,
  BASE,
  CR0,
  CR0_CD,
  CR0_ET,
  CR0_NW,
  CS,
  DEBUG_TRAP,
  DR6,
  DR7,
  EDX,
  EFER,
  EIP,
  FLAGS,
  GDTR_BASE,
  GDTR_LIMIT,
  HALTED,
  IDTR_BASE,
  IDTR_LIMIT,
  LAZY_OP,
  LDTR,
  LIMIT,
  NMI_BLOCKED,
  PAT_HIGH,
  PAT_LOW,
  PENDING,
  PENDING_INTR,
  REPEATING,
  SEL,
  SHADOW,
  SHUTDOWN,
  TR,
} from "./state.js";

export const powerUpRegisters = (i32: Int32Array, model: CpuModel): void => {
  i32.fill(0, 0, 8);
  i32[EDX] = signature(model);
  i32[LAZY_OP] = 0;
  i32[FLAGS] = 2;
  i32[CR0] = CR0_ET | CR0_CD | CR0_NW;
  i32.fill(0, CR0 + 1, DR6);
  i32[DR6] = 0xffff_0ff0 | 0;
  i32[DR7] = 0x400;
  for (let segment = 0; segment < 6; segment++) {
    i32[SEL + segment] = segment === CS ? 0xf000 : 0;
    i32[BASE + segment] = segment === CS ? 0xffff_0000 | 0 : 0;
    i32[LIMIT + segment] = 0xffff;
    i32[ATTR + segment] = 0x93;
  }
  for (const table of [LDTR, TR]) {
    i32[SEL + table] = 0;
    i32[BASE + table] = 0;
    i32[LIMIT + table] = 0xffff;
    i32[ATTR + table] = table === TR ? 0x8b : 0x82;
  }
  i32[GDTR_BASE] = 0;
  i32[GDTR_LIMIT] = 0xffff;
  i32[IDTR_BASE] = 0;
  i32[IDTR_LIMIT] = 0xffff;
  i32[EIP] = 0xfff0;
  i32[EFER] = 0;
  i32[APIC_BASE] = 0xfee0_0100 | 0;
  i32[PAT_LOW] = 0x0007_0406;
  i32[PAT_HIGH] = 0x0007_0406;
  i32[HALTED] = 0;
  i32[NMI_BLOCKED] = 0;
  i32[SHUTDOWN] = 0;
  i32[SHADOW] = 0;
  i32[DEBUG_TRAP] = 0;
  i32[REPEATING] = 0;
  i32[PENDING] &= PENDING_INTR;
};
