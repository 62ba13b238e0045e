export { debugPort } from "./debug-port.js";
