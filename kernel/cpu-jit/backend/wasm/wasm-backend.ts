/** The WebAssembly back end: a batch of regions is a module. */

import { disassemble } from "../../../wasm/text.js";
import type { IrRegion } from "../../ir/ir.js";
import type { BackEnd, Generated, RegionEnvironment, RegionFunction } from "../backend.js";
import { WasmEmitter } from "./emit.js";
import { instantiate, regionModule } from "./module.js";

const BATCH = 16;

export class WasmBackEnd implements BackEnd {
  readonly name = "wasm";
  readonly batch = BATCH;
  readonly #environment: RegionEnvironment;
  readonly #imports: Record<string, unknown>;

  /** @param helpers the dispatcher's functions for conditions of flags of unknown kind */
  constructor(environment: RegionEnvironment, helpers: Record<string, unknown>) {
    this.#environment = environment;
    this.#imports = { ...environment, ...helpers };
  }

  compile(regions: readonly IrRegion[]): readonly Generated[] {
    const bodies = regions.map((region) => new WasmEmitter(region).emit());
    const module = regionModule(bodies, this.#environment.memory.buffer.byteLength >>> 16);
    const exports = instantiate(module, this.#imports);
    return bodies.map((body, index) => ({ run: exports[String(index)] as RegionFunction, bytes: body.length }));
  }

  describe(region: IrRegion): string {
    return disassemble(new WasmEmitter(region).emit().view);
  }
}
