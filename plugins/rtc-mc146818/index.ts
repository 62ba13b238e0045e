export { frozenRtc } from "./frozen-rtc.js";
export { mc146818 } from "./mc146818.js";
