/** Host files and disk images in memory. */
import { BackplaneError } from "../../contract/errors.js";
import type { DiskImage, Storage, StoredFile } from "../../roles/disk-image.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

export interface MemoryImageOptions {
  readonly readOnly?: boolean;
  readonly label?: string;
}

/** A disk image whose bytes a test can see. */
export class MemoryImage implements DiskImage, StandIn {
  readonly bytes: Uint8Array;
  readonly readOnly: boolean;
  readonly label: string;
  /** A byte that can be neither read nor written, -1 for none. */
  get failAt(): number {
    return this.#state.failAt;
  }
  set failAt(at: number) {
    this.#state.failAt = at;
  }
  readonly #state: { bytes: Uint8Array; failAt: number };

  /** `contents`: the bytes, or how many zeros. */
  constructor(contents: Uint8Array | number, options: MemoryImageOptions = {}) {
    this.bytes = typeof contents === "number" ? new Uint8Array(contents) : contents;
    this.readOnly = options.readOnly ?? false;
    this.label = options.label ?? "memory.img";
    this.#state = { bytes: this.bytes, failAt: -1 };
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }
  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check(offset, into.length);
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
  async write(offset: number, from: Uint8Array): Promise<void> {
    if (this.readOnly) throw new BackplaneError("DISK_READ_ONLY", `${this.label} is read-only`);
    this.#check(offset, from.length);
    this.bytes.set(from, offset);
  }
  async flush(): Promise<void> {}

  #check(offset: number, length: number): void {
    if (!Number.isInteger(offset) || offset < 0 || offset + length > this.sizeBytes) {
      throw new BackplaneError("DISK_OUT_OF_RANGE", `${this.label}: ${length} bytes at ${offset} reach past the end at ${this.sizeBytes}`);
    }
    if (this.failAt >= offset && this.failAt < offset + length) throw new BackplaneError("DISK_IO", `${this.label}: bad spot`);
  }

  get [standIn](): StandInBehaviour {
    return {
      state: this.#state,
      actions: {
        "bad spot": (random) => {
          this.failAt = random.oneIn(2) ? random.below(Math.min(65_536, this.sizeBytes)) : -1;
        },
      },
    };
  }
}

/** Host files in memory: name to contents. */
export class MemoryStorage implements Storage, StandIn {
  readonly files: Map<string, Uint8Array>;
  /** Names of files that are open now, once for each time. */
  readonly openFiles: string[] = [];

  constructor(files: Readonly<Record<string, Uint8Array>> = {}) {
    this.files = new Map(Object.entries(files));
  }

  async open(name: string, mode: "read" | "read-write"): Promise<StoredFile> {
    const image = new MemoryImage(this.#find(name), { label: name, readOnly: mode === "read" });
    this.openFiles.push(name);
    return {
      sizeBytes: image.sizeBytes,
      readOnly: image.readOnly,
      read: (offset, into) => image.read(offset, into),
      write: (offset, from) => image.write(offset, from),
      flush: async () => {},
      close: async () => {
        const at = this.openFiles.indexOf(name);
        if (at >= 0) this.openFiles.splice(at, 1);
      },
    };
  }

  async readAll(name: string, maxBytes: number): Promise<Uint8Array> {
    const bytes = this.#find(name);
    if (bytes.length > maxBytes) throw new BackplaneError("STORAGE_TOO_LARGE", `${name} has ${bytes.length} bytes; at most ${maxBytes} make sense here`, { name });
    return bytes.slice();
  }

  #find(name: string): Uint8Array {
    const bytes = this.files.get(name);
    if (!bytes) throw new BackplaneError("STORAGE_NOT_FOUND", `the bench's storage has no file "${name}"; it has ${[...this.files.keys()].join(", ") || "none"}`, { name });
    return bytes;
  }

  get [standIn](): StandInBehaviour {
    return { state: { files: Object.fromEntries(this.files) }, open: () => this.openFiles.map((name) => `file "${name}"`) };
  }
}
