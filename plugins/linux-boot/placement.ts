/** Checks that kernel and initial RAM disk fit into memory, and decides where the RAM disk goes. */
import { BackplaneError } from "backplane/sdk";
import type { Kernel } from "./kernel-image.js";

const PAGE = 4096;
const MIB = 1 << 20;
const mib = (bytes: number): number => Math.ceil(bytes / MIB);

/**
 * Address of a RAM disk of `initrdBytes`: as high as the kernel and memory allow, on a page boundary. 0 without one.
 * @throws BackplaneError `LINUX_MEMORY_TOO_SMALL` naming the file and the memory that would do.
 */
export const placeInitrd = (kernel: Kernel, kernelName: string, initrdName: string, initrdBytes: number, ramBytes: number): number => {
  if (kernel.end > ramBytes) {
    throw new BackplaneError("LINUX_MEMORY_TOO_SMALL", `kernel ${kernelName} needs ${mib(kernel.end)} MiB to unpack; the machine has ${mib(ramBytes)} MiB: give it more memory`, {
      name: kernelName,
      needed: kernel.end,
      ramBytes,
    });
  }
  if (initrdBytes === 0) return 0;
  const top = Math.min(ramBytes, kernel.initrdAddressMax + 1);
  const address = Math.floor((top - initrdBytes) / PAGE) * PAGE;
  if (address >= kernel.end) return address;
  const needed = Math.ceil(kernel.end / PAGE) * PAGE + Math.ceil(initrdBytes / PAGE) * PAGE;
  const advice =
    needed <= kernel.initrdAddressMax + 1 ? `give the machine ${mib(needed)} MiB or more` : `this kernel takes RAM disks only below ${mib(kernel.initrdAddressMax)} MiB`;
  throw new BackplaneError("LINUX_MEMORY_TOO_SMALL", `initrd ${initrdName} (${mib(initrdBytes)} MiB) does not fit above kernel ${kernelName}; ${advice}`, {
    name: initrdName,
    needed,
    ramBytes,
  });
};
