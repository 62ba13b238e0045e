import { dice } from "../../plugins/dice/index.js";

export const device = dice;
