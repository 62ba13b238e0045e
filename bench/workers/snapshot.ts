/**
 * Saves and loads a machine that has just been powered on, and one whose Linux is at its shell; prints JSON
 * (`SnapshotFigures[]`). Every loaded state equals the saved one.
 * Arguments: kernel, initrd, command line, MiB, prompt, rounds.
 */
import { createMachine } from "../../host/index.js";

export interface SnapshotFigures {
  readonly name: string;
  readonly bytes: number;
  /** CPU seconds of each round. */
  readonly save: readonly number[];
  readonly load: readonly number[];
}

const [kernel, initrd, append, memory, prompt, rounds] = process.argv.slice(2);
const machine = await createMachine({ profile: "virtual-server-2005", kernel, initrd, append, memory: Number(memory), clock: "deterministic" });
const serial = machine.serial();

const cpuSeconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

const measure = async (name: string): Promise<SnapshotFigures> => {
  const hash = machine.machine.stateHash();
  let file: Uint8Array = new Uint8Array();
  const save: number[] = [];
  const load: number[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    save.push(
      await cpuSeconds(async () => {
        file = await machine.saveState();
      }),
    );
    // The machine moves on, so that loading has something to put back.
    await machine.step(10_000);
    load.push(await cpuSeconds(() => machine.loadState(file)));
    if (machine.machine.stateHash() !== hash) throw new Error(`${name}: the state loaded is not the one saved`);
  }
  return { name, bytes: file.length, save, load };
};

const figures = [await measure("powered on")];
while (!serial.transcript.includes(prompt)) if (!(await machine.machine.runFor(20_000_000))) throw new Error(`the machine stopped: ${serial.transcript.slice(-200)}`);
figures.push(await measure("at the shell"));
process.stdout.write(JSON.stringify(figures));
await machine.dispose();
