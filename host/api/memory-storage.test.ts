import { describe, expect, it } from "vitest";
import { memoryStorage } from "./memory-storage.js";

describe("memory storage", () => {
  const files = { disk: Uint8Array.from([1, 2, 3, 4]) };

  it("reads and writes the given bytes", async () => {
    const file = await memoryStorage(files).open("disk", "read-write");
    expect(file.sizeBytes).toBe(4);
    await file.write(1, Uint8Array.of(9, 8));
    const into = new Uint8Array(3);
    await file.read(1, into);
    expect([...into]).toEqual([9, 8, 4]);
    expect([...files.disk]).toEqual([1, 9, 8, 4]);
    await expect(file.read(2, new Uint8Array(3))).rejects.toMatchObject({ code: "STORAGE_OUT_OF_RANGE" });
    await expect(file.write(-1, new Uint8Array(1))).rejects.toMatchObject({ code: "STORAGE_OUT_OF_RANGE" });
  });

  it("hands out copies of whole files up to a size", async () => {
    const bytes = await memoryStorage(files).readAll("disk", 4);
    bytes[0] = 77;
    expect(files.disk[0]).toBe(1);
    await expect(memoryStorage(files).readAll("disk", 3)).rejects.toMatchObject({ code: "STORAGE_TOO_LARGE" });
  });

  it("looks further for other names, or says which there are", async () => {
    await expect(memoryStorage(files).readAll("toString", 4)).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND", message: expect.stringContaining("there are disk") });
    const beyond = memoryStorage({ other: Uint8Array.of(5) });
    expect([...(await memoryStorage(files, beyond).readAll("other", 1))]).toEqual([5]);
    expect((await memoryStorage(files, beyond).open("other", "read")).sizeBytes).toBe(1);
  });
});
