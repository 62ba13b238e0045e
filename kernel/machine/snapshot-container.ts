/**
 * The snapshot file: a fixed preamble, a JSON header, binary blobs.
 *
 *     0  8 bytes   "BACKPLNE"
 *     8  u32       container format, 1
 *    12  u32       length of the header
 *    16  f64       length of the blobs
 *    24  16 ASCII  checksum of header and blobs (`state-hash.ts`), hexadecimal
 *    40            header, UTF-8 JSON, padded with spaces to a multiple of 8
 *                  blobs, each at a multiple of 8
 *
 * Little-endian. The header refers to a blob as [offset, length]. A file is hostile input: every reference is checked
 * against the file, and all references together may not name more bytes than the file has.
 */
import { BackplaneError } from "../../sdk/contract/errors.js";
import { StateHash } from "./state-hash.js";

const MAGIC = "BACKPLNE";
const FORMAT = 1;
const PREAMBLE = 40;

/** Where a blob lies. */
export type BlobRef = readonly [offset: number, length: number];

const aligned = (length: number): number => Math.ceil(length / 8) * 8;

const checksum = (body: Uint8Array): string => {
  const hash = new StateHash();
  hash.bytes(body);
  return hash.digest();
};

export const corrupt = (why: string): BackplaneError => new BackplaneError("SNAPSHOT_CORRUPT", `not a usable snapshot: ${why}`, { why });

/** Takes blobs while the header is being made. They are copied at the end, so they must not change before. */
export class BlobWriter {
  readonly #chunks: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #end = 0;

  put(bytes: Uint8Array): BlobRef {
    const at = this.#end;
    if (bytes.length > 0) this.#chunks.push({ at, bytes });
    this.#end = aligned(at + bytes.length);
    return [at, bytes.length];
  }

  /** Several pieces as one blob. */
  putAll(pieces: readonly Uint8Array[]): BlobRef {
    const at = this.#end;
    let end = at;
    for (const bytes of pieces) {
      this.#chunks.push({ at: end, bytes });
      end += bytes.length;
    }
    this.#end = aligned(end);
    return [at, end - at];
  }

  /** The whole file. */
  finish(header: unknown): Uint8Array {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const headerLength = aligned(json.length);
    const file = new Uint8Array(PREAMBLE + headerLength + this.#end);
    file.set(new TextEncoder().encode(MAGIC), 0);
    const view = new DataView(file.buffer);
    view.setUint32(8, FORMAT, true);
    view.setUint32(12, headerLength, true);
    view.setFloat64(16, this.#end, true);
    file.fill(0x20, PREAMBLE, PREAMBLE + headerLength);
    file.set(json, PREAMBLE);
    const blobs = PREAMBLE + headerLength;
    for (const { at, bytes } of this.#chunks) file.set(bytes, blobs + at);
    file.set(new TextEncoder().encode(checksum(file.subarray(PREAMBLE))), 24);
    return file;
  }
}

/** Hands out the blobs of a checked file, each byte at most once. */
export class BlobReader {
  readonly #blobs: Uint8Array;
  #left: number;

  constructor(blobs: Uint8Array) {
    this.#blobs = blobs;
    this.#left = blobs.length;
  }

  /** A view of the file; copy what shall outlive it. */
  get(ref: unknown): Uint8Array {
    const [offset, length] = Array.isArray(ref) && ref.length === 2 ? (ref as unknown[]) : [];
    if (!isCount(offset) || !isCount(length) || offset % 8 !== 0 || offset + length > this.#blobs.length) throw corrupt("a reference points outside the file");
    this.#left -= length;
    if (this.#left < 0) throw corrupt("its references name more data than the file has");
    return this.#blobs.subarray(offset, offset + length);
  }
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/**
 * Header and blobs of a file whose length and checksum are right.
 * @throws BackplaneError `SNAPSHOT_CORRUPT`, `SNAPSHOT_NEWER_FORMAT`.
 */
export const openContainer = (file: Uint8Array): { readonly header: unknown; readonly blobs: BlobReader } => {
  if (file.length < PREAMBLE || new TextDecoder().decode(file.subarray(0, 8)) !== MAGIC) throw corrupt("it does not begin like one");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const format = view.getUint32(8, true);
  if (format > FORMAT) {
    throw new BackplaneError("SNAPSHOT_NEWER_FORMAT", `the snapshot has container format ${format}; this version of Backplane reads formats up to ${FORMAT}`, { format });
  }
  if (format < 1) throw corrupt("its container format is 0");
  const headerLength = view.getUint32(12, true);
  const blobLength = view.getFloat64(16, true);
  if (!isCount(blobLength) || PREAMBLE + headerLength + blobLength !== file.length) {
    throw corrupt(`it is ${file.length} bytes long and announces ${PREAMBLE + headerLength + blobLength}; it was cut short or damaged`);
  }
  if (new TextDecoder().decode(file.subarray(24, PREAMBLE)) !== checksum(file.subarray(PREAMBLE))) throw corrupt("its checksum is wrong; it was damaged");
  const blobs = new BlobReader(file.subarray(PREAMBLE + headerLength));
  try {
    return { header: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(PREAMBLE, PREAMBLE + headerLength))) as unknown, blobs };
  } catch {
    throw corrupt("its header is not JSON");
  }
};
