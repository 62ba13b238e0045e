import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeStorage } from "./storage.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backplane-storage-"));
});
afterAll(() => rm(directory, { recursive: true }));

const file = async (name: string, bytes: Uint8Array): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
};

describe("storage on Node", () => {
  it("reads and writes in place, past 4 GiB too", async () => {
    const path = await file("large", new Uint8Array(0));
    await truncate(path, 5 * 2 ** 30);
    const stored = await nodeStorage.open(path, "read-write");
    expect([stored.sizeBytes, stored.readOnly]).toEqual([5 * 2 ** 30, false]);
    await stored.write(4.5 * 2 ** 30, Uint8Array.of(1, 2, 3));
    await stored.flush();
    const into = new Uint8Array(5);
    await stored.read(4.5 * 2 ** 30 - 1, into);
    expect([...into]).toEqual([0, 1, 2, 3, 0]);
    await stored.close();
  });

  it("opens for reading only", async () => {
    const path = await file("read", Uint8Array.of(7));
    const stored = await nodeStorage.open(path, "read");
    expect(stored.readOnly).toBe(true);
    await expect(stored.write(0, Uint8Array.of(8))).rejects.toThrow();
    await stored.close();
    expect([...(await readFile(path))]).toEqual([7]);
  });

  it("does not wait for ever for bytes that are gone", async () => {
    const path = await file("shrinks", new Uint8Array(1000));
    const stored = await nodeStorage.open(path, "read-write");
    await truncate(path, 10);
    await expect(stored.read(0, new Uint8Array(100))).rejects.toThrow(/shorter/);
    await stored.close();
  });

  it("reads whole files up to a size", async () => {
    const path = await file("whole", Uint8Array.of(1, 2, 3));
    expect([...(await nodeStorage.readAll(path, 3))]).toEqual([1, 2, 3]);
    await expect(nodeStorage.readAll(path, 2)).rejects.toMatchObject({ code: "STORAGE_TOO_LARGE" });
  });

  it("says in one line what is wrong with a name", async () => {
    await expect(nodeStorage.open(join(directory, "absent"), "read")).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND", message: expect.stringContaining("check the name") });
    await expect(nodeStorage.open(join(await file("plain", new Uint8Array(1)), "below"), "read")).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
    for (const mode of ["read", "read-write"] as const) {
      await expect(nodeStorage.open(directory, mode)).rejects.toMatchObject({ code: "STORAGE_NOT_A_FILE", message: expect.stringContaining("is a directory") });
    }
    await expect(nodeStorage.readAll("/dev/null", 10)).rejects.toMatchObject({ code: "STORAGE_NOT_A_FILE" });
  });
});
