/**
 * A machine: assembled from a profile, driven by its host, gone after `dispose`.
 *
 *     off --start--> running <--resume, pause--> paused        any --power-off, triple fault, error, dispose--> stopped
 *
 * One driver at a time: the background run that `start` and `resume` begin, or one call of `step`, `runFor`, `runUntil`.
 */
import { EventEmitter } from "eventemitter3";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { MachineHooks } from "../../sdk/contract/hooks.js";
import { InterruptLines, Processor } from "../../sdk/contract/processor.js";
import type { Profile } from "../../sdk/contract/profile.js";
import type { Role } from "../../sdk/contract/role.js";
import type { InterruptListener } from "../bus/interrupt-lines.js";
import type { PortSpace } from "../bus/port-space.js";
import type { VirtualClock } from "../clock/virtual-clock.js";
import type { CpuCore } from "../cpu/engine.js";
import type { RegionTranslator } from "../cpu-jit/index.js";
import type { PhysicalSpace } from "../memory/physical.js";
import { type Backbone, buildBackbone } from "./backbone.js";
import { DeviceBoard } from "./board.js";
import { type Design, designMachine } from "./design.js";
import { Driver } from "./driver.js";
import { createHooks, type KernelHooks } from "./hooks.js";
import type { ExitReason, MachineEvents, MachineOptions, MachineState } from "./options.js";
import { type Attached, HostServices, PluginHost } from "./plugin-host.js";
import { Power } from "./power.js";
import type { ResourceLedger } from "./resource-ledger.js";
import { hashState, readSnapshot, type SnapshotSubject, saveSnapshot } from "./snapshot.js";
import { hint } from "./suggest.js";

/** A drive as `insert` sees it. */
interface Removable {
  insert(medium: unknown): void;
}
const isRemovable = (role: unknown): role is Removable => typeof (role as Partial<Removable> | undefined)?.insert === "function";

export class Machine {
  /** Frozen. Taps of `configure` and `attach` must come through `MachineOptions.apply` or a definition's `apply`. */
  readonly hooks: MachineHooks;
  readonly events = new EventEmitter<MachineEvents>();
  readonly profile: Profile;
  readonly cpu: CpuCore;
  /** The translator of hot code: its counters and regions, for reports. */
  readonly jit: RegionTranslator | undefined;
  readonly memory: PhysicalSpace;
  readonly ports: PortSpace;
  readonly clock: VirtualClock;
  /** What every slot has declared. */
  readonly resources: ResourceLedger;
  readonly #hooks: KernelHooks;
  readonly #backbone: Backbone;
  readonly #host: PluginHost;
  readonly #power: Power;
  readonly #driver: Driver;
  readonly #subject: SnapshotSubject;
  #disposal: Promise<void> | undefined;

  private constructor(design: Design, hooks: KernelHooks, host: PluginHost, options: MachineOptions) {
    this.hooks = this.#hooks = hooks;
    this.#host = host;
    this.profile = design.profile;
    this.resources = design.ledger;
    this.#backbone = buildBackbone(design, hooks, options, {
      control: { reset: (reason) => this.reset(reason), powerOff: (reason) => this.powerOff(reason) },
      log: (level, path, message) => this.events.emit("log", level, path, message),
      settle: () => this.#power.settle(),
      postpone: (ns) => {
        for (const { board } of host.attached) board.postpone(ns);
      },
    });
    const { cpu, clock, space, ports } = this.#backbone;
    this.cpu = cpu;
    this.jit = this.#backbone.jit;
    this.clock = clock;
    this.memory = space;
    this.ports = ports;
    this.#power = new Power({
      events: this.events,
      cpu,
      clock,
      attached: host.attached,
      onTripleFault: options.tripleFault ?? "stop",
      isDriven: () => this.#driver.isDriven,
      interrupt: () => this.#driver.interrupt(),
    });
    this.#driver = new Driver(this.#backbone, hooks, this.#power, this.events);
    this.#subject = { name: this.profile.name, deterministic: options.clock !== "real-time", cpu, clock, memory: space.memory, attached: host.attached };
  }

  /**
   * Checks the profile, creates its devices and gives them their power-on reset.
   * @throws BackplaneError naming the slot; whatever had been created is disposed of.
   */
  static async assemble(profile: Profile, options: MachineOptions): Promise<Machine> {
    const hooks = createHooks();
    options.apply?.(hooks);
    const applied = new Set<AnyDefinition>();
    const applyAll = ({ slots }: Profile): void => {
      for (const { definition } of slots) {
        if (!applied.has(definition)) definition.apply?.(hooks);
        applied.add(definition);
      }
    };
    applyAll(profile);
    const configured = hooks.configure.call(profile);
    applyAll(configured);

    const host = new PluginHost(options.services ?? new HostServices());
    const kernel: readonly symbol[] = [Processor.key, InterruptLines.key];
    const hasService = (role: Role<unknown>): boolean => kernel.includes(role.key) || host.hasService(role);
    const design = designMachine(configured, { hasService, ...(options.definitions ? { definitions: options.definitions } : {}) });
    const machine = new Machine(design, hooks, host, options);
    await machine.#createDevices(design);
    return machine;
  }

  async #createDevices(design: Design): Promise<void> {
    const { plane, lines } = this.#backbone;
    this.#host.provide<Processor>(Processor, this.cpu);
    this.#host.provide<InterruptLines>(InterruptLines, lines);
    await this.#host.create(
      design.order,
      design.configs,
      ({ path }) => new DeviceBoard(plane, path),
      ({ slot }) => this.#hooks.attach.call(slot.path, slot.definition),
    );
    try {
      this.#power.reset("power-on");
    } catch (error) {
      await this.#host.dispose();
      throw error;
    }
  }

  get state(): MachineState {
    return this.#power.state;
  }

  /** Resolves once, when the machine has stopped for good. */
  get exit(): Promise<ExitReason> {
    return this.#power.exit;
  }

  /** Host work the machine is waiting for. */
  get outstandingWork(): number {
    return this.#backbone.completions.outstanding;
  }

  /** Every device in creation order, with its configuration and live state: for inventories and debuggers. */
  get devices(): readonly Attached[] {
    return this.#host.attached;
  }

  /**
   * The provider of a role: the one at `path`, or the only one, or the kernel's or the host's.
   * @throws BackplaneError `ROLE_ABSENT`, `ROLE_AMBIGUOUS` naming the paths.
   */
  get<X>(role: Role<X>, path?: string): X {
    const providers = this.find(role);
    const found = path === undefined ? providers : providers.filter((each) => each.path === path);
    if (found.length === 1) return found[0].value;
    const paths = providers.map((each) => each.path);
    if (found.length > 1) throw new BackplaneError("ROLE_AMBIGUOUS", `several devices provide "${role.name}": ${paths.join(", ")}; name one`, { role: role.name, paths });
    if (path !== undefined) throw new BackplaneError("ROLE_ABSENT", `no device at ${path} provides "${role.name}"${hint(path, paths, "providers")}`, { role: role.name, path });
    if (this.#host.hasService(role)) return this.#host.service(role);
    throw new BackplaneError("ROLE_ABSENT", `nothing in machine "${this.profile.name}" provides "${role.name}"`, { role: role.name });
  }

  /** Every device that provides a role, in profile order. */
  find<X>(role: Role<X>): { readonly path: string; readonly value: X }[] {
    return this.profile.slots.flatMap(({ path, definition }) => {
      const attached = definition.provides.key === role.key ? this.#host.at(path) : undefined;
      return attached ? [{ path, value: attached.device.role as X }] : [];
    });
  }

  /** Starts a machine that is off; resolves when it runs. @throws BackplaneError `MACHINE_STATE`. */
  start(): Promise<void> {
    return this.#driver.start();
  }

  /** Lets a paused machine run on. @throws BackplaneError `MACHINE_STATE`. */
  resume(): void {
    this.#driver.resume();
  }

  /** Stops at an instruction boundary with no host work outstanding; the machine runs on until its own is done. */
  pause(): Promise<void> {
    return this.#driver.pause();
  }

  /**
   * Executes `instructions` of a paused machine, the first one even at a breakpoint; at HLT, time passes. `until`, asked
   * between slices, ends it sooner.
   */
  async step(instructions = 1, until?: () => boolean): Promise<void> {
    await this.#driver.drive({ instructions, ...(until && { until }) }, "paused");
  }

  /** Runs for a number of instructions, then is paused. False when it stopped, or slept for ever, or met a breakpoint, before. */
  async runFor(instructions: number): Promise<boolean> {
    return (await this.#driver.drive({ instructions }, "running")) === "reached";
  }

  /**
   * Runs until virtual time `goal`, or until `goal()` is true, asked between slices; then is paused. False when the
   * machine stopped, or met a breakpoint, or `withinNs` passed, before.
   */
  async runUntil(goal: number | (() => boolean), options: { readonly withinNs?: number } = {}): Promise<boolean> {
    if (typeof goal === "number") return (await this.#driver.drive({ ns: goal }, "running")) === "reached";
    await this.#driver.drive({ until: goal, ns: this.clock.nowNs + (options.withinNs ?? Infinity) }, "running");
    return goal();
  }

  /** The reset button; takes effect at the next instruction boundary. */
  reset(reason: string): void {
    this.#power.ask("reset", reason);
  }

  /** Takes the power away at the next instruction boundary. */
  powerOff(reason: string): void {
    this.#power.ask("power-off", reason);
  }

  /** The host has input for a sleeping machine. Interrupts, timers and completions wake it without this. */
  wake(): void {
    this.#backbone.wake.ring();
  }

  /** Tells of every change of a source on an interrupt line, with the path of the device that drives it, while a listener is set. */
  traceInterrupts(listener: InterruptListener | undefined): void {
    this.#backbone.lines.trace(listener);
  }

  /**
   * Puts a medium into a removable drive, or takes it out with `undefined`.
   * @throws BackplaneError `DRIVE_UNKNOWN`, `HOOK_FAILED` when a tap of `mediaChange` vetoes, and what the drive throws.
   */
  async insert(path: string, medium: { readonly label: string } | undefined): Promise<void> {
    const drive = this.#host.at(path)?.device.role;
    if (!isRemovable(drive)) {
      const drives = this.devices.filter(({ device }) => isRemovable(device.role)).map(({ slot }) => slot.path);
      throw new BackplaneError("DRIVE_UNKNOWN", `there is no drive for removable media at ${path}${hint(path, drives, "drives")}`, { path, drives });
    }
    const label = medium?.label ?? null;
    await this.#hooks.mediaChange.promise(path, label);
    drive.insert(medium);
    this.events.emit("media", path, label);
    this.wake();
  }

  /** The whole machine as one file. It first runs on until its host work is done; a running one goes on afterwards. */
  save(): Promise<Uint8Array> {
    return this.#driver.whilePaused("save", async () => {
      await this.#driver.quiesce();
      if (this.#power.ended) throw new BackplaneError("MACHINE_STATE", "cannot save: the machine has stopped", { state: this.state });
      const file = saveSnapshot(this.#subject);
      this.events.emit("snapshot", "saved", file.length);
      return file;
    });
  }

  /**
   * Puts a snapshot of the same devices in place; results of host work begun before are dropped.
   * @throws as `readSnapshot`; the machine is unchanged then.
   */
  load(file: Uint8Array): Promise<void> {
    return this.#driver.whilePaused("load", async () => {
      const putInPlace = readSnapshot(this.#subject, file);
      await this.#backbone.completions.drain();
      this.#power.replaced(putInPlace);
      this.events.emit("snapshot", "loaded", file.length);
    });
  }

  /** 16 hexadecimal digits over everything a snapshot holds. */
  stateHash(): string {
    return hashState(this.#subject);
  }

  /** Stops the machine and disposes of its devices, the last created first. @throws BackplaneError `DISPOSE_FAILED`. */
  dispose(): Promise<void> {
    this.#disposal ??= (async () => {
      this.#power.end({ kind: "stopped" });
      this.#backbone.completions.abandon();
      await this.#driver.stopped();
      await this.#host.dispose();
    })();
    return this.#disposal;
  }
}
