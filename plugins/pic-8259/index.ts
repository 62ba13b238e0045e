export { pic8259 } from "./pair.js";
