/** A clock for reproducible runs: an MC146818 whose time stays where the host or the guest put it. */
import { defineDevice } from "backplane/sdk";
import { connectClock, mc146818 } from "./mc146818.js";

export const frozenRtc = defineDevice({
  ...mc146818,
  id: "lab.frozen-rtc",
  summary: "Real-time clock whose time does not advance",
  create: ({ board, deps, state }) => connectClock(board, state, deps.wall, false),
});
