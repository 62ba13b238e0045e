import { join } from "path";

export const browser = join;
