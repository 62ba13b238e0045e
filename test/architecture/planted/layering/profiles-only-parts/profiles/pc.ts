import { machine } from "../kernel/machine/machine.js";

export const pc = machine;
