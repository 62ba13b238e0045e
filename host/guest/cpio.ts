// Writes "newc" cpio archives, the form the Linux kernel unpacks as an initramfs.
// Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5).
//
// Not implemented: checksums (070702), hard links, owners other than root.
import { BackplaneError } from "../../sdk/contract/errors.js";

const MAGIC = "070701";
const HEADER_BYTES = 110;
const TRAILER = "TRAILER!!!";
/** Archives are padded to whole blocks, as cpio(1) does. */
const ARCHIVE_BLOCK = 512;

const S_IFCHR = 0o020000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

const align4 = (value: number): number => (value + 3) & ~3;
const encoder = new TextEncoder();

/**
 * Collects entries and writes them in the order given. Missing parent directories are made first. The same entries give
 * the same bytes: times are zero, inode numbers count up.
 */
export class CpioWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #names = new Set<string>();
  #length = 0;
  #inode = 1;

  directory(path: string, mode = 0o755): this {
    return this.#names.has(this.#clean(path)) ? this : this.#add(path, S_IFDIR | mode, new Uint8Array(0), 2);
  }

  file(path: string, data: Uint8Array | string, mode = 0o644): this {
    return this.#add(path, S_IFREG | mode, typeof data === "string" ? encoder.encode(data) : data);
  }

  symlink(path: string, target: string): this {
    return this.#add(path, S_IFLNK | 0o777, encoder.encode(target));
  }

  characterDevice(path: string, major: number, minor: number, mode = 0o600): this {
    return this.#add(path, S_IFCHR | mode, new Uint8Array(0), 1, major, minor);
  }

  /** The whole archive. Nothing can be added afterwards. */
  finish(): Uint8Array {
    this.#record(TRAILER, 0, 0, new Uint8Array(0), 1, 0, 0);
    const archive = new Uint8Array(Math.ceil(this.#length / ARCHIVE_BLOCK) * ARCHIVE_BLOCK);
    let at = 0;
    for (const part of this.#parts) {
      archive.set(part, at);
      at += part.length;
    }
    return archive;
  }

  #clean(path: string): string {
    const clean = path.replace(/^\/+|\/+$/g, "");
    if (clean === "" || clean.includes("\0") || clean.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw new BackplaneError("CPIO_NAME", `${JSON.stringify(path)} cannot name a file in an archive`, { path });
    }
    return clean;
  }

  #add(path: string, mode: number, data: Uint8Array, links = 1, major = 0, minor = 0): this {
    const name = this.#clean(path);
    if (this.#names.has(name) || name === TRAILER) throw new BackplaneError("CPIO_NAME", `${JSON.stringify(path)} is in the archive already`, { path });
    const slash = name.lastIndexOf("/");
    if (slash > 0) this.directory(name.slice(0, slash));
    this.#names.add(name);
    this.#record(name, this.#inode++, mode, data, links, major, minor);
    return this;
  }

  #record(name: string, inode: number, mode: number, data: Uint8Array, links: number, major: number, minor: number): void {
    const nameBytes = encoder.encode(name);
    // Fields in order: ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check.
    const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, nameBytes.length + 1, 0];
    const header = MAGIC + fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("");
    const dataAt = align4(HEADER_BYTES + nameBytes.length + 1);
    const record = new Uint8Array(align4(dataAt + data.length));
    record.set(encoder.encode(header), 0);
    record.set(nameBytes, HEADER_BYTES);
    record.set(data, dataAt);
    this.#parts.push(record);
    this.#length += record.length;
  }
}
