/** A small client of the gdb remote protocol, so that the stub is tried where gdb is not installed. */
import { connect, type Socket } from "node:net";

const PACKET = /\$([^#]*)#[0-9a-f]{2}/;

export class GdbClient {
  readonly #socket: Socket;
  #text = "";
  #arrived: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      this.#arrived();
    });
    socket.on("close", () => this.#arrived());
  }

  static async connect(address: string): Promise<GdbClient> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((connected, failed) => {
      socket.once("connect", () => connected());
      socket.once("error", failed);
    });
    const client = new GdbClient(socket);
    if ((await client.ask("QStartNoAckMode")) !== "OK") throw new Error("the stub insists on acknowledgments");
    return client;
  }

  /** Sends a packet and resolves with the answer. */
  async ask(payload: string): Promise<string> {
    const sum = [...payload].reduce((total, character) => total + character.charCodeAt(0), 0) & 0xff;
    this.#socket.write(`$${payload}#${sum.toString(16).padStart(2, "0")}`, "latin1");
    for (;;) {
      const found = PACKET.exec(this.#text);
      if (found) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found[1];
      }
      if (this.#socket.closed) throw new Error(`the stub has closed the connection instead of answering ${payload}`);
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** A register by its number, unsigned. */
  async register(number: number): Promise<number> {
    return Buffer.from(await this.ask(`p${number.toString(16)}`), "hex").readUInt32LE();
  }

  async memory(address: number, length: number): Promise<Buffer> {
    return Buffer.from(await this.ask(`m${address.toString(16)},${length.toString(16)}`), "hex");
  }

  leave(): void {
    this.#socket.destroy();
  }
}
