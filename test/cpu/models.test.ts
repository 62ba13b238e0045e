/** Processor models: what CPUID says is there, is there; the rest raises #UD or #GP. */
import { beforeAll, describe, expect, it } from "vitest";
import { PortSpace } from "../../kernel/bus/port-space.js";
import { CPU_MODELS, Cpu, type CpuModel, cpuModel } from "../../kernel/cpu/index.js";
import * as S from "../../kernel/cpu/state.js";
import { FACTS, type OpcodeFact } from "../../kernel/cpu/tables/table.js";
import { GuestMemory } from "../../kernel/memory/guest-memory.js";
import { PhysicalSpace } from "../../kernel/memory/physical.js";

const GDT = 0x600;
const IDT = 0x800;
const CODE = 0x1000;
const HANDLERS = 0x2000;
const DATA = 0x4000;
const OWN_HLT = -1;

/** A flat ring 0 machine whose every exception ends in a HLT of its own. */
class Machine {
  readonly cpu: Cpu;
  readonly #memory = new GuestMemory(1 << 20);

  constructor(model: CpuModel) {
    this.cpu = new Cpu(new PhysicalSpace(this.#memory), new PortSpace(), model);
    const { ram } = this.#memory;
    const view = new DataView(ram.buffer, ram.byteOffset);
    [
      [0x0000_ffff, 0x00cf_9b00],
      [0x0000_ffff, 0x00cf_9300],
    ].forEach(([low, high], index) => {
      view.setUint32(GDT + 8 + index * 8, low, true);
      view.setUint32(GDT + 12 + index * 8, high, true);
    });
    for (let vector = 0; vector < 32; vector++) {
      view.setUint32(IDT + vector * 8, 0x8_0000 | (HANDLERS + vector), true);
      view.setUint32(IDT + vector * 8 + 4, 0x8e00, true);
    }
    ram.fill(0xf4, HANDLERS, HANDLERS + 32);
  }

  /** Runs code to a HLT; the vector of the exception, or OWN_HLT. */
  run(code: readonly number[], registers: Partial<Record<"eax" | "ecx" | "edx" | "ebx", number>> = {}): number {
    const { cpu } = this;
    const { ram, words } = this.#memory;
    ram.fill(0xf4, CODE, CODE + 64);
    ram.set(code, CODE);
    cpu.reset();
    cpu.startFlat32({ eip: CODE, esp: 0x8000, ebx: DATA, eax: DATA, esi: DATA, gdt: { base: GDT, limit: 0x17 }, codeSelector: 8, dataSelector: 16 });
    for (const register of ["ecx", "edx"] as const) cpu.setRegister(register, DATA);
    words[S.EDI] = DATA;
    words[S.EBP] = DATA;
    words[S.IDTR_BASE] = IDT;
    words[S.IDTR_LIMIT] = 0xff;
    if (cpu.model.features.has("fxsr")) words[S.CR4] |= S.CR4_OSFXSR;
    for (const [name, value] of Object.entries(registers)) cpu.setRegister(name as "eax", value);
    cpu.run(500);
    if (!cpu.halted) return cpu.shutdown ? -2 : -3;
    const at = words[S.EIP] - 1;
    return at >= HANDLERS && at < HANDLERS + 32 ? at - HANDLERS : OWN_HLT;
  }
}

/** The shortest bytes of an encoding, with EAX or [EAX] as its operand. */
const bytesOf = ({ opcode, operands }: OpcodeFact): number[] => {
  const [, prefix, hex, group, mode, modrm] = /^(?:(np|66|f3|f2)\.)?([0-9A-F]+)(?:\/([0-7]))?([mr])?(?::([0-9A-F]{2}))?/.exec(opcode) as RegExpExecArray;
  const bytes = [...(prefix === undefined || prefix === "np" ? [] : [Number.parseInt(prefix, 16)]), ...Buffer.from(hex, "hex")];
  const takesModrm = group !== undefined || mode !== undefined || operands.some((operand) => /^[EGMPQVWNU]/.test(operand));
  const registerOnly = mode === "r" || operands.some((operand) => /^[NU]/.test(operand));
  if (modrm !== undefined) bytes.push(Number.parseInt(modrm, 16));
  else if (takesModrm) bytes.push((registerOnly ? 0xc0 : 0) | (Number(group ?? 0) << 3));
  if (operands.includes("Ib")) bytes.push(0);
  return bytes;
};

const has = ({ features, family }: CpuModel, { feature }: OpcodeFact): boolean => (feature === "p6" ? family >= 6 : features.has(feature as never));

describe.each(CPU_MODELS.map((model) => [model.name, model] as const))("%s", (_name, model) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(model);
  });

  it("has the encodings that CPUID claims, and no others", () => {
    const wrong: string[] = [];
    for (const fact of FACTS) {
      if (fact.feature === undefined) continue;
      const vector = machine.run(bytesOf(fact));
      if ((vector === S.UD_VECTOR) === has(model, fact)) wrong.push(`${fact.opcode} ${fact.mnemonic} (${fact.feature}): vector ${vector}`);
    }
    expect(wrong).toEqual([]);
  });

  it("says who it is in CPUID and in EDX at reset", () => {
    machine.cpu.reset();
    const signature = machine.cpu.registers.edx;
    expect(machine.run([0x0f, 0xa2], { eax: 1 })).toBe(OWN_HLT);
    const { eax, ecx, edx } = machine.cpu.registers;
    expect(eax).toBe(signature);
    expect([(eax >> 8) & 15, (eax >> 4) & 15, eax & 15]).toEqual([model.family, model.model, model.stepping]);
    const claimed = (bit: number, register: number): boolean => ((register >>> bit) & 1) !== 0;
    const FEATURES = [
      ["tsc", 4, edx],
      ["msr", 5, edx],
      ["pae", 6, edx],
      ["cx8", 8, edx],
      ["sep", 11, edx],
      ["cmov", 15, edx],
      ["mmx", 23, edx],
      ["fxsr", 24, edx],
      ["sse", 25, edx],
      ["sse2", 26, edx],
      ["sse3", 0, ecx],
      ["ssse3", 9, ecx],
    ] as const;
    for (const [feature, bit, register] of FEATURES) expect(claimed(bit, register), feature).toBe(model.features.has(feature));
    // machine checks, MTRRs and a local APIC are nobody's
    for (const bit of [7, 9, 12, 14, 17, 28]) expect(claimed(bit, edx), `bit ${bit}`).toBe(false);
  });

  it("has the control bits of its features", () => {
    const bits: [number, boolean][] = [
      [0, model.features.has("vme")],
      [2, model.features.has("tsc")],
      [3, model.features.has("de")],
      [4, model.features.has("pse")],
      [6, false],
      [7, model.features.has("pge")],
      [9, model.features.has("fxsr")],
      [10, model.features.has("sse")],
      [11, false],
      [31, false],
    ];
    // mov eax, bit; mov cr4, eax
    for (const [bit, there] of bits)
      expect([bit, machine.run([0xb8, ...Buffer.from(new Uint32Array([1 << bit]).buffer), 0x0f, 0x22, 0xe0])]).toEqual([bit, there ? OWN_HLT : S.GP_VECTOR]);
  });

  it("has the model-specific registers of its features", () => {
    const registers: [number, boolean][] = [
      [0x10, model.features.has("tsc")],
      [0x1b, model.family >= 6],
      [0x174, model.features.has("sep")],
      [0x277, model.features.has("pat")],
      [0xc000_0080, model.features.has("nx")],
      [0x1234, false],
    ];
    for (const [ecx, there] of registers) expect([ecx, machine.run([0x0f, 0x32], { ecx })]).toEqual([ecx, there ? OWN_HLT : model.features.has("msr") ? S.GP_VECTOR : S.UD_VECTOR]);
  });
});

describe("pentium3", () => {
  it("has no denormals-are-zero: the bit is refused, and the saved mask says so", () => {
    const ldmxcsr = [0xc7, 0x03, 0xc0, 0x1f, 0, 0, 0x0f, 0xae, 0x13];
    const fxsave = [0x0f, 0xae, 0x03, 0x8b, 0x43, 28];
    const machine = new Machine(cpuModel("pentium3"));
    expect([machine.run(ldmxcsr), machine.run(fxsave), machine.cpu.registers.eax]).toEqual([S.GP_VECTOR, OWN_HLT, 0]);
    const later = new Machine(cpuModel("pentium4"));
    expect([later.run(ldmxcsr), later.run(fxsave), later.cpu.registers.eax]).toEqual([OWN_HLT, OWN_HLT, 0xffff]);
  });
});

describe("nt4", () => {
  it("answers no CPUID leaf above 2, which Windows NT 4 Setup takes badly", () => {
    const machine = new Machine(cpuModel("nt4"));
    machine.run([0x0f, 0xa2], { eax: 0 });
    expect(machine.cpu.registers.eax).toBeLessThanOrEqual(2);
    machine.run([0x0f, 0xa2], { eax: 0x8000_0000 });
    expect(machine.cpu.registers.eax >>> 16).not.toBe(0x8000);
  });
});

describe("an unknown model", () => {
  it("is an error that lists the models", () => {
    expect(() => cpuModel("pentium5")).toThrow(/"pentium5" is not a processor model; there are 486, pentium, pentium-pro, nt4, pentium3, pentium4, core2/);
  });
});

describe("a snapshot", () => {
  it("goes back only to the model it was taken on", () => {
    const saved = new Machine(cpuModel("pentium3")).cpu.save();
    expect(() => new Machine(cpuModel("486")).cpu.load(saved)).toThrow(/a "pentium3" processor, this one has a "486"/);
  });
});
