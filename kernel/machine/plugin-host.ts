/**
 * Creates the devices of a machine and disposes of them.
 *
 * tsyringe answers "who gets what" while this happens and is not asked again afterwards: one container for the host's
 * services, one child of it for each machine. Both hold values only; the container never constructs, and its own
 * disposal, which is parallel and reaches into the parent, is not used.
 */
import "reflect-metadata";
import { container, type DependencyContainer } from "tsyringe";
import type { Device } from "../../sdk/contract/device.js";
import { BackplaneError, isBackplaneError } from "../../sdk/contract/errors.js";
import type { Slot } from "../../sdk/contract/profile.js";
import type { Role } from "../../sdk/contract/role.js";
import type { Fields } from "../../sdk/contract/state.js";
import type { DeviceBoard } from "./board.js";
import type { ConfigValues } from "./configuration.js";
import type { Filling, WiredSlot } from "./wiring.js";

/** What a host offers to the devices of its machines, by role. One object may serve many machines. */
export class HostServices {
  /** @internal */
  readonly scope: DependencyContainer = container.createChildContainer();

  /** @throws BackplaneError `SERVICE_TAKEN` when the role has been provided before. */
  provide<X>(role: Role<X>, value: X): this {
    if (this.scope.isRegistered(role.key)) throw new BackplaneError("SERVICE_TAKEN", `the host already provides role "${role.name}"`, { role: role.name });
    this.scope.register(role.key, { useValue: value as object });
    return this;
  }
}

/** A device in its slot. */
export interface Attached {
  readonly slot: Slot;
  readonly config: ConfigValues;
  readonly state: Fields;
  readonly board: DeviceBoard;
  readonly device: Device<unknown>;
}

/** An error of one device with the slot in front; it keeps its own code when it has one. */
const inSlot = (slot: Slot, doing: string, code: string, cause: unknown): BackplaneError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  const known = isBackplaneError(cause) ? cause : undefined;
  const error = new BackplaneError(known?.code ?? code, `${slot.origin}: ${doing} "${slot.definition.id}" at ${slot.path}: ${message}`, {
    ...known?.details,
    path: slot.path,
    id: slot.definition.id,
    origin: slot.origin,
  });
  error.cause = cause;
  return error;
};

export class PluginHost {
  readonly #scope: DependencyContainer;
  /** In creation order. */
  readonly #attached: Attached[] = [];
  /** The container's token for the device in a slot. */
  readonly #tokens = new Map<string, symbol>();

  constructor(services: HostServices) {
    this.#scope = services.scope.createChildContainer();
  }

  get attached(): readonly Attached[] {
    return this.#attached;
  }

  at(path: string): Attached | undefined {
    return this.#attached.find((each) => each.slot.path === path);
  }

  /** What the kernel itself provides to this machine's devices. It comes before the host's. */
  provide<X>(role: Role<X>, value: X): void {
    this.#scope.register(role.key, { useValue: value as object });
  }

  hasService(role: Role<unknown>): boolean {
    return this.#scope.isRegistered(role.key, true);
  }

  service<X>(role: Role<X>): X {
    return this.#scope.resolve<X>(role.key);
  }

  /**
   * Creates the devices in the given order, one after the other.
   * @throws BackplaneError `CREATE_FAILED`, or the device's own code, naming the slot, after all devices made before have been disposed of.
   */
  async create(
    order: readonly WiredSlot[],
    configs: ReadonlyMap<string, ConfigValues>,
    boardFor: (slot: Slot) => DeviceBoard,
    attach: (attached: Attached) => void,
  ): Promise<void> {
    for (const { slot, fillings } of order) {
      const config = configs.get(slot.path)!;
      const board = boardFor(slot);
      try {
        const state = slot.definition.state.initial(config) as Fields;
        const deps = Object.fromEntries(Object.entries(fillings).map(([need, filling]) => [need, this.#resolve(filling)]));
        const device: Device<unknown> = await slot.definition.create({ board, config, deps, state });
        const attached: Attached = { slot, config, state, board, device };
        this.#attached.push(attached);
        const token = Symbol(slot.path);
        this.#tokens.set(slot.path, token);
        this.#scope.register(token, { useValue: device.role as object });
        attach(attached);
      } catch (error) {
        board.release();
        const failure = inSlot(slot, "cannot create", "CREATE_FAILED", error);
        await this.dispose().catch((second: Error) => {
          failure.message += ` (and then: ${second.message})`;
        });
        throw failure;
      }
    }
  }

  /**
   * In reverse order of creation, awaiting each; a failing one does not keep the others.
   * @throws BackplaneError `DISPOSE_FAILED`, or the device's own code, for the first that failed, naming the others.
   */
  async dispose(): Promise<void> {
    const failures: BackplaneError[] = [];
    for (let last = this.#attached.pop(); last; last = this.#attached.pop()) {
      try {
        await last.device.dispose?.();
      } catch (error) {
        failures.push(inSlot(last.slot, "cannot dispose of", "DISPOSE_FAILED", error));
      }
      last.board.release();
    }
    this.#scope.clearInstances();
    const [first, ...others] = failures;
    if (!first) return;
    if (others.length > 0) first.message += ` (also ${others.map((each) => String(each.details["path"])).join(", ")})`;
    throw first;
  }

  #resolve(filling: Filling): unknown {
    switch (filling.from) {
      case "slot":
        return this.#scope.resolve(this.#tokens.get(filling.path)!);
      case "slots":
        return filling.paths.map((path) => this.#scope.resolve(this.#tokens.get(path)!));
      case "service":
        return this.#scope.resolve(filling.role.key);
      case "nothing":
        return undefined;
    }
  }
}
