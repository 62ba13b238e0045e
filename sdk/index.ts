/**
 * Backplane SDK: everything a plugin imports.
 * Start with `defineDevice`; docs/writing-a-device.md walks through a complete one.
 */
export * from "./bits/index.js";
export * from "./contract/index.js";
export * from "./define/config.js";
export { defineDevice, Standalone } from "./define/device.js";
export { checkPath, ProfileBuilder, type SlotOptions } from "./define/profile.js";
export { restoreState } from "./define/state.js";
export * from "./roles/index.js";
