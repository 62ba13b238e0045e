import { BackplaneError, type StoredFile } from "backplane/sdk";
import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { diskMemory } from "./disk-memory.js";
import { diskRaw } from "./disk-raw.js";

/** A file whose byte at `n` is the low byte of n / 512, of any size, and a storage that holds it. */
const storageOf = (sizeBytes: number, options: { readOnly?: boolean; broken?: boolean } = {}) => {
  const calls: string[] = [];
  const check = () => {
    if (options.broken) throw new Error("disk on fire");
  };
  const stored: StoredFile = {
    sizeBytes,
    readOnly: options.readOnly ?? false,
    async read(offset, into) {
      check();
      calls.push(`read ${offset}`);
      for (let at = 0; at < into.length; at++) into[at] = Math.floor((offset + at) / 512) % 256;
    },
    async write(offset, from) {
      check();
      calls.push(`write ${offset}+${from.length}`);
    },
    async flush() {
      check();
      calls.push("flush");
    },
    async close() {
      calls.push("close");
    },
  };
  const storage = {
    async open(name: string, mode: string) {
      if (name !== "a.img") throw new BackplaneError("STORAGE_NOT_FOUND", `${name} does not exist`);
      calls.push(`open ${mode}`);
      return stored;
    },
    readAll: async () => new Uint8Array(0),
  };
  return { storage, calls };
};

const plug = (sizeBytes: number, config: Partial<{ file: string; "read-only": boolean; "sector-bytes": "512" | "2048" }> = {}, options = {}) => {
  const { storage, calls } = storageOf(sizeBytes, options);
  return { calls, bench: Bench.plug(diskRaw, { deps: { storage }, config: { file: "a.img", ...config } }) };
};

describe("disk-raw", () => {
  it("reads and writes a file past 4 GiB within its bounds", async () => {
    const size = 6 * 2 ** 30;
    const { bench, calls } = plug(size);
    const { role, device } = await bench;
    expect([role.sizeBytes, role.readOnly, role.label]).toEqual([size, false, "a.img"]);
    const into = new Uint8Array(512);
    await role.read(size - 512, into);
    expect(into[0]).toBe((size / 512 - 1) % 256);
    await role.write(5 * 2 ** 30, into);
    await role.flush();
    await expect(role.read(size - 511, into)).rejects.toMatchObject({ code: "DISK_OUT_OF_RANGE" });
    await expect(role.write(-1, into)).rejects.toMatchObject({ code: "DISK_OUT_OF_RANGE" });
    await expect(role.read(0.5, into)).rejects.toMatchObject({ code: "DISK_OUT_OF_RANGE" });
    await device.dispose?.();
    expect(calls).toEqual(["open read-write", `read ${size - 512}`, `write ${5 * 2 ** 30}+512`, "flush", "close"]);
  });

  it.each([
    [{ "read-only": true }, {}, "open read"],
    [{}, { readOnly: true }, "open read-write"],
  ])("refuses writes when read-only by %j or file %j", async (config, options, opened) => {
    const { bench, calls } = plug(4096, config, options);
    const { role } = await bench;
    expect(role.readOnly).toBe(true);
    await expect(role.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: "DISK_READ_ONLY", message: expect.stringContaining("a.img") });
    await role.flush();
    expect(calls).toEqual([opened]);
  });

  it("cuts a partial sector off with a warning", async () => {
    const { bench } = plug(5000, { "sector-bytes": "2048" });
    const { role, warnings } = await bench;
    expect(role.sizeBytes).toBe(4096);
    expect(warnings).toEqual([expect.stringContaining("last 904 bytes")]);
  });

  it.each([
    [0, "is empty"],
    [511, "holds 511 bytes"],
  ])("refuses a file of %i bytes and closes it", async (size, message) => {
    const { bench, calls } = plug(size);
    await expect(bench).rejects.toMatchObject({ code: "DISK_TOO_SMALL", message: expect.stringContaining(`a.img ${message}`) });
    expect(calls).toEqual(["open read-write", "close"]);
  });

  it("names a missing file, or the missing name", async () => {
    await expect(plug(4096, { file: "b.img" }).bench).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
    await expect(plug(4096, { file: "" }).bench).rejects.toMatchObject({ code: "DISK_FILE_MISSING" });
  });

  it("wraps failures of the host with the file's name", async () => {
    const { role } = await plug(4096, {}, { broken: true }).bench;
    for (const work of [role.read(0, new Uint8Array(512)), role.write(0, new Uint8Array(512)), role.flush()]) {
      await expect(work).rejects.toMatchObject({ code: "DISK_IO", message: expect.stringMatching(/a\.img.*disk on fire/) });
    }
  });
});

describe("disk-memory", () => {
  it("keeps what is written across chunk borders, and reads zeros elsewhere", async () => {
    const { role, state } = await Bench.plug(diskMemory, { config: { "size-kib": 0xffff_ffff } });
    const at = 2 ** 40 + 65536 - 100;
    await role.write(at, new Uint8Array(512).fill(7));
    expect(state.chunks.length).toBe(2);
    const into = new Uint8Array(514).fill(9);
    await role.read(at - 1, into);
    expect([into[0], into[1], into[512], into[513]]).toEqual([0, 7, 7, 0]);
    await expect(role.read(role.sizeBytes - 1, new Uint8Array(2))).rejects.toMatchObject({ code: "DISK_OUT_OF_RANGE" });
  });

  it("returns to the saved contents, dropping chunks written since", async () => {
    const bench = await Bench.plug(diskMemory, { config: { "size-kib": 1024 } });
    const read = async (offset: number) => {
      const into = new Uint8Array(1);
      await bench.role.read(offset, into);
      return into[0];
    };
    await bench.role.write(0, new Uint8Array([1]));
    const saved = bench.save();
    await bench.role.write(0, new Uint8Array([2]));
    await bench.role.write(500_000, new Uint8Array([3]));
    bench.load(saved);
    expect([await read(0), await read(500_000), bench.state.chunks.length]).toEqual([1, 0, 1]);
    await bench.role.write(500_000, new Uint8Array([4]));
    bench.reset();
    expect([await read(0), await read(500_000)]).toEqual([1, 4]);
  });

  it("refuses writes when read-only", async () => {
    const { role } = await Bench.plug(diskMemory, { config: { "read-only": true } });
    await expect(role.write(0, new Uint8Array(1))).rejects.toMatchObject({ code: "DISK_READ_ONLY" });
  });
});
