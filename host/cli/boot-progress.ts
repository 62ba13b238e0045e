/** Shows on a terminal that a guest which prints nothing yet is alive. */
import type { VirtualMachine } from "../index.js";
import type { Streams } from "./streams.js";

const INTERVAL_MS = 500;
const CLEAR_LINE = "\r\u001b[K";

/** @returns a function that ends it and clears its line; calling it again does nothing. */
export const showBootProgress = (vm: VirtualMachine, { stderr }: Streams): (() => void) => {
  if (!stderr.isTTY) return () => {};
  const began = Date.now();
  let shown = false;
  const timer = setInterval(() => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    const millions = Math.floor(vm.machine.cpu.instructionCount / 1e6);
    stderr.write(`${CLEAR_LINE}Booting: ${seconds} s, ${millions} million instructions`);
    shown = true;
  }, INTERVAL_MS);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    if (shown) stderr.write(CLEAR_LINE);
  };
};
