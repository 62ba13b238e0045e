import { board } from "./board.js";

export const device = () => board;
