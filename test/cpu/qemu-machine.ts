/**
 * A qemu-system-i386 that runs one scenario after the other. Its RAM is a file that this process shares: a BIOS of its own
 * finds the pages that a scenario changes in the fifth megabyte, copies them (by guest stores, which QEMU's translator
 * notices) and enters the scenario's boot ROM through shadow RAM at F0000h. QMP over two FIFOs, read without blocking, resets
 * the machine and tells when it has halted.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, constants, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Assembler } from "./assemble.js";
import { ROM_BYTES } from "./boot-rom.js";

const PROGRAM = "qemu-system-i386";
const RAM = 8 << 20;
/** The part of RAM that belongs to scenarios. */
const SCENARIO_BYTES = 2 << 20;
const ROM = 0xf_0000;
/** Serial number of the scenario wanted, of the one begun, whether the processor was reset since, page count, page addresses. */
const MAILBOX = 4 << 20;
const WANTED = 0;
const BEGUN = 4;
const SHUT_DOWN = 8;
const COUNT = 12;
const ADDRESSES = 16;
const PAGES = MAILBOX + 0x2000;
const PAGE = 4096;
/** Video memory and option ROMs. */
const isHole = (at: number): boolean => at >= 0xa_0000 && at < ROM;
/** A scenario takes milliseconds; more means that it never halts. */
const PATIENCE_MS = 2000;
/** An emulator that is busy for longer hangs. */
const ANSWER_MS = 5000;

/** Everything that is compared. */
export interface QemuEnd {
  readonly shutdown: boolean;
  /** What the monitor's `info registers` says. */
  readonly registers: string;
  /** Memory of the scenario; video memory and option ROMs are undefined. */
  readonly ram: Uint8Array;
}

const bios = (): Uint8Array => {
  const rom = new Uint8Array(ROM_BYTES).fill(0xf4);
  const put = (assembler: Assembler): void => rom.set(assembler.build(), assembler.origin & 0xffff);
  put(new Assembler(0xfff0, 16).b(0xe9).w(0x100 - 0xfff3));
  // lgdt cs:[800h]; mov eax, 11h; mov cr0, eax; jmp 8:copy
  put(
    new Assembler(0x100, 16)
      .b(0xfa, 0x66, 0x2e, 0x0f, 0x01, 0x16)
      .w(0x800)
      .mov("eax", 0x11)
      .b(0x0f, 0x22, 0xc0)
      .far(0xea, 8, 0xffff_0200 | 0),
  );
  const copy = new Assembler(0xffff_0200 | 0);
  for (const segment of ["ds", "es"] as const) copy.seg(segment, 0x10);
  // RAM at F0000h: register 59h of the host bridge
  copy.mov("edx", 0xcf8).mov("eax", 0x8000_0058).b(0xef).mov("edx", 0xcfd).b(0xb0, 0x30, 0xee);
  // a number that was begun before: the program has reset the processor
  copy
    .load(MAILBOX + WANTED)
    .b(0x3b, 0x05)
    .d(MAILBOX + BEGUN)
    .near("again", 0x0f, 0x84);
  copy.store(MAILBOX + BEGUN);
  copy
    .mov("ebx", MAILBOX + ADDRESSES)
    .mov("esi", PAGES)
    .b(0x8b, 0x15)
    .d(MAILBOX + COUNT);
  // test edx, edx; jz; mov edi, [ebx]; add ebx, 4; mov ecx, 1024; rep movsd; dec edx; jmp
  copy
    .label("page")
    .b(0x85, 0xd2)
    .near("done", 0x0f, 0x84)
    .b(0x8b, 0x3b, 0x83, 0xc3, 4)
    .mov("ecx", PAGE / 4)
    .b(0xf3, 0xa5, 0x4a);
  copy.near("page", 0xe9).label("done");
  // segments as reset leaves them, then real mode
  for (const segment of ["ds", "es", "ss", "fs", "gs"] as const) copy.seg(segment, 0x20);
  copy.far(0xea, 0x18, 0x300);
  copy
    .label("again")
    .mov("eax", 1)
    .store(MAILBOX + SHUT_DOWN)
    .hlt();
  put(copy);
  put(new Assembler(0x300, 16).b(0x66, 0x2e, 0x0f, 0x01, 0x16).w(0x808).mov("eax", 0x6000_0010).b(0x0f, 0x22, 0xc0, 0xea).w(0x100).w(0xf000));
  const tables = new Assembler(0x800).w(0x27).d(0xffff_0820).w(0).w(0xffff).d(0);
  while (tables.here < 0x820) tables.b(0);
  tables.d(0).d(0).d(0x0000_ffff).d(0x00cf_9b00).d(0x0000_ffff).d(0x00cf_9300).d(0x0000_ffff).d(0xff00_9bff);
  put(tables.d(0x0000_ffff).d(0x0000_9300));
  return rom;
};

const sleepCell = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => {
  Atomics.wait(sleepCell, 0, 0, ms);
};

/** Version of the QEMU on the PATH, or undefined. */
export const qemuVersion = (): string | undefined => {
  if (process.platform === "win32") return undefined;
  const { stdout, status } = spawnSync(PROGRAM, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.split("\n")[0].trim() : undefined;
};

export class QemuMachine {
  readonly #folder = mkdtempSync(join(tmpdir(), "cpu-qemu-"));
  readonly #child: ChildProcess;
  readonly #ram: number;
  readonly #commands: number;
  readonly #answers: number;
  readonly #current = new Uint8Array(SCENARIO_BYTES);
  #text = "";
  #serial = 0;

  constructor(cpu: string) {
    const path = (name: string): string => join(this.#folder, name);
    writeFileSync(path("bios"), bios());
    this.#ram = openSync(path("ram"), "w+");
    ftruncateSync(this.#ram, RAM);
    if (spawnSync("mkfifo", [path("qmp.in"), path("qmp.out")]).status !== 0) throw new Error("mkfifo does not work");
    // opened for both directions, so that neither end waits for the other
    this.#commands = openSync(path("qmp.in"), constants.O_RDWR | constants.O_NONBLOCK);
    this.#answers = openSync(path("qmp.out"), constants.O_RDWR | constants.O_NONBLOCK);
    const args = [
      ["-M", "pc,memory-backend=ram", "-object", `memory-backend-file,id=ram,size=${RAM},mem-path=${path("ram")},share=on`, "-m", String(RAM >> 20)],
      ["-accel", "tcg", "-cpu", cpu, "-nodefaults", "-display", "none", "-S", "-bios", path("bios"), "-qmp", `pipe:${path("qmp")}`],
    ].flat();
    // the shell outlives neither this process nor the emulator: its input ends with either
    const script = '"$@" </dev/null & child=$!; read end; kill -9 $child; wait';
    this.#child = spawn("sh", ["-c", script, "sh", PROGRAM, ...args], { stdio: ["pipe", "ignore", "ignore"] });
    this.#child.unref();
    this.#answer("QMP");
    this.#execute("qmp_capabilities");
  }

  close(): void {
    this.#child.stdin?.end();
    for (const file of [this.#ram, this.#commands, this.#answers]) closeSync(file);
    rmSync(this.#folder, { recursive: true });
  }

  /** Runs a scenario from reset until the processor halts or shuts down. */
  run(rom: Uint8Array, memory: Uint8Array): QemuEnd {
    const wanted = memory.slice();
    wanted.set(rom, ROM);
    this.#serial++;
    this.#stage(wanted);
    this.#execute("system_reset");
    if (this.#serial === 1) this.#execute("cont");
    const registers = this.#untilHalted();
    readSync(this.#ram, this.#current, 0, SCENARIO_BYTES, 0);
    return { shutdown: this.#word(SHUT_DOWN) !== 0, registers, ram: this.#current.slice() };
  }

  /** Puts the pages that differ from what the machine has now where the BIOS looks for them. */
  #stage(wanted: Uint8Array): void {
    const addresses: number[] = [];
    for (let at = 0; at < SCENARIO_BYTES; at += PAGE) {
      if (!isHole(at) && Buffer.compare(wanted.subarray(at, at + PAGE), this.#current.subarray(at, at + PAGE)) !== 0) addresses.push(at);
    }
    addresses.forEach((address, index) => {
      writeSync(this.#ram, wanted, address, PAGE, PAGES + index * PAGE);
    });
    const header = Int32Array.of(this.#serial, this.#word(BEGUN), 0, addresses.length, ...addresses);
    writeSync(this.#ram, new Uint8Array(header.buffer), 0, header.byteLength, MAILBOX);
  }

  #word(at: number): number {
    const word = new Int32Array(1);
    readSync(this.#ram, new Uint8Array(word.buffer), 0, 4, MAILBOX + at);
    return word[0];
  }

  #untilHalted(): string {
    const deadline = Date.now() + PATIENCE_MS;
    for (let halted = false; ; ) {
      const text = this.#word(BEGUN) === this.#serial ? this.#monitor("info registers") : "";
      // asked twice: the first answer may have been half written when the processor halted
      if (halted || Date.now() > deadline) return text;
      halted = text.includes("HLT=1");
      if (!halted) sleep(0.3);
    }
  }

  #monitor(line: string): string {
    return String(this.#execute("human-monitor-command", { "command-line": line }));
  }

  #execute(command: string, parameters: Readonly<Record<string, string>> = {}): unknown {
    writeSync(this.#commands, JSON.stringify({ execute: command, arguments: parameters }));
    return this.#answer("return")["return"];
  }

  /** The next answer with a key; events on the way are left out. */
  #answer(key: string): Record<string, unknown> {
    const deadline = Date.now() + ANSWER_MS;
    const buffer = new Uint8Array(0x1_0000);
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = JSON.parse(this.#text.slice(0, end)) as Record<string, unknown>;
        this.#text = this.#text.slice(end + 1);
        if ("error" in line) throw new Error(`QEMU refuses: ${JSON.stringify(line)}`);
        if (key in line) return line;
        continue;
      }
      try {
        this.#text += Buffer.from(buffer.subarray(0, readSync(this.#answers, buffer))).toString("utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        if (Date.now() > deadline) throw new Error("QEMU does not answer");
        sleep(0.2);
      }
    }
  }
}
