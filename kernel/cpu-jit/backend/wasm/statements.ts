/** Statements as WebAssembly code: memory accesses through the TLBs, fences, locals in the state. */
import { CODE_PAGE, COUNT_BASE, CS, DF, EAX, ECX, EDI, EIP, ESI, FLAGS, FPU_OFFSET, PC, SEL } from "../../../cpu/state.js";
import { FCS, FDP, FDS, FIP, FOP } from "../../../cpu/x87/layout.js";
import { PAGE_MASK, PAGE_SHIFT, TLB_READ_OFFSET, TLB_WRITE_OFFSET } from "../../../memory/layout.js";
import { type Bytes, MEMORY_COPY, MEMORY_FILL, OP } from "../../../wasm/encoder.js";
import { LEAVE_AT, WINDOW_BITS } from "../../environment.js";
import { binary, constant, type Expr, type IrBlock, type IrRegion, LOCAL_WORDS, LOCALS, local, type Site, type Size, type Statement, type WindowUse, word } from "../../ir/ir.js";
import { localsOf } from "../../passes/dead-sets.js";
import { foldBinary } from "../../passes/fold.js";
import { LEFT } from "../leaves.js";
import { SCOPE, type WasmControl } from "./control.js";
import type { WasmExpressions } from "./expression.js";
import { ADDRESS, COUNT, ENTRY, EXTRA, FIRST_HANDLE, FIRST_LOCAL, type Imports, x87Name } from "./numbering.js";

const LOAD: Record<Size, number> = { 8: OP.i32Load8S, 16: OP.i32Load16S, 32: OP.i32Load };
const STORE: Record<Size, number> = { 8: OP.i32Store8, 16: OP.i32Store16, 32: OP.i32Store };

/** Word of the x87 state, and bits of the opcode register. */
const X87_STATE = FPU_OFFSET / 4;
const FOP_MASK = 0x7ff;

export class WasmStatements {
  readonly #out: Bytes;
  readonly #code: WasmExpressions;
  readonly #control: WasmControl;
  readonly #imports: Imports;
  readonly #region: IrRegion;
  readonly #firstTemp: number;
  readonly #used: number;
  readonly #set: number;

  constructor(out: Bytes, code: WasmExpressions, control: WasmControl, imports: Imports, region: IrRegion) {
    this.#out = out;
    this.#imports = imports;
    this.#code = code;
    this.#control = control;
    this.#region = region;
    this.#firstTemp = FIRST_HANDLE + region.handles;
    const { used, set } = localsOf(region);
    this.#used = used;
    this.#set = set;
  }

  emit(statement: Statement, block: IrBlock): void {
    const out = this.#out;
    switch (statement.kind) {
      case "set":
        this.#code.emit(statement.value);
        this.#code.op(OP.localSet, FIRST_LOCAL + statement.local);
        return;
      case "let":
        this.#code.emit(statement.value);
        this.#code.op(OP.localSet, this.#firstTemp + statement.temp);
        return;
      case "word":
        this.#code.storeWord(statement.word, () => this.#code.emit(statement.value));
        return;
      case "require":
        this.#code.emit(statement.test);
        out.byte(OP.i32Eqz);
        this.#control.rarely();
        this.#control.leaveAt(statement.site, LEFT.required);
        this.#control.close();
        return;
      case "x87":
        this.#x87(statement, block);
        return;
      case "bulk":
        this.#bulk(statement, block);
        return;
      case "mapped":
        this.#control.testPage(statement.page);
        this.#control.rarely();
        this.#control.leaveAt(statement.site, LEFT.required);
        this.#control.close();
        return;
      case "load":
        this.#code.memory(LOAD[statement.size], this.#place(statement), 0);
        this.#code.op(OP.localSet, this.#firstTemp + statement.temp);
        return;
      case "store": {
        const offset = this.#place(statement);
        this.#code.emit(statement.value);
        this.#code.memory(STORE[statement.size], offset, 0);
        return;
      }
      case "open":
        this.#sum(this.#place(statement));
        this.#code.op(OP.localTee, this.#firstTemp + statement.handle);
        this.#code.memory(LOAD[statement.size], 0, 0);
        this.#code.op(OP.localSet, this.#firstTemp + statement.temp);
        return;
      case "put":
        this.#code.op(OP.localGet, this.#firstTemp + statement.handle);
        this.#code.emit(statement.value);
        this.#code.memory(STORE[statement.size], 0, 0);
        return;
      case "fence":
        this.#fence(statement, block);
    }
  }

  /** An operand's place in the buffer: an address on the stack, and the offset from it that is returned. Leaves where the access is not plain memory. */
  #place({ kind, size, address, window, site }: Statement & { kind: "load" | "store" | "open" }): number {
    if (window) return this.#throughWindow(window, address, site);
    if (kind === "load") this.#translate(size, address, TLB_READ_OFFSET, `readMiss${size}`, site);
    else this.#translate(size, address, TLB_WRITE_OFFSET, `writeMiss${size}`, site);
    this.#hostAddress();
    return 0;
  }
  #throughWindow({ window, distance, opens }: WindowUse, address: Expr, site: Site): number {
    const code = this.#code;
    const handle = FIRST_HANDLE + window.handle;
    if (!opens) code.op(OP.localGet, handle);
    else {
      this.#lookUp(foldBinary("add", address, constant(window.low - distance)), window.writes ? TLB_WRITE_OFFSET : TLB_READ_OFFSET);
      const bytes = window.high - window.low;
      this.#testEntry(bytes);
      this.#control.rarely();
      code.op(OP.localGet, ADDRESS);
      code.constant(bytes | (this.#region.slot << WINDOW_BITS));
      this.#call(window.writes ? "writeWindow" : "readWindow");
      this.#leaveIfRefused(site);
      this.#control.close();
      this.#hostAddress();
      code.op(OP.localTee, handle);
    }
    return distance - window.low;
  }
  #call(name: string): void {
    this.#code.op(OP.call, this.#imports.indexOf(name));
  }
  /** Adds a number to the value on the stack. */
  #sum(offset: number): void {
    if (offset === 0) return;
    this.#code.constant(offset);
    this.#out.byte(OP.i32Add);
  }
  /** Not 0 on the stack when the ENTRY there is none, or so many bytes from ADDRESS on do not lie on one page. */
  #testEntry(bytes: number): void {
    if (bytes === 1) {
      this.#code.constant(1);
      this.#out.byte(OP.i32And);
      return;
    }
    this.#code.op(OP.localGet, ADDRESS);
    this.#out.byte(OP.i32Or);
    this.#code.constant(PAGE_MASK);
    this.#out.byte(OP.i32And);
    this.#code.constant(PAGE_MASK + 1 - bytes);
    this.#out.byte(OP.i32GtU);
  }
  /** The answer of a miss function, on the stack, becomes the ENTRY. */
  #leaveIfRefused(site: Site): void {
    this.#code.op(OP.localTee, ENTRY);
    this.#code.constant(1);
    this.#out.byte(OP.i32And);
    this.#control.rarely();
    this.#control.leaveAt(site, LEFT.refused);
    this.#control.close();
  }

  /** The address into ADDRESS and its TLB entry into ENTRY; leaves where the access is not plain memory. */
  #translate(size: Size, address: Expr, tlb: number, miss: string, site: Site): void {
    this.#lookUp(address, tlb);
    this.#testEntry(size >> 3);
    this.#control.rarely();
    this.#code.op(OP.localGet, ADDRESS);
    this.#call(miss);
    this.#leaveIfRefused(site);
    this.#control.close();
  }
  /** The address into ADDRESS, its TLB entry into ENTRY and on the stack. */
  #lookUp(address: Expr, tlb: number): void {
    const out = this.#out;
    this.#code.emit(address);
    this.#code.op(OP.localTee, ADDRESS);
    this.#code.constant(PAGE_SHIFT - 2);
    out.byte(OP.i32ShrU);
    this.#code.constant(0x3ffffc);
    out.byte(OP.i32And);
    this.#code.memory(OP.i32Load, tlb + this.#region.tlbPart * 4, 2);
    this.#code.op(OP.localTee, ENTRY);
  }
  #hostAddress(): void {
    this.#code.op(OP.localGet, ENTRY);
    this.#code.op(OP.localGet, ADDRESS);
    this.#out.byte(OP.i32Xor);
  }

  #x87({ instruction, code: opcode, segment, address, window, fence }: Statement & { kind: "x87" }, block: IrBlock): void {
    const out = this.#out;
    const code = this.#code;
    const store = (word: number, value: () => void): void => code.storeWord(X87_STATE + word, value);
    this.#control.open(OP.block, SCOPE);
    this.#control.open(OP.block, SCOPE);
    if (address && !window) {
      this.#lookUp(address, instruction.writes ? TLB_WRITE_OFFSET : TLB_READ_OFFSET);
      this.#testEntry(instruction.bytes);
      this.#control.rarelyBranch(0);
    }
    code.constant(instruction.form);
    if (address && window) this.#sum(this.#throughWindow(window, address, fence.site));
    else if (address) this.#hostAddress();
    else code.constant(0);
    this.#call(x87Name(instruction.place));
    out.byte(OP.i32Eqz);
    this.#control.rarelyBranch(0);
    if (instruction.records) {
      // code and data segments are flat here: offset and linear address are the same
      store(FIP, () => code.constant(fence.site.linear));
      store(FCS, () => code.loadWord(SEL + CS));
      store(FOP, () => code.constant(opcode & FOP_MASK));
      if (address) {
        store(FDP, () => code.emit(address));
        store(FDS, () => code.loadWord(SEL + segment));
      }
    }
    code.op(OP.br, 1);
    this.#control.close();
    this.#fence(fence, block);
    this.#control.close();
  }

  /** Leaves the scope when so many bytes, on the stack, from ADDRESS on are not plain memory on one page; puts their place there. */
  #wholePlace(address: Expr, tlb: number, length: number): void {
    const out = this.#out;
    const code = this.#code;
    this.#lookUp(address, tlb);
    code.constant(1);
    out.byte(OP.i32And);
    this.#control.rarelyBranch(0);
    code.op(OP.localGet, ADDRESS);
    code.constant(PAGE_MASK);
    out.byte(OP.i32And);
    code.op(OP.localGet, length);
    out.byte(OP.i32Add);
    code.constant(PAGE_MASK + 1);
    out.byte(OP.i32GtU);
    this.#control.rarelyBranch(0);
    this.#hostAddress();
  }
  #bulk({ operation, size, length: lengthTemp, target: targetTemp, fence }: Statement & { kind: "bulk" }, block: IrBlock): void {
    const out = this.#out;
    const code = this.#code;
    const log = size === 8 ? 0 : size === 16 ? 1 : 2;
    const length = this.#firstTemp + lengthTemp;
    const target = this.#firstTemp + targetTemp;
    const setLocal = (register: number): void => code.op(OP.localSet, FIRST_LOCAL + register);
    this.#control.open(OP.block, SCOPE);
    this.#control.open(OP.block, SCOPE);
    // nothing to do
    code.emit(local(ECX));
    out.byte(OP.i32Eqz);
    code.op(OP.brIf, 1);
    code.emit(binary("and", word(FLAGS), constant(DF)));
    this.#control.rarelyBranch(0);
    code.constant((PAGE_MASK + 1) >> log);
    code.emit(local(ECX));
    out.byte(OP.i32LtU);
    this.#control.rarelyBranch(0);
    if (operation === "store" && size > 8) {
      // only what one byte makes can be filled
      const lowest = binary("mul", binary("and", local(EAX), constant(0xff)), constant(0x0101_0101));
      code.emit(binary("ne", binary("shl", binary("xor", lowest, local(EAX)), constant(32 - size)), constant(0)));
      this.#control.rarelyBranch(0);
    }
    code.emit(foldBinary("shl", local(ECX), constant(log)));
    code.op(OP.localSet, length);
    this.#wholePlace(local(EDI), TLB_WRITE_OFFSET, length);
    code.op(OP.localSet, target);
    if (operation === "move") {
      this.#wholePlace(local(ESI), TLB_READ_OFFSET, length);
      code.op(OP.localSet, ENTRY);
      // a target ahead of its source repeats the bytes in between
      code.op(OP.localGet, target);
      code.op(OP.localGet, ENTRY);
      out.byte(OP.i32Sub);
      code.op(OP.localGet, length);
      out.byte(OP.i32LtU);
      this.#control.rarelyBranch(0);
      code.op(OP.localGet, target);
      code.op(OP.localGet, ENTRY);
      code.op(OP.localGet, length);
      out.bytes(MEMORY_COPY);
      code.emit(local(ESI));
      code.op(OP.localGet, length);
      out.byte(OP.i32Add);
      setLocal(ESI);
    } else {
      code.op(OP.localGet, target);
      code.emit(local(EAX));
      code.op(OP.localGet, length);
      out.bytes(MEMORY_FILL);
    }
    code.emit(local(EDI));
    code.op(OP.localGet, length);
    out.byte(OP.i32Add);
    setLocal(EDI);
    code.constant(0);
    setLocal(ECX);
    code.op(OP.br, 1);
    this.#control.close();
    this.#fence(fence, block);
    this.#control.close();
  }

  #fence({ record, site, next, ends }: Statement & { kind: "fence" }, block: IrBlock): void {
    const code = this.#code;
    this.storeLocals();
    code.storeWord(PC, () => code.constant(record));
    code.storeWord(COUNT_BASE, () => {
      code.op(OP.localGet, COUNT);
      code.constant(site.before * 8 - record);
      this.#out.byte(OP.i32Add);
    });
    code.storeWord(CODE_PAGE, () => code.constant(block.linear & ~PAGE_MASK));
    // code segments are flat here: offset and linear address are the same
    if (ends) code.storeWord(EIP, () => code.constant(next));
    code.constant(record);
    this.#call(ends ? "endingFence" : "fence");
    code.op(OP.localSet, ENTRY);
    this.loadLocals();
    code.loadWord(COUNT_BASE);
    code.constant(site.before * 8);
    this.#out.byte(OP.i32Sub);
    code.op(OP.localSet, COUNT);
    if (block.exit.kind === "resume" && site.before + 1 === block.instructions) return;
    code.op(OP.localGet, ENTRY);
    this.#control.rarely();
    if (!ends) {
      code.op(OP.localGet, ENTRY);
      code.constant(LEAVE_AT);
      this.#out.byte(OP.i32Eq);
      this.#control.rarely();
      this.#control.leaveAt(site, LEFT.fence);
      this.#control.close();
    }
    // behind an operation that ends no block the interpreter goes on to the next branch, whatever has been requested
    code.constant(site.before * 8 + 8 + (ends ? LEFT.moved : LEFT.fence));
    code.op(OP.localSet, EXTRA);
    if (ends) this.#control.leaveForEip();
    else this.#control.leaveFor(next);
    this.#control.close();
  }

  loadLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#used & (1 << local)) === 0) continue;
      this.#code.loadWord(LOCAL_WORDS[local]);
      this.#code.op(OP.localSet, FIRST_LOCAL + local);
    }
  }
  storeLocals(): void {
    for (let local = 0; local < LOCALS; local++) {
      if ((this.#set & (1 << local)) === 0) continue;
      this.#code.storeWord(LOCAL_WORDS[local], () => this.#code.op(OP.localGet, FIRST_LOCAL + local));
    }
  }
}
