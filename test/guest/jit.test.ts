/**
 * A guest that is translated is the guest that is interpreted: after the same number of instructions both machines are the
 * same, bit for bit. The first instructions of Linux's boot here; all of it, to the shell and a command, with JIT_BOOT=all.
 */
import { createMachine, type MachineDescription, type RunOptions, type VirtualMachine } from "backplane";
import { expect, it } from "vitest";
import { linux } from "./files.js";
import { Guest } from "./guest.js";

const MEMORY = 48;
const BOOT_SECONDS = 60;
const WHOLE = process.env["JIT_BOOT"] === "all";
/** Odd, so that runs end anywhere. */
const STRIDE = 9_999_991;
const SHORT = 150_000_000;
const COMMAND = "md5sum < /proc/version; cat /proc/uptime /proc/interrupts";

it(`Linux runs the same interpreted and translated: ${WHOLE ? "to its shell" : `${SHORT / 1e6} million instructions`}`, { timeout: 3_600_000 }, async () => {
  const { kernel, initrd, append } = await linux();
  const description: MachineDescription & RunOptions = { kernel, initrd, append, memory: MEMORY, clock: "deterministic", seed: 7 };
  const interpreted = new Guest(await createMachine({ ...description, jit: "off" }));
  const translated = new Guest(await createMachine(description));
  const counted = ({ vm }: Guest): number => vm.machine.cpu.instructionCount;
  const runTo = async ({ vm }: { readonly vm: VirtualMachine }, count: number): Promise<void> => {
    while (vm.machine.cpu.instructionCount < count) expect(await vm.machine.runFor(count - vm.machine.cpu.instructionCount)).toBe(true);
  };
  try {
    let end = SHORT;
    let answer = "";
    if (WHOLE) {
      await interpreted.untilShell(BOOT_SECONDS);
      const shellAt = counted(interpreted);
      await translated.untilShell(BOOT_SECONDS);
      expect(counted(translated)).toBe(shellAt);
      expect(translated.vm.machine.stateHash()).toBe(interpreted.vm.machine.stateHash());
      answer = await interpreted.run(COMMAND);
      expect(await translated.run(COMMAND)).toBe(answer);
      end = counted(interpreted);
    } else {
      for (let count = STRIDE; count < SHORT; count += STRIDE) {
        await runTo(interpreted, count);
        await runTo(translated, count);
        expect({ count, hash: translated.vm.machine.stateHash() }).toEqual({ count, hash: interpreted.vm.machine.stateHash() });
      }
    }
    await runTo(interpreted, end);
    await runTo(translated, end);
    expect(translated.vm.machine.stateHash()).toBe(interpreted.vm.machine.stateHash());
    expect(translated.serial.transcript).toBe(interpreted.serial.transcript);
    expect(interpreted.vm.machine.jit).toBeUndefined();
    const { statistics } = translated.vm.machine.jit!;
    // nearly everything was executed by regions
    expect(statistics.executed).toBeGreaterThan(end * 0.8);
  } finally {
    await interpreted.vm.dispose();
    await translated.vm.dispose();
  }
});
