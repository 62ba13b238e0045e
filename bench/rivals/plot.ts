/** The stored summaries of the `rivals` suite as pictures: the latest by class, and all of them in time. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../report.js";
import { bar, dot, FAINT, INK, label, line, MUTED, PALETTE, picture, type RatioAxis, ratioAxis, ratioText } from "../svg.js";
import { CLASSES } from "./programs.js";
import { ALL_CLASSES_ROW, BOOT_ROW, classRow, IDLE_ROW, RESIDENT_ROW, TO_QEMU, TO_V86 } from "./ratios.js";

type Where = Readonly<Record<string, string | number>>;

/** A run of the suite, as stored. */
export interface StoredRun {
  readonly where: Where;
  readonly rows: readonly Row[];
}

/** What the first goal is for v86's ratios. */
const GOAL = 0.5;
const WIDTH = 760;

const parseRun = (text: string): StoredRun | undefined => {
  const { where, suites } = JSON.parse(text) as { where: Where; suites: Readonly<Record<string, { readonly where?: Where; readonly rows: readonly Row[] } | undefined>> };
  const stored = suites["rivals"];
  // a run of some programs only has no place beside whole ones
  const whole = stored && CLASSES.every((kind) => stored.rows.some(({ name }) => name === classRow(kind)));
  return whole ? { where: { ...where, ...stored.where }, rows: stored.rows } : undefined;
};

/** Oldest first. */
export const storedRuns = (folder: string): StoredRun[] =>
  readdirSync(folder)
    .filter((name) => /^summary-.*\.json$/.test(name))
    .flatMap((name) => parseRun(readFileSync(join(folder, name), "utf8")) ?? [])
    .sort((a, b) => (String(a.where["date"]) < String(b.where["date"]) ? -1 : 1));

const ratioOf = ({ rows }: StoredRun, name: string, column: string): number | undefined => rows.find((row) => row.name === name)?.figures[column];

/** Node's version, the tier if one was asked for, and the commit. */
const circumstancesOf = ({ where }: StoredRun): string =>
  [
    String(where["date"]).slice(0, 10),
    `Node ${where["node"]}`,
    ...(where["jit"] === undefined ? [] : [`--jit ${where["jit"]}`]),
    ...(where["commit"] === undefined ? [] : [`commit ${where["commit"]}`]),
  ].join(", ");

const legend = (x: number, y: number, entries: readonly (readonly [text: string, fill: string])[], step: number): string[] =>
  entries.flatMap(([text, fill], index) => [bar(x + index * step, y - 9, 10, 10, fill), label(x + index * step + 15, y, text)]);

/** Ratios below 1 to the left of the middle line, above to the right of it. */
export const barChart = (run: StoredRun): string => {
  const left = 190;
  const right = WIDTH - 50;
  const top = 92;
  const thickness = 11;
  const groupHeight = 38;
  const groups: readonly (readonly [text: string, row: string])[] = [
    ["mean of the classes", ALL_CLASSES_ROW],
    ...CLASSES.map((kind) => [kind, classRow(kind)] as const),
    ["boot to the shell", BOOT_ROW],
    ["idle shell's CPU", IDLE_ROW],
    ["memory: peak RSS", RESIDENT_ROW],
  ];
  const columns = [TO_V86, TO_QEMU];
  const figures = groups.map(([, row]) => columns.map((column) => ratioOf(run, row, column)));
  const axis = ratioAxis(
    figures.flatMap((each) => each.flatMap((ratio) => ratio ?? [])),
    left,
    right,
  );
  const bottom = top + groups.length * groupHeight;
  const shapes = [
    label(20, 28, "Ours over the rivals, in CPU seconds: below 1 is faster", { size: 16, bold: true }),
    label(20, 47, circumstancesOf(run), { fill: MUTED }),
    ...legend(
      left,
      72,
      [
        ["over v86", PALETTE[0]],
        ["over QEMU TCG", PALETTE[1]],
      ],
      110,
    ),
    label(left + 250, 72, `- - goal: ${GOAL} of v86`, { fill: MUTED }),
    ...axis.ticks.flatMap((tick) => [
      line(
        [
          [axis.at(tick), top],
          [axis.at(tick), bottom],
        ],
        FAINT,
      ),
      label(axis.at(tick), bottom + 16, ratioText(tick), { anchor: "middle", fill: MUTED }),
    ]),
    line(
      [
        [axis.at(GOAL), top],
        [axis.at(GOAL), bottom],
      ],
      PALETTE[0],
      { dashed: true },
    ),
  ];
  for (const [index, [text]] of groups.entries()) {
    const y = top + index * groupHeight + 7;
    shapes.push(label(left - 12, y + thickness + 4, text, { anchor: "end", bold: index === 0 }));
    for (const [which, ratio] of figures[index].entries()) {
      if (ratio === undefined) continue;
      const [one, end] = [axis.at(1), axis.at(ratio)];
      const barTop = y + which * (thickness + 2);
      shapes.push(bar(Math.min(one, end), barTop, Math.abs(end - one), thickness, PALETTE[which]));
      shapes.push(label(end + (ratio < 1 ? -4 : 4), barTop + thickness - 2, ratioText(ratio), { size: 10, anchor: ratio < 1 ? "end" : "start" }));
    }
  }
  shapes.push(
    line(
      [
        [axis.at(1), top],
        [axis.at(1), bottom],
      ],
      INK,
    ),
  );
  return picture(WIDTH, bottom + 30, "Ours over v86 and over QEMU TCG, by class of guest program", shapes);
};

const SERIES: readonly (readonly [text: string, row: string, column: string])[] = [
  ["programs / v86", ALL_CLASSES_ROW, TO_V86],
  ["programs / QEMU", ALL_CLASSES_ROW, TO_QEMU],
  ["boot / v86", BOOT_ROW, TO_V86],
  ["boot / QEMU", BOOT_ROW, TO_QEMU],
];
const MOST_LABELS = 9;

const gridOf = (axis: RatioAxis, left: number, right: number): string[] =>
  axis.ticks.flatMap((tick) => [
    line(
      [
        [left, axis.at(tick)],
        [right, axis.at(tick)],
      ],
      tick === 1 ? INK : FAINT,
    ),
    label(left - 8, axis.at(tick) + 4, ratioText(tick), { anchor: "end", fill: MUTED }),
  ]);

/** One column for each run, in order of time; runs on different versions of Node are lines of their own. */
export const trendChart = (runs: readonly StoredRun[]): string => {
  const [left, right, top, bottom] = [60, WIDTH - 40, 84, 330];
  const axis = ratioAxis(
    runs.flatMap((run) => SERIES.flatMap(([, row, column]) => ratioOf(run, row, column) ?? [])),
    bottom,
    top,
  );
  const x = (index: number): number => (runs.length === 1 ? (left + right) / 2 : left + 30 + (index / (runs.length - 1)) * (right - left - 60));
  const every = Math.ceil(runs.length / MOST_LABELS);
  const shapes = [
    label(20, 28, "Ours over the rivals, from run to run: below 1 is faster", { size: 16, bold: true }),
    ...legend(
      left,
      56,
      SERIES.map(([text], index) => [text, PALETTE[index]] as const),
      165,
    ),
    ...gridOf(axis, left, right),
    ...runs.flatMap(({ where }, index) =>
      index % every === 0
        ? [
            label(x(index), bottom + 18, String(where["date"]).slice(5, 16).replace("T", " "), { size: 10, anchor: "middle", fill: MUTED }),
            label(x(index), bottom + 31, String(where["commit"] ?? ""), { size: 10, anchor: "middle", fill: MUTED }),
            label(x(index), bottom + 44, `Node ${String(where["node"]).split(".")[0]}`, { size: 10, anchor: "middle", fill: MUTED }),
          ]
        : [],
    ),
  ];
  const versions = [...new Set(runs.map(({ where }) => String(where["node"]).split(".")[0]))];
  for (const [series, [, row, column]] of SERIES.entries()) {
    for (const version of versions) {
      const points = runs.flatMap((run, index) => {
        const ratio = String(run.where["node"]).split(".")[0] === version ? ratioOf(run, row, column) : undefined;
        return ratio === undefined ? [] : [[x(index), axis.at(ratio)] as const];
      });
      if (points.length > 1) shapes.push(line(points, PALETTE[series], { width: 1.5 }));
      shapes.push(...points.map(([atX, atY]) => dot(atX, atY, PALETTE[series])));
    }
  }
  return picture(WIDTH, bottom + 60, "Ours over v86 and over QEMU TCG, in time", shapes);
};

/** Draws both from the summaries in `results`. Returns the names of what it wrote; nothing without a summary. */
export const plotRivals = (results: string, figures: string): string[] => {
  const runs = storedRuns(results);
  if (runs.length === 0) return [];
  mkdirSync(figures, { recursive: true });
  const pictures = { "rivals.svg": barChart(runs[runs.length - 1]), "rivals-trend.svg": trendChart(runs) };
  for (const [name, text] of Object.entries(pictures)) writeFileSync(join(figures, name), text);
  return Object.keys(pictures);
};
