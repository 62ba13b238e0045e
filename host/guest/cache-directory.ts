import { randomUUID } from "node:crypto";
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BackplaneError } from "../../sdk/contract/errors.js";

// The cache is shared by every process of the user. Whatever appears under its final name is whole, because it was
// written under `tmp/` and renamed; the lock only saves the second process from doing the same work again.

/** `$XDG_CACHE_HOME/backplane`, or `~/.cache/backplane`; a relative XDG path is invalid and ignored, as its standard says. */
export const defaultCacheDir = (env: NodeJS.ProcessEnv = process.env): string => {
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg && isAbsolute(xdg) ? xdg : join(env["HOME"] || homedir(), ".cache"), "backplane");
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** Makes the cache directory, or says in one line why it cannot be used. */
export const openCacheDirectory = async (cacheDir: string): Promise<void> => {
  try {
    await mkdir(join(cacheDir, "tmp"), { recursive: true });
  } catch (error) {
    throw new BackplaneError("GUEST_CACHE_UNUSABLE", `the cache directory ${cacheDir} cannot be written (${codeOf(error) ?? error}); set XDG_CACHE_HOME to one that can`, {
      cacheDir,
    });
  }
};

/** A fresh private directory on the cache's file system, so that a rename out of it is atomic. The caller removes it. */
export const makeTemporaryDirectory = async (cacheDir: string): Promise<string> => {
  await openCacheDirectory(cacheDir);
  return mkdtemp(join(cacheDir, "tmp", "work-"));
};

export const writeFileAtomic = async (cacheDir: string, path: string, data: string | Uint8Array): Promise<void> => {
  await openCacheDirectory(cacheDir);
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(cacheDir, "tmp", `${basename(path)}.${randomUUID()}`);
  try {
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

/** Parsed JSON, or undefined where there is none to be had: a damaged record is one that must be made again. */
export const readJson = async <T>(path: string): Promise<T | undefined> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
};

/** True where `path` is a file of exactly `size` bytes. */
export const isFileOfSize = async (path: string, size: number): Promise<boolean> => {
  try {
    const found = await stat(path);
    return found.isFile() && found.size === size;
  } catch {
    return false;
  }
};

interface LockRecord {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
}

/** The holder renews its lock this often; one not renewed for `STALE_MS` belongs to nobody any more. */
const HEARTBEAT_MS = 2_000;
const STALE_MS = 30_000;
const POLL_MS = 200;
/** Left-overs of killed processes go once they are this old. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
};

const isStale = async (path: string, record: LockRecord | undefined): Promise<boolean> => {
  if (record && record.host === hostname() && !isAlive(record.pid)) return true;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS;
};

/** Moves a dead holder's lock away; where another process has meanwhile taken it, its lock is put back. */
const breakLock = async (path: string, token: string | undefined): Promise<void> => {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    const moved = await readJson<LockRecord>(aside);
    if (moved?.token !== token) await link(aside, path).catch(() => {});
    await unlink(aside);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
};

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once if another process holds the lock. */
  readonly onWait?: () => void;
}

/** Runs `work` while no other process runs under the same cache's lock. A killed holder's lock is taken over. */
export const withCacheLock = async <T>(cacheDir: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  await openCacheDirectory(cacheDir);
  const path = join(cacheDir, "lock");
  const record: LockRecord = { token: randomUUID(), pid: process.pid, host: hostname() };
  const prepared = join(cacheDir, "tmp", `lock.${record.token}`);
  await writeFile(prepared, JSON.stringify(record));
  try {
    for (let waits = 0; ; waits++) {
      // A link either appears whole or fails: nobody ever reads a half-written lock.
      const taken = await link(prepared, path).then(
        () => true,
        (error) => {
          if (codeOf(error) === "EEXIST") return false;
          throw error;
        },
      );
      if (taken) break;
      if (waits === 0) options.onWait?.();
      const holder = await readJson<LockRecord>(path);
      if (await isStale(path, holder)) await breakLock(path, holder?.token);
      else await sleep(POLL_MS, undefined, options.signal ? { signal: options.signal } : {});
    }
  } finally {
    await rm(prepared, { force: true });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    await removeAbandoned(join(cacheDir, "tmp"));
    return await work();
  } finally {
    clearInterval(heartbeat);
    const current = await readJson<LockRecord>(path).catch(() => undefined);
    if (current?.token === record.token) await rm(path, { force: true });
  }
};

const removeAbandoned = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
};
