import { double } from "./dice.testing.js";

export const dice = double;
