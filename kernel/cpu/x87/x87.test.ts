import { describe, expect, it } from "vitest";
import { X87, type X87Host, x87OperandBytes, x87Writes } from "./index.js";
import { CAPTURED } from "./vectors/captured.js";

const OPERAND = 0x400;
const IMAGE = 0x800;
const PAGE = 0x1000;

class Fault extends Error {}

/** A processor of 8 KB of memory around an FPU. `faultAt` is the first address that faults. */
function machine() {
  const memory = new DataView(new ArrayBuffer(2 * PAGE));
  const cpu = {
    memory,
    cr0: 0x20,
    flags: 0,
    ax: 0,
    ferr: false,
    ignne: false,
    stalls: 0,
    operand32: true,
    protectedMode: true,
    faultAt: 2 * PAGE,
    savesSse: true,
    mxcsr: 0x1f80,
    ip: 0x12345678,
    cs: 0x1b,
    dp: 0x87654321,
    ds: 0x23,
  };
  const check = (at: number, bytes: number) => {
    if (at + bytes > cpu.faultAt) throw new Fault("#PF");
  };
  const host: X87Host = {
    state: new Uint8Array(512),
    read8(at) {
      check(at, 1);
      return memory.getUint8(at);
    },
    read16(at) {
      check(at, 2);
      return memory.getUint16(at, true);
    },
    read32(at) {
      check(at, 4);
      return memory.getUint32(at, true);
    },
    write8(at, value) {
      check(at, 1);
      memory.setUint8(at, value);
    },
    write16(at, value) {
      check(at, 2);
      memory.setUint16(at, value, true);
    },
    write32(at, value) {
      check(at, 4);
      memory.setUint32(at, value, true);
    },
    probeWrite: check,
    cr0: () => cpu.cr0,
    raiseNM() {
      throw new Fault("#NM");
    },
    raiseMF() {
      throw new Fault("#MF");
    },
    raiseUD() {
      throw new Fault("#UD");
    },
    ferr: (level) => {
      cpu.ferr = level;
    },
    ignne: () => cpu.ignne,
    stall: () => {
      cpu.stalls++;
      throw new Fault("stall");
    },
    operand32: () => cpu.operand32,
    protectedMode: () => cpu.protectedMode,
    instructionOffset: () => cpu.ip,
    instructionSelector: () => cpu.cs,
    operandOffset: () => cpu.dp,
    operandSelector: () => cpu.ds,
    flags: () => cpu.flags,
    setFlags: (value) => {
      cpu.flags = (cpu.flags & ~0x8d5) | value;
    },
    setAx: (value) => {
      cpu.ax = value;
    },
    savesSse: () => cpu.savesSse,
    mxcsr: () => cpu.mxcsr,
    mxcsrMask: () => 0xffbf,
    setMxcsr: (value) => {
      if (value >>> 16 !== 0) throw new Fault("#GP");
      cpu.mxcsr = value;
    },
    xmm: Int32Array.from({ length: 32 }, (_, word) => word - 16),
  };
  const fpu = new X87(host);
  fpu.reset();
  /** Two bytes of opcode and modrm, the operand at OPERAND. */
  const run = (...instructions: number[]) => {
    for (const code of instructions) fpu.execute(code >> 8, code & 0xff, OPERAND);
  };
  const status = () => {
    run(FNSTSW_AX);
    return cpu.ax;
  };
  const load = (value: number) => {
    memory.setFloat64(OPERAND, value, true);
    run(FLD_M64);
  };
  const stored = () => {
    run(FSTP_M64);
    return memory.getFloat64(OPERAND, true);
  };
  const control = (value: number) => {
    memory.setUint16(OPERAND, value, true);
    run(FLDCW);
  };
  return { cpu, host, fpu, memory, run, status, load, stored, control };
}

const FLDCW = 0xd928;
const FNSTCW = 0xd938;
const FNSTENV = 0xd930;
const FLDENV = 0xd920;
const FLD_M64 = 0xdd00;
const FST_M64 = 0xdd10;
const FSTP_M64 = 0xdd18;
const FRSTOR = 0xdd20;
const FNSAVE = 0xdd30;
const FNSTSW_AX = 0xdfe0;
const FNINIT = 0xdbe3;
const FNCLEX = 0xdbe2;
const FLD1 = 0xd9e8;
const FLDZ = 0xd9ee;
const FLDPI = 0xd9eb;
const FADD = 0xd8c1;
const FDIV = 0xd8f1;
const FNOP = 0xd9d0;

function message(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return "none";
}

describe("instructions captured from hardware", () => {
  const lines = CAPTURED.trim().split("\n");
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const group = line.slice(0, 2);
    groups.set(group, [...(groups.get(group) ?? []), line]);
  }

  const putRegister = (memory: DataView, at: number, text: string) => {
    const [se, significand] = text.split(":");
    memory.setBigUint64(at, BigInt("0x" + significand), true);
    memory.setUint16(at + 8, Number.parseInt(se, 16), true);
  };
  const register = (memory: DataView, at: number) => memory.getUint16(at + 8, true).toString(16) + ":" + memory.getBigUint64(at, true).toString(16);
  const hex = (memory: DataView, at: number, bytes: number) =>
    Array.from({ length: bytes }, (_, i) =>
      memory
        .getUint8(at + i)
        .toString(16)
        .padStart(2, "0"),
    ).join("");

  /** The line as it comes out here. */
  function replay(line: string): string {
    const { cpu, fpu, memory } = machine();
    const [before] = line.split(" = ");
    const [code, control, status, tags, flags, st0, st1, operand] = before.split(" ");
    memory.setUint32(IMAGE, Number.parseInt(control, 16), true);
    memory.setUint32(IMAGE + 4, Number.parseInt(status, 16), true);
    memory.setUint32(IMAGE + 8, Number.parseInt(tags, 16), true);
    for (let i = 0; i < 8; i++) putRegister(memory, IMAGE + 28 + 10 * i, i === 0 ? st0 : i === 1 ? st1 : "3fff:8000000000000000");
    fpu.execute(FRSTOR >> 8, FRSTOR & 0xff, IMAGE);
    const bytes = operand === undefined ? 0 : operand.length / 2;
    for (let i = 0; i < bytes; i++) memory.setUint8(OPERAND + i, Number.parseInt(operand.slice(2 * i, 2 * i + 2), 16));
    cpu.flags = Number.parseInt(flags, 16);
    const instruction = Number.parseInt(code, 16);
    fpu.execute(instruction >> 8, instruction & 0xff, OPERAND);
    fpu.execute(FNSAVE >> 8, FNSAVE & 0xff, IMAGE);
    const after = [memory.getUint16(IMAGE + 4, true), memory.getUint16(IMAGE + 8, true), cpu.flags].map((word) => word.toString(16));
    after.push(register(memory, IMAGE + 28), register(memory, IMAGE + 38));
    if (bytes !== 0) after.push(hex(memory, OPERAND, bytes));
    return before + " = " + after.join(" ");
  }

  it("covers every group with several hundred cases", () => {
    expect(lines.length).toBeGreaterThan(700);
    expect([...groups.keys()]).toEqual(["d8", "d9", "da", "db", "dc", "dd", "de", "df"]);
  });

  for (const [group, cases] of groups) {
    it(`${group}: ${cases.length} cases`, () => {
      expect(cases.map(replay)).toEqual(cases);
    });
  }
});

describe("control", () => {
  it("resets to 0040h and initialises to 037Fh", () => {
    const { memory, run, status } = machine();
    run(FNSTCW);
    expect(memory.getUint16(OPERAND, true)).toBe(0x40);
    expect(status()).toBe(0);
    run(FNINIT, FNSTCW);
    expect(memory.getUint16(OPERAND, true)).toBe(0x37f);
  });

  it("passes the probe sequence of operating systems", () => {
    const { cpu, memory, run } = machine();
    cpu.ax = 0x5a5a;
    run(FNINIT, FNSTSW_AX, FNSTCW);
    expect(cpu.ax & 0xff).toBe(0);
    expect(memory.getUint16(OPERAND, true) & 0x103f).toBe(0x3f);
    // 1/0 and -1/0 compare different since the 387.
    run(FLD1, FLDZ, 0xdef9, 0xd9c0, 0xd9e0, 0xded9, FNSTSW_AX);
    expect(cpu.ax & 0x4000).toBe(0);
  });

  it("divides 4195835 by 3145727 correctly", () => {
    const { run, load, stored } = machine();
    run(FNINIT);
    load(3145727);
    load(4195835);
    run(FDIV);
    expect(stored()).toBe(4195835 / 3145727);
  });

  it("keeps the reserved bits of the control word", () => {
    const { memory, control, run } = machine();
    control(0xffff);
    run(FNSTCW);
    expect(memory.getUint16(OPERAND, true)).toBe(0x1f7f);
    control(0);
    run(FNSTCW);
    expect(memory.getUint16(OPERAND, true)).toBe(0x40);
  });

  it("rounds the constants by the rounding control", () => {
    const { memory, control, run } = machine();
    const low = (rc: number, code: number) => {
      run(FNINIT);
      control(0x37f | (rc << 10));
      run(code, 0xdb38);
      return memory.getUint32(OPERAND, true);
    };
    expect([0, 1, 2, 3].map((rc) => low(rc, FLDPI))).toEqual([0x2168c235, 0x2168c234, 0x2168c235, 0x2168c234]);
    expect([0, 1, 2, 3].map((rc) => low(rc, 0xd9e9))).toEqual([0xcd1b8afe, 0xcd1b8afe, 0xcd1b8aff, 0xcd1b8afe]);
  });

  it("raises #NM for EM and TS, and in FWAIT only for MP with TS", () => {
    const { cpu, fpu, run } = machine();
    for (const cr0 of [0x04, 0x08]) {
      cpu.cr0 = cr0;
      expect(message(() => run(FNOP))).toBe("#NM");
      expect(message(() => run(FNINIT))).toBe("#NM");
      expect(message(() => fpu.fxsave(IMAGE))).toBe("#NM");
      expect(message(() => fpu.wait())).toBe("none");
    }
    cpu.cr0 = 0x0a;
    expect(message(() => fpu.wait())).toBe("#NM");
  });

  it("raises #UD for encodings that do not exist", () => {
    const { run } = machine();
    const register = [0xd9d1, 0xd9e2, 0xd9e6, 0xd9ef, 0xdae0, 0xdae8, 0xdaf0, 0xdbe5, 0xdbf8, 0xddf0, 0xded8, 0xdeda, 0xdfe1, 0xdff8];
    const memory = [0xd908, 0xdb20, 0xdb30, 0xdd28];
    expect([...register, ...memory].filter((code) => message(() => run(code)) !== "#UD")).toEqual([]);
    for (const code of memory) expect(x87OperandBytes(code >> 8, code & 0xff, true)).toBe(0);
  });
});

describe("FISTTP", () => {
  it("rounds towards zero whatever the control word says, and pops", () => {
    const { memory, run, load, control } = machine();
    for (const rounding of [0x37f, 0x77f, 0xb7f, 0xf7f]) {
      for (const [value, whole] of [
        [1.9, 1],
        [-1.9, -1],
        [-0.5, 0],
        [32_767.9, 32_767],
      ]) {
        run(FNINIT);
        control(rounding);
        for (const code of [0xdf08, 0xdb08, 0xdd08]) {
          load(value);
          run(code);
          expect(code === 0xdf08 ? memory.getInt16(OPERAND, true) : memory.getInt32(OPERAND, true)).toBe(whole);
        }
        expect(Number(memory.getBigInt64(OPERAND, true))).toBe(whole);
      }
    }
  });
});

describe("a store that an unmasked exception prevents", () => {
  it("still faults where the operand cannot be written, and nothing has happened", () => {
    const { cpu, run, load, control, status } = machine();
    // FST m32, FIST m32, FISTP m64, FSTP m80, FBSTP
    for (const code of [0xd910, 0xdb10, 0xdf38, 0xdb38, 0xdf30]) {
      run(FNINIT);
      if (code !== 0xdb38) load(Number.NaN);
      control(0x300);
      cpu.faultAt = 0;
      expect(message(() => run(code))).toBe("#PF");
      cpu.faultAt = 2 * PAGE;
      expect(status() & 0xff).toBe(0);
    }
  });
});

describe("exceptions", () => {
  it("reports a pending exception as #MF at the next waiting instruction", () => {
    const { fpu, control, run, status } = machine();
    run(FNINIT);
    control(0x37b);
    run(FLDZ, FLD1, FDIV);
    expect(status() & 0x8084).toBe(0x8084);
    expect(message(() => run(FNOP))).toBe("#MF");
    expect(message(() => fpu.wait())).toBe("#MF");
    run(FNCLEX, FNOP);
    fpu.wait();
    expect(status() & 0x80ff).toBe(0);
  });

  it("uses FERR# and IGNNE# when NE is clear", () => {
    const { cpu, control, run, status } = machine();
    cpu.cr0 = 0;
    run(FNINIT);
    control(0x37b);
    run(FLDZ, FLD1, FDIV);
    expect(cpu.ferr).toBe(true);
    expect(message(() => run(FLD1))).toBe("stall");
    expect(cpu.stalls).toBe(1);
    cpu.ignne = true;
    run(FLD1);
    expect((status() >> 11) & 7).toBe(5);
    run(FNCLEX);
    expect(cpu.ferr).toBe(false);
  });

  it("uncovers an exception when its mask goes", () => {
    const { control, run, status } = machine();
    run(FNINIT, FLDZ, FLD1, FDIV);
    expect(status() & 0x84).toBe(0x04);
    control(0x37b);
    expect(status() & 0x8084).toBe(0x8084);
    expect(message(() => run(FNOP))).toBe("#MF");
  });

  it("marks stack faults with SF and their direction with C1", () => {
    const { run, status } = machine();
    run(FNINIT, FADD);
    expect(status() & 0x0241).toBe(0x0041);
    run(FNINIT, ...Array(9).fill(FLD1));
    expect(status() & 0x0241).toBe(0x0241);
  });
});

describe("faulting memory accesses", () => {
  const snapshot = (host: X87Host) => Array.from(host.state);

  it("leave registers, pointers and flags alone", () => {
    const { cpu, fpu, host, load, run } = machine();
    run(FNINIT);
    load(1 / 3);
    load(2 / 3);
    const before = snapshot(host);
    cpu.faultAt = 0;
    for (let opcode = 0xd8; opcode <= 0xdf; opcode++)
      for (let reg = 0; reg < 8; reg++) {
        const modrm = reg << 3;
        if (x87OperandBytes(opcode, modrm, true) === 0) continue;
        expect([opcode, reg, message(() => fpu.execute(opcode, modrm, OPERAND))]).toEqual([opcode, reg, "#PF"]);
        expect(snapshot(host)).toEqual(before);
      }
    for (const run of [() => fpu.fxsave(OPERAND), () => fpu.fxrstor(OPERAND)]) {
      expect(message(run)).toBe("#PF");
      expect(snapshot(host)).toEqual(before);
    }
  });

  it("leave memory alone when only the second page is missing", () => {
    const { cpu, fpu, host, load, memory, run } = machine();
    run(FNINIT);
    load(1 / 3);
    const before = snapshot(host);
    cpu.faultAt = PAGE;
    for (const code of [0xdd18, 0xdb38, 0xdf30, 0xdf38, FNSTENV, FNSAVE]) {
      const bytes = x87OperandBytes(code >> 8, code & 0xff, true);
      expect(message(() => fpu.execute(code >> 8, code & 0xff, PAGE - bytes + 1))).toBe("#PF");
      for (let at = PAGE - bytes + 1; at < PAGE; at++) expect(memory.getUint8(at)).toBe(0);
      expect(snapshot(host)).toEqual(before);
    }
  });
});

describe("environment images", () => {
  function prepared() {
    const made = machine();
    made.run(FNINIT);
    made.load(0);
    made.run(FLD1, FNCLEX);
    made.run(0xdc00); // FADD m64: pointers to this
    return made;
  }
  const words = (memory: DataView, count: number) => Array.from({ length: count }, (_, i) => memory.getUint16(OPERAND + 2 * i, true).toString(16));
  const dwords = (memory: DataView, count: number) => Array.from({ length: count }, (_, i) => memory.getUint32(OPERAND + 4 * i, true).toString(16));

  it("has the 32-bit protected layout", () => {
    const { memory, run } = prepared();
    run(FNSTENV);
    expect(dwords(memory, 7)).toEqual(["ffff037f", "ffff3000", "ffff4fff", "12345678", "400001b", "87654321", "ffff0023"]);
  });

  it("has the 16-bit protected layout", () => {
    const { cpu, memory, run } = prepared();
    cpu.operand32 = false;
    run(FNSTENV);
    expect(words(memory, 7)).toEqual(["37f", "3000", "4fff", "5678", "1b", "4321", "23"]);
  });

  it("has the real-mode layouts with linear pointers", () => {
    const made = machine();
    const { cpu, memory, run } = made;
    Object.assign(cpu, { protectedMode: false, operand32: false, ip: 0x1234, cs: 0xf000, dp: 0x8, ds: 0x2345 });
    run(FNINIT);
    made.load(1);
    run(0xdc08, FNSTENV);
    expect(words(memory, 7)).toEqual(["37f", "3800", "3fff", "1234", "f408", "3458", "2000"]);
    cpu.operand32 = true;
    run(FNSTENV);
    expect(dwords(memory, 7)).toEqual(["ffff037f", "ffff3800", "ffff3fff", "ffff1234", "f408", "ffff3458", "2000"]);
  });

  it("masks all exceptions after FNSTENV", () => {
    const { memory, control, run } = prepared();
    control(0x300);
    run(FNSTENV, FNSTCW);
    expect(memory.getUint16(OPERAND, true)).toBe(0x37f);
  });

  it("comes back through FLDENV in each layout", () => {
    for (const protectedMode of [true, false])
      for (const operand32 of [true, false]) {
        const { cpu, memory, run } = prepared();
        Object.assign(cpu, { protectedMode, operand32 });
        run(FNSTENV);
        const image = words(memory, operand32 ? 14 : 7);
        run(FNINIT);
        for (let i = 0; i < image.length; i++) memory.setUint16(OPERAND + 2 * i, Number.parseInt(image[i], 16), true);
        run(FLDENV);
        run(FNSTENV);
        expect(words(memory, image.length)).toEqual(image);
      }
  });

  it("sees a pending exception in a loaded image", () => {
    const { memory, run } = prepared();
    run(FNSTENV);
    memory.setUint16(OPERAND, 0x37e, true);
    memory.setUint16(OPERAND + 4, 0x0001, true);
    run(FLDENV);
    expect(message(() => run(FNOP))).toBe("#MF");
  });

  it("saves, initialises and restores with FNSAVE and FRSTOR", () => {
    const { load, run, status, stored } = prepared();
    load(-2.5);
    run(FNSAVE);
    expect(status()).toBe(0);
    run(FRSTOR);
    expect([stored(), stored(), stored()]).toEqual([-2.5, 1, 0]);
  });

  it("has the FXSAVE layout", () => {
    const { cpu, fpu, host, memory } = prepared();
    for (let i = 0; i < 512; i += 4) memory.setUint32(IMAGE + i, 0xa5a5a5a5, true);
    fpu.fxsave(IMAGE);
    const at = (offset: number) => memory.getUint32(IMAGE + offset, true).toString(16);
    expect([0, 4, 8, 12, 16, 20, 24, 28].map(at)).toEqual(["3000037f", "40000c0", "12345678", "1b", "87654321", "23", "1f80", "ffbf"]);
    expect([32, 36, 40, 44].map(at)).toEqual(["0", "80000000", "3fff", "0"]);
    expect([156, 160, 284, 288, 508].map(at)).toEqual(["0", "fffffff0", "f", "a5a5a5a5", "a5a5a5a5"]);
    cpu.mxcsr = 0;
    host.xmm.fill(0);
    fpu.execute(FNINIT >> 8, FNINIT & 0xff, 0);
    fpu.fxrstor(IMAGE);
    expect(cpu.mxcsr).toBe(0x1f80);
    expect([host.xmm[0], host.xmm[31]]).toEqual([-16, 15]);
    fpu.fxsave(IMAGE + 512);
    for (let i = 0; i < 288; i += 4) expect(memory.getUint32(IMAGE + 512 + i, true)).toBe(memory.getUint32(IMAGE + i, true));
  });

  it("leaves MXCSR and XMM alone in FXSAVE and FXRSTOR without CR4.OSFXSR", () => {
    const { cpu, fpu, host, memory } = prepared();
    cpu.savesSse = false;
    for (let i = 0; i < 512; i += 4) memory.setUint32(IMAGE + i, 0xa5a5a5a5, true);
    fpu.fxsave(IMAGE);
    expect([24, 28, 160, 284].map((offset) => memory.getUint32(IMAGE + offset, true))).toEqual([0xa5a5a5a5, 0xa5a5a5a5, 0xa5a5a5a5, 0xa5a5a5a5]);
    fpu.fxrstor(IMAGE);
    expect([cpu.mxcsr, host.xmm[0]]).toEqual([0x1f80, -16]);
  });

  it("changes nothing when FXRSTOR meets a reserved MXCSR bit", () => {
    const { fpu, host, memory } = prepared();
    fpu.fxsave(IMAGE);
    memory.setUint32(IMAGE + 24, 0x10000, true);
    memory.setUint32(IMAGE + 8, 0, true);
    const before = Array.from(host.state);
    expect(message(() => fpu.fxrstor(IMAGE))).toBe("#GP");
    expect(Array.from(host.state)).toEqual(before);
  });
});

describe("state", () => {
  it("lives in the state bytes alone", () => {
    const first = machine();
    first.run(FNINIT, FLDPI);
    first.load(0.5);
    const second = machine();
    second.host.state.set(first.host.state);
    first.run(FADD);
    second.run(FADD);
    expect(second.stored()).toBe(first.stored());
    expect(second.host.state).toEqual(first.host.state);
  });

  it("must be aligned and large enough", () => {
    const { host } = machine();
    const buffer = new ArrayBuffer(1024);
    expect(() => new X87({ ...host, state: new Uint8Array(buffer, 2, 512) })).toThrow(RangeError);
    expect(() => new X87({ ...host, state: new Uint8Array(buffer, 0, 64) })).toThrow(RangeError);
    expect(new X87({ ...host, state: new Uint8Array(buffer, 512, 512) })).toBeInstanceOf(X87);
  });
});

describe("operands", () => {
  it("have the sizes of their formats", () => {
    const size = (code: number, operand32 = true) => x87OperandBytes(code >> 8, code & 0xff, operand32);
    expect([0xd800, 0xda00, 0xdc00, 0xde00, 0xdb28, 0xdf20, 0xdf28, 0xdf38, FLDCW, 0xdd38].map((code) => size(code))).toEqual([4, 4, 8, 2, 10, 10, 8, 8, 2, 2]);
    expect([FNSTENV, FLDENV, FNSAVE, FRSTOR].map((code) => [size(code, false), size(code)])).toEqual([
      [14, 28],
      [14, 28],
      [94, 108],
      [94, 108],
    ]);
    expect(size(FADD)).toBe(0);
  });

  it("are written by exactly the storing instructions", () => {
    const { cpu, fpu, memory, run } = machine();
    cpu.operand32 = false;
    for (let opcode = 0xd8; opcode <= 0xdf; opcode++)
      for (let reg = 0; reg < 8; reg++) {
        const modrm = reg << 3;
        const bytes = x87OperandBytes(opcode, modrm, false);
        if (bytes === 0) {
          expect(x87Writes(opcode, modrm)).toBe(false);
          continue;
        }
        run(FNINIT, FLD1);
        for (let i = 0; i < 128; i++) memory.setUint8(OPERAND + i, 0xee);
        fpu.execute(opcode, modrm, OPERAND);
        const changed = Array.from({ length: 128 }, (_, i) => memory.getUint8(OPERAND + i) !== 0xee);
        expect([opcode, reg, changed.includes(true)]).toEqual([opcode, reg, x87Writes(opcode, modrm)]);
        expect(changed.lastIndexOf(true)).toBeLessThan(bytes);
      }
  });
});

describe("transcendental instructions", () => {
  const near = (value: number) => {
    const made = machine();
    made.run(FNINIT);
    made.load(value);
    return made;
  };

  it("agree with doubles over their ranges", () => {
    for (let i = 1; i < 200; i++) {
      const x = i / 37;
      const sine = near(x);
      sine.run(0xd9fb);
      expect(sine.stored()).toBeCloseTo(Math.cos(x), 15);
      expect(sine.stored()).toBeCloseTo(Math.sin(x), 15);
      const angle = near(-x);
      angle.run(FLD1, 0xd9e0, 0xd9f3);
      expect(angle.stored()).toBeCloseTo(Math.atan2(-x, -1), 15);
      const log = near(1);
      log.load(x);
      log.run(0xd9f1);
      expect(log.stored()).toBeCloseTo(Math.log2(x), 15);
      const power = near(x / 6);
      power.run(0xd9f0);
      expect(power.stored()).toBeCloseTo(2 ** (x / 6) - 1, 15);
    }
  });

  it("reduce arguments by pi of 66 bits", () => {
    const { memory, run } = near(0);
    run(FNINIT, FLDPI, 0xd9fe, 0xdb38);
    // Pi in 64 bits exceeds pi in 66 bits by 2^-64.
    expect([memory.getUint16(OPERAND + 8, true), memory.getBigUint64(OPERAND, true)]).toEqual([0xbfbf, 1n << 63n]);
  });

  it("set C2 and leave ST(0) beyond 2^63", () => {
    const { run, status, stored } = near(2 ** 63);
    run(0xd9fe);
    expect(status() & 0x400).toBe(0x400);
    expect(stored()).toBe(2 ** 63);
  });

  it("reduce in steps with FPREM until C2 clears", () => {
    const { load, run, status, stored } = near(7);
    load(2 ** 300);
    let steps = 0;
    do {
      run(0xd9f8);
      steps++;
    } while ((status() & 0x400) !== 0 && steps < 20);
    expect(steps).toBeGreaterThan(1);
    expect(stored()).toBe(Number(2n ** 300n % 7n));
  });
});

describe("random operands against arithmetic on doubles", () => {
  it("at 53-bit precision, four operations and the root", () => {
    const { control, load, run, stored } = machine();
    run(FNINIT);
    control(0x27f);
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed - 2 ** 31) * 2 ** ((seed % 61) - 40) + 1 / (seed + 3);
    };
    for (let i = 0; i < 3000; i++) {
      const a = random();
      const b = random();
      const results = [0xd8c1, 0xd8c9, 0xd8e1, 0xd8f1].map((code) => {
        load(b);
        load(a);
        run(code);
        const result = stored();
        run(0xddd8);
        return result;
      });
      expect(results).toEqual([a + b, a * b, a - b, a / b]);
      load(Math.abs(a));
      run(0xd9fa, FST_M64);
      expect(stored()).toBe(Math.sqrt(Math.abs(a)));
    }
  });
});
