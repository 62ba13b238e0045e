/** This project, v86 and QEMU TCG side by side: the same kernel, initramfs, command line and guest programs, in CPU seconds. */
import { spawnSync } from "node:child_process";
import { MEMORY_MIB, PLAIN_APPEND } from "../guest.js";
import { takeTurns } from "../harness.js";
import { canMeasureProcesses } from "../processes.js";
import type { Suite } from "../report.js";
import { CONTENDERS, type Contender, launches, v86Version } from "../rivals/contenders.js";
import { prepareRivalsGuest, realChecksums } from "../rivals/guest.js";
import { GUEST_PROGRAMS, type GuestProgram } from "../rivals/programs.js";
import { RATIOS, type Rounds, rowsOf } from "../rivals/ratios.js";
import { runSession, type SessionFigures } from "../rivals/session.js";

/** @throws when a program's checksum differs from another contender's, or from the real processor's. */
const checkAgainst = (known: Map<string, { readonly checksum: string; readonly by: string }>, by: Contender, { checksums }: SessionFigures): void => {
  for (const [name, checksum] of checksums) {
    const other = known.get(name);
    if (other === undefined) known.set(name, { checksum, by });
    else if (other.checksum !== checksum) throw new Error(`${name}: ${by} computes ${checksum}, ${other.by} ${other.checksum}`);
  }
};

const versionOf = (node: string): string => {
  const { status, stdout, error } = spawnSync(node, ["--version"], { encoding: "utf8" });
  if (status !== 0 || !/^v\d/.test(stdout)) throw new Error(`${node} is no Node: ${error?.message ?? stdout}`);
  return stdout.trim().slice(1);
};

const selected = (only: RegExp | undefined): readonly GuestProgram[] => {
  const programs = only ? GUEST_PROGRAMS.filter((program) => only.test(program.name) || only.test(program.class)) : GUEST_PROGRAMS;
  if (programs.length === 0) throw new Error(`no program matches ${only}; there are ${GUEST_PROGRAMS.map(({ name }) => name).join(" ")}`);
  return programs;
};

export const rivals: Suite = {
  name: "rivals",
  about: "ours, v86 and QEMU: boot, guest programs in six classes, idle shell, memory",
  rounds: 3,
  async run({ rounds, rival, only, node, jit, scratch, say }) {
    if (!canMeasureProcesses()) return { columns: [], rows: [], notes: ["Left out: CPU seconds of other processes come from Linux's /proc, which is not here."] };
    const programs = selected(only);
    const version = versionOf(node);
    const guest = await prepareRivalsGuest(programs, scratch);
    const launch = await launches(guest, node, jit);
    const known = new Map(Object.entries(realChecksums()).map(([name, checksum]) => [name, { checksum, by: "the real processor" }]));
    const measure = (contender: Contender) => async (): Promise<SessionFigures> => {
      const session = await runSession(launch[contender]);
      say(`${contender}: boot ${session.boot.toFixed(1)} s, programs ${[...session.programs.values()].reduce((sum, value) => sum + value, 0).toFixed(1)} s`);
      checkAgainst(known, contender, session);
      return session;
    };
    const contenders = CONTENDERS.filter((contender) => rival || contender !== "QEMU");
    const results: Rounds = await takeTurns(
      rounds,
      Object.fromEntries(contenders.map((contender) => [contender, measure(contender)])) as Record<Contender, () => Promise<SessionFigures>>,
    );
    const where = { node: version, v86: v86Version(), ...(jit !== undefined && { jit }) };
    return {
      columns: [...contenders, ...RATIOS.map(([column]) => column)],
      rows: rowsOf(programs, results),
      notes: [
        `Debian ${guest.kernelVersion}, ${MEMORY_MIB} MiB, ${rounds === 1 ? "one round" : `medians of ${rounds} rounds in turns`}; Node ${version} for ours and v86 ${where.v86}${jit === undefined ? "" : `, --jit ${jit}`}.`,
        `CPU seconds of all threads, from the start of a program to its end; boot: from the start of the process to the prompt. ${PLAIN_APPEND}`,
        "Every program printed the same checksum everywhere. Means are geometric.",
      ],
      where,
    };
  },
};
