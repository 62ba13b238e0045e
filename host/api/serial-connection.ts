/** A serial port of a machine with something plugged into it. */
import type { SerialPort } from "../../sdk/roles/serial.js";
import { findText, showPattern, type Waiter, type WaitOptions, waitFor } from "./wait.js";

/** Where bytes can go: a Node `Writable`, the writer of a `WritableStream`, an object with `write`. */
export interface ByteSink {
  write(bytes: Uint8Array): unknown;
}

export interface StreamEnds {
  /** Bytes for the guest: a Node `Readable`, a `ReadableStream`. Read only as fast as the guest takes them. */
  readonly input?: AsyncIterable<Uint8Array | string>;
  /** Gets what the guest transmits. */
  readonly output?: ByteSink;
}

/** The transcript keeps this many characters. */
const TRANSCRIPT_MAX = 1 << 20;
const TRANSCRIPT_SLACK = 1 << 16;
const CHUNK_MAX = 1 << 16;
/** Input waits while the guest has this many bytes to take. */
const INPUT_AHEAD = 1024;
const INPUT_POLL_MS = 5;
const TAIL = 200;

export class SerialConnection {
  /** Path of the port's device. */
  readonly path: string;
  readonly #port: SerialPort;
  readonly #waiter: Waiter;
  readonly #listeners = new Set<{ readonly fn: (bytes: Uint8Array) => void }>();
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #chunk = new Uint8Array(CHUNK_MAX);
  #filled = 0;
  #scheduled = false;
  #text = "";
  /** Where the next `waitForText` begins to look. */
  #seen = 0;

  /** @internal */
  constructor(path: string, port: SerialPort, waiter: Waiter) {
    this.path = path;
    this.#port = port;
    this.#waiter = waiter;
    port.onTransmit((byte) => this.#transmitted(byte));
  }

  /** What the guest has transmitted, decoded as UTF-8; the latest million characters. */
  get transcript(): string {
    this.#deliver();
    return this.#text;
  }

  /** Bytes queued for the guest and not yet taken. */
  get pending(): number {
    return this.#port.pending;
  }

  /** Sends to the guest; text goes as UTF-8. A terminal's Enter key is "\r". */
  write(data: string | Uint8Array): void {
    this.#port.receive(typeof data === "string" ? this.#encoder.encode(data) : data);
  }

  /** Chunks of what the guest transmits, each the listener's own. Returns a function that unsubscribes. */
  onData(fn: (bytes: Uint8Array) => void): () => void {
    const listener = { fn };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Connects streams; the function it returns disconnects them. The end of `input` closes nothing. */
  attach({ input, output }: StreamEnds): () => void {
    let connected = true;
    const disconnect = output ? this.onData((bytes) => void output.write(bytes)) : () => {};
    // A stream that fails has ended.
    if (input) this.#pump(input, () => connected).catch(() => {});
    return () => {
      connected = false;
      disconnect();
    };
  }

  /**
   * Resolves with the transcript up to the end of the first match, counted from where the match of the call before
   * ended: waiting twice for a prompt waits for two prompts.
   * @throws BackplaneError `WAIT_TIMEOUT`, `WAIT_STOPPED`.
   */
  waitForText(pattern: string | RegExp, options: WaitOptions = {}): Promise<string> {
    const probe = (): string | undefined => {
      this.#deliver();
      const found = findText(this.#text, pattern, this.#seen);
      if (!found) return undefined;
      const text = this.#text.slice(this.#seen, found.end);
      this.#seen = found.end;
      return text;
    };
    return waitFor(this.#waiter, probe, `${showPattern(pattern)} on ${this.path}`, () => this.#text.slice(this.#seen).slice(-TAIL), options);
  }

  async #pump(input: AsyncIterable<Uint8Array | string>, connected: () => boolean): Promise<void> {
    for await (const chunk of input) {
      while (connected() && this.pending > INPUT_AHEAD && this.#waiter.state() !== "stopped") await this.#waiter.time.sleep(INPUT_POLL_MS, new Promise(() => {}));
      if (!connected()) return;
      this.write(chunk);
    }
  }

  /** Called inside the guest's OUT instruction; listeners hear once the run loop lets the host have its turn. */
  #transmitted(byte: number): void {
    this.#chunk[this.#filled++] = byte;
    if (this.#filled === CHUNK_MAX) this.#deliver();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      void Promise.resolve().then(() => {
        this.#scheduled = false;
        this.#deliver();
      });
    }
  }

  #deliver(): void {
    if (this.#filled === 0) return;
    const bytes = this.#chunk.slice(0, this.#filled);
    this.#filled = 0;
    this.#text += this.#decoder.decode(bytes, { stream: true });
    if (this.#text.length > TRANSCRIPT_MAX + TRANSCRIPT_SLACK) {
      const dropped = this.#text.length - TRANSCRIPT_MAX;
      this.#text = this.#text.slice(dropped);
      this.#seen = Math.max(0, this.#seen - dropped);
    }
    for (const { fn } of this.#listeners) fn(bytes);
  }
}
