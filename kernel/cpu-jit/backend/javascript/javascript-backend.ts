/** The JavaScript back end: a batch of regions is one text. */
import type { IrRegion } from "../../ir/ir.js";
import { type Reporting, UNREPORTED } from "../../report/reporting.js";
import type { BackEnd, Generated, RegionEnvironment, RegionFunction } from "../backend.js";
import { compileText, uniqueNumber } from "./compile.js";
import { JavaScriptEmitter } from "./emit.js";
import { type JavaScriptEnvironment, javaScriptEnvironment } from "./environment.js";
import { JavaScriptRegions } from "./regions.js";

const BATCH = 16;

const nameOf = (region: IrRegion): string => `region_${(region.blocks[0].linear >>> 0).toString(16)}`;

export class JavaScriptBackEnd implements BackEnd {
  readonly name = "js";
  readonly batch = BATCH;
  /** By slot, for a dispatcher. */
  readonly regions: JavaScriptRegions;
  readonly #environment: JavaScriptEnvironment;
  readonly #prologue: string;
  readonly #reporting: Reporting;

  constructor(environment: RegionEnvironment, reporting = UNREPORTED) {
    this.#reporting = reporting;
    this.#environment = javaScriptEnvironment(environment);
    this.#prologue = `"use strict";\nconst { ${this.#environment.names.join(", ")} } = environment;\n`;
    this.regions = new JavaScriptRegions(environment.i32, this.#environment.askAlways);
  }

  compile(regions: readonly IrRegion[]): readonly Generated[] {
    const { counts, stopwatch } = this.#reporting;
    const texts = stopwatch.during("emitting", () => regions.map((region) => new JavaScriptEmitter(region, counts).emit(`${nameOf(region)}_${uniqueNumber()}`)));
    // in parentheses a function is compiled at once, not parsed twice
    const body = `${this.#prologue}return [\n${texts.map((text) => `(${text})`).join(",\n")}\n];`;
    const functions = stopwatch.during("loading", () => compileText(body, this.#environment.values)) as RegionFunction[];
    return functions.map((run, index) => ({ run, bytes: texts[index].length }));
  }

  describe(region: IrRegion): string {
    return new JavaScriptEmitter(region, this.#reporting.counts, "  ").emit(nameOf(region));
  }
}
