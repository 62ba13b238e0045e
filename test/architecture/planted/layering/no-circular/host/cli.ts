import type { Options } from "./options.js";

export type Cli = Options;
