export { i440bx } from "./i440bx.js";
export { i440fx } from "./i440fx.js";
