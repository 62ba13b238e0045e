/** Breakpoints, watchpoints and single steps where translated code is running already. */
import { expect, it } from "vitest";
import { both, CODE, DATA, type Processor } from "./machine.js";

/** INC EBX; MOV [DATA], EBX; DEC ECX; JNZ; the same again for ever. */
const TOP = CODE + 5;
const STORE = TOP + 1;
const make = (): { plain: Processor; jit: Processor } => {
  const made = both((a) => a.label("start").mov("ecx", 100_000).label("top").b(0x43, 0x89, 0x1d).d(DATA).b(0x49).near8("top", 0x75).near8("start", 0xeb));
  for (const { cpu } of [made.plain, made.jit]) cpu.run(50_001);
  expect(made.jit.translator.statistics.executed).toBeGreaterThan(40_000);
  expect(made.jit.translator.statistics.alive).toBeGreaterThan(0);
  return made;
};
const state = ({ cpu, memory }: Processor): unknown => [cpu.registers, cpu.instructionCount, cpu.debug.stopped, memory.ram[DATA]];

it("a breakpoint stops exactly before its instruction, each time", () => {
  const { plain, jit } = make();
  for (const { cpu } of [plain, jit]) cpu.debug.setBreakpoints([STORE]);
  for (let round = 0; round < 5; round++) {
    for (const { cpu } of [plain, jit]) cpu.run(10_000);
    expect(jit.cpu.debug.stopped).toEqual({ kind: "breakpoint", address: STORE });
    expect(jit.cpu.registers.eip).toBe(STORE);
    expect(state(jit)).toEqual(state(plain));
  }
});

it("a breakpoint set by a device's handler, from within a region", () => {
  const { plain, jit } = both((a) => a.label("top").b(0x43, 0xe6, 0x50, 0x42, 0x46).near8("top", 0xeb));
  for (const { cpu, ports } of [plain, jit]) {
    let outs = 0;
    ports.map(0x50, 1, { write8: () => ++outs === 3000 && cpu.debug.setBreakpoints([CODE]) }, "test", false);
    cpu.run(100_000);
    expect(cpu.debug.stopped).toEqual({ kind: "breakpoint", address: CODE });
    expect([cpu.registers.ebx, cpu.registers.esi]).toEqual([3000, 3000]);
  }
  expect(jit.translator.statistics.executed).toBeGreaterThan(5000);
  expect(state(jit)).toEqual(state(plain));
});

it("code runs translated again when the breakpoints are gone", () => {
  const { plain, jit } = make();
  for (const { cpu } of [plain, jit]) {
    cpu.debug.setBreakpoints([STORE]);
    cpu.run(10_000);
    cpu.debug.setBreakpoints([]);
  }
  const { executed } = jit.translator.statistics;
  for (const { cpu } of [plain, jit]) cpu.run(60_000);
  expect(jit.translator.statistics.executed - executed).toBeGreaterThan(50_000);
  expect(state(jit)).toEqual(state(plain));
});

it("a watchpoint stops behind the access", () => {
  const { plain, jit } = make();
  const watched = { address: DATA + 1, length: 2, on: "write" } as const;
  for (const { cpu } of [plain, jit]) cpu.debug.setWatchpoints([watched]);
  for (let round = 0; round < 5; round++) {
    for (const { cpu } of [plain, jit]) cpu.run(10_000);
    expect(jit.cpu.debug.stopped).toMatchObject({ kind: "watchpoint", access: "write" });
    expect(jit.cpu.registers.eip).toBe(STORE + 6);
    expect(state(jit)).toEqual(state(plain));
  }
  for (const { cpu } of [plain, jit]) {
    cpu.debug.setWatchpoints([]);
    cpu.run(30_000);
  }
  expect(state(jit)).toEqual(state(plain));
});

it("a single step is one instruction", () => {
  const { plain, jit } = make();
  for (let step = 0; step < 20; step++) {
    const before = jit.cpu.instructionCount;
    for (const { cpu } of [plain, jit]) cpu.run(1);
    expect(jit.cpu.instructionCount).toBe(before + 1);
    expect(state(jit)).toEqual(state(plain));
  }
});

it("a trace sees every instruction, those of regions as well", () => {
  const { jit } = make();
  const seen: number[] = [];
  jit.cpu.debug.trace(({ address }) => seen.push(address));
  jit.cpu.run(400);
  expect(seen).toHaveLength(400);
  expect(seen.filter((address) => address === STORE)).toHaveLength(100);
});
