import { device } from "./device.js";

export const board = () => device;
