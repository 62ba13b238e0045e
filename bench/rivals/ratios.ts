/** From the figures of the rounds to rows: ours over each rival's, in one round; means of the classes and of them all. */
import { median, medianRatio } from "../harness.js";
import { geometricMean, type Row } from "../report.js";
import type { Contender } from "./contenders.js";
import { CLASSES, type GuestProgram } from "./programs.js";
import type { SessionFigures } from "./session.js";

export const TO_V86 = "ours/v86";
export const TO_QEMU = "ours/QEMU";
export const V86_TO_QEMU = "v86/QEMU";
export const RATIOS: readonly (readonly [column: string, of: Contender, to: Contender])[] = [
  [TO_V86, "ours", "v86"],
  [TO_QEMU, "ours", "QEMU"],
  [V86_TO_QEMU, "v86", "QEMU"],
];

export const BOOT_ROW = "boot, CPU s";
export const IDLE_ROW = "idle, % of a core";
export const RESIDENT_ROW = "peak RSS, MiB";
export const ALL_CLASSES_ROW = "mean of the classes";
export const classRow = (name: string): string => `mean of ${name}`;

export type Rounds = Readonly<Partial<Record<Contender, readonly SessionFigures[]>>>;

/** Medians of one figure, and their ratios. */
const row = (name: string, rounds: Rounds, figure: (session: SessionFigures) => number): Row => {
  const values = (of: Contender): number[] => (rounds[of] ?? []).map(figure);
  const figures: Record<string, number> = {};
  for (const contender of Object.keys(rounds) as Contender[]) figures[contender] = median(values(contender));
  for (const [column, of, to] of RATIOS) if (rounds[of] && rounds[to]) figures[column] = medianRatio(values(of), values(to));
  return { name, figures };
};

/** Geometric mean of every ratio the rows have. */
const meanRow = (name: string, rows: readonly Row[]): Row => {
  const figures: Record<string, number> = {};
  for (const [column] of RATIOS) if (rows.every((each) => each.figures[column] !== undefined)) figures[column] = geometricMean(rows.map((each) => each.figures[column]));
  return { name, figures };
};

/** Programs, each class followed by its mean; then the mean of all classes, the boot, the idle shell and the memory. */
export const rowsOf = (programs: readonly GuestProgram[], rounds: Rounds): Row[] => {
  const means: Row[] = [];
  const rows = CLASSES.flatMap((kind) => {
    const inClass = programs.filter((program) => program.class === kind).map(({ name }) => row(name, rounds, (session) => session.programs.get(name)!));
    if (inClass.length === 0) return [];
    means.push(meanRow(classRow(kind), inClass));
    return [...inClass, means[means.length - 1]];
  });
  return [
    ...rows,
    meanRow(ALL_CLASSES_ROW, means),
    row(BOOT_ROW, rounds, (session) => session.boot),
    row(IDLE_ROW, rounds, (session) => session.idlePercent),
    row(RESIDENT_ROW, rounds, (session) => session.residentMiB),
  ];
};
