/**
 * One client of the gdb stub, from its connection to its end: acknowledgments, packets one after the other, Ctrl-C.
 *
 * The client stops the target by connecting. However the session ends (detach, a vanished client, garbage without end), its
 * breakpoints go and the target runs on.
 */
import { isBackplaneError } from "../../../sdk/contract/errors.js";
import { ACK, decodeText, frame, NACK, PacketReader } from "./packet.js";
import { Requests } from "./requests.js";
import type { GdbTarget } from "./target.js";

/** The client's end of a connection, given by a host. */
export interface ByteStream {
  write(bytes: Uint8Array): void;
  onData(fn: (bytes: Uint8Array) => void): void;
  /** Called at least once, when no more bytes will come, for whatever reason. */
  onClose(fn: () => void): void;
  close(): void;
}

/** Packets a client may send ahead; gdb itself waits for each answer. */
const MAX_QUEUED = 64;

export class GdbSession {
  /** Resolves when the session is over and the target has been let go. */
  readonly done: Promise<void>;
  readonly #target: GdbTarget;
  readonly #stream: ByteStream;
  readonly #log: (message: string) => void;
  readonly #requests: Requests;
  readonly #queue: Uint8Array[] = [];
  readonly #reader: PacketReader;
  #acknowledges = true;
  #last: Uint8Array | undefined;
  #closed = false;
  #ending = false;
  #wake: () => void = () => {};
  #toldOfGarbage = false;

  /** @param log one line for people at a time */
  constructor(target: GdbTarget, stream: ByteStream, log: (message: string) => void) {
    this.#target = target;
    this.#stream = stream;
    this.#log = log;
    this.#requests = new Requests(target, {
      output: (text) => this.#send(text),
      startNoAckMode: () => {
        this.#acknowledges = false;
      },
    });
    this.#reader = new PacketReader({
      packet: (payload) => this.#received(payload),
      interrupt: () => void this.#target.interrupt().catch((error) => this.#failed(error)),
      resend: () => this.#acknowledges && this.#last && this.#write(this.#last),
      corrupt: () => {
        this.#acknowledge(NACK);
        this.#garbage("a packet with a wrong checksum");
      },
      oversize: () => {
        this.#acknowledge(ACK);
        this.#garbage("a packet that is too long");
        this.#send("E22");
      },
    });
    stream.onData((bytes) => {
      if (!this.#closed) this.#reader.feed(bytes);
    });
    stream.onClose(() => {
      if (!this.#closed && this.#reader.inPacket) this.#log("gdb: the client left in the middle of a packet");
      this.#close();
    });
    this.done = this.#serve();
  }

  /** The connection is gone; `done` follows as soon as the target has been let go. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the session from this side, after the answer it owes; the target stays as it is, because the host is about to end it too. */
  close(): void {
    this.#ending = true;
    this.#target.abandon();
    this.#wake();
  }

  async #serve(): Promise<void> {
    try {
      await this.#target.interrupt();
      while (!this.#closed && !this.#ending) {
        const packet = this.#queue.shift();
        if (packet) await this.#answer(packet);
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#close();
    this.#requests.clearPoints();
    await this.#target.release(!this.#ending).catch((error) => this.#failed(error));
  }

  async #answer(packet: Uint8Array): Promise<void> {
    let reply: string | Uint8Array | undefined = "E01";
    try {
      reply = await this.#requests.answer(decodeText(packet), packet);
    } catch (error) {
      if (!isBackplaneError(error)) throw error;
      // Somebody else drives the machine, for instance.
      this.#log(`gdb: ${error.message}`);
    }
    if (reply !== undefined) this.#send(reply);
    if (this.#requests.ended) this.#close();
  }

  #received(payload: Uint8Array): void {
    this.#acknowledge(ACK);
    if (this.#queue.length >= MAX_QUEUED) {
      this.#log("gdb: the client sends without waiting for answers; disconnected");
      this.#close();
      return;
    }
    this.#queue.push(payload);
    this.#wake();
  }

  #garbage(what: string): void {
    if (!this.#toldOfGarbage) this.#log(`gdb: the client sent ${what}; it is passed over, as are others`);
    this.#toldOfGarbage = true;
  }

  #acknowledge(sign: Uint8Array): void {
    if (this.#acknowledges) this.#write(sign);
  }

  #send(payload: string | Uint8Array): void {
    this.#last = frame(payload);
    this.#write(this.#last);
  }

  #write(bytes: Uint8Array): void {
    if (!this.#closed) this.#stream.write(bytes);
  }

  #failed(error: unknown): void {
    this.#log(`gdb: ${error instanceof Error ? error.message : String(error)}`);
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
    this.#target.abandon();
    this.#wake();
  }
}
