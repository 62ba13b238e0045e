/** Privileged and system instructions, port I/O included. */
import type { ColdOperation, Core } from "../core.js";
import { cpuid } from "../cpuid.js";
import { R_IMM, R_REG, R_RM } from "../interpreter/record.js";
import type { CpuFeature, CpuModel } from "../models.js";
import type { Segmentation } from "../segmentation.js";
import {
  ATTR,
  BASE,
  CPL,
  CR0,
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR2,
  CR3,
  CR4,
  CR4_DE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PAE,
  CR4_PCE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_TSD,
  CR4_VME,
  CS,
  DB_VECTOR,
  DR0,
  DR6,
  DR7,
  DR7_GD,
  EAX,
  ECX,
  EDX,
  EIP,
  ESP,
  FLAGS,
  GDTR_BASE,
  GDTR_LIMIT,
  HALTED,
  IDTR_BASE,
  IDTR_LIMIT,
  IF,
  LIMIT,
  SEL,
  SHADOW,
  SS,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
  TR,
  VIF,
  VIP,
  VM,
} from "../state.js";
import { modelSpecificRegisters } from "./msr.js";

const CR0_WRITABLE = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
/** Bits of CR4 by the feature that brings them; the others are reserved (#GP). */
const CR4_FEATURES: readonly (readonly [CpuFeature, number])[] = [
  ["vme", CR4_VME | CR4_PVI],
  ["tsc", CR4_TSD],
  ["de", CR4_DE],
  ["pse", CR4_PSE],
  ["pae", CR4_PAE],
  ["pge", CR4_PGE],
  ["mmx", CR4_PCE],
  ["cmov", CR4_PCE],
  ["fxsr", CR4_OSFXSR],
  ["sse", CR4_OSXMMEXCPT],
];
/** Words of the control registers that exist, by number; the others are #UD at any privilege. */
const CONTROL_REGISTERS: Partial<Record<number, number>> = { 0: CR0, 2: CR2, 3: CR3, 4: CR4 };
const DR6_BD = 0x2000;
const DR6_WRITABLE = 0xe00f;
const DR6_FIXED = 0xffff_0ff0 | 0;
const DR7_WRITABLE = ~0xdc00;
const DR7_FIXED = 0x400;
/** Flat ring 0 and ring 3 segments as SYSENTER and SYSEXIT load them. */
const FLAT_CODE = 0xc09b;
const FLAT_DATA = 0xc093;

/** What the operations need from the processor around them. */
export interface SystemHost {
  /** What the time stamp counter counts from power-on. */
  timeStamp(): number;
  /** Something changed that the run loop must look at before the next instruction. */
  attention(): void;
  /** MOV to a debug register, or to CR4. */
  debugRegistersChanged(): void;
}

/** Checks the I/O permission of the running program. */
export const portPermission = (core: Core): ((port: number, bytes: number) => void) => {
  const { i32, mmu } = core;
  const permitted = (port: number, bytes: number): void => {
    const limit = i32[LIMIT + TR] >>> 0;
    if ((i32[ATTR + TR] & 8) === 0 || limit < 0x67) core.gp(0);
    const map = mmu.read16((i32[BASE + TR] + 0x66) | 0, false);
    const byte = map + (port >> 3);
    if (byte + 1 > limit) core.gp(0);
    const bits = mmu.read16((i32[BASE + TR] + byte) | 0, false) >> (port & 7);
    if ((bits & ((1 << bytes) - 1)) !== 0) core.gp(0);
  };
  return (port, bytes) => {
    if (core.virtual8086 || (core.protectedMode && i32[CPL] > core.iopl)) permitted(port, bytes);
    core.onPort(port, bytes);
  };
};

export const systemOperations = (
  core: Core,
  segmentation: Segmentation,
  model: CpuModel,
  host: SystemHost,
  ioAllowed: (port: number, bytes: number) => void,
): Record<string, ColdOperation> => {
  const { i32, code, ports, mmu } = core;
  const cr4Writable = CR4_FEATURES.reduce((mask, [feature, bits]) => (model.features.has(feature) ? mask | bits : mask), 0);

  /** CPL 0, or real mode. */
  const privileged = (): void => {
    if (i32[CPL] !== 0) core.gp(0);
  };
  const setCr0 = (value: number): void => {
    if ((value & CR0_PG) !== 0 && (value & CR0_PE) === 0) core.gp(0);
    if ((value & CR0_NW) !== 0 && (value & CR0_CD) === 0) core.gp(0);
    const before = i32[CR0];
    const reload = (value & CR0_PG) !== 0 && (i32[CR4] & CR4_PAE) !== 0 && ((before ^ value) & (CR0_PG | CR0_CD | CR0_NW)) !== 0;
    if (reload && !mmu.loadPdptes(i32[CR3])) core.gp(0);
    i32[CR0] = (value & CR0_WRITABLE) | CR0_ET;
    if (((before ^ value) & (CR0_PG | CR0_WP | CR0_PE)) !== 0) mmu.flush(false);
    if (((before ^ value) & CR0_AM) !== 0) core.updatePrivilege();
    if (((before ^ value) & CR0_PE) !== 0) {
      if ((value & CR0_PE) === 0) core.setCpl(0);
      core.updateKey();
    }
  };
  const input = (port: number, pc: number): void => {
    const size = core.size(pc);
    ioAllowed(port, size >> 3);
    if (size === 8) core.i8[0] = ports.read8(port);
    else if (size === 16) core.i16[0] = ports.read16(port);
    else i32[EAX] = ports.read32(port);
  };
  const output = (port: number, pc: number): void => {
    const size = core.size(pc);
    ioAllowed(port, size >> 3);
    if (size === 8) ports.write8(port, i32[EAX] & 0xff);
    else if (size === 16) ports.write16(port, i32[EAX] & 0xffff);
    else ports.write32(port, i32[EAX] >>> 0);
  };
  const storeTable = (pc: number, base: number, limit: number): void => {
    const limitAt = core.operandAddress(pc, 2, true);
    const baseAt = core.partAddress(pc, 2, 4, true);
    mmu.probeWrites(limitAt, 2, mmu.user);
    mmu.probeWrites(baseAt, 4, mmu.user);
    core.write(limitAt, 16, limit);
    core.write(baseAt, 32, core.operand16(pc) ? base & 0xff_ffff : base);
  };
  const loadTable = (pc: number, base: number, limit: number): void => {
    privileged();
    const newLimit = core.read(core.operandAddress(pc, 2, false), 16) & 0xffff;
    const newBase = core.read(core.partAddress(pc, 2, 4, false), 32);
    i32[limit] = newLimit;
    i32[base] = core.operand16(pc) ? newBase & 0xff_ffff : newBase;
  };
  const registers = modelSpecificRegisters(core, model, host, () => mmu.flush(false));

  /** Number of the debug register that a MOV names, behind its checks: #GP, #UD for aliases under CR4.DE, #DB for DR7.GD. */
  const debugRegister = (pc: number): number => {
    const number = code[pc + R_REG];
    privileged();
    if ((number === 4 || number === 5) && (i32[CR4] & CR4_DE) !== 0) core.ud();
    if ((i32[DR7] & DR7_GD) !== 0) {
      i32[DR6] |= DR6_BD;
      core.fault.raise(DB_VECTOR);
    }
    return number;
  };

  const flatSegment = (segment: number, selector: number, attributes: number): void => {
    i32[SEL + segment] = selector;
    i32[BASE + segment] = 0;
    i32[LIMIT + segment] = -1;
    i32[ATTR + segment] = attributes;
  };

  return {
    IN: (pc) => input(code[pc + R_IMM] & 0xff, pc),
    OUT: (pc) => output(code[pc + R_IMM] & 0xff, pc),
    INDX: (pc) => input(i32[EDX] & 0xffff, pc),
    OUTDX: (pc) => output(i32[EDX] & 0xffff, pc),
    CLI: () => {
      if (core.protectedMode || core.virtual8086) {
        if (core.iopl < i32[CPL]) {
          if (core.virtual8086 ? (i32[CR4] & CR4_VME) !== 0 : i32[CPL] === 3 && (i32[CR4] & CR4_PVI) !== 0) {
            i32[FLAGS] &= ~VIF;
            return;
          }
          core.gp(0);
        }
      }
      i32[FLAGS] &= ~IF;
    },
    STI: () => {
      if (core.protectedMode || core.virtual8086) {
        if (core.iopl < i32[CPL]) {
          if (core.virtual8086 ? (i32[CR4] & CR4_VME) !== 0 : i32[CPL] === 3 && (i32[CR4] & CR4_PVI) !== 0) {
            if ((i32[FLAGS] & VIP) !== 0) core.gp(0);
            i32[FLAGS] |= VIF;
            return;
          }
          core.gp(0);
        }
      }
      if ((i32[FLAGS] & IF) === 0) {
        i32[FLAGS] |= IF;
        i32[SHADOW] = 1;
        host.attention();
      }
    },
    HLT: () => {
      privileged();
      i32[HALTED] = 1;
      host.attention();
    },
    CPUID: () => cpuid(core, model),
    RDTSC: () => {
      if ((i32[CR4] & CR4_TSD) !== 0 && i32[CPL] !== 0) core.gp(0);
      registers.readTimeStamp();
    },
    RDPMC: () => {
      if ((i32[CR4] & CR4_PCE) === 0) privileged();
      if (i32[ECX] >>> 0 > 1) core.gp(0);
      i32[EAX] = 0;
      i32[EDX] = 0;
    },
    RDMSR: () => {
      privileged();
      registers.read();
    },
    WRMSR: () => {
      privileged();
      registers.write();
    },
    INVD: privileged,
    WBINVD: privileged,
    INVLPG: (pc) => {
      privileged();
      // the linear address counts; nothing is accessed
      mmu.flushPage((i32[BASE + core.segment(pc)] + core.offset(pc)) | 0);
    },
    CLTS: () => {
      privileged();
      i32[CR0] &= ~CR0_TS;
    },
    SMSW: (pc) => {
      if (core.isRegister(pc)) core.setRegister(code[pc + R_RM], core.operand16(pc) ? 16 : 32, i32[CR0]);
      else core.setE(pc, 16, i32[CR0]);
    },
    LMSW: (pc) => {
      privileged();
      const value = core.getE(pc, 16);
      // PE can be set but not cleared
      setCr0((i32[CR0] & ~(CR0_MP | CR0_EM | CR0_TS)) | (value & (CR0_PE | CR0_MP | CR0_EM | CR0_TS)));
    },
    SGDT: (pc) => storeTable(pc, i32[GDTR_BASE], i32[GDTR_LIMIT]),
    SIDT: (pc) => storeTable(pc, i32[IDTR_BASE], i32[IDTR_LIMIT]),
    LGDT: (pc) => loadTable(pc, GDTR_BASE, GDTR_LIMIT),
    LIDT: (pc) => loadTable(pc, IDTR_BASE, IDTR_LIMIT),
    MOVFROMCR: (pc) => {
      const from = CONTROL_REGISTERS[code[pc + R_REG]];
      if (from === undefined) return core.ud();
      privileged();
      i32[code[pc + R_RM]] = i32[from];
    },
    MOVTOCR: (pc) => {
      if (CONTROL_REGISTERS[code[pc + R_REG]] === undefined) core.ud();
      privileged();
      const value = i32[code[pc + R_RM]];
      switch (code[pc + R_REG]) {
        case 0:
          setCr0(value);
          return;
        case 2:
          i32[CR2] = value;
          return;
        case 3:
          if ((i32[CR0] & CR0_PG) !== 0 && (i32[CR4] & CR4_PAE) !== 0 && !mmu.loadPdptes(value)) core.gp(0);
          i32[CR3] = value;
          mmu.flush(true);
          return;
        case 4:
          if ((value & ~cr4Writable) !== 0) core.gp(0);
          if (((i32[CR4] ^ value) & (CR4_PGE | CR4_PSE | CR4_PAE)) !== 0) {
            if ((i32[CR0] & CR0_PG) !== 0 && (value & CR4_PAE) !== 0 && !mmu.loadPdptes(i32[CR3])) core.gp(0);
            mmu.flush(false);
          }
          i32[CR4] = value;
          host.debugRegistersChanged();
          return;
      }
    },
    MOVFROMDR: (pc) => {
      const number = debugRegister(pc);
      i32[code[pc + R_RM]] = number < 4 ? i32[DR0 + number] : number & 1 ? i32[DR7] : i32[DR6];
    },
    MOVTODR: (pc) => {
      const number = debugRegister(pc);
      const value = i32[code[pc + R_RM]];
      if (number < 4) i32[DR0 + number] = value;
      else if ((number & 1) === 0) i32[DR6] = (value & DR6_WRITABLE) | DR6_FIXED;
      else i32[DR7] = (value & DR7_WRITABLE) | DR7_FIXED;
      host.debugRegistersChanged();
    },
    SYSENTER: () => {
      if (!core.protectedMode && !core.virtual8086) core.gp(0);
      if ((i32[SYSENTER_CS] & ~3) === 0) core.gp(0);
      core.flags.materialise();
      i32[FLAGS] &= ~(VM | IF | 0x1_0000);
      flatSegment(CS, i32[SYSENTER_CS] & 0xfffc, FLAT_CODE);
      flatSegment(SS, (i32[SYSENTER_CS] & 0xfffc) + 8, FLAT_DATA);
      core.setCpl(0);
      i32[ESP] = i32[SYSENTER_ESP];
      i32[EIP] = i32[SYSENTER_EIP];
      core.updateKey();
    },
    SYSEXIT: () => {
      if (!core.protectedMode || i32[CPL] !== 0 || (i32[SYSENTER_CS] & ~3) === 0) core.gp(0);
      flatSegment(CS, ((i32[SYSENTER_CS] & 0xfffc) + 16) | 3, FLAT_CODE | 0x60);
      flatSegment(SS, ((i32[SYSENTER_CS] & 0xfffc) + 24) | 3, FLAT_DATA | 0x60);
      core.setCpl(3);
      i32[ESP] = i32[ECX];
      i32[EIP] = i32[EDX];
      segmentation.dropInnerSegments(0);
      core.updateKey();
    },
  };
};
