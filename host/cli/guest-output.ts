/** Guest bytes on their way to a host stream. A stream that does not take them holds the machine, so none are lost. */
import type { Writable } from "node:stream";
import type { ByteSink, VirtualMachine } from "../index.js";

const HOLD_BYTES = 4 << 20;

export const guestOutput = (vm: VirtualMachine, stream: Writable): ByteSink => {
  let held = false;
  const hold = async (): Promise<void> => {
    held = true;
    const drained = new Promise<void>((resolve) => {
      stream.once("drain", resolve);
      stream.once("close", resolve);
    });
    await vm.pause();
    await drained;
    held = false;
    if (vm.state === "paused" && !vm.debug.holds) await vm.start();
  };
  return {
    write(bytes) {
      if (stream.destroyed) return;
      stream.write(bytes);
      if (!held && stream.writableLength > HOLD_BYTES) void hold();
    },
  };
};
