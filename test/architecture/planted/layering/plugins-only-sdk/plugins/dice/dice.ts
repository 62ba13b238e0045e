import { ports } from "../../kernel/bus/port-space.js";

export const dice = ports;
