/** The buffer under a machine: CPU state, TLBs, RAM and device memory blocks. */
import { BackplaneError } from "../../sdk/contract/errors.js";
import { MAX_RAM_BYTES, MIN_RAM_BYTES, PAGE_MASK, PAGE_SHIFT, RAM_OFFSET } from "./layout.js";

const WASM_PAGE = 0x1_0000;

/** The host's WebAssembly.Memory; the portable kernel declares the little it uses. */
declare const WebAssembly: { Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } };

export class GuestMemory {
  readonly wasmMemory: { readonly buffer: ArrayBuffer };
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly view: DataView;
  readonly ramBytes: number;
  /** RAM alone. */
  readonly ram: Uint8Array;
  /** Per page of the buffer: 1 while translated or predecoded code was made from it. */
  readonly hasCode: Uint8Array;
  readonly #blocks = new Map<string, { offset: number; length: number }>();

  /**
   * @param ramBytes 1 MiB to 3.6 GiB, a multiple of 1 MiB
   * @param blocks device memory to reserve: key to size in bytes (multiples of 4096)
   * @throws BackplaneError `MEMORY_SIZE` before anything is allocated, `MEMORY_UNAVAILABLE` when the host refuses.
   */
  constructor(ramBytes: number, blocks: ReadonlyMap<string, number> = new Map()) {
    if (!Number.isInteger(ramBytes) || ramBytes < MIN_RAM_BYTES || ramBytes > MAX_RAM_BYTES || ramBytes % MIN_RAM_BYTES !== 0) {
      throw new BackplaneError("MEMORY_SIZE", `a machine has 1 to ${MAX_RAM_BYTES / MIN_RAM_BYTES} MiB of memory in whole MiB, not ${ramBytes / MIN_RAM_BYTES} MiB`, { ramBytes });
    }
    let end = RAM_OFFSET + ramBytes;
    for (const [name, length] of blocks) {
      if (!Number.isInteger(length) || length <= 0 || length & PAGE_MASK)
        throw new BackplaneError("MEMORY_SIZE", `memory block ${name}: ${length} bytes is not a multiple of 4096`, { name, length });
      this.#blocks.set(name, { offset: end, length });
      end += length;
    }
    const pages = Math.ceil(end / WASM_PAGE);
    if (pages > 0x1_0000) {
      throw new BackplaneError(
        "MEMORY_SIZE",
        `${ramBytes / MIN_RAM_BYTES} MiB of memory and ${Math.round((end - RAM_OFFSET - ramBytes) / MIN_RAM_BYTES)} MiB of device memory exceed 4 GiB together`,
        { ramBytes },
      );
    }
    try {
      this.wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch (error) {
      throw new BackplaneError("MEMORY_UNAVAILABLE", `the host cannot reserve ${ramBytes / MIN_RAM_BYTES} MiB for the machine: ${(error as Error).message}`, { ramBytes });
    }
    this.buffer = this.wasmMemory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Int32Array(this.buffer);
    this.view = new DataView(this.buffer);
    this.ramBytes = ramBytes;
    this.ram = new Uint8Array(this.buffer, RAM_OFFSET, ramBytes);
    this.hasCode = new Uint8Array((pages * WASM_PAGE) >>> PAGE_SHIFT);
    if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) throw new BackplaneError("HOST_BIG_ENDIAN", "the host processor is big-endian; Backplane needs a little-endian one");
  }

  /** Offset and length of a block in the buffer. */
  block(key: string): { readonly offset: number; readonly length: number } {
    const found = this.#blocks.get(key);
    if (!found) throw new BackplaneError("MEMORY_BLOCK_UNKNOWN", `no memory block "${key}" was declared in resources`, { key });
    return found;
  }

  blockKeys(): string[] {
    return [...this.#blocks.keys()];
  }
}
