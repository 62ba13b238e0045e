import { build } from "../tools/build.mjs";

export const cli = build;
