export { fwCfg } from "./fw-cfg.js";
