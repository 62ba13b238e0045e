import type { Cli } from "./cli.js";

export type Options = Cli[];
