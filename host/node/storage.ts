/** Host files for devices. Every failure is one line with the file's name and what to do. */
import { type FileHandle, open } from "node:fs/promises";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Storage, StoredFile } from "../../sdk/roles/disk-image.js";

const failure = (name: string, error: unknown, mode: "read" | "read-write"): BackplaneError => {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const details = { name, errno: code };
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new BackplaneError("STORAGE_NOT_FOUND", `${name}: there is no such file; check the name`, details);
    case "EACCES":
    case "EPERM":
    case "EROFS": {
      const advice = mode === "read" ? "make it readable" : "make it writable, or set it read-only";
      return new BackplaneError("STORAGE_DENIED", `${name}: this user may not ${mode === "read" ? "read" : "write"} it; ${advice}`, details);
    }
    case "EISDIR":
      return notAFile(name, "a directory");
    default:
      return new BackplaneError("STORAGE_FAILED", `${name}: cannot be opened (${code || String(error)})`, details);
  }
};

const notAFile = (name: string, what: string): BackplaneError => new BackplaneError("STORAGE_NOT_A_FILE", `${name} is ${what}; give the name of a file`, { name });

const openFile = async (name: string, mode: "read" | "read-write"): Promise<{ handle: FileHandle; size: number }> => {
  let handle: FileHandle;
  try {
    handle = await open(name, mode === "read" ? "r" : "r+");
  } catch (error) {
    throw failure(name, error, mode);
  }
  try {
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
    throw notAFile(name, found.isDirectory() ? "a directory" : "no regular file");
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** `read` and `write` of a handle may do less than asked. */
const whole = async (length: number, piece: (from: number, left: number) => Promise<number>): Promise<void> => {
  for (let done = 0; done < length; ) {
    const moved = await piece(done, length - done);
    if (moved === 0) throw new Error("the file has become shorter");
    done += moved;
  }
};

const stored = (handle: FileHandle, sizeBytes: number, readOnly: boolean): StoredFile => ({
  sizeBytes,
  readOnly,
  read: (offset, into) => whole(into.length, async (from, left) => (await handle.read(into, from, left, offset + from)).bytesRead),
  write: (offset, from) => whole(from.length, async (done, left) => (await handle.write(from, done, left, offset + done)).bytesWritten),
  flush: () => handle.sync(),
  close: () => handle.close(),
});

/** Files of the host by name; relative names start from the working directory. */
export const nodeStorage: Storage = {
  async open(name, mode) {
    const { handle, size } = await openFile(name, mode);
    return stored(handle, size, mode === "read");
  },
  async readAll(name, maxBytes) {
    const { handle, size } = await openFile(name, "read");
    try {
      if (size > maxBytes)
        throw new BackplaneError("STORAGE_TOO_LARGE", `${name} has ${size} bytes; at most ${maxBytes} are taken here: is it the right file?`, { name, size, maxBytes });
      const bytes = new Uint8Array(size);
      await stored(handle, size, true).read(0, bytes);
      return bytes;
    } finally {
      await handle.close();
    }
  },
};
