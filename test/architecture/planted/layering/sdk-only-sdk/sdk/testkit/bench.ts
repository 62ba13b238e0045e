import { machine } from "../../kernel/machine/machine.js";

export const bench = machine;
