/** Devices for tests of the machine. */

import type { AnyDefinition } from "../../../sdk/contract/device.js";
import { InterruptLines, Processor } from "../../../sdk/contract/processor.js";
import type { Profile } from "../../../sdk/contract/profile.js";
import { role } from "../../../sdk/contract/role.js";
import { integer, irqLine, port, text } from "../../../sdk/define/config.js";
import { defineDevice, Standalone } from "../../../sdk/define/device.js";
import { ProfileBuilder } from "../../../sdk/define/profile.js";
import { Machine } from "../machine.js";
import type { MachineOptions } from "../options.js";
import { FakeCpu } from "./fake-cpu.js";
import { FakeHostTime } from "./fake-host.js";

/** Sixteen requests, highest priority first; the vector is the line. */
export const Pic = role<{ readonly requests: number }>("test-pic");
export const pic = defineDevice({
  id: "test.pic",
  summary: "Interrupt controller",
  provides: Pic,
  needs: { processor: Processor, lines: InterruptLines },
  state: { version: 1, initial: () => ({ requests: 0, edges: 0 }) },
  create({ deps: { processor, lines }, state }) {
    const update = (): void => processor.intr(state.requests !== 0);
    lines.connect((line, level) => {
      if (!level) return;
      state.edges++;
      state.requests |= 1 << line;
      update();
    });
    processor.connect({
      acknowledge() {
        const line = 31 - Math.clz32(state.requests & -state.requests);
        state.requests &= ~(1 << line);
        update();
        return line;
      },
    });
    return {
      role: {
        get requests() {
          return state.requests;
        },
      },
      reset() {
        state.requests = 0;
        update();
      },
    };
  },
});

/** Pulses its line every `period` nanoseconds. */
export const Ticker = role<{ readonly ticks: number }>("test-ticker");
export const ticker = defineDevice({
  id: "test.ticker",
  summary: "Periodic timer",
  provides: Ticker,
  config: { period: integer(1_000_000, 1, 1e9, "Period in ns"), irq: irqLine(0, "Interrupt") },
  resources: ({ irq }) => [{ kind: "irq", line: irq }],
  state: { version: 1, initial: () => ({ ticks: 0, lastNs: 0 }) },
  create({ board, config, state }) {
    const irq = board.irq(config.irq);
    const timer = board.clock.timer("tick", () => {
      state.ticks++;
      state.lastNs = board.clock.nowNs;
      irq.set(true);
      irq.set(false);
      timer.arm(timer.deadlineNs + config.period);
    });
    return {
      role: {
        get ticks() {
          return state.ticks;
        },
      },
      reset() {
        state.ticks = 0;
        state.lastNs = 0;
        timer.arm(board.clock.nowNs + config.period);
      },
    };
  },
});

/** Host work on demand. */
export interface Work {
  begin(): Promise<number>;
}
export const Work = role<Work>("test-work");

/** A write to its port begins host work; the result raises its line, and reading the port lowers it. */
export const Worker = role<{ readonly results: readonly number[] }>("test-worker");
export const worker = defineDevice({
  id: "test.worker",
  summary: "Asks the host",
  provides: Worker,
  needs: { work: Work },
  config: { base: port(0x300, "Port"), irq: irqLine(5, "Interrupt"), latency: integer(50_000, 0, 1e9, "ns") },
  resources: ({ base, irq }) => [
    { kind: "ports", base, length: 2 },
    { kind: "irq", line: irq, shared: true },
  ],
  state: { version: 1, initial: () => ({ results: [] as number[], atNs: [] as number[], errors: 0 }) },
  create({ board, config, deps, state }) {
    const irq = board.irq(config.irq);
    board.ports(config.base, 2, {
      read8: () => {
        irq.set(false);
        return state.results.length & 0xff;
      },
      write8: () =>
        board.complete(
          deps.work.begin(),
          config.latency,
          (result) => {
            state.results.push(result);
            state.atNs.push(board.clock.nowNs);
            irq.set(true);
          },
          () => {
            state.errors++;
            irq.set(true);
          },
        ),
    });
    return { role: { results: state.results }, reset: () => {} };
  },
});

/** Something to type at. */
export const Line = role<{ receive(byte: number): void }>("test-line");
export const line = defineDevice({
  id: "test.line",
  summary: "Input",
  provides: Line,
  config: { irq: irqLine(4, "Interrupt"), label: text("none", "Label", 8) },
  resources: ({ irq }) => [{ kind: "irq", line: irq }],
  state: { version: 1, initial: () => ({ byte: 0 }) },
  create({ board, config, state }) {
    const irq = board.irq(config.irq);
    return {
      role: {
        receive(byte) {
          state.byte = byte;
          irq.set(true);
          irq.set(false);
        },
      },
      reset() {
        state.byte = 0;
      },
    };
  },
});

/** A definition that does nothing, for tests of wiring and of errors. */
export const plain = (id: string, parts: Partial<Omit<AnyDefinition, "id">> = {}): AnyDefinition =>
  defineDevice({ id, summary: id, provides: Standalone, create: () => ({ role: {}, reset: () => {} }), ...parts } as never) as AnyDefinition;

export const profileOf = (...slots: [path: string, definition: AnyDefinition, config?: object, wires?: Record<string, string>][]): Profile =>
  slots.reduce((builder, [path, definition, config, wires]) => builder.add(path, definition, config, wires ? { wires } : {}), ProfileBuilder.named("bench").memory(1)).build();

/** A machine with a fake processor and host. */
export const assemble = async (profile: Profile, options: Partial<MachineOptions> = {}): Promise<{ machine: Machine; cpu: FakeCpu; host: FakeHostTime }> => {
  const host = (options.hostTime as FakeHostTime | undefined) ?? new FakeHostTime();
  const machine = await Machine.assemble(profile, { createCpu: (space, ports) => new FakeCpu(space, ports), ...options, hostTime: host });
  return { machine, cpu: machine.cpu as FakeCpu, host };
};

/** Code, message and details of what a call throws. */
export const failure = async (call: () => unknown): Promise<{ code: string; message: string; details: Record<string, unknown> }> => {
  try {
    await call();
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: Record<string, unknown> };
    return { code, message, details };
  }
  throw new Error("nothing was thrown");
};
