/**
 * The same scenario under qemu-system-i386. How each one ended there is recorded in `qemu-answers/`, one file per test file,
 * and always compared; where QEMU is on the PATH it also runs, unless CPU_QEMU=off. CPU_QEMU=record writes the files anew.
 *
 * A scenario that QEMU is known to run wrong gives its reason. When the recording finds a difference it keeps only that;
 * where QEMU agrees in spite of the reason, it has to go on agreeing.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { type BootState, bootRom } from "./boot-rom.js";
import { describeEnd, differences, type OurEnd, scenarioKey } from "./qemu-answers.js";
import { type QemuEnd, QemuMachine, qemuVersion } from "./qemu-machine.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "qemu-answers");
const REQUEST = process.env["CPU_QEMU"] ?? "";
const DEFAULT_CPU = "qemu32";
const RECORD = REQUEST === "record";
/** In place of an answer that is known to be wrong. */
const DIFFERS = "differs";
const HOW_TO = "CPU_QEMU=record npx vitest run test/cpu";

interface Recording {
  readonly qemu: string;
  readonly answers: Readonly<Record<string, string>>;
}

export interface QemuOptions {
  /** Processor model, when the default one lacks a feature. */
  readonly cpu?: string;
  /** Page table entries whose accessed and dirty bits are not compared: QEMU marks entries before it knows whether the access faults. */
  readonly marks?: readonly number[];
}

/** Page table bits: accessed and dirty. */
const MARKS = 0x60;

let version: string | undefined;
/** By processor model. */
const machines = new Map<string, QemuMachine>();
let recording: Recording | undefined;
const answers = new Map<string, string>();

const file = (): string => join(FOLDER, `${basename(expect.getState().testPath ?? "unknown").replace(/\.test\.ts$/, "")}.json`);

const recorded = (): Recording => {
  if (recording) return recording;
  try {
    recording = JSON.parse(readFileSync(file(), "utf8")) as Recording;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    recording = { qemu: "none", answers: {} };
  }
  return recording;
};

const running = (cpu = DEFAULT_CPU): QemuMachine | undefined => {
  if (REQUEST === "off") return undefined;
  version ??= qemuVersion() ?? "";
  if (version === "" && RECORD) throw new Error("there is no qemu-system-i386 to record");
  if (version === "") return undefined;
  const machine = machines.get(cpu) ?? new QemuMachine(cpu);
  machines.set(cpu, machine);
  return machine;
};

afterAll(() => {
  for (const machine of machines.values()) machine.close();
  machines.clear();
  if (!RECORD || answers.size === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  const sorted = Object.fromEntries([...answers].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file(), `${JSON.stringify({ qemu: version, answers: sorted }, undefined, 2)}\n`);
});

/**
 * @param excused the scenario says why QEMU may differ
 * @throws Error that lists what differs
 */
export const compareWithQemu = (state: BootState, initial: Uint8Array, ours: OurEnd, excused: boolean, options: QemuOptions = {}): void => {
  const key = scenarioKey(state, initial);
  const live = (): string => {
    const machine = running(options.cpu)!;
    let end: QemuEnd;
    try {
      end = machine.run(bootRom(state), initial);
    } catch (error) {
      // it hangs: the next scenario gets another
      machines.delete(options.cpu ?? DEFAULT_CPU);
      machine.close();
      throw error;
    }
    for (const entry of options.marks ?? []) end.ram[entry] = (end.ram[entry] & ~MARKS) | (ours.ram[entry] & MARKS);
    return describeEnd(end, initial);
  };
  if (RECORD) {
    record(key, live, ours, initial, excused);
    return;
  }
  const { qemu, answers: known } = recorded();
  const answer = known[key];
  if (answer === undefined) throw new Error(`QEMU's end of this scenario (${key}) is not in ${file()}: new or edited scenarios are recorded with ${HOW_TO}`);
  if (answer === DIFFERS) {
    if (!excused) throw new Error(`QEMU differed when scenario ${key} was recorded, and no reason is given any more: record it with ${HOW_TO}`);
    return;
  }
  refuse(`${qemu}, as recorded,`, differences(answer, ours, initial));
  if (running(options.cpu)) refuse(version!, differences(live(), ours, initial));
};

const refuse = (who: string, found: readonly string[]): void => {
  if (found.length > 0) throw new Error(`${who} ends differently:\n  ${found.join("\n  ")}`);
};

const record = (key: string, live: () => string, ours: OurEnd, initial: Uint8Array, excused: boolean): void => {
  running();
  let answer: string;
  try {
    answer = live();
    refuse(version!, differences(answer, ours, initial));
  } catch (error) {
    if (!excused) throw error;
    answer = DIFFERS;
  }
  answers.set(key, answer);
};
