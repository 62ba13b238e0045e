/**
 * The process of a case on the project's own processor: as Linux would have it, in ring 3 with PAE paging, whose every end
 * is an exception that a handler of one HLT receives. Any execution engine that is a `CpuCore` can be put in.
 */
import { CODE, CODE_BYTES, DATA, DATA_BYTES, ENVIRONMENTS, LDT, READ_ONLY_PAGE, WINDOW, WINDOWS } from "./layout.mjs";
import { FCW, FSW, FTW, MXCSR, REGISTER_STRIDE, ST, UNIT_BYTES, word, XMM } from "./units.mjs";

/** @typedef {import("./case.mjs").Start} Start */
/** @typedef {import("./case.mjs").End} End */
/** @typedef {import("../../kernel/memory/guest-memory.js").GuestMemory} GuestMemory */
/** @typedef {Pick<import("../../kernel/cpu/engine.js").CpuCore, "run" | "load" | "save" | "halted" | "shutdown">} Engine */
/**
 * The kernel's modules, built or as sources.
 * @typedef {object} Kernel
 * @property {typeof import("../../kernel/memory/guest-memory.js").GuestMemory} GuestMemory
 * @property {(memory: GuestMemory) => Engine} makeEngine
 * @property {typeof import("../../kernel/cpu/state.js")} S
 * @property {typeof import("../../kernel/cpu/x87/layout.js")} x87
 * @property {{ XMM: number; MXCSR: number }} simd where the state of MMX and SSE lies
 */
/** @typedef {{ name: string; run: (engine: Engine, most: number) => void }} Way how a case is run */

/** One instruction at a time, and inside a running block. @type {readonly Way[]} */
export const WAYS = [
  {
    name: "stepped",
    run: (engine, most) => {
      for (let done = 0; done < most && !engine.halted && !engine.shutdown; done++) engine.run(1);
    },
  },
  { name: "block", run: (engine, most) => engine.run(most) },
];

/** In one slice, as a translator needs it: the last 200 instructions of a slice are stepped. @type {Way} */
export const TRANSLATED = { name: "translated", run: (engine, most) => engine.run(most) };

/** Physical places. */
const PDPT = 0x1000;
const DIRECTORIES = [0x2000, 0x3000];
const TABLES = [0x4000, 0x5000, 0x6000];
const SYSTEM_AT = 0x1_0000;
const DATA_AT = 0x2_0000;
const CODE_AT = 0x4_0000;
const SYSTEM = 0xc000_0000;
/** In the system area. */
const GDT = 0;
const IDT = 0x800;
const LOCAL = 0x1000;
const TSS = 0x2000;
const STACK = 0x3ff0;
const HANDLERS = 0x4000;
const SYSTEM_BYTES = 0x5000;
const VECTORS = 32;
const HALT = 0xf4;
const INT3 = 0xcc;

export const HAS_ERROR = new Set([8, 10, 11, 12, 13, 14, 17]);
const GENERAL_FLAGS = 0x4cd5;
const INSTRUCTIONS_MOST = 20_000;

/** What a case that does not end is said to be. */
export const STILL_RUNNING = "still running";

export class Machine {
  #kernel;
  #memory;
  #engine;
  #start;
  #data;
  #nothing = Buffer.alloc(DATA_BYTES);
  #code;
  #words;
  #fpu;

  /** @param {Kernel} kernel */
  constructor(kernel) {
    this.#kernel = kernel;
    this.#memory = new kernel.GuestMemory(1 << 20);
    this.#engine = kernel.makeEngine(this.#memory);
    const { ram } = this.#memory;
    this.#data = Buffer.from(ram.buffer, ram.byteOffset + DATA_AT, DATA_BYTES);
    this.#code = ram.subarray(CODE_AT, CODE_AT + CODE_BYTES).fill(INT3);
    this.#pageTables();
    this.#systemTables();
    this.#start = this.#engine.save();
    this.#words = new Int32Array(/** @type {Uint8Array} */ (this.#start.words).buffer);
    this.#fpu = new Int32Array(/** @type {Uint8Array} */ (this.#start.fpu).buffer);
  }

  /** @param {number} physical @param {number[]} values */
  #put32(physical, ...values) {
    values.forEach((value, index) => {
      this.#memory.words[(this.#memory.ram.byteOffset + physical) / 4 + index] = value;
    });
  }

  #pageTables() {
    const NX = 0x8000_0000;
    this.#put32(PDPT, DIRECTORIES[0] | 1, 0, 0, 0, 0, 0, DIRECTORIES[1] | 1, 0);
    this.#put32(DIRECTORIES[0] + (DATA >>> 21) * 8, TABLES[0] | 7);
    this.#put32(DIRECTORIES[0] + (CODE >>> 21) * 8, TABLES[1] | 7);
    this.#put32(DIRECTORIES[1], TABLES[2] | 3);
    for (let page = 0; page < DATA_BYTES >> 12; page++) this.#put32(TABLES[0] + page * 8, (DATA_AT + page * 4096) | (page === READ_ONLY_PAGE ? 5 : 7), NX);
    for (let page = 0; page < CODE_BYTES >> 12; page++) this.#put32(TABLES[1] + page * 8, (CODE_AT + page * 4096) | 7);
    for (let page = 0; page < SYSTEM_BYTES >> 12; page++) this.#put32(TABLES[2] + page * 8, (SYSTEM_AT + page * 4096) | 3);
  }

  #systemTables() {
    const { S } = this.#kernel;
    const at = SYSTEM_AT;
    // the flat segments have the selectors that Linux gives them
    const gdt = [
      [0x10, 0x0000_ffff, 0x00cf_9b00],
      [0x18, 0x0000_ffff, 0x00cf_9300],
      [0x20, 0x0000_ffff, 0x00cf_fb00],
      [0x28, 0x0000_ffff, 0x00cf_f300],
    ];
    for (const [selector, low, high] of gdt) this.#put32(at + GDT + selector, low, high);
    for (let vector = 0; vector < VECTORS; vector++) {
      const to = SYSTEM + HANDLERS + vector;
      const privilege = vector === 3 || vector === 4 ? 0xee00 : 0x8e00;
      this.#put32(at + IDT + vector * 8, 0x0010_0000 | (to & 0xffff), (to & 0xffff_0000) | privilege);
    }
    LDT.forEach((entry, index) => {
      this.#put32(at + LOCAL + index * 8, Number(entry & 0xffff_ffffn), Number(entry >> 32n));
    });
    this.#put32(at + TSS + 4, SYSTEM + STACK, 0x18);
    // no port is allowed: the map begins beyond the limit
    this.#put32(at + TSS + 0x64, 0x68_0000);
    this.#memory.ram.fill(HALT, at + HANDLERS, at + HANDLERS + 0x100);

    const w = this.#memory.words;
    w[S.CR0] = 0x8005_0033 | 0;
    w[S.CR3] = PDPT;
    w[S.PDPTE] = DIRECTORIES[0] | 1;
    w[S.PDPTE + 6] = DIRECTORIES[1] | 1;
    w[S.CR4] = S.CR4_PAE | S.CR4_DE | S.CR4_OSFXSR | S.CR4_OSXMMEXCPT;
    w[S.EFER] = 0x800;
    w[S.GDTR_BASE] = SYSTEM + GDT;
    w[S.GDTR_LIMIT] = 127;
    w[S.IDTR_BASE] = SYSTEM + IDT;
    w[S.IDTR_LIMIT] = VECTORS * 8 - 1;
    /** @param {number} register @param {number} selector @param {number} base @param {number} limit @param {number} attributes */
    const system = (register, selector, base, limit, attributes) => {
      w[S.SEL + register] = selector;
      w[S.BASE + register] = base;
      w[S.LIMIT + register] = limit;
      w[S.ATTR + register] = attributes;
    };
    system(S.LDTR, 0x50, SYSTEM + LOCAL, LDT.length * 8 - 1, 0x82);
    system(S.TR, 0x40, SYSTEM + TSS, 0x67, 0x8b);
    w[S.CPL] = 3;
  }

  /** @param {Int32Array} words @param {number} index @param {number} selector */
  #segment(words, index, selector) {
    const { S } = this.#kernel;
    let low = 0;
    let high = 0;
    if ((selector & 4) !== 0) {
      low = LOW[selector >> 3];
      high = HIGH[selector >> 3];
    } else if ((selector & ~3) !== 0) {
      low = 0xffff;
      high = selector === 0x23 ? 0x00cf_fb00 : 0x00cf_f300;
    }
    const raw = (low & 0xffff) | (high & 0xf_0000);
    words[S.SEL + index] = selector;
    words[S.BASE + index] = (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000);
    words[S.LIMIT + index] = (high & 0x80_0000) !== 0 ? (raw << 12) | 0xfff : raw;
    words[S.ATTR + index] = (high >>> 8) & 0xf0ff;
  }

  /** @param {Uint8Array} units */
  #loadUnits(units) {
    const { S, x87, simd } = this.#kernel;
    const fpu = this.#fpu.fill(0);
    const view = new DataView(units.buffer, units.byteOffset, units.byteLength);
    const status = word(units, FSW);
    fpu[x87.CONTROL_WORD] = word(units, FCW);
    fpu[x87.STATUS_WORD] = status & ~0x3800;
    fpu[x87.TOP] = (status >> 11) & 7;
    fpu[x87.IN_USE] = units[FTW];
    for (let register = 0; register < 8; register++) {
      const from = ST + register * REGISTER_STRIDE;
      const to = register * x87.REGISTER_WORDS;
      fpu[to] = view.getInt32(from, true);
      fpu[to + 1] = view.getInt32(from + 4, true);
      fpu[to + 2] = view.getUint16(from + 8, true);
    }
    const base = S.FPU_OFFSET / 4;
    fpu[simd.MXCSR - base] = view.getInt32(MXCSR, true);
    for (let at = 0; at < 32; at++) fpu[simd.XMM - base + at] = view.getInt32(XMM + at * 4, true);
  }

  #saveUnits() {
    const { S, x87, simd } = this.#kernel;
    const units = new Uint8Array(UNIT_BYTES);
    const view = new DataView(units.buffer);
    const base = S.FPU_OFFSET / 4;
    const w = this.#memory.words;
    view.setUint16(FCW, w[base + x87.CONTROL_WORD], true);
    view.setUint16(FSW, w[base + x87.STATUS_WORD] | (w[base + x87.TOP] << 11), true);
    units[FTW] = w[base + x87.IN_USE];
    for (let register = 0; register < 8; register++) {
      const to = ST + register * REGISTER_STRIDE;
      const from = base + register * x87.REGISTER_WORDS;
      view.setInt32(to, w[from], true);
      view.setInt32(to + 4, w[from + 1], true);
      view.setUint16(to + 8, w[from + 2], true);
    }
    view.setInt32(MXCSR, w[simd.MXCSR], true);
    for (let at = 0; at < 32; at++) view.setInt32(XMM + at * 4, w[simd.XMM + at], true);
    return units;
  }

  /** Runs a case to its end; a string says why there is none. @param {Start} c @param {Way} way @returns {End | string} */
  run(c, way) {
    const { S } = this.#kernel;
    const halves = WINDOWS[c.window];
    const data = this.#data;
    for (let half = 0; half < 2; half++) data.set(c.memory.subarray(half * 256, half * 256 + 256), halves[half]);
    const length = Math.min(c.code.length, CODE_BYTES - c.codeOffset);
    for (let at = 0; at < length; at++) this.#code[c.codeOffset + at] = c.code[at];

    const w = this.#words;
    for (let register = 0; register < 8; register++) w[register] = c.registers[register];
    const segments = ENVIRONMENTS[c.environment];
    for (let index = 0; index < 6; index++) this.#segment(w, index, segments[index]);
    w[S.EIP] = CODE + c.codeOffset - w[S.BASE + S.CS];
    w[S.FLAGS] = c.flags;
    if (c.units) this.#loadUnits(c.units);
    else this.#fpu.fill(0);
    this.#engine.load(this.#start);
    way.run(this.#engine, INSTRUCTIONS_MOST);

    const end = this.#end(c);
    this.#code.fill(INT3, c.codeOffset, c.codeOffset + length);
    for (const start of halves) data.fill(0, start, start + 256);
    if (!data.equals(this.#nothing)) {
      data.fill(0);
      return "memory outside of the window changed";
    }
    return end;
  }

  /** @param {Start} c @returns {End | string} */
  #end(c) {
    const { S } = this.#kernel;
    const w = this.#memory.words;
    if (!this.#engine.halted) return this.#engine.shutdown ? "shutdown" : STILL_RUNNING;
    const vector = w[S.EIP] - (SYSTEM + HANDLERS) - 1;
    const frame = (this.#memory.ram.byteOffset + SYSTEM_AT + STACK) / 4 - 5;
    const registers = [];
    for (let register = 0; register < 8; register++) registers.push(w[register] >>> 0);
    registers[S.ESP] = w[frame + 3] >>> 0;
    const segments = [];
    for (let index = 0; index < 6; index++) segments.push((index === S.CS ? w[frame + 1] : index === S.SS ? w[frame + 4] : w[S.SEL + index]) & 0xffff);
    const memory = new Uint8Array(WINDOW);
    const halves = WINDOWS[c.window];
    for (let half = 0; half < 2; half++) memory.set(this.#data.subarray(halves[half], halves[half] + 256), half * 256);
    return {
      vector: vector | 0,
      error: HAS_ERROR.has(vector | 0) ? w[frame - 1] & 0xffff : 0,
      cr2: w[S.CR2] >>> 0,
      eip: w[frame] >>> 0,
      flags: w[frame + 2] & GENERAL_FLAGS,
      registers,
      segments,
      memory,
      units: c.units ? this.#saveUnits() : undefined,
    };
  }
}

const LOW = LDT.map((entry) => Number(BigInt.asIntN(32, entry)));
const HIGH = LDT.map((entry) => Number(BigInt.asIntN(32, entry >> 32n)));
