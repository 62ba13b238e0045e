/** Assembly of a described machine on some platform. */
import { type Catalogue, HostServices, Machine } from "../../kernel/machine/index.js";
import { catalogue } from "../../profiles/catalogue.js";
import type { Profile } from "../../sdk/contract/profile.js";
import { Storage } from "../../sdk/roles/disk-image.js";
import { Entropy, WallClock } from "../../sdk/roles/platform.js";
import { composeProfile, withDefinitions } from "./compose.js";
import type { NameOption } from "./composition.js";
import type { MachineDescription, RunOptions } from "./description.js";
import { memoryStorage } from "./memory-storage.js";
import type { Platform } from "./platform.js";
import { tapPorts } from "./port-tap.js";
import { seededEntropy } from "./random.js";
import { VirtualMachine } from "./virtual-machine.js";

const DETERMINISTIC_SEED = 1;
const DETERMINISTIC_EPOCH_MS = Date.UTC(2005, 0, 1);

/** Everything this distribution knows, and a description's own definitions. */
export const catalogueFor = (description: MachineDescription): Catalogue => withDefinitions(catalogue, description.definitions ?? []);

export const designProfile = (description: MachineDescription, nameOption?: NameOption): Profile => composeProfile(description, catalogue, nameOption);

/** What a host provides to devices. */
export const servicesFor = (platform: Platform, options: RunOptions = {}): HostServices => {
  const deterministic = options.clock === "deterministic";
  return new HostServices()
    .provide(Storage, options.files ? memoryStorage(options.files, platform.storage) : platform.storage)
    .provide(WallClock, { epochMs: options.epochMs ?? (deterministic ? DETERMINISTIC_EPOCH_MS : platform.epochMs()) })
    .provide(Entropy, seededEntropy(options.seed ?? (deterministic ? DETERMINISTIC_SEED : platform.seed())));
};

/** @throws BackplaneError naming the device or option; nothing is left open then. */
export const assembleProfile = async (profile: Profile, options: RunOptions, platform: Platform): Promise<VirtualMachine> => {
  const machine = await Machine.assemble(profile, {
    hostTime: platform.time,
    clock: options.clock === "deterministic" ? "deterministic" : "real-time",
    ...(options.timerSlackMs === undefined ? {} : { timerSlackMs: options.timerSlackMs }),
    ...(options.jit === undefined ? {} : { jit: options.jit }),
    ...(options.jitReport === undefined ? {} : { jitReport: options.jitReport }),
    services: servicesFor(platform, options),
    tripleFault: options.tripleFault ?? "stop",
    definitions: catalogue.definitions,
    apply: (hooks) => {
      for (const tap of options.taps ?? []) tapPorts(hooks, tap);
      options.apply?.(hooks);
    },
  });
  return new VirtualMachine(machine, platform);
};

/** Assembles a machine; it is off. @throws as `composeProfile` and `assembleProfile`. */
export const createMachineOn = (platform: Platform, description: MachineDescription & RunOptions): Promise<VirtualMachine> =>
  assembleProfile(designProfile(description), description, platform);
