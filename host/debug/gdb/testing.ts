/** A client's end and a target for tests of the gdb stub. */
import { BackplaneError } from "../../../sdk/contract/errors.js";
import type { Watchpoint } from "../../api/debug.js";
import { decodeText, encodeText, frame, PacketReader } from "./packet.js";
import type { RegisterBank } from "./registers.js";
import type { ByteStream } from "./session.js";
import type { GdbTarget, TargetStop } from "./target.js";

/** Both ends of a connection in memory; this is the client's. */
export class FakeClient {
  readonly packets: string[] = [];
  acks = 0;
  nacks = 0;
  closed = false;
  #data: (bytes: Uint8Array) => void = () => {};
  #gone: () => void = () => {};
  readonly #reader = new PacketReader({
    packet: (payload) => void this.packets.push(decodeText(payload)),
    interrupt: () => {},
    resend: () => {},
    corrupt: () => void this.packets.push("corrupt"),
    oversize: () => {},
  });
  readonly stream: ByteStream = {
    write: (bytes) => {
      const text = decodeText(bytes);
      if (text === "+") this.acks++;
      else if (text === "-") this.nacks++;
      else this.#reader.feed(bytes);
    },
    onData: (fn) => {
      this.#data = fn;
    },
    onClose: (fn) => {
      this.#gone = fn;
    },
    close: () => {
      this.closed = true;
    },
  };

  raw(text: string | Uint8Array): void {
    this.#data(typeof text === "string" ? encodeText(text) : text);
  }
  send(payload: string | Uint8Array): void {
    this.raw(frame(payload));
  }
  /** Sends a packet and waits for what comes back, up to the first answer. */
  async ask(payload: string | Uint8Array): Promise<string> {
    const before = this.packets.length;
    this.send(payload);
    await this.settle();
    if (this.packets.length !== before + 1) throw new Error(`${this.packets.length - before} answers to ${typeof payload === "string" ? payload : decodeText(payload)}`);
    return this.packets[before];
  }
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  leave(): void {
    this.#gone();
  }
}

const NAMES = ["eax", "esp", "ebp", "eip", "cs"];
const MEMORY = 0x1000;
const MEMORY_BYTES = 0x100;

/** Five registers, of which CS is fixed, and 256 bytes of memory at 1000h. The test plays the program. */
export class FakeTarget implements GdbTarget {
  readonly values = [1, 2, 3, 4, 0x60];
  readonly memory = Uint8Array.from({ length: MEMORY_BYTES }, (_, index) => index);
  readonly calls: string[] = [];
  breakpoints: ReadonlySet<number> = new Set();
  watchpoints: readonly Watchpoint[] = [];
  stop: TargetStop = { kind: "interrupted" };
  /** More than this many breakpoints are refused. */
  room = 3;
  fails: Error | undefined;
  #running: ((stop: TargetStop) => void) | undefined;

  readonly registers: RegisterBank = {
    registers: NAMES.map((name) => ({ name, bits: 32, type: "int32", feature: "org.gnu.gdb.i386.core" })),
    read: (number) => new Uint8Array(Uint32Array.of(this.values[number]).buffer),
    write: (number, bytes) => {
      if (number >= NAMES.length || number < 0 || bytes.length !== 4 || NAMES[number] === "cs") return false;
      this.values[number] = new Uint32Array(bytes.slice().buffer)[0];
      return true;
    },
  };

  get running(): boolean {
    return this.#running !== undefined;
  }
  /** The program stops. */
  meet(stop: TargetStop): void {
    this.stop = stop;
    this.#running?.(stop);
  }
  readLinear(address: number, length: number): Uint8Array {
    return address < MEMORY ? new Uint8Array(0) : this.memory.slice(address - MEMORY, address - MEMORY + length);
  }
  writeLinear(address: number, bytes: Uint8Array): boolean {
    if (address < MEMORY || address + bytes.length > MEMORY + MEMORY_BYTES) return false;
    this.memory.set(bytes, address - MEMORY);
    return true;
  }
  setPoints(breakpoints: ReadonlySet<number>, watchpoints: readonly Watchpoint[]): void {
    if (breakpoints.size > this.room) throw new BackplaneError("DEBUG_POINT", "too many");
    this.breakpoints = breakpoints;
    this.watchpoints = watchpoints;
  }
  state(): TargetStop {
    return this.stop;
  }
  async run(): Promise<TargetStop> {
    this.calls.push("run");
    const stop = await new Promise<TargetStop>((resolve) => {
      this.#running = resolve;
    });
    this.#running = undefined;
    return stop;
  }
  async step(): Promise<TargetStop> {
    if (this.fails) throw this.fails;
    this.calls.push("step");
    this.values[3]++;
    return { kind: "stepped" };
  }
  async interrupt(): Promise<void> {
    this.calls.push("interrupt");
    this.#running?.({ kind: "interrupted" });
  }
  abandon(): void {
    this.calls.push("abandon");
    this.#running?.({ kind: "interrupted" });
  }
  async release(runs: boolean): Promise<void> {
    this.calls.push(`release ${runs}`);
  }
  kill(): void {
    this.calls.push("kill");
  }
  monitor(line: string): string {
    return `${line}!\n`;
  }
}
