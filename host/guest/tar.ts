// Reads tar archives as GNU tar and dpkg write them: ustar, GNU long names, pax paths. Source: tar(5), POSIX pax.
import { BackplaneError } from "../../sdk/contract/errors.js";

export interface TarEntry {
  /** Relative, without `./` in front or `/` behind; never leads outside the archive's root. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other";
  readonly mode: number;
  readonly size: number;
  /** Target of a link, as written for a symlink, normalised like `path` for a hard link. */
  readonly target: string;
}

const BLOCK = 512;
/** Names and pax records are small; anything bigger is damage. */
const META_LIMIT = 1 << 20;

const malformed = (what: string): BackplaneError => new BackplaneError("TAR_MALFORMED", `the archive is damaged: ${what}`);

/** Cuts a stream of chunks of any size into the pieces asked for. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Up to `limit` bytes, at least one; undefined at the end. The bytes are valid until the next call. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async exactly(length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const piece = await this.some(length - filled);
      if (!piece) throw malformed("it ends in the middle");
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const piece = await this.some(left);
      if (!piece) throw malformed("it ends in the middle");
      left -= piece.length;
    }
  }
}

const decoder = new TextDecoder();
const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
};

/** Octal text, or GNU's base-256 with the top bit set. */
const number = (bytes: Uint8Array): number => {
  if (bytes[0] & 0x80) {
    let value = bytes[0] & 0x7f;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw malformed("a size is out of range");
    return value;
  }
  const digits = text(bytes).trim();
  if (!/^[0-7]*$/.test(digits)) throw malformed("a number is not octal");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
};

const normalise = (name: string): string => {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw malformed(`the name ${JSON.stringify(name)} leads outside`);
  return parts.join("/");
};

const paxRecords = (data: Uint8Array): Map<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(decoder.decode(data.subarray(at, space)));
    if (!Number.isInteger(length) || length <= space - at || at + length > data.length) throw malformed("a pax record has a wrong length");
    const record = decoder.decode(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
};

const TYPES: Readonly<Record<string, TarEntry["type"]>> = { "": "file", "0": "file", "1": "hardlink", "2": "symlink", "5": "directory", "7": "file" };

/**
 * Walks an archive. `wanted` is asked for every entry; the data of wanted files goes to `take`, that of all others is
 * passed over. Reads the stream to its end.
 */
export const readTar = async (stream: AsyncIterable<Uint8Array>, wanted: (entry: TarEntry) => boolean, take: (entry: TarEntry, data: Uint8Array) => void): Promise<void> => {
  const pieces = new Pieces(stream);
  let longName: string | undefined;
  let longTarget: string | undefined;
  let pax = new Map<string, string>();
  for (;;) {
    const header = await pieces.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    let sum = 0;
    for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : header[at];
    if (sum !== number(header.subarray(148, 156))) throw malformed("a header's checksum is wrong");

    const flag = text(header.subarray(156, 157));
    const size = number(header.subarray(124, 136));
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (flag === "L" || flag === "K" || flag === "x" || flag === "g") {
      if (size > META_LIMIT) throw malformed("a name is too long");
      const data = await pieces.exactly(size);
      await pieces.skip(padding);
      if (flag === "L") longName = text(data);
      else if (flag === "K") longTarget = text(data);
      else if (flag === "x") pax = paxRecords(data);
      continue;
    }

    const isUstar = decoder.decode(header.subarray(257, 263)) === "ustar\0";
    const prefix = isUstar ? text(header.subarray(345, 500)) : "";
    const name = text(header.subarray(0, 100));
    const type = TYPES[flag] ?? "other";
    const target = pax.get("linkpath") ?? longTarget ?? text(header.subarray(157, 257));
    const entry: TarEntry = {
      path: normalise(pax.get("path") ?? longName ?? (prefix ? `${prefix}/${name}` : name)),
      type,
      mode: number(header.subarray(100, 108)) & 0o7777,
      size: type === "file" ? size : 0,
      target: type === "hardlink" ? normalise(target) : target,
    };
    longName = undefined;
    longTarget = undefined;
    pax = new Map();
    if (wanted(entry)) take(entry, await pieces.exactly(entry.size));
    else await pieces.skip(entry.size);
    await pieces.skip(size - entry.size + padding);
  }
  while (await pieces.some(1 << 16));
};
