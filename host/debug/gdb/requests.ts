/**
 * The packets of the gdb remote protocol and their answers ("Debugging with GDB", appendix E.2 Packets, E.3 Stop Reply
 * Packets, E.4 General Query Packets). An empty answer says that a packet is not known.
 */
import { isBackplaneError } from "../../../sdk/contract/errors.js";
import type { Watchpoint } from "../../api/debug.js";
import { decodeText, encodeText, escapeBinary, fromHex, MAX_PACKET, parseHex, toHex } from "./packet.js";
import { stopReply } from "./stop-reply.js";
import type { GdbTarget, TargetStop } from "./target.js";
import { targetDescription } from "./target-description.js";

export interface SessionHooks {
  /** Sends a packet before the answer: output for people. */
  output(packet: string): void;
  startNoAckMode(): void;
}

const OK = "OK";
const UNKNOWN = "";
const MALFORMED = "E01";
/** EFAULT: not mapped, or not memory. */
const BAD_ADDRESS = "E14";
/** EINVAL. */
const INVALID = "E22";
/** ENOSPC: too many breakpoints. */
const NO_ROOM = "E28";

/** Digits of one packet of output. */
const OUTPUT_CHUNK = 1000;
/** Of a memory access: its hexadecimal digits fit in a packet. */
const MAX_MEMORY = MAX_PACKET / 2 - 32;
const SUPPORTED = [`PacketSize=${MAX_PACKET.toString(16)}`, "QStartNoAckMode+", "qXfer:features:read+", "swbreak+", "hwbreak+", "vContSupported+"].join(";");

type PointKind = "software" | "hardware" | "write" | "read" | "access";
const POINT_KINDS: readonly PointKind[] = ["software", "hardware", "write", "read", "access"];
interface Point {
  readonly kind: PointKind;
  readonly address: number;
  readonly length: number;
}
const watchOf = ({ kind, address, length }: Point): Watchpoint => ({ address, length, on: kind === "write" ? "write" : "access" });
const isBreakpoint = (kind: PointKind): boolean => kind === "software" || kind === "hardware";

export class Requests {
  /** The answer just given ends the session. */
  ended = false;
  readonly #target: GdbTarget;
  readonly #hooks: SessionHooks;
  readonly #points = new Map<string, Point>();
  #description: Uint8Array | undefined;

  constructor(target: GdbTarget, hooks: SessionHooks) {
    this.#target = target;
    this.#hooks = hooks;
  }

  /** Takes away what the session has set. */
  clearPoints(): void {
    this.#points.clear();
    this.#applyPoints();
  }

  /** @returns the answer's payload, or undefined for none */
  async answer(text: string, bytes: Uint8Array): Promise<string | Uint8Array | undefined> {
    const rest = text.slice(1);
    switch (text[0]) {
      case "?":
        return this.#tell(this.#target.state());
      case "g":
        return this.#target.registers.registers.map((_, number) => toHex(this.#target.registers.read(number))).join("");
      case "G":
        return this.#writeAll(rest);
      case "p":
        return this.#readRegister(rest);
      case "P":
        return this.#writeRegister(rest);
      case "m":
        return this.#readMemory(rest);
      case "M":
        return this.#writeMemory(rest, fromHex(rest.slice(rest.indexOf(":") + 1)));
      case "X":
        return this.#writeMemory(rest, bytes.subarray(text.indexOf(":") + 1));
      case "c":
      case "s":
        return this.#resumeAt(text[0], rest);
      case "C":
      case "S":
        return this.#resumeAt(text[0].toLowerCase(), rest.split(";")[1] ?? "");
      case "v":
        return this.#multiLetter(text);
      case "Z":
      case "z":
        return this.#point(text[0] === "Z", rest);
      case "H":
        return /^[gc](-1|0|1)$/.test(rest) ? OK : MALFORMED;
      case "T":
        return rest === "1" ? OK : MALFORMED;
      case "D":
        this.ended = true;
        return OK;
      case "k":
        this.#target.kill();
        this.ended = true;
        return undefined;
      case "q":
      case "Q":
        return this.#query(text);
      default:
        return UNKNOWN;
    }
  }

  // Running

  async #multiLetter(text: string): Promise<string> {
    if (text === "vCont?") return "vCont;c;C;s;S";
    if (text.startsWith("vCont;")) {
      // One thread: the first action that names it, or no thread, counts.
      for (const action of text.slice("vCont;".length).split(";")) {
        const [, verb, thread] = /^([csCS])(?:[0-9a-f]{2})?(?::(?:p?[0-9a-f]+\.)?(-1|[0-9a-f]+))?$/i.exec(action) ?? [];
        if (verb === undefined) return MALFORMED;
        if (thread === undefined || ["-1", "0", "1"].includes(thread)) return this.#resume(verb.toLowerCase());
      }
      return MALFORMED;
    }
    if (text.startsWith("vKill;")) {
      this.#target.kill();
      this.ended = true;
      return OK;
    }
    return UNKNOWN;
  }

  #resumeAt(verb: string, address: string): Promise<string> | string {
    if (address !== "") {
      const at = parseHex(address);
      const eip = this.#target.registers.registers.findIndex(({ name }) => name === "eip");
      if (at === undefined || !this.#target.registers.write(eip, Uint8Array.of(at, at >>> 8, at >>> 16, at >>> 24))) return MALFORMED;
    }
    return this.#resume(verb);
  }

  async #resume(verb: string): Promise<string> {
    const before = this.#target.state();
    if (before.kind === "exited" || before.kind === "shutdown") {
      this.ended = true;
      return before.kind === "exited" ? this.#tell(before) : "X0b";
    }
    let stop = verb === "s" ? await this.#target.step() : await this.#target.run();
    while (verb === "c" && !this.#isWanted(stop)) stop = await this.#target.run();
    return this.#tell(stop);
  }

  /** A watchpoint for reads alone also sees writes. */
  #isWanted(stop: TargetStop): boolean {
    if (stop.kind !== "watchpoint" || stop.access === "read") return true;
    const kinds = this.#kindsBehind(stop.watchpoint);
    return kinds.length === 0 || kinds.some((kind) => kind !== "read");
  }

  /** What the client had asked for where the target has this watchpoint. */
  #kindsBehind({ address, length, on }: Watchpoint): PointKind[] {
    const points = [...this.#points.values()].filter(({ kind }) => !isBreakpoint(kind));
    return points.filter((point) => point.address === address && point.length === length && watchOf(point).on === on).map(({ kind }) => kind);
  }

  #tell(stop: TargetStop): string {
    if (stop.kind === "shutdown") this.#print(`${stop.text}\n`);
    const { registers } = this.#target;
    const isSoftware = stop.kind === "breakpoint" && this.#points.has(`software ${stop.address}`);
    const watch = stop.kind === "watchpoint" ? this.#kindsBehind(stop.watchpoint).find((kind) => kind !== "read" || stop.access === "read") : undefined;
    return stopReply(stop, { registers, isSoftware, watch });
  }

  #print(text: string): void {
    for (let at = 0; at < text.length; at += OUTPUT_CHUNK) this.#hooks.output(`O${toHex(encodeText(text.slice(at, at + OUTPUT_CHUNK)))}`);
  }

  // Registers and memory

  #readRegister(text: string): string {
    const number = parseHex(text);
    return number !== undefined && number < this.#target.registers.registers.length ? toHex(this.#target.registers.read(number)) : MALFORMED;
  }

  #writeRegister(text: string): string {
    const [, number = "", digits = ""] = /^([0-9a-f]+)=([0-9a-f]+)$/i.exec(text) ?? [];
    const bytes = fromHex(digits);
    return bytes && this.#target.registers.write(parseHex(number) ?? -1, bytes) ? OK : INVALID;
  }

  #writeAll(digits: string): string {
    const bytes = fromHex(digits);
    const { registers } = this.#target.registers;
    const total = registers.reduce((sum, { bits }) => sum + bits / 8, 0);
    if (bytes?.length !== total) return MALFORMED;
    let at = 0;
    let refused = false;
    registers.forEach(({ bits }, number) => {
      const value = bytes.subarray(at, (at += bits / 8));
      if (toHex(value) !== toHex(this.#target.registers.read(number))) refused = !this.#target.registers.write(number, value) || refused;
    });
    return refused ? INVALID : OK;
  }

  #readMemory(text: string): string {
    const [address, length, ...more] = text.split(",").map(parseHex);
    if (address === undefined || length === undefined || more.length > 0) return MALFORMED;
    if (length === 0) return MALFORMED;
    const bytes = this.#target.readLinear(address, Math.min(length, MAX_MEMORY));
    return bytes.length > 0 ? toHex(bytes) : BAD_ADDRESS;
  }

  #writeMemory(text: string, bytes: Uint8Array | undefined): string {
    const [, where = "", count = ""] = /^([0-9a-f]+),([0-9a-f]+):/i.exec(text) ?? [];
    const address = parseHex(where);
    if (address === undefined || bytes === undefined || parseHex(count) !== bytes.length) return MALFORMED;
    return this.#target.writeLinear(address, bytes) ? OK : BAD_ADDRESS;
  }

  // Breakpoints and watchpoints

  #point(set: boolean, text: string): string {
    const [, type = "", where = "", size = ""] = /^([0-4]),([0-9a-f]+),([0-9a-f]+)(?:;|$)/i.exec(text) ?? [];
    const address = parseHex(where);
    const length = parseHex(size);
    if (address === undefined || length === undefined) return /^[0-4],/.test(text) ? MALFORMED : UNKNOWN;
    const kind = POINT_KINDS[Number(type)];
    // The size of a breakpoint says how long a breaking instruction would be.
    const key = isBreakpoint(kind) ? `${kind} ${address}` : `${kind} ${address} ${length}`;
    if (!set) this.#points.delete(key);
    else if (!this.#points.has(key)) this.#points.set(key, { kind, address, length });
    try {
      this.#applyPoints();
      return OK;
    } catch (error) {
      if (!isBackplaneError(error)) throw error;
      this.#points.delete(key);
      return NO_ROOM;
    }
  }

  #applyPoints(): void {
    const points = [...this.#points.values()];
    const breakpoints = points.filter(({ kind }) => isBreakpoint(kind)).map(({ address }) => address);
    this.#target.setPoints(new Set(breakpoints), points.filter(({ kind }) => !isBreakpoint(kind)).map(watchOf));
  }

  // Queries

  #query(text: string): string | Uint8Array {
    if (text.startsWith("qSupported")) return SUPPORTED;
    if (text === "QStartNoAckMode") {
      this.#hooks.startNoAckMode();
      return OK;
    }
    if (text === "qAttached" || text.startsWith("qAttached:")) return "1";
    if (text === "qC") return "QC1";
    if (text === "qfThreadInfo") return "m1";
    if (text === "qsThreadInfo") return "l";
    if (text.startsWith("qSymbol:")) return OK;
    if (text.startsWith("qRcmd,")) return this.#monitor(text.slice("qRcmd,".length));
    if (text.startsWith("qXfer:features:read:")) return this.#features(text.slice("qXfer:features:read:".length));
    return UNKNOWN;
  }

  #monitor(digits: string): string {
    const line = fromHex(digits);
    if (!line) return MALFORMED;
    this.#print(this.#target.monitor(decodeText(line)));
    return OK;
  }

  #features(text: string): string | Uint8Array {
    const [, annex = "", from = "", count = ""] = /^([^:]*):([0-9a-f]+),([0-9a-f]+)$/i.exec(text) ?? [];
    const offset = parseHex(from);
    const length = parseHex(count);
    if (offset === undefined || length === undefined) return MALFORMED;
    if (annex !== "target.xml") return "E00";
    this.#description ??= targetDescription(this.#target.registers.registers);
    // An escaped byte takes two.
    const piece = this.#description.subarray(offset, offset + Math.min(length, MAX_MEMORY));
    const escaped = escapeBinary(piece);
    const answer = new Uint8Array(escaped.length + 1);
    answer.set(encodeText(offset + piece.length < this.#description.length ? "m" : "l"));
    answer.set(escaped, 1);
    return answer;
  }
}
