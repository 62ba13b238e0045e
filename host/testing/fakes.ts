/** Stand-ins for the parts of a machine that the host talks to. */
import { PassThrough } from "node:stream";
import type { MachineState } from "../../kernel/machine/index.js";
import type { Display, Picture, TextScreen } from "../../sdk/roles/display.js";
import type { SerialPort } from "../../sdk/roles/serial.js";
import type { Waiter } from "../api/wait.js";
import { nodeTime } from "../node/time.js";

/** A machine that only has a state and the host's time. */
export const fakeWaiter = (): Waiter & { now: MachineState } => {
  const waiter = { now: "running" as MachineState, time: nodeTime, state: () => waiter.now };
  return waiter;
};

export class FakeSerialPort implements SerialPort {
  readonly received: number[] = [];
  readonly #listeners = new Set<(byte: number) => void>();

  transmit(text: string): void {
    this.transmitBytes(...new TextEncoder().encode(text));
  }
  transmitBytes(...bytes: number[]): void {
    for (const byte of bytes) for (const fn of this.#listeners) fn(byte);
  }
  onTransmit(fn: (byte: number) => void): () => void {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }
  receive(bytes: Uint8Array): void {
    this.received.push(...bytes);
  }
  get pending(): number {
    return this.received.length;
  }
  get text(): string {
    return String.fromCharCode(...this.received);
  }
}

export class FakeDisplay implements Display {
  mode: Display["mode"] = "text";
  width = 4;
  height = 2;
  changes = 0;
  cells: TextScreen = { columns: 4, rows: 2, characters: new Uint8Array(8).fill(0x20), attributes: new Uint8Array(8).fill(7), cursor: -1 };
  pixels: Picture = { width: 2, height: 1, rgba: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255) };

  /** Shows codes from the top left corner on. */
  show(codes: string | readonly number[], cursor = -1): void {
    const characters = new Uint8Array(8).fill(0x20);
    characters.set(typeof codes === "string" ? [...codes].map((each) => each.charCodeAt(0)) : codes);
    this.cells = { ...this.cells, characters, cursor };
    this.changes++;
  }
  text(): TextScreen | undefined {
    return this.mode === "text" ? this.cells : undefined;
  }
  picture(): Picture {
    return this.pixels;
  }
}

/** A stream that keeps what is written to it, and may look like a terminal. */
export class FakeTerminal extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 25;
  readonly modes: boolean[] = [];
  #text = "";

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }
  /** Collects what is written instead of handing it on. */
  collect(): this {
    this.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
    });
    return this;
  }
  get text(): string {
    return this.#text;
  }
  setRawMode(on: boolean): void {
    this.modes.push(on);
  }
}

export const until = async (condition: () => boolean, what: string, timeoutMs = 20_000): Promise<void> => {
  for (const end = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
