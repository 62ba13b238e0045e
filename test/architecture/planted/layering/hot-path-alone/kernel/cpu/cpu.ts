import { machine } from "../machine/machine.js";

export const cpu = machine;
