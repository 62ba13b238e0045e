import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultCacheDir, readJson, withCacheLock, writeFileAtomic } from "./cache-directory.js";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "backplane-cache-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

describe("cache directory", () => {
  it("follows the XDG base directories", () => {
    expect(defaultCacheDir({ XDG_CACHE_HOME: "/x", HOME: "/home/u" })).toBe("/x/backplane");
    expect(defaultCacheDir({ XDG_CACHE_HOME: "", HOME: "/home/u" })).toBe("/home/u/.cache/backplane");
    expect(defaultCacheDir({ XDG_CACHE_HOME: "relative", HOME: "/home/u" })).toBe("/home/u/.cache/backplane");
  });

  it("says in one line that it cannot be made", async () => {
    await writeFile(join(cache, "file"), "");
    await expect(writeFileAtomic(join(cache, "file"), join(cache, "file/x"), "")).rejects.toMatchObject({
      code: "GUEST_CACHE_UNUSABLE",
      message: expect.stringContaining("XDG_CACHE_HOME"),
    });
  });

  it("replaces files whole and leaves nothing behind", async () => {
    const path = join(cache, "a/b");
    await Promise.all(Array.from({ length: 20 }, (_, index) => writeFileAtomic(cache, path, String(index).repeat(10_000))));
    expect(new Set(await readFile(path, "utf8")).size).toBeLessThanOrEqual(2);
    expect(await readdir(join(cache, "tmp"))).toEqual([]);
  });

  it("takes a damaged record for none", async () => {
    await writeFile(join(cache, "r.json"), '{"a":');
    expect(await readJson(join(cache, "r.json"))).toBeUndefined();
    expect(await readJson(join(cache, "none.json"))).toBeUndefined();
  });

  it("lets one in at a time and frees the lock after a failure", async () => {
    let inside = 0;
    let most = 0;
    let waited = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(20);
      inside--;
    };
    await Promise.all(Array.from({ length: 4 }, () => withCacheLock(cache, work, { onWait: () => waited++ })));
    expect([most, waited]).toEqual([1, 3]);
    await expect(withCacheLock(cache, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(join(cache, "lock"))).toBe(false);
  });

  it("takes over from a killed holder, and from one of another host that has long been silent", async () => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    await writeFile(join(cache, "lock"), JSON.stringify({ token: "t", pid: dead, host: hostname() }));
    expect(await withCacheLock(cache, async () => 1)).toBe(1);
    await writeFile(join(cache, "lock"), JSON.stringify({ token: "t", pid: 1, host: "elsewhere" }));
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(join(cache, "lock"), longAgo, longAgo);
    expect(await withCacheLock(cache, async () => 2)).toBe(2);
  });

  it("waits for a living holder until told to stop", async () => {
    await writeFile(join(cache, "lock"), JSON.stringify({ token: "t", pid: process.pid, host: hostname() }));
    await expect(withCacheLock(cache, async () => 1, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: "AbortError" });
    expect(existsSync(join(cache, "lock"))).toBe(true);
    expect(await readdir(join(cache, "tmp"))).toEqual([]);
  });
});
