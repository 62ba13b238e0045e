/** Disk images and the host storage under them. */
import { role } from "../contract/role.js";

/** A virtual disk's bytes. Offsets and lengths are in bytes, any alignment; bounds are checked by the image. */
export interface DiskImage {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** What it is, for messages: a file name. */
  readonly label: string;
  /** @throws BackplaneError `DISK_OUT_OF_RANGE`, `DISK_IO`. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** @throws BackplaneError `DISK_OUT_OF_RANGE`, `DISK_READ_ONLY`, `DISK_IO`. */
  write(offset: number, from: Uint8Array): Promise<void>;
  /** Resolves when everything written before is on stable storage. */
  flush(): Promise<void>;
}
export const DiskImage = role<DiskImage>("disk-image");

/** An open file of the host, or whatever plays that part in a browser. */
export interface StoredFile {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Reads exactly `into.length` bytes at `offset`. */
  read(offset: number, into: Uint8Array): Promise<void>;
  write(offset: number, from: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Host files by name. */
export interface Storage {
  /** @throws BackplaneError `STORAGE_NOT_FOUND`, `STORAGE_DENIED`, `STORAGE_NOT_A_FILE` with the name and what to do. */
  open(name: string, mode: "read" | "read-write"): Promise<StoredFile>;
  /** The whole of a small file (firmware, a kernel). @throws as `open`, and `STORAGE_TOO_LARGE`. */
  readAll(name: string, maxBytes: number): Promise<Uint8Array>;
}
export const Storage = role<Storage>("storage");
