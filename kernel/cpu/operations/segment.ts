/** Instructions that load, store or inspect segment registers and descriptors. */
import type { ColdOperation, Core } from "../core.js";
import { R_REG, R_RM } from "../interpreter/record.js";
import { descriptorAttributes, descriptorLimit, descriptorType, type Segmentation } from "../segmentation.js";
import { ATTR_CODE, ATTR_READABLE, ATTR_SEGMENT, ATTR_WRITABLE, CPL, CS, DS, ES, FS, GS, LDTR, SEL, SHADOW, SS, TR, ZF } from "../state.js";

/** System descriptor types that LAR and LSL accept. */
const LAR_TYPES = new Set([1, 2, 3, 4, 5, 9, 11, 12]);
const LSL_TYPES = new Set([1, 2, 3, 9, 11]);

export const segmentOperations = (core: Core, segmentation: Segmentation): Record<string, ColdOperation> => {
  const { i32, flags, code } = core;

  const loadFar =
    (segment: number): ColdOperation =>
    (pc) => {
      const size = core.operand16(pc) ? 16 : 32;
      const bytes = size >> 3;
      const offset = core.read(core.operandAddress(pc, bytes, false), size);
      const selector = core.read(core.partAddress(pc, bytes, 2, false), 16) & 0xffff;
      segmentation.load(segment, selector);
      core.setG(pc, size, offset);
    };
  /** SLDT, STR, MOV from segment: 16 bits to memory, zero-extended to a 32-bit register. */
  const storeSelector = (pc: number, selector: number): void => {
    if (core.isRegister(pc)) core.setRegister(code[pc + R_RM], core.operand16(pc) ? 16 : 32, selector);
    else core.setE(pc, 16, selector);
  };
  const needProtected = (): void => {
    if (!core.protectedMode) core.ud();
  };
  const needPrivilege = (): void => {
    needProtected();
    if (i32[CPL] !== 0) core.gp(0);
  };
  const inspect = (pc: number, allowed: (type: number, attributes: number) => boolean, found: (pc: number, size: 16 | 32, high: number, limit: number) => void): void => {
    needProtected();
    const selector = core.getE(pc, 16) & 0xffff;
    const descriptor = (selector & ~3) === 0 ? undefined : segmentation.find(selector);
    const ok = descriptor !== undefined && segmentation.visible(descriptor, selector) && allowed(descriptorType(descriptor), descriptorAttributes(descriptor));
    if (ok && descriptor) found(pc, core.operand16(pc) ? 16 : 32, descriptor.high, descriptorLimit(descriptor));
    flags.put(ZF, ok ? ZF : 0);
  };

  return {
    MOVTOSEG: (pc) => {
      const segment = code[pc + R_REG];
      if (segment === CS || segment > 5) core.ud();
      segmentation.load(segment, core.getE(pc, 16) & 0xffff);
      if (segment === SS) i32[SHADOW] = 2;
    },
    MOVFROMSEG: (pc) => {
      const segment = code[pc + R_REG];
      if (segment > 5) core.ud();
      storeSelector(pc, i32[SEL + segment]);
    },
    LES: loadFar(ES),
    LDS: loadFar(DS),
    LSS: loadFar(SS),
    LFS: loadFar(FS),
    LGS: loadFar(GS),
    SLDT: (pc) => {
      needProtected();
      storeSelector(pc, i32[SEL + LDTR]);
    },
    STR: (pc) => {
      needProtected();
      storeSelector(pc, i32[SEL + TR]);
    },
    LLDT: (pc) => {
      needPrivilege();
      segmentation.loadLdt(core.getE(pc, 16) & 0xffff);
    },
    LTR: (pc) => {
      needPrivilege();
      segmentation.loadTask(core.getE(pc, 16) & 0xffff);
    },
    VERR: (pc) =>
      inspect(
        pc,
        (_type, attributes) => (attributes & ATTR_SEGMENT) !== 0 && (attributes & (ATTR_CODE | ATTR_READABLE)) !== ATTR_CODE,
        () => {},
      ),
    VERW: (pc) =>
      inspect(
        pc,
        (_type, attributes) => (attributes & (ATTR_SEGMENT | ATTR_CODE | ATTR_WRITABLE)) === (ATTR_SEGMENT | ATTR_WRITABLE),
        () => {},
      ),
    LAR: (pc) =>
      inspect(
        pc,
        (type) => type >= 16 || LAR_TYPES.has(type),
        (at, size, high) => core.setG(at, size, high & 0x00ff_ff00),
      ),
    LSL: (pc) =>
      inspect(
        pc,
        (type) => type >= 16 || LSL_TYPES.has(type),
        (at, size, _high, limit) => core.setG(at, size, limit),
      ),
    ARPL: (pc) => {
      needProtected();
      // written only when it changes: a read-only operand may pass
      const target = core.getE(pc, 16);
      const source = core.getG(pc, 16);
      const adjust = (target & 3) < (source & 3);
      if (adjust) core.setE(pc, 16, (target & ~3) | (source & 3));
      flags.put(ZF, adjust ? ZF : 0);
    },
  };
};
