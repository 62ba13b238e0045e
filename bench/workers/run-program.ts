/**
 * Runs one program on our processor in a process of its own and prints what it took, as JSON (`ProgramSpeed`).
 * Arguments: the program's name, seconds to measure.
 */

import { FOREVER, loadProgram } from "../processor.js";
import { ALL_PROGRAMS } from "../programs.js";

export interface Stretch {
  readonly instructions: number;
  /** All threads: the engine's compilers count. */
  readonly cpuSeconds: number;
}

export interface ProgramSpeed {
  /** From the first instruction on. */
  readonly cold: Stretch;
  /** What followed. */
  readonly warm: Stretch;
}

const COLD_SECONDS = 1;
const SLICE = 2_000_000;

const [name, seconds] = process.argv.slice(2);
const program = ALL_PROGRAMS.find((each) => each.name === name);
if (!program) throw new Error(`there is no program ${name}`);
const { cpu } = loadProgram(program, FOREVER);

const stretch = (atLeast: number): Stretch => {
  const before = cpu.instructionCount;
  const start = process.cpuUsage();
  for (;;) {
    cpu.run(SLICE);
    const { user, system } = process.cpuUsage(start);
    const cpuSeconds = (user + system) / 1e6;
    if (cpuSeconds >= atLeast) return { instructions: cpu.instructionCount - before, cpuSeconds };
  }
};

const speed: ProgramSpeed = { cold: stretch(COLD_SECONDS), warm: stretch(Number(seconds)) };
if (cpu.halted || cpu.shutdown) throw new Error(`${name} ended\n${cpu.dump()}`);
process.stdout.write(JSON.stringify(speed));
