/**
 * A machine in deterministic time is a function of its profile, its seed and its input: two runs agree bit for bit, and a
 * run that goes on from a snapshot agrees with the one that was saved.
 */
import { createMachine, type MachineDescription, type RunOptions, type VirtualMachine } from "backplane";
import { expect, it } from "vitest";
import { linux } from "./files.js";
import { Guest } from "./guest.js";

const MEMORY = 48;
const BOOT_SECONDS = 60;
/** Where both runs are looked at, in instructions from power-on. */
const EARLY = [1_000_003, 80_000_000, 700_000_000];
/** Runs of an odd length, so that no run ends where another does by chance. */
const STRIDE = 54_321_987;
/** How far the runs after a snapshot are followed. */
const BEYOND = 120_000_000;
const COMMAND = "md5sum < /dev/sda; cat /proc/uptime /proc/interrupts";

const counted = (vm: VirtualMachine): number => vm.machine.cpu.instructionCount;

const runTo = async (vm: VirtualMachine, count: number, stride = Infinity): Promise<void> => {
  while (counted(vm) < count) expect(await vm.machine.runFor(Math.min(stride, count - counted(vm)))).toBe(true);
};

it("Linux runs the same twice, and from snapshots in the middle of its boot and at the shell", async () => {
  const { kernel, initrd, append } = await linux();
  const disk = Uint8Array.from({ length: 256 << 10 }, (_, index) => index % 253);
  const description: MachineDescription & RunOptions = { kernel, initrd, append, memory: MEMORY, disks: ["disk"], files: { disk }, clock: "deterministic", seed: 7 };
  const machines: VirtualMachine[] = [];
  const fresh = async (): Promise<Guest> => {
    const vm = await createMachine(description);
    machines.push(vm);
    return new Guest(vm);
  };
  try {
    const first = await fresh();
    const early: string[] = [];
    for (const count of EARLY) {
      await runTo(first.vm, count);
      early.push(first.vm.machine.stateHash());
    }
    expect(new Set(early).size).toBe(EARLY.length);

    await first.untilSerial("PCI host bridge to bus", BOOT_SECONDS);
    const inBoot = await first.vm.saveState();
    const inBootAt = counted(first.vm);
    const inBootHash = first.vm.machine.stateHash();
    await runTo(first.vm, inBootAt + BEYOND);
    const afterBootHash = first.vm.machine.stateHash();
    expect(afterBootHash).not.toBe(inBootHash);

    await first.untilShell(BOOT_SECONDS);
    const atShell = await first.vm.saveState();
    const atShellHash = first.vm.machine.stateHash();
    const answer = await first.run(COMMAND);
    const answeredAt = counted(first.vm);
    const answeredHash = first.vm.machine.stateHash();

    const second = await fresh();
    for (const [index, count] of EARLY.entries()) {
      await runTo(second.vm, count, STRIDE);
      expect(second.vm.machine.stateHash()).toBe(early[index]);
    }
    await runTo(second.vm, inBootAt, STRIDE);
    expect(second.vm.machine.stateHash()).toBe(inBootHash);

    const third = await fresh();
    await third.vm.loadState(inBoot);
    expect(third.vm.machine.stateHash()).toBe(inBootHash);
    await runTo(third.vm, inBootAt + BEYOND, STRIDE);
    expect(third.vm.machine.stateHash()).toBe(afterBootHash);

    // Into a machine that is somewhere else altogether.
    await second.vm.loadState(atShell);
    expect(second.vm.machine.stateHash()).toBe(atShellHash);
    expect(await second.run(COMMAND)).toBe(answer);
    expect(counted(second.vm)).toBe(answeredAt);
    expect(second.vm.machine.stateHash()).toBe(answeredHash);
  } finally {
    for (const vm of machines) await vm.dispose();
  }
});
