/**
 * A guest translated and interpreted in lockstep: at each place where translated code hands over to the interpreter, the
 * registers are those of a machine that only interprets, at the same instruction. The first divergence is shown from both
 * sides. The first instructions of Linux's boot here; all of it, and programs at its shell, with JIT_BOOT=all.
 */
import { createMachine, type MachineDescription, type RunOptions, type VirtualMachine } from "backplane";
import { expect, it } from "vitest";
import { linux } from "./files.js";
import { Guest } from "./guest.js";

const MEMORY = 48;
const BOOT_SECONDS = 120;
const WHOLE = process.env["JIT_BOOT"] === "all";
const SHORT = 40_000_000;
/** How far the translated machine is ahead. */
const STRIDE = 5_000_000;
/** Of a translated machine's exits in a stride, at most so many are looked at, spread over all. */
const LOOKED_AT = WHOLE ? 20_000 : 4_000;
const COMMAND = "find / -xdev -type f | sort | md5sum; dd if=/dev/zero bs=4k count=300 | gzip -c | gunzip | cksum; for i in 1 2 3; do /bin/busybox true; done";

interface Exit {
  readonly count: number;
  readonly state: string;
}
const stateOf = (vm: VirtualMachine, eip: number): string => JSON.stringify({ ...vm.machine.cpu.registers, eip: eip >>> 0 });

it(`Linux, translated and interpreted in lockstep: ${WHOLE ? "to its shell and a command" : `${SHORT / 1e6} million instructions`}`, { timeout: 3_600_000 }, async () => {
  const { kernel, initrd, append } = await linux();
  const description: MachineDescription & RunOptions = { kernel, initrd, append, memory: MEMORY, clock: "deterministic", seed: 7 };
  const interpreted = new Guest(await createMachine({ ...description, jit: "off" }));
  const translated = new Guest(await createMachine(description));
  const { cpu } = translated.vm.machine;
  const counted = ({ vm }: Guest): number => vm.machine.cpu.instructionCount;
  let compared = 0;
  try {
    const exits: Exit[] = [];
    let every = 1;
    let seen = 0;
    translated.vm.machine.jit!.onLeft = (linear) => {
      if (seen++ % every === 0) exits.push({ count: cpu.instructionCount, state: stateOf(translated.vm, linear - translated.vm.machine.cpu.segment("cs").base) });
    };
    const stride = async (): Promise<void> => {
      const end = counted(translated) + STRIDE;
      every = Math.max(1, Math.ceil(seen / LOOKED_AT));
      seen = 0;
      exits.length = 0;
      while (counted(translated) < end) expect(await translated.vm.machine.runFor(end - counted(translated))).toBe(true);
      for (const { count, state } of exits) {
        if (count <= counted(interpreted)) continue;
        while (counted(interpreted) < count) expect(await interpreted.vm.machine.runFor(count - counted(interpreted))).toBe(true);
        // an instruction that was due in between, an interrupt's first, is where the other stands already
        const here = stateOf(interpreted.vm, interpreted.vm.machine.cpu.registers.eip);
        if (here !== state) throw new Error(`they part at instruction ${count}:\ninterpreted ${here}\n${interpreted.vm.machine.cpu.dump()}\ntranslated  ${state}`);
        compared++;
      }
      while (counted(interpreted) < end) expect(await interpreted.vm.machine.runFor(end - counted(interpreted))).toBe(true);
      expect(interpreted.vm.machine.stateHash()).toBe(translated.vm.machine.stateHash());
    };
    const until = async (done: () => boolean): Promise<void> => {
      const limit = BOOT_SECONDS * 1e9;
      while (!done()) {
        expect(translated.vm.machine.clock.nowNs).toBeLessThan(limit);
        await stride();
      }
    };
    if (!WHOLE) await until(() => counted(translated) >= SHORT);
    else {
      await until(() => translated.serial.transcript.includes("/root# "));
      for (const { serial } of [translated, interpreted]) serial.write(`${COMMAND}; echo done\r`);
      await until(() => translated.serial.transcript.includes("\ndone\r\n"));
    }
    expect(translated.serial.transcript).toBe(interpreted.serial.transcript);
    expect(compared).toBeGreaterThan(1000);
  } finally {
    await interpreted.vm.dispose();
    await translated.vm.dispose();
  }
});
