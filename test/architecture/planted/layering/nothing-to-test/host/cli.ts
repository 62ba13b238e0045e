import { guest } from "../test/guest/guest.js";

export const cli = guest;
