/**
 * A disk image in memory, empty at power-on, for tests, examples and scratch disks.
 * Only chunks that have been written exist. The contents survive resets and are part of snapshots.
 */
import { BackplaneError, DiskImage, defineDevice, flag, integer, text } from "backplane/sdk";
import { checkRange } from "./range.js";

const CHUNK_BYTES = 64 * 1024;

export const diskMemory = defineDevice({
  id: "generic.disk-memory",
  summary: "Disk image in memory: starts out as zeros, saved in snapshots",
  provides: DiskImage,
  config: {
    "size-kib": integer(64 * 1024, 1, 0xffff_ffff, "Size in KiB; memory is used for written parts only"),
    "read-only": flag(false, "Refuse writes"),
    label: text("memory disk", "What messages call it", 255),
  },
  state: {
    version: 1,
    // Parallel lists: a chunk's number and its bytes. Plain arrays, because they grow.
    initial: () => ({ numbers: [] as number[], chunks: [] as Uint8Array[] }),
  },

  create({ config, state }) {
    const sizeBytes = config["size-kib"] * 1024;
    const readOnly = config["read-only"];
    const label = config.label;
    const index = new Map<number, Uint8Array>();
    const rebuild = () => {
      index.clear();
      for (const [at, number] of state.numbers.entries()) index.set(number, state.chunks[at]);
    };
    rebuild();

    const made = (number: number): Uint8Array => {
      const chunk = new Uint8Array(CHUNK_BYTES);
      state.numbers.push(number);
      state.chunks.push(chunk);
      index.set(number, chunk);
      return chunk;
    };
    /** Cuts a range at chunk borders. */
    const pieces = (offset: number, length: number, each: (number: number, from: number, at: number, bytes: number) => void) => {
      for (let at = 0; at < length; ) {
        const from = (offset + at) % CHUNK_BYTES;
        const bytes = Math.min(CHUNK_BYTES - from, length - at);
        each(Math.floor((offset + at) / CHUNK_BYTES), from, at, bytes);
        at += bytes;
      }
    };

    return {
      role: {
        sizeBytes,
        readOnly,
        label,
        async read(offset, into) {
          checkRange(label, sizeBytes, offset, into.length);
          pieces(offset, into.length, (number, from, at, bytes) => {
            const chunk = index.get(number);
            if (chunk) into.set(chunk.subarray(from, from + bytes), at);
            else into.fill(0, at, at + bytes);
          });
        },
        async write(offset, data) {
          if (readOnly) throw new BackplaneError("DISK_READ_ONLY", `${label} is read-only`, { label });
          checkRange(label, sizeBytes, offset, data.length);
          pieces(offset, data.length, (number, from, at, bytes) => (index.get(number) ?? made(number)).set(data.subarray(at, at + bytes), from));
        },
        async flush() {},
      },
      reset() {},
      loaded: rebuild,
    };
  },
});
