export { ferr } from "./ferr.js";
export { port61 } from "./port61.js";
export { port92 } from "./port92.js";
export { postPort } from "./post-port.js";
