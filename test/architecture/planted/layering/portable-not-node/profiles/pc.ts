import { readFileSync } from "node:fs";

export const pc = readFileSync;
