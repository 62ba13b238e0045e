import { bit } from "../bits/index.js";

export const line = bit;
