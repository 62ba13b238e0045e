/** What a translator tells of its work: counts of generated code, by either back end, against what has been executed. */
import { describe, expect, it } from "vitest";
import type { JitMode, JitReport } from "../../kernel/cpu-jit/index.js";
import { printReport } from "../../kernel/cpu-jit/index.js";
import { CounterTable } from "../../kernel/cpu-jit/report/counters.js";
import { PhaseTimes } from "../../kernel/cpu-jit/report/stopwatch.js";
import type { Assembler } from "../cpu/assemble.js";
import { DATA, Processor } from "./machine.js";

const DEVICE = 0x200_0000;
const GDT = 0x800;
const GDT_POINTER = 0x8f0;
const HANDLER = 0x7000;

type Mode = Exclude<JitMode, "off">;

const ticking = (): { nowNs(): number } => {
  let now = 0;
  return { nowNs: () => (now += 1000) };
};

const reporting = (mode: Mode, program: (a: Assembler) => void, options = {}): Processor => {
  const processor = new Processor({ mode, report: ticking(), ...options });
  processor.space.mmio.map(DEVICE, 0x1000, { read32: () => 0 }, "device", false);
  // flat segments, and #DE returns behind its instruction of two bytes
  const { ram } = processor.memory;
  const words = new DataView(ram.buffer, ram.byteOffset);
  [0xffff, 0xcf_9b00, 0xffff, 0xcf_9300].forEach((word, index) => void words.setUint32(GDT + 8 + index * 4, word, true));
  words.setUint16(GDT_POINTER, 0x17, true);
  words.setUint32(GDT_POINTER + 2, GDT, true);
  words.setUint32(0, (8 << 16) | HANDLER, true);
  words.setUint32(4, 0x8e00, true);
  processor.program((a) => a.b(0x83, 0x04, 0x24, 2, 0xcf), HANDLER);
  processor.program((a) => {
    a.b(0x0f, 0x01, 0x15).d(GDT_POINTER);
    program(a);
  });
  return processor;
};
const reportOf = ({ cpu, translator }: Processor): JitReport => {
  const report = translator.report(cpu.instructionCount);
  if (!report) throw new Error("no report");
  return report;
};
/** Runs to the program's end, in slices. */
const finished = (processor: Processor, slice = 1_000_000): JitReport => {
  for (let left = 1000; left > 0 && !processor.cpu.halted; left--) processor.cpu.run(slice);
  expect(processor.cpu.halted).toBe(true);
  return reportOf(processor);
};
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

const ROUNDS = 1000;
/** Counts ECX down around a body. */
const loop = (body: (a: Assembler) => void) => (a: Assembler) => {
  a.mov("ecx", ROUNDS).mov("esi", DATA).mov("eax", 0).label("top");
  body(a);
  a.b(0x49).near("top", 0x0f, 0x85).hlt();
};

describe.each(["wasm", "js", "tiered"] as const)("the report of %s", (mode) => {
  it("has every instruction once", () => {
    const processor = reporting(
      mode,
      loop((a) => a.b(0x03, 0x06, 0x89, 0x46, 4, 0x99)),
    );
    const report = finished(processor, 700);
    const { interpreter, js, wasm } = report.instructions;
    expect(interpreter + js + wasm).toBe(processor.cpu.instructionCount);
    expect(js + wasm).toBe(report.statistics.executed);
    expect(js + wasm).toBeGreaterThan(ROUNDS * 2);
    expect(sum(report.regions.map(({ executed }) => executed))).toBe(js + wasm);
    if (mode !== "tiered") expect(report.instructions[mode === "js" ? "wasm" : "js"]).toBe(0);
    else expect(Math.min(js, wasm)).toBeGreaterThan(0);
    expect(sum(Object.values(report.leaves))).toBe(report.entered);
    expect(report.regions.every(({ entered, leaves }) => entered === sum(Object.values(leaves)))).toBe(true);
    expect(report.leaves.limit).toBeGreaterThan(3);
    expect(report.calls).toBeGreaterThan(3);
    expect(report.calls).toBeLessThanOrEqual(report.entered);
  });

  it("says that an access was refused, once a round, and counts what came before it in its block", () => {
    const report = finished(
      reporting(
        mode,
        loop((a) => a.b(0x43, 0x42, 0x43).load(DEVICE)),
      ),
    );
    expect(report.leaves.refused).toBeGreaterThan(ROUNDS - 20);
    expect(report.leaves.refused).toBeLessThanOrEqual(ROUNDS);
    expect(report.accesses.refused).toBe(report.leaves.refused);
    expect(report.instructions.js + report.instructions.wasm).toBe(report.statistics.executed);
  });

  it("says that something did not hold: a division by zero is the interpreter's", () => {
    const report = finished(
      reporting(
        mode,
        loop((a) => a.b(0xf7, 0xf0)),
      ),
    );
    expect(report.leaves.required).toBeGreaterThan(ROUNDS - 20);
    expect(report.leaves.required).toBeLessThanOrEqual(ROUNDS);
    expect(report.leaves.refused).toBe(0);
  });

  it("counts cold operations, and those that fault", () => {
    // AAD; AAM 0
    const report = finished(
      reporting(
        mode,
        loop((a) => a.b(0xd5, 10, 0xd4, 0)),
      ),
    );
    const fences = new Map(report.fences.map(({ name, count }) => [name, count]));
    expect(fences.get("AAD")).toBeGreaterThan(ROUNDS - 20);
    expect(fences.get("AAM")).toBeGreaterThan(ROUNDS - 20);
    expect(report.leaves.fault).toBe(fences.get("AAM"));
    expect(report.leaves.moved).toBeGreaterThan(ROUNDS - 20);
    expect(report.fences.map(({ count }) => count)).toEqual([...fences.values()].sort((a, b) => b - a));
  });

  it("has every cold operation once, and those that asked to leave", () => {
    // IN; INC EBX
    const processor = reporting(
      mode,
      loop((a) => a.b(0xe4, 0x51, 0x43)),
    );
    let reads = 0;
    const read8 = (): number => {
      if (++reads % 10 === 0) processor.cpu.requestExit();
      return 0;
    };
    processor.ports.map(0x51, 1, { read8 }, "test", false);
    const report = finished(processor);
    expect(report.statistics.fences).toBe(sum(report.fences.map(({ count }) => count)));
    expect(report.statistics.fences).toBeGreaterThan(ROUNDS - 20);
    expect(report.leaves.moved).toBeGreaterThan(ROUNDS / 10 - 5);
    expect(report.leaves.moved).toBeLessThan(ROUNDS / 10 + 5);
  });

  it("gives each region its own counts when others have had its slot", () => {
    // forty routines in turn, the nth of n + 1 INC EAX and RET, with room for fewer regions
    const processor = reporting(
      mode,
      (a) => {
        a.mov("ebp", 50).label("again").mov("esi", DATA).label("next");
        a.b(0xff, 0xd6, 0x83, 0xc6, 64, 0x81, 0xfe)
          .d(DATA + 40 * 64)
          .near8("next", 0x72);
        a.b(0x4d).near8("again", 0x75).hlt();
      },
      { regions: 16 },
    );
    for (let index = 0; index < 40; index++) processor.memory.ram.fill(0x40, DATA + index * 64, DATA + index * 64 + index + 1)[DATA + index * 64 + index + 1] = 0xc3;
    const report = finished(processor);
    expect(report.statistics.evicted).toBeGreaterThan(20);
    const routines = report.regions.filter(({ address }) => address >= DATA);
    expect(routines.length).toBeGreaterThan(3);
    // each from where it begins to its RET
    for (const { address, executed, entered } of routines) expect({ address, executed }).toEqual({ address, executed: entered * (((address - DATA) >> 6) + 2 - (address & 63)) });
  });

  it("goes on with what a dropped region has counted", () => {
    // ADD EAX with the count as its operand, written just before it
    const processor = reporting(mode, (a) => {
      a.mov("ecx", 5000).mov("eax", 0).label("top");
      a.b(0x89, 0x0d).address("operand").b(0x05).label("operand").d(0).b(0x49).near8("top", 0x75).hlt();
    });
    const report = finished(processor);
    const { interpreter, js, wasm } = report.instructions;
    expect(report.statistics.invalidated).toBeGreaterThan(2);
    expect(interpreter + js + wasm).toBe(processor.cpu.instructionCount);
    expect(js + wasm).toBe(report.statistics.executed);
    expect(sum(report.regions.map(({ compiled }) => compiled))).toBe(report.statistics.compiled.js + report.statistics.compiled.wasm);
  });
});

it("regions do the same with and without counters, of which they have none unless asked", () => {
  const program = loop((a) => a.b(0x03, 0x06, 0x89, 0x46, 4));
  const plain = new Processor({});
  const counting = new Processor({ report: ticking() });
  for (const processor of [plain, counting]) {
    processor.program(program);
    processor.cpu.run(1_000_000);
  }
  expect(counting.cpu.registers).toEqual(plain.cpu.registers);
  expect(counting.cpu.instructionCount).toBe(plain.cpu.instructionCount);
  expect(plain.translator.report(plain.cpu.instructionCount)).toBeUndefined();
  expect(counting.translator.statistics.compiled).toEqual(plain.translator.statistics.compiled);
  expect(counting.translator.statistics.bytes).toBeGreaterThan(plain.translator.statistics.bytes);
});

it("is made for people, too", () => {
  const processor = reporting(
    "wasm",
    loop((a) => a.b(0xd5, 10)),
  );
  const report = finished(processor);
  const text = printReport(report);
  expect(text).toMatch(/wasm +\d+\.\d\d/);
  expect(text).toContain("AAD");
  expect(text).toContain(report.regions[0].address.toString(16).padStart(8, "0"));
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  expect(printReport(reportOf(reporting("wasm", (a) => a.hlt())))).not.toMatch(/NaN|undefined|Infinity/);
});

it("time belongs to the innermost phase, also when it ends with an error", () => {
  let now = 0;
  const times = new PhaseTimes({ nowNs: () => now });
  const pass = (seconds: number): void => {
    now += seconds * 1e9;
  };
  pass(100);
  times.during("interpreter", () => {
    pass(1);
    times.during("wasm", () => {
      pass(2);
      times.timed("js", (more: number) => pass(more))(4);
    });
    expect(() =>
      times.during("forming", () => {
        pass(8);
        throw new Error("no");
      }),
    ).toThrow("no");
    pass(16);
  });
  pass(100);
  expect(times.seconds).toEqual({ interpreter: 17, wasm: 2, js: 4, forming: 8, lifting: 0, passes: 0, emitting: 0, loading: 0 });
});

it("has counters for a limited number of regions", () => {
  const memory = new Processor().memory;
  expect(() => new CounterTable(memory, 1 << 14)).not.toThrow();
  expect(() => new CounterTable(memory, 1 << 16)).toThrow(RangeError);
});
