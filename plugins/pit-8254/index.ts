export { pit8254 } from "./pit.js";
