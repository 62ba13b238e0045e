/** The WebAssembly back end: a batch of regions is a module. */

import { disassemble } from "../../../wasm/text.js";
import type { IrRegion } from "../../ir/ir.js";
import { type Reporting, UNREPORTED } from "../../report/reporting.js";
import type { BackEnd, Generated, RegionEnvironment, RegionFunction } from "../backend.js";
import { WasmEmitter } from "./emit.js";
import { instantiate, regionModule } from "./module.js";
import { Imports, x87Name } from "./numbering.js";

const BATCH = 16;

export class WasmBackEnd implements BackEnd {
  readonly name = "wasm";
  readonly batch = BATCH;
  readonly #environment: RegionEnvironment;
  /** By the names that regions import. */
  readonly #functions: Record<string, unknown>;
  readonly #reporting: Reporting;

  /** @param helpers the dispatcher's functions for conditions of flags of unknown kind */
  constructor(environment: RegionEnvironment, helpers: Record<string, unknown>, reporting = UNREPORTED) {
    this.#reporting = reporting;
    this.#environment = environment;
    this.#functions = { ...environment, ...helpers };
    environment.x87.forEach((run, place) => {
      this.#functions[x87Name(place)] = run;
    });
  }

  compile(regions: readonly IrRegion[]): readonly Generated[] {
    const { counts, stopwatch } = this.#reporting;
    const { codes, module } = stopwatch.during("emitting", () => {
      const imports = new Imports();
      const codes = regions.map((region) => new WasmEmitter(region, imports, counts).emit());
      return { codes, module: regionModule(codes, imports, this.#environment.memory.buffer.byteLength >>> 16) };
    });
    const exports = stopwatch.during("loading", () => instantiate(module, this.#functions));
    return codes.map(({ body }, index) => ({ run: exports[String(index)] as RegionFunction, bytes: body.length }));
  }

  describe(region: IrRegion): string {
    return disassemble(new WasmEmitter(region, new Imports(), this.#reporting.counts).emit());
  }
}
