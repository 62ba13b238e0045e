/** examples/embed.mjs as it stands, with a guest that answers like a shell; a real one boots in test/guest. */
import { readFile } from "node:fs/promises";
import { afterEach, expect, it, vi } from "vitest";
import type { DefaultGuest, MachineDescription } from "./index.js";
import { echoOnce, guestRom, powerOff, print } from "./testing/guest-rom.js";

const EXAMPLE = new URL("../examples/embed.mjs", import.meta.url);
const asked: MachineDescription[] = [];

vi.mock("backplane", async (original) => {
  const backplane = await original<typeof import("./index.js")>();
  const source = await readFile(EXAMPLE, "utf8");
  const typed = /shell\.write\("([^"]*)\\r"\)/.exec(source)![1];
  const shell = guestRom(print("backplane:/root# "), ...Array.from({ length: typed.length + 1 }, () => echoOnce), print("\r\n42\r\nLinux i686\r\n"), powerOff);
  return {
    ...backplane,
    prepareGuest: async (): Promise<DefaultGuest> => ({ kernel: "vmlinuz", initrd: "initrd.cpio", kernelVersion: "6.1.0", append: "console=ttyS0" }),
    createMachine: (description: MachineDescription) => {
      asked.push(description);
      return backplane.createMachine({ profile: "virtual-server-2005", memory: 4, bios: "shell", files: { shell } });
    },
  };
});

afterEach(() => {
  vi.restoreAllMocks();
});

it("boots, types, reads and powers off in under 20 lines", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...words) => void lines.push(words.join(" ")));
  await import(/* @vite-ignore */ EXAMPLE.href);
  expect(lines).toEqual(["The guest says: Linux i686", "It stopped by power-off"]);
  expect(asked).toEqual([{ profile: "virtual-server-2005", memory: 64, kernel: "vmlinuz", initrd: "initrd.cpio", append: "console=ttyS0" }]);
  expect((await readFile(EXAMPLE, "utf8")).trim().split("\n").length).toBeLessThan(20);
});
