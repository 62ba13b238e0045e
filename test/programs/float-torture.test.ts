/** The same bits as on a real processor: on the bare one here, and on this machine's own where it is one. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canCompile, compile, inTemporaryDirectory, program, runHere } from "./build.mjs";
import { differences, expectedOn, MODEL_NAMES, sections, skippedOn } from "./expected.js";
import { runFlat } from "./flat-process.js";

const MINUTES = 60_000;
const NEWEST = "pentium4";

/** The committed program as a file; undefined where this machine does not run it. */
const withProgram = <T>(use: (path: string) => T): T | undefined =>
  inTemporaryDirectory((directory) => {
    const path = join(directory, "float-torture");
    writeFileSync(path, program());
    chmodSync(path, 0o755);
    return runHere(path, ["x87-decimal"]) === undefined ? undefined : use(path);
  });

const runsHere = process.platform === "linux" && withProgram(() => true) === true;
const everywhere = (): string => expectedOn(NEWEST);

describe("float-torture", () => {
  it(
    "prints the bits of a real processor on the bare one here",
    () => {
      const { output, status } = runFlat(program(), [], { model: NEWEST });
      expect(differences(output, everywhere())).toEqual([]);
      expect(status).toBe(0);
    },
    3 * MINUTES,
  );

  it.each(MODEL_NAMES.filter((name) => name !== NEWEST))(
    "leaves out what a %s does not have, and no more",
    (model) => {
      const absent = skippedOn(model);
      const kept = sections().filter(({ name }) => ["x87-environment", "sse-move", "mmx-integer"].includes(name) && !absent.some((each) => each.name === name));
      const chosen = [...absent, ...kept];
      const { output } = runFlat(program(), ["x87-decimal", ...chosen.map(({ name }) => name)], { model });
      expect(differences(output, expectedOn(model, [...sections().filter(({ name }) => name === "x87-decimal"), ...chosen]))).toEqual([]);
    },
    MINUTES,
  );

  it("says which section there is not", () => {
    expect(runFlat(program(), ["x88"])).toMatchObject({ output: "no such section: x88\n", status: 1 });
  });

  it("shows every result of a checksum with -v", () => {
    const { output } = runFlat(program(), ["-v", "x87-decimal"]);
    expect(output.split("\n").filter((line) => /^ \d+: .* -> /.test(line)).length).toBeGreaterThan(1000);
    expect(
      output
        .split("\n")
        .filter((line) => !line.startsWith(" "))
        .join("\n"),
    ).toBe(
      expectedOn(
        NEWEST,
        sections().filter(({ name }) => name === "x87-decimal"),
      ),
    );
  });

  it.runIf(runsHere)("prints what is expected on this machine's processor", () => {
    withProgram((path) => expect(differences(runHere(path) ?? "", everywhere())).toEqual([]));
  });

  it.runIf(runsHere && canCompile())(
    "prints the same compiled anew",
    () => {
      inTemporaryDirectory((directory) => {
        const path = join(directory, "anew");
        expect(compile(path)).toBeUndefined();
        expect(differences(runHere(path) ?? "", everywhere())).toEqual([]);
      });
    },
    MINUTES,
  );
});
