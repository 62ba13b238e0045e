/** Machine assembly: from a profile to a running machine. */
export { CPU_MODELS, DEFAULT_CPU_MODEL } from "../cpu/index.js";
export { DEFAULT_JIT_MODE, JIT_MODES, type JitMode, type JitReport, printRegion, printReport } from "../cpu-jit/index.js";
export { applySetting, checkConfig, configSchema, type JsonSchema, parseConfigValue, parseInteger, resolveConfig } from "./configuration.js";
export { type Design, designMachine } from "./design.js";
export { Machine } from "./machine.js";
export type { ExitReason, HostTime, MachineEvents, MachineOptions, MachineState } from "./options.js";
export { type Attached, HostServices } from "./plugin-host.js";
export { type Catalogue, type ProfileJsonOptions, parseProfile, profileFromJson } from "./profile-json.js";
export { profileSchema } from "./profile-schema.js";
export { describeResource, ResourceLedger } from "./resource-ledger.js";
export { StateHash } from "./state-hash.js";
export { hint, nearest } from "./suggest.js";
export type { Filling, WiredSlot } from "./wiring.js";
