/** What a host gives a machine, and what it hears from it. */
import type { AnyDefinition } from "../../sdk/contract/device.js";
import type { MachineHooks } from "../../sdk/contract/hooks.js";
import type { PortSpace } from "../bus/port-space.js";
import type { DebugStop } from "../cpu/debug.js";
import type { CpuCore } from "../cpu/engine.js";
import type { JitMode } from "../cpu-jit/index.js";
import type { PhysicalSpace } from "../memory/physical.js";
import type { HostServices } from "./plugin-host.js";

/** The host's time and event loop. The kernel has no other access to either. */
export interface HostTime {
  /** Monotonic nanoseconds from any origin. */
  nowNs(): number;
  /** Resolves after `ms` milliseconds (at most 60,000), or as soon as `wake` resolves. Uses no processor time meanwhile. */
  sleep(ms: number, wake: Promise<void>): Promise<void>;
  /** Lets the host's event loop take in input and output, then resolves. */
  yield(): Promise<void>;
}

export interface MachineOptions {
  readonly hostTime: HostTime;
  /** `deterministic` (the default): virtual time depends on executed instructions alone. `real-time`: it follows the host's clock. */
  readonly clock?: "deterministic" | "real-time";
  /** Deterministic rate, 10 ns by default; where the real-time rate starts. */
  readonly nsPerInstruction?: number;
  /**
   * Real-time mode: how many ms the timers of an idle guest may be late so that the host is woken less often, 200 unless
   * given and at most 250. 0 serves each on time. See `timer-slack.ts`.
   */
  readonly timerSlackMs?: number;
  /** What the host offers to devices by role: wall clock, entropy, storage. */
  readonly services?: HostServices;
  /** A triple fault stops the machine (the default) or resets it as real boards do. */
  readonly tripleFault?: "stop" | "reset";
  /** Taps hooks before anything else happens. */
  readonly apply?: (hooks: MachineHooks) => void;
  /** Known definitions; used only to say what would fill an unmet need. */
  readonly definitions?: readonly AnyDefinition[];
  /** How hot code is translated: `wasm` unless given. `off` interprets everything. */
  readonly jit?: JitMode;
  /** Translated code counts what it does, and `hostTime` tells the time of each tier: for `Machine.jit.report`. Slower. */
  readonly jitReport?: boolean;
  /** Another processor in place of the kernel's. */
  readonly createCpu?: (space: PhysicalSpace, ports: PortSpace) => CpuCore;
}

/** `off` has been reset and never ran; `stopped` is final. */
export type MachineState = "off" | "running" | "paused" | "stopped";

/** Why a machine stopped for good. */
export type ExitReason =
  | { readonly kind: "power-off"; readonly reason: string }
  | { readonly kind: "triple-fault"; readonly dump: string }
  | { readonly kind: "error"; readonly error: Error }
  /** Disposed of by the host. */
  | { readonly kind: "stopped" };

/** News from a machine; listeners answer nothing and must not throw. */
export interface MachineEvents {
  state: (state: MachineState, previous: MachineState) => void;
  reset: (reason: string) => void;
  "power-off": (reason: string) => void;
  "triple-fault": (dump: string) => void;
  log: (level: "debug" | "warn", path: string, message: string) => void;
  /** A medium changed; `label` is null for an empty drive. */
  media: (path: string, label: string | null) => void;
  snapshot: (kind: "saved" | "loaded", bytes: number) => void;
  /** A breakpoint or a watchpoint has stopped the machine; it is paused and may be made to run on. */
  "debug-stop": (stop: DebugStop) => void;
}
