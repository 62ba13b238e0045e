/** The stub's door: one client at a time, however it came. */
import type { VirtualMachine } from "../../api/virtual-machine.js";
import { MachineTarget } from "./machine-target.js";
import { type ByteStream, GdbSession } from "./session.js";
import type { GdbTarget } from "./target.js";

export class GdbServer {
  readonly #makeTarget: () => GdbTarget;
  readonly #log: (message: string) => void;
  #session: GdbSession | undefined;
  #client = "";
  /** A client waits for the one before to be gone for good. */
  #waits = false;
  #closed = false;

  /**
   * @param target the machine, or what makes a session's target
   * @param log takes one line for people at a time
   */
  constructor(target: VirtualMachine | (() => GdbTarget), log: (message: string) => void) {
    this.#makeTarget = typeof target === "function" ? target : () => new MachineTarget(target);
    this.#log = log;
  }

  get hasClient(): boolean {
    return this.#session !== undefined;
  }

  /** @param name of the client, for messages */
  accept(stream: ByteStream, name: string): void {
    const present = this.#session;
    if (!this.#closed && present?.closed && !this.#waits) {
      // The one before is gone, but the machine not yet let go.
      this.#waits = true;
      void present.done.then(() => {
        this.#waits = false;
        this.accept(stream, name);
      });
    } else if (this.#closed || present) {
      if (present) this.#log(`gdb: ${name} is refused: ${this.#client} is connected, and one debugger at a time can be`);
      stream.close();
    } else this.#begin(stream, name);
  }

  #begin(stream: ByteStream, name: string): void {
    this.#client = name;
    this.#log(`gdb: ${name} is connected; the machine stands still`);
    const session = new GdbSession(this.#makeTarget(), stream, this.#log);
    this.#session = session;
    void session.done.then(() => {
      this.#session = undefined;
      this.#log(`gdb: ${name} has left`);
    });
  }

  /** Resolves when no client is connected. */
  async idle(): Promise<void> {
    await this.#session?.done;
  }

  /** Sends the client away and takes no other. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#session?.close();
    await this.idle();
  }
}
