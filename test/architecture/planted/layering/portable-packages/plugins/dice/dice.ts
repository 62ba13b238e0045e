import { it } from "vitest";

export const dice = it;
