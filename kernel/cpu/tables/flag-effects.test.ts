import { describe, expect, it } from "vitest";
import { AF, CF, OF, PF, SF, ZF } from "../state.js";
import { ARITHMETIC, flagEffect } from "./flag-effects.js";
import { FACTS } from "./table.js";

/** Of the operation's first encoding. */
const effect = (operation: string, size = 32, count?: number, condition?: number) => flagEffect(FACTS.find((fact) => fact.operation === operation)!, size, count, condition);

describe("what an instruction does to the flags", () => {
  it("follows from the operation where nothing else matters", () => {
    expect(effect("ADD")).toEqual({ reads: 0, writes: ARITHMETIC, undefined: 0, perhaps: false });
    expect(effect("XADD")).toEqual({ reads: 0, writes: ARITHMETIC, undefined: 0, perhaps: false });
    expect(effect("ADC").reads).toBe(CF);
    expect(effect("INC").writes).toBe(ARITHMETIC & ~CF);
    expect(effect("AND").undefined).toBe(AF);
    expect(effect("IMUL2").undefined).toBe(SF | ZF | AF | PF);
    expect(effect("BSF")).toEqual({ reads: 0, writes: ARITHMETIC, undefined: ARITHMETIC & ~ZF, perhaps: false });
    expect(effect("BT").writes).toBe(ARITHMETIC & ~ZF);
    expect(effect("MOV").writes).toBe(0);
  });

  it("depends on the condition", () => {
    expect(effect("JCC", 32, undefined, 0x0).reads).toBe(OF);
    expect(effect("JCC", 32, undefined, 0x7).reads).toBe(CF | ZF);
    expect(effect("SETCC", 8, undefined, 0xa).reads).toBe(PF);
    expect(effect("CMOV", 32, undefined, 0xf).reads).toBe(SF | OF | ZF);
  });

  it("depends on the count of a shift or rotation", () => {
    expect(effect("SHL", 32, 0)).toEqual({ reads: 0, writes: 0, undefined: 0, perhaps: false });
    expect(effect("ROL", 8, 32)).toEqual({ reads: 0, writes: 0, undefined: 0, perhaps: false });
    expect(effect("RCL", 32, 0).reads).toBe(CF);
    expect(effect("SHL", 32, 1).undefined).toBe(AF);
    expect(effect("SHL", 32, 5).undefined).toBe(AF | OF);
    expect(effect("SHL", 8, 8).undefined).toBe(AF | OF | CF);
    expect(effect("SAR", 8, 9).undefined).toBe(AF | OF);
    expect(effect("ROR", 16, 3)).toEqual({ reads: 0, writes: OF | CF, undefined: OF, perhaps: false });
    expect(effect("SHLD", 16, 16).undefined).toBe(AF | OF);
    expect(effect("SHLD", 16, 17).undefined).toBe(ARITHMETIC);
    expect(effect("SHRD", 32, 31).undefined).toBe(AF | OF);
  });

  it("is uncertain with a count that is not known", () => {
    expect(effect("SHR", 32)).toEqual({ reads: 0, writes: ARITHMETIC, undefined: AF | OF, perhaps: true });
    expect(effect("SHR", 16).undefined).toBe(AF | OF | CF);
    expect(effect("ROL", 16).perhaps).toBe(true);
  });
});
