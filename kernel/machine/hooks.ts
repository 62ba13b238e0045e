/** The machine's hooks: tapable underneath, the contract's shapes above, one frozen record for each machine. */
import { AsyncSeriesHook, SyncHook, SyncWaterfallHook } from "tapable";
import type { BusHandler } from "../../sdk/contract/board.js";
import type { AnyDefinition, MappedRange } from "../../sdk/contract/device.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { MachineHooks } from "../../sdk/contract/hooks.js";
import type { Profile } from "../../sdk/contract/profile.js";

/** The hooks with their `call` and `promise` ends, which only the kernel uses. */
export interface KernelHooks extends MachineHooks {
  readonly configure: SyncWaterfallHook<[Profile]>;
  readonly attach: SyncHook<[string, AnyDefinition]>;
  readonly mapPorts: SyncWaterfallHook<[BusHandler, MappedRange]>;
  readonly mapMmio: SyncWaterfallHook<[BusHandler, MappedRange]>;
  readonly start: AsyncSeriesHook<[]>;
  readonly pause: AsyncSeriesHook<[]>;
  readonly mediaChange: AsyncSeriesHook<[string, string | null]>;
}

const failed = (hook: string, tap: string, cause: unknown): BackplaneError => {
  const error = new BackplaneError("HOOK_FAILED", `tap "${tap}" of hook ${hook}: ${cause instanceof Error ? cause.message : String(cause)}`, { hook, tap });
  error.cause = cause;
  return error;
};

// biome-ignore lint/complexity/noBannedTypes: tapable's own type of a tap
type Tapped = { readonly name: string; readonly type: "sync" | "async" | "promise"; fn: Function };

/** Names the tap in whatever it throws. */
const nameTaps = (hooks: Record<string, { intercept(interceptor: { register: (tap: Tapped) => Tapped }): void }>): void => {
  for (const [hook, instance] of Object.entries(hooks)) {
    instance.intercept({
      register: (tap) => {
        const { fn, name, type } = tap;
        const named =
          type === "promise"
            ? async (...args: unknown[]) => {
                try {
                  await fn(...args);
                } catch (error) {
                  throw failed(hook, name, error);
                }
              }
            : (...args: unknown[]) => {
                try {
                  return fn(...args);
                } catch (error) {
                  throw failed(hook, name, error);
                }
              };
        return { ...tap, fn: named };
      },
    });
  }
};

/** Fresh hooks for one machine. A tap that throws becomes `HOOK_FAILED` naming the hook and the tap. */
export const createHooks = (): KernelHooks => {
  const hooks = {
    configure: new SyncWaterfallHook<[Profile]>(["profile"]),
    attach: new SyncHook<[string, AnyDefinition]>(["path", "definition"]),
    mapPorts: new SyncWaterfallHook<[BusHandler, MappedRange]>(["handler", "where"]),
    mapMmio: new SyncWaterfallHook<[BusHandler, MappedRange]>(["handler", "where"]),
    start: new AsyncSeriesHook<[]>([]),
    pause: new AsyncSeriesHook<[]>([]),
    mediaChange: new AsyncSeriesHook<[string, string | null]>(["drive", "image"]),
  };
  nameTaps(hooks as never);
  return Object.freeze(hooks);
};
