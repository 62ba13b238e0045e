/** Guest MIPS of the processor alone, against QEMU TCG on the same bytes. */
import { median, medianRatio } from "../harness.js";
import { LOOPS } from "../programs.js";
import { geometricMean, percent, type Row, type Suite } from "../report.js";
import { programSpeeds } from "../speed.js";

const MIPS = "MIPS";
const COLD = "first second";
const RIVAL = "QEMU MIPS";
const RATIO = "x QEMU's time";
const BEFORE = "MIPS before";
const CHANGE = "x time before";
const SPREAD = "+-%";

export const interpreter: Suite = {
  name: "interpreter",
  about: "guest MIPS on integer, memory and call-heavy loops",
  async run(context) {
    const rows: Row[] = [];
    for (const program of LOOPS) {
      context.say(`${program.name}: ${program.about}`);
      const { cold, warm, rival, before } = await programSpeeds(program, context);
      rows.push({
        name: `${program.kind}: ${program.name}`,
        figures: {
          [MIPS]: 1000 / median(warm),
          [SPREAD]: percent(warm),
          [COLD]: 1000 / median(cold),
          ...(before.length > 0 && { [BEFORE]: 1000 / median(before), [CHANGE]: medianRatio(warm, before) }),
          ...(rival.length > 0 && { [RIVAL]: 1000 / median(rival), [RATIO]: medianRatio(warm, rival) }),
        },
      });
    }
    const columns = [MIPS, SPREAD, COLD, BEFORE, CHANGE, RIVAL, RATIO];
    const means = [MIPS, COLD, BEFORE, CHANGE, RIVAL, RATIO].filter((column) => rows.every(({ figures }) => column in figures));
    rows.push({ name: "geometric mean", figures: Object.fromEntries(means.map((column) => [column, geometricMean(rows.map(({ figures }) => figures[column]))])) });
    return {
      columns,
      rows,
      notes: [
        'Millions of guest instructions per CPU second, all threads; "first second" is a new process with its engine\'s compilers at work. Medians of the rounds.',
        ...(context.rival ? ["Every program computed the same checksum on QEMU; QEMU's own start is taken off."] : []),
      ],
    };
  },
};
