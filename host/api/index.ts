/** The portable part of the embedding API. */
export type { GeneralRegisters, SegmentName } from "../../kernel/cpu/index.js";
export {
  type Catalogue,
  type ExitReason,
  Machine,
  type MachineEvents,
  type MachineState,
  parseProfile,
  profileFromJson,
  profileSchema,
} from "../../kernel/machine/index.js";
export { definitions, profiles } from "../../profiles/catalogue.js";
export { BackplaneError, isBackplaneError } from "../../sdk/contract/errors.js";
export type { Profile } from "../../sdk/contract/profile.js";
export { CODE_PAGE_437 } from "./code-page-437.js";
export { catalogueFor, createMachineOn, designProfile } from "./create-machine.js";
export { Debugger, type DebugStop, type Watchpoint } from "./debug.js";
export type { DiskFile, MachineDescription, PluggedDevice, RunOptions } from "./description.js";
export { Keyboard, type TypingOptions } from "./keyboard.js";
export { memoryStorage } from "./memory-storage.js";
export type { Platform } from "./platform.js";
export { encodePng } from "./png.js";
export type { PortAccess, PortTap } from "./port-tap.js";
export { Screen } from "./screen.js";
export { type ByteSink, SerialConnection, type StreamEnds } from "./serial-connection.js";
export { VirtualMachine } from "./virtual-machine.js";
export type { WaitOptions } from "./wait.js";
