export { diskMemory } from "./disk-memory.js";
export { diskRaw } from "./disk-raw.js";
