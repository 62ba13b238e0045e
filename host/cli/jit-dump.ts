/** Translated regions as text, in a file or on standard error: `--jit-dump`. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { printRegion } from "../../kernel/machine/index.js";
import type { VirtualMachine } from "../index.js";

/** A function that ends the dump, with the counters as its last line. */
export const dumpRegions = (vm: VirtualMachine, path: string, stderr: Writable): (() => void) | undefined => {
  const { jit } = vm.machine;
  if (!jit) return undefined;
  const file = path === "-" ? undefined : openSync(path, "w");
  const write = (text: string): void => {
    if (file === undefined) stderr.write(text);
    else writeSync(file, text);
  };
  jit.onCompiled = (region, ir, backEnd) => write(`${printRegion(ir)}\n; ${region.tier}, ${region.bytes} bytes\n${backEnd.describe(ir)}\n\n`);
  return () => {
    jit.onCompiled = undefined;
    write(`; ${JSON.stringify(jit.statistics)}\n`);
    if (file !== undefined) closeSync(file);
  };
};
