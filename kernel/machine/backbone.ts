/** The parts of a machine that are no plugins: memory, buses, processor, clock, interrupt wires, run loop. */
import type { MachineControl } from "../../sdk/contract/board.js";
import { PortSpace } from "../bus/port-space.js";
import { VirtualClock } from "../clock/virtual-clock.js";
import { Cpu, type CpuCore, cpuModel, DEFAULT_CPU_MODEL } from "../cpu/index.js";
import type { CreateTranslator } from "../cpu/translator.js";
import { DEFAULT_JIT_MODE, JIT_DEFAULTS, type JitOptions, RegionTranslator } from "../cpu-jit/index.js";
import { GuestMemory } from "../memory/guest-memory.js";
import { PhysicalSpace } from "../memory/physical.js";
import type { Backplane } from "./board.js";
import { BoardLines } from "./board-lines.js";
import { Completions } from "./completions.js";
import type { Design } from "./design.js";
import type { KernelHooks } from "./hooks.js";
import type { MachineOptions } from "./options.js";
import { Pacer } from "./pacer.js";
import { RunLoop } from "./run-loop.js";
import { TimerSlack } from "./timer-slack.js";
import { WakeSignal } from "./wake.js";

const NS_PER_INSTRUCTION = 10;
const MIB = 1 << 20;

/** What the backbone calls the machine for. */
export interface BackboneCallbacks {
  readonly control: MachineControl;
  readonly log: Backplane["log"];
  /** See `RunLoopParts.settle`. */
  readonly settle: () => boolean;
  /** Moves the armed timers of all devices. */
  readonly postpone: (ns: number) => void;
}

export interface Backbone {
  readonly cpu: CpuCore;
  /** Absent when everything is interpreted, or the processor is another. */
  readonly jit: RegionTranslator | undefined;
  readonly clock: VirtualClock;
  readonly space: PhysicalSpace;
  readonly ports: PortSpace;
  readonly lines: BoardLines;
  readonly completions: Completions;
  readonly wake: WakeSignal;
  readonly loop: RunLoop;
  readonly plane: Backplane;
}

/** @throws BackplaneError `MEMORY_SIZE`, `MEMORY_UNAVAILABLE`, `CPU_MODEL`, `TIMER_SLACK`. */
export const buildBackbone = (design: Design, hooks: KernelHooks, options: MachineOptions, callbacks: BackboneCallbacks): Backbone => {
  const model = cpuModel(design.profile.cpu ?? DEFAULT_CPU_MODEL);
  const wake = new WakeSignal();
  const space = new PhysicalSpace(new GuestMemory(design.profile.memoryMiB * MIB, design.ledger.blocks()));
  const ports = new PortSpace();
  const mode = options.jit ?? DEFAULT_JIT_MODE;
  const jitOptions: JitOptions = { ...JIT_DEFAULTS, mode: mode === "off" ? "wasm" : mode, report: options.jitReport ? options.hostTime : undefined };
  let jit: RegionTranslator | undefined;
  const translate: CreateTranslator | undefined = mode === "off" ? undefined : (parts) => (jit = new RegionTranslator(parts, jitOptions));
  const cpu = options.createCpu?.(space, ports) ?? new Cpu(space, ports, model, translate);
  const clock = new VirtualClock(
    options.nsPerInstruction ?? NS_PER_INSTRUCTION,
    () => cpu.instructionCount,
    (earlier) => {
      if (earlier) cpu.requestExit();
      wake.ring();
    },
  );
  cpu.connectTime(() => clock.nowNs);
  const lines = new BoardLines(() => wake.ring());
  const isRealTime = options.clock === "real-time";
  const completions = new Completions(clock, !isRealTime, () => wake.ring());
  const pacer = isRealTime ? new Pacer(clock, options.hostTime, callbacks.postpone) : undefined;
  const run = (instructions: number): void => cpu.run(instructions);
  const loop = new RunLoop({
    cpu,
    execute: jit?.timed(run) ?? run,
    clock,
    completions,
    hostTime: options.hostTime,
    wake,
    pacer,
    slack: new TimerSlack(options.timerSlackMs),
    settle: callbacks.settle,
  });
  const plane: Backplane = { hooks, ports, space, lines, clock, completions, ledger: design.ledger, control: callbacks.control, log: callbacks.log };
  return { cpu, jit, clock, space, ports, lines, completions, wake, loop, plane };
};
