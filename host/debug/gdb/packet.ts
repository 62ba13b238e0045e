/**
 * Packets of the gdb remote protocol ("Debugging with GDB", appendix E, sections E.1 Overview and E.11 Packet
 * Acknowledgment): `$data#cs`, `}` before escaped bytes, `+` and `-`, and 03h for an interrupt.
 */

/** Payload of the longest packet taken, as told to the client; its sending is in hexadecimal digits, so half of it is memory. */
export const MAX_PACKET = 0x4000;

const DOLLAR = 0x24;
const HASH = 0x23;
const ESCAPE = 0x7d;
const STAR = 0x2a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const INTERRUPT = 0x03;
const ESCAPE_XOR = 0x20;
const HEX = "0123456789abcdef";

export interface PacketEvents {
  /** A whole packet with a right checksum, escapes undone. */
  packet(payload: Uint8Array): void;
  /** Ctrl-C at the client. */
  interrupt(): void;
  /** The client wants the last packet again. */
  resend(): void;
  /** A packet with a wrong checksum. */
  corrupt(): void;
  /** A whole packet longer than `MAX_PACKET`; its contents are dropped. */
  oversize(): void;
}

const digit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
};

/** Takes a stream apart. What belongs to no packet is passed over; a `$` always begins a packet, so garbage ends at the next one. */
export class PacketReader {
  readonly #events: PacketEvents;
  readonly #payload = new Uint8Array(MAX_PACKET);
  #length = 0;
  #sum = 0;
  #state: "idle" | "payload" | "escape" | "first digit" | "second digit" = "idle";
  #digit = 0;

  constructor(events: PacketEvents) {
    this.#events = events;
  }

  /** Part of a packet has come, and its end has not. */
  get inPacket(): boolean {
    return this.#state !== "idle";
  }

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  #take(byte: number): void {
    if (byte === DOLLAR) {
      this.#state = "payload";
      this.#length = this.#sum = 0;
      return;
    }
    switch (this.#state) {
      case "idle":
        if (byte === INTERRUPT) this.#events.interrupt();
        else if (byte === MINUS) this.#events.resend();
        break;
      case "payload":
      case "escape":
        if (byte === HASH) {
          this.#state = "first digit";
          break;
        }
        this.#sum = (this.#sum + byte) & 0xff;
        if (this.#state === "payload" && byte === ESCAPE) {
          this.#state = "escape";
          break;
        }
        if (this.#length < MAX_PACKET) this.#payload[this.#length] = this.#state === "escape" ? byte ^ ESCAPE_XOR : byte;
        this.#length++;
        this.#state = "payload";
        break;
      case "first digit":
        this.#digit = digit(byte);
        this.#state = "second digit";
        break;
      case "second digit":
        this.#state = "idle";
        this.#finish(digit(byte));
        break;
    }
  }

  #finish(second: number): void {
    if (this.#digit < 0 || second < 0 || ((this.#digit << 4) | second) !== this.#sum) this.#events.corrupt();
    else if (this.#length > MAX_PACKET) this.#events.oversize();
    else this.#events.packet(this.#payload.slice(0, this.#length));
  }
}

/** A packet around bytes that need no escapes, or have them. */
export const frame = (payload: string | Uint8Array): Uint8Array => {
  const bytes = typeof payload === "string" ? encodeText(payload) : payload;
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) & 0xff;
  const packet = new Uint8Array(bytes.length + 4);
  packet[0] = DOLLAR;
  packet.set(bytes, 1);
  packet.set([HASH, HEX.charCodeAt(sum >> 4), HEX.charCodeAt(sum & 15)], bytes.length + 1);
  return packet;
};

/** Escapes what has a meaning in packets. */
export const escapeBinary = (bytes: Uint8Array): Uint8Array => {
  const escaped: number[] = [];
  for (const byte of bytes) {
    if (byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === STAR) escaped.push(ESCAPE, byte ^ ESCAPE_XOR);
    else escaped.push(byte);
  }
  return Uint8Array.from(escaped);
};

export const ACK = Uint8Array.of(PLUS);
export const NACK = Uint8Array.of(MINUS);

/** One byte a character; what is beyond Latin-1 loses its upper bits. */
export const encodeText = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const decodeText = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

export const toHex = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += HEX[byte >> 4] + HEX[byte & 15];
  return text;
};

/** The bytes of a text of hexadecimal digits, or undefined. */
export const fromHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
};

/** A number in hexadecimal digits; its low 32 bits, since clients extend addresses by their sign. */
export const parseHex = (text: string): number | undefined => (/^[0-9a-f]{1,16}$/i.test(text) ? Number.parseInt(text.slice(-8), 16) : undefined);
