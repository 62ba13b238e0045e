import { bench } from "backplane/sdk/testkit";

export const dice = bench;
