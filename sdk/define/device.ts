/** `defineDevice`: the one way to make a plugin. */
import type { ConfigSchema } from "../contract/config.js";
import type { DeviceDefinition } from "../contract/device.js";
import { BackplaneError } from "../contract/errors.js";
import type { Needs, Role } from "../contract/role.js";
import { role } from "../contract/role.js";
import type { StateSchema } from "../contract/state.js";
import { optionProblem } from "./check-options.js";

/** The role of a device that nothing asks for. */
export interface Standalone {
  readonly standalone?: never;
}
export const Standalone: Role<Standalone> = role<Standalone>("standalone");

type Optionalised<X, C extends ConfigSchema, N extends Needs, S> = Omit<DeviceDefinition<X, C, N, S>, "needs" | "config" | "state" | "resources"> & {
  readonly needs?: N;
  readonly config?: C;
  readonly state?: DeviceDefinition<X, C, N, S>["state"];
  resources?: DeviceDefinition<X, C, N, S>["resources"];
};

const ID = /^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Checks and freezes a definition. Leave out `needs`, `config`, `state` or `resources` when there are none.
 * @throws BackplaneError `DEFINITION_INVALID` when the id is not `vendor.part`, an option of `config` is none, or a state migration is missing.
 */
export const defineDevice = <X, const C extends ConfigSchema = Record<never, never>, const N extends Needs = Record<never, never>, S = Record<never, never>>(
  parts: Optionalised<X, C, N, S>,
): DeviceDefinition<X, C, N, S> => {
  if (!ID.test(parts.id)) {
    throw new BackplaneError("DEFINITION_INVALID", `device id "${parts.id}" must be vendor.part in lower case, for instance "acme.dice"`, { id: parts.id });
  }
  const problem = optionProblem(parts.config ?? {});
  if (problem) throw new BackplaneError("DEFINITION_INVALID", `${parts.id}: ${problem}`, { id: parts.id });
  const state = parts.state ?? ({ version: 1, initial: () => ({}) as S } satisfies StateSchema<S>);
  for (let version = 1; version < state.version; version++) {
    if (!state.migrations?.[version]) {
      throw new BackplaneError("DEFINITION_INVALID", `${parts.id}: state version is ${state.version} but migrations[${version}] is missing`, { id: parts.id, version });
    }
  }
  return Object.freeze({
    needs: {} as N,
    config: {} as C,
    resources: () => [],
    ...parts,
    state,
  });
};
