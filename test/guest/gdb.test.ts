/** The gdb stub against a running Linux kernel: first a client of our own, then the real gdb where it is installed. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { listenForGdb } from "../../host/node/gdb-listener.js";
import { linux } from "./files.js";
import { GdbClient } from "./gdb-client.js";
import { type Guest, withGuest } from "./guest.js";

const MEMORY = 64;
const BOOT_SECONDS = 60;
const GDB_TIMEOUT_MS = 240_000;
const [ESP, EIP, CS] = [4, 8, 10];
const KERNEL_TEXT = 0xc100_0000;
const KERNEL_TEXT_END = 0xc200_0000;

const execute = promisify(execFile);
const hex = (value: number): string => value.toString(16).padStart(8, "0");

/** Addresses of the kernel's symbols, which it has where it was linked for, without KASLR. */
const symbolsOf = async (guest: Guest, ...names: string[]): Promise<number[]> => {
  const lines = (await guest.run(`grep -E ' (${names.join("|")})$' /proc/kallsyms`)).trim().split("\n");
  const known = new Map(lines.map((line) => line.split(" ")).map(([address, , name]) => [name, Number.parseInt(address, 16)]));
  return names.map((name) => known.get(name) ?? Number.NaN);
};

/** The symbols that addresses belong to. */
const namesOf = async (guest: Guest, addresses: readonly number[]): Promise<string[]> => {
  const program = "{ for (i in a) if ($1 <= a[i] && $1 > b[i]) { b[i] = $1; n[i] = $3 } } END { for (i = 1; i in a; i++) print n[i] }";
  const found = await guest.run(`grep -i " t " /proc/kallsyms | awk -v l="${addresses.map(hex).join(" ")}" 'BEGIN { split(l, a) } ${program}'`, 240);
  return found.trim().split("\n");
};

/** Answers to packets that would take a debugger's user on a walk through one system call. */
const walk = async (guest: Guest, address: string, uname: number): Promise<void> => {
  const client = await GdbClient.connect(address);
  expect(await client.ask("?")).toMatch(/^T02/);
  // The kernel sees physical memory from C0000000h on.
  expect([...(await client.memory(uname, 16))]).toEqual([...guest.vm.readMemory(uname - 0xc000_0000, 16)]);
  expect(await client.ask("m1000,4")).toBe("E14");
  expect(await client.ask(`Z1,${hex(uname)},1`)).toBe("OK");
  guest.serial.write("uname -r\r");
  expect(await client.ask("vCont;c")).toMatch(/^T05hwbreak:;/);
  expect(guest.vm.state).toBe("paused");
  expect([await client.register(EIP), (await client.register(CS)) & 3]).toEqual([uname, 0]);

  // The call's way back lies on the stack; its instructions are those of the memory.
  const esp = await client.register(ESP);
  const back = (await client.memory(esp, 4)).readUInt32LE();
  expect(back).toBeGreaterThan(KERNEL_TEXT);
  expect(back).toBeLessThan(KERNEL_TEXT_END);
  expect((await client.memory(back - 5, 1))[0] === 0xe8 || (await client.memory(back - 2, 1))[0] === 0xff).toBe(true);

  // The first it does is to save the caller's frame pointer.
  const saved = hex(esp - 4);
  expect(await client.ask(`Z2,${saved},4`)).toBe("OK");
  expect(await client.ask("vCont;c")).toMatch(new RegExp(`^T05watch:${saved};`));
  expect((await client.register(EIP)) - uname).toBeLessThan(16);
  expect(await client.register(ESP)).toBe(esp - 4);
  expect(await client.ask(`z2,${saved},4`)).toBe("OK");

  const count = guest.vm.machine.cpu.instructionCount;
  for (let step = 1; step <= 20; step++) {
    expect(await client.ask("vCont;s:1")).toMatch(/^T05/);
    expect(guest.vm.machine.cpu.instructionCount).toBe(count + step);
  }
  expect(await client.ask("D;1")).toBe("OK");
  client.leave();
};

const hasGdb = async (): Promise<boolean> => {
  try {
    return (await execute("gdb", ["--version"])).stdout.includes("GNU gdb");
  } catch {
    return false;
  }
};

/** What gdb prints for commands, one after the other. */
const gdb = async (address: string, ...commands: string[]): Promise<string> => {
  const all = ["set pagination off", "set confirm off", "set architecture i386", `target remote ${address}`, ...commands];
  const { stdout, stderr } = await execute("gdb", ["-q", "-nx", "-batch", ...all.flatMap((command) => ["-ex", command])], { timeout: GDB_TIMEOUT_MS, maxBuffer: 1 << 24 });
  return stdout + stderr;
};

describe("gdb", () => {
  it("debugs a running Linux kernel, which goes on afterwards", async () => {
    const { kernel, initrd, append } = await linux();
    await withGuest({ kernel, initrd, append, memory: MEMORY }, async (guest) => {
      await guest.untilShell(BOOT_SECONDS);
      const [uname, read] = await symbolsOf(guest, "__ia32_sys_newuname", "vfs_read");
      expect(uname).toBeGreaterThan(KERNEL_TEXT);
      const log: string[] = [];
      const listener = await listenForGdb(guest.vm, { host: "127.0.0.1", port: 0 }, (message) => log.push(message));
      try {
        await walk(guest, listener.address, uname);
        await listener.server.idle();
        expect(guest.vm.state).toBe("running");
        await guest.vm.pause();
        expect(await guest.run("echo still here; uname -s")).toBe("still here\nLinux\n");

        if (!(await hasGdb())) return;
        guest.serial.write("cat /proc/version\r");
        const told = await gdb(
          listener.address,
          `hbreak *0x${hex(read)}`,
          "continue",
          'printf "stopped at %x\\n", $eip',
          `x/16xb 0x${hex(read)}`,
          // Behind the instructions that make its frame, from which gdb without debug information goes on to the callers'.
          "stepi 5",
          "backtrace 6",
          'printf "stepped to %x\\n", $eip',
          "info registers",
          "info all-registers",
          "monitor devices",
          "monitor registers",
          "delete",
          "detach",
        );
        expect(told).toContain(`stopped at ${hex(read)}`);
        const bytes = [...told.matchAll(/^0x[0-9a-f]+:((?:\t0x[0-9a-f]{2}){8})$/gm)].flatMap(([, line]) => line.trim().split("\t").map(Number));
        expect(bytes).toEqual([...guest.vm.readMemory(read - 0xc000_0000, 16)]);
        expect(Number.parseInt(/stepped to ([0-9a-f]+)/.exec(told)?.[1] ?? "", 16) - read).toBeLessThan(32);
        expect(told).toMatch(/^cs +0x60 +96$/m);
        expect(told).toMatch(/^cr0 +0x8005003[0-9a-f]/m);
        expect(told).toMatch(/^fctrl +0x37f/m);
        expect(told).toContain("/isa/com1  ns.16550a");
        expect(told).toContain("detached");
        await listener.server.idle();
        await guest.vm.pause();
        expect(await guest.run("echo still here")).toBe("still here\n");

        // Debian builds this kernel with frame pointers, so that gdb finds its way without debug information.
        const frames = [...told.matchAll(/^#\d+ +0x([0-9a-f]{8}) in /gm)].map(([, address]) => Number.parseInt(address, 16));
        expect(frames.length).toBeGreaterThanOrEqual(4);
        const names = await namesOf(guest, frames);
        expect(names.slice(0, 2)).toEqual(["vfs_read", "ksys_read"]);
        expect(names.join(" ")).toMatch(/syscall/);
        expect(log.filter((line) => !/is connected|has left/.test(line))).toEqual([]);
      } finally {
        await listener.close();
      }
    });
  });
});
