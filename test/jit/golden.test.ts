/**
 * What single instructions and small programs become: intermediate representation, and how many WebAssembly instructions.
 * A change of the translator shows as a change of the files in golden/: `npx vitest run test/jit/golden.test.ts -u` writes
 * them anew.
 */
import { describe, expect, it } from "vitest";
import { printRegion } from "../../kernel/cpu-jit/index.js";
import { operations } from "../../kernel/cpu-jit/lift/lifters.js";
import type { Assembler } from "../cpu/assemble.js";
import { DATA, Processor } from "./machine.js";
import { type Single, SingleInstructions, stable } from "./single.js";

/** ModR/M bytes of a register, ECX, and of [EBX + 8]; what may follow, in which ENTER finds level zero. */
const REGISTER = 0xc1;
const MEMORY = [0x43, 8] as const;
const REST = [0x12, 0x20, 0x56, 0x78, 0x12, 0x34] as const;
/** TEST has one form with a memory operand, which counts as its destination. */
const NOT_ENCODED = ["TEST8rm", "TEST16rm", "TEST32rm"];
/** Lifted together with the instruction behind it. */
const NOT_ALONE = ["STI"];

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Encodings in order: each opcode without and with 66h, each /n, with a register and with memory. */
const encodings = function* (): Generator<{ readonly bytes: readonly number[]; readonly form: "register" | "memory" }> {
  for (const prefix of [[], [0x66]]) {
    for (const group of [[], [0x0f]]) {
      for (let opcode = 0; opcode < 256; opcode++) {
        for (let n = 0; n < 8; n++) {
          yield { bytes: [...prefix, ...group, opcode, REGISTER | (n << 3), ...REST], form: "register" };
          yield { bytes: [...prefix, ...group, opcode, MEMORY[0] | (n << 3), MEMORY[1], ...REST], form: "memory" };
        }
      }
    }
  }
};

describe("golden", () => {
  const single = new SingleInstructions();
  const printed = (name: string, bytes: readonly number[], { ir, emitted }: Single): string => `${name}: ${hex(bytes.slice(0, 4))} .., ${emitted} emitted\n${ir}`;

  it("single instructions", { timeout: 120_000 }, async () => {
    const known = operations();
    const found = new Map<string, string>();
    /** Without an operand both kinds are one. */
    const bodies = new Set<string>();
    for (const { bytes, form } of encodings()) {
      const number = single.operationOf(bytes);
      const { lift, fence, special, name: operation } = known[number];
      if (!lift || special) continue;
      // a cold operation has its size and operand in its record: one of each kind of operand
      const name = `${operation}${fence ? `, ${form}` : ""}`;
      if (found.has(name)) continue;
      const made = single.region(bytes);
      if (!made.isLifted && fence) continue;
      const body = `${operation}\n${made.ir.replace(/ +leave .*/, "")}`;
      if (!bodies.has(body)) found.set(name, printed(name, bytes, made));
      bodies.add(body);
    }
    const lifted = known.filter(({ lift, special }) => lift && !special).map(({ name }) => name);
    const seen = new Set([...found.keys()].map((name) => name.split(",")[0]));
    expect(lifted.filter((name) => !seen.has(name))).toEqual([...NOT_ENCODED, ...NOT_ALONE]);
    await expect(
      `${[...found.keys()]
        .sort()
        .map((name) => found.get(name))
        .join("\n")}\n`,
    ).toMatchFileSnapshot("golden/instructions.txt");
  });

  it("ways that are rarely taken are marked, at branches", () => {
    const marked = (...bytes: number[]): string[] =>
      single
        .region([...bytes, ...REST])
        .code.split("\n")
        .filter((line) => line.endsWith(" rarely"))
        .map((line) => line.trim());
    expect(marked(0x40), "INC EAX").toEqual([]);
    expect(marked(0x8b, ...MEMORY), "MOV EAX, [EBX + 8]: no entry; not plain memory").toEqual(["if rarely", "if rarely"]);
    expect(marked(0xdd, ...MEMORY), "FLD [EBX + 8]").toContain("brIf 0 rarely");
  });

  const PROGRAMS: Readonly<Record<string, (a: Assembler) => void>> = {
    "a loop with memory": (a) => {
      a.mov("ecx", 1000).mov("esi", DATA).mov("eax", 0).label("top");
      a.b(0x03, 0x06, 0x89, 0x46, 4, 0x83, 0xc6, 4, 0x49).near8("top", 0x75).hlt();
    },
    "a call and its return": (a) => {
      a.mov("ecx", 1000).label("top").near("routine", 0xe8).b(0x49).near8("top", 0x75).hlt();
      a.label("routine").b(0x55, 0x89, 0xe5, 0x01, 0xc8, 0xc9, 0xc3);
    },
    "a switch by an indirect jump": (a) => {
      // TEST ECX, 1; two targets
      a.mov("ecx", 1000).label("top").b(0xb8).address("even").b(0xf6, 0xc1, 1).near8("go", 0x74).b(0xb8).address("odd");
      a.label("go").b(0xff, 0xe0).label("even").b(0x43).near8("next", 0xeb).label("odd").b(0x42).label("next").b(0x49).near8("top", 0x75).hlt();
    },
    "a comparison and two branches": (a) => {
      a.mov("ecx", 1000).label("top").b(0x81, 0xf9).d(500).near8("below", 0x72).near8("equal", 0x74).b(0x40).near8("next", 0xeb);
      a.label("below").b(0x43).near8("next", 0xeb).label("equal").b(0x42).label("next").b(0x49).near8("top", 0x75).hlt();
    },
    "interrupts held off and allowed, as kernels do": (a) => {
      a.mov("ecx", 1000).mov("esp", 0x9000).label("top").b(0x9c, 0xfa, 0x40, 0x9d, 0xfb, 0x43, 0xfa, 0x49).near8("top", 0x75).hlt();
    },
    "strings moved and stored at once": (a) => {
      // REP MOVSD of 16, REP STOSB of 5
      a.mov("edx", 1000).label("top").mov("esi", 0x8000).mov("edi", 0x8100).mov("ecx", 16).b(0xf3, 0xa5).mov("ecx", 5).b(0xf3, 0xaa, 0x4a).near8("top", 0x75).hlt();
    },
    "segment registers loaded": (a) => {
      // POP FS of a null selector, MOV GS, EDX
      a.mov("ecx", 1000).mov("edx", 0).mov("esp", 0x9000).label("top").b(0x6a, 0, 0x0f, 0xa1, 0x8e, 0xea, 0x49).near8("top", 0x75).hlt();
    },
    "a loop across the end of a page": (a) => {
      a.mov("ecx", 1000).near("top", 0xe9);
      a.nop(0x1000 - 10 - 4)
        .label("top")
        .b(0x40)
        .b(0x05)
        .d(0x1234)
        .b(0x49)
        .near8("top", 0x75)
        .hlt();
    },
  };
  it("programs of several blocks", async () => {
    let text = "";
    for (const [name, make] of Object.entries(PROGRAMS)) {
      // all is decoded when it is hot
      const jit = new Processor({ threshold: 12 });
      jit.program(make);
      jit.cpu.run(100_000);
      expect(jit.cpu.halted).toBe(true);
      expect(jit.regions.length).toBeGreaterThan(0);
      expect(jit.translator.statistics.executed).toBeGreaterThan(1000);
      text += `── ${name}\n${stable(printRegion(jit.regions[0]))}\n`;
    }
    await expect(text).toMatchFileSnapshot("golden/programs.txt");
  });
});
