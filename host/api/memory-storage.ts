/** Files that exist only in memory, by name: a browser's downloads, a test's images. */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Storage, StoredFile } from "../../sdk/roles/disk-image.js";

const stored = (name: string, bytes: Uint8Array): StoredFile => {
  const within = (offset: number, length: number): void => {
    if (offset < 0 || offset + length > bytes.length) {
      throw new BackplaneError("STORAGE_OUT_OF_RANGE", `${name} has ${bytes.length} bytes; ${length} at ${offset} are outside`, { name, offset, length });
    }
  };
  return {
    sizeBytes: bytes.length,
    readOnly: false,
    async read(offset, into) {
      within(offset, into.length);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    async write(offset, from) {
      within(offset, from.length);
      bytes.set(from, offset);
    },
    async flush() {},
    async close() {},
  };
};

/** Looks a name up in `files` first and then in `beyond`. Writes change the given arrays. */
export const memoryStorage = (files: Readonly<Record<string, Uint8Array>>, beyond?: Storage): Storage => {
  const absent = (name: string): BackplaneError => {
    const known = Object.keys(files);
    return new BackplaneError("STORAGE_NOT_FOUND", `${name}: there is no such file${known.length > 0 ? `; there are ${known.slice(0, 12).join(", ")}` : ""}; give it in "files"`, {
      name,
    });
  };
  return {
    async open(name, mode) {
      if (Object.hasOwn(files, name)) return stored(name, files[name]);
      if (beyond) return beyond.open(name, mode);
      throw absent(name);
    },
    async readAll(name, maxBytes) {
      if (!Object.hasOwn(files, name)) {
        if (beyond) return beyond.readAll(name, maxBytes);
        throw absent(name);
      }
      const bytes = files[name];
      if (bytes.length > maxBytes) throw new BackplaneError("STORAGE_TOO_LARGE", `${name} has ${bytes.length} bytes; at most ${maxBytes} are taken here`, { name, maxBytes });
      return bytes.slice();
    },
  };
};
