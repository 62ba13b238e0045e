/** The JavaScript back end: a batch of regions is one text. */
import type { IrRegion } from "../../ir/ir.js";
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

  constructor(environment: RegionEnvironment) {
    this.#environment = javaScriptEnvironment(environment);
    this.#prologue = `"use strict";\nconst { ${this.#environment.names.join(", ")} } = environment;\n`;
    this.regions = new JavaScriptRegions(environment.i32, this.#environment.askAlways);
  }

  compile(regions: readonly IrRegion[]): readonly Generated[] {
    const texts = regions.map((region) => new JavaScriptEmitter(region).emit(`${nameOf(region)}_${uniqueNumber()}`));
    // in parentheses a function is compiled at once, not parsed twice
    const functions = compileText(`${this.#prologue}return [\n${texts.map((text) => `(${text})`).join(",\n")}\n];`, this.#environment.values) as RegionFunction[];
    return functions.map((run, index) => ({ run, bytes: texts[index].length }));
  }

  describe(region: IrRegion): string {
    return new JavaScriptEmitter(region, "  ").emit(nameOf(region));
  }
}
