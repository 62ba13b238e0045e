import { coin } from "../coin/index.js";

export const dice = coin;
