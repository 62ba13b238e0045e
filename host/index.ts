/**
 * The embedding API on Node: `import { createMachine } from "backplane"`.
 * `browser.ts` is the same without Node.
 */
import { createMachineOn } from "./api/create-machine.js";
import type { MachineDescription, RunOptions } from "./api/description.js";
import type { VirtualMachine } from "./api/virtual-machine.js";
import { nodePlatform } from "./node/platform.js";

/** Assembles a machine; it is off. @throws BackplaneError naming the device or option. */
export const createMachine = (description: MachineDescription & RunOptions): Promise<VirtualMachine> => createMachineOn(nodePlatform, description);

export * from "./api/index.js";
export type { DefaultGuest } from "./guest/default-guest.js";
export { prepareGuest } from "./guest/prepare.js";
export { prepareFirmware } from "./node/firmware.js";
export { nodePlatform } from "./node/platform.js";
export { loadPlugin } from "./node/plugins.js";
export { readProfileFile } from "./node/profile-file.js";
