/** What float-torture prints on a processor with certain features, and where an output differs from it. */
import { readFileSync } from "node:fs";
import { CPU_MODELS, cpuModel } from "../../kernel/cpu/models.js";
import { EXPECTED } from "./build.mjs";

export interface Section {
  readonly name: string;
  /** Features without which the program skips it, as it names them. */
  readonly needs: readonly string[];
  /** With the section's heading, without the last line's end. */
  readonly text: string;
}

export const MODEL_NAMES: readonly string[] = CPU_MODELS.map(({ name }) => name);

export const sections = (): Section[] =>
  readFileSync(EXPECTED, "latin1")
    .trimEnd()
    .split(/\n(?=== )/)
    .map((text) => {
      const [name, ...needs] = text.slice(3, text.indexOf("\n")).split(" ");
      return { name, needs, text };
    });

/** Processors of before the denormals-are-zeros mode, or of its time. */
const hasFeature = (model: string, need: string): boolean => {
  const { features } = cpuModel(model);
  return need === "DAZ" ? features.has("sse2") : (features as ReadonlySet<string>).has(need.toLowerCase());
};

const missingIn = (model: string, { needs }: Section): string[] => needs.filter((need) => !hasFeature(model, need));

export const expectedOn = (model: string, chosen: readonly Section[] = sections()): string =>
  chosen
    .map((section) => {
      const missing = missingIn(model, section);
      const heading = section.text.slice(0, section.text.indexOf("\n"));
      return `${missing.length === 0 ? section.text : `${heading}\nskipped, the processor has no ${missing.join(" ")}`}\n`;
    })
    .join("");

/** Sections a processor of this model cannot run. */
export const skippedOn = (model: string): Section[] => sections().filter((section) => missingIn(model, section).length > 0);

/** Lines that differ, with their sections; the first few. */
export const differences = (got: string, wanted: string, atMost = 20): string[] => {
  const [actual, expected] = [got.split("\n"), wanted.split("\n")];
  const found: string[] = [];
  let section = "";
  for (let index = 0; index < Math.max(actual.length, expected.length) && found.length < atMost; index++) {
    if (expected[index]?.startsWith("== ")) section = expected[index].slice(3);
    if (actual[index] !== expected[index]) found.push(`${section}, line ${index + 1}: got "${actual[index]}", a processor prints "${expected[index]}"`);
  }
  return found;
};
