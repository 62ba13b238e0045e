import { gone } from "./gone.js";

export const cli = gone;
