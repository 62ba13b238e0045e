export { isaBridge } from "./isa-bridge.js";
export { powerManagement } from "./pm.js";
