import { port } from "../../sdk/index.js";

export const dice = port;
