import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { type Apt, type AptOptions, openApt, type PackageDescription } from "./apt.js";
import { defaultCacheDir, isFileOfSize, makeTemporaryDirectory, readJson, withCacheLock, writeFileAtomic } from "./cache-directory.js";
import type { GuestOptions } from "./progress.js";

/** A downloaded package. */
export interface DebianPackage extends PackageDescription {
  /** Path of the .deb in the cache. */
  readonly deb: string;
}

/** Debian packages by name, out of the cache or through apt. */
export interface PackageSource {
  /** What the packages are, without downloading them. Unknown ones are `GUEST_PACKAGE_MISSING`. */
  describe(names: readonly string[]): Promise<PackageDescription[]>;
  /** The packages themselves, in the order of `names`. */
  fetch(names: readonly string[]): Promise<DebianPackage[]>;
}

export interface PackageSourceOptions extends GuestOptions {
  /** More lines for the private apt.conf. */
  readonly aptConfiguration?: AptOptions["configuration"];
}

interface PackageRecord extends PackageDescription {
  /** File name under `debs/` and its size, once downloaded. */
  readonly file?: string;
  readonly size?: number;
}

/** An index younger than this is not asked for again when a further package is wanted. */
const INDEX_FRESH_MS = 60 * 60 * 1000;

/** The last complaint but apt's general closing one names the cause. */
const causeOf = (complaints: readonly string[]): string => {
  const particular = complaints.filter((line) => line.startsWith("E: ") && !/Some index files failed|Unable to fetch some archives/.test(line));
  return (particular[0] ?? complaints[0] ?? "no cause given").replace(/^[EW]: /, "");
};

const assertName = (name: string): void => {
  // Policy 5.6.1; also keeps names from being read as options or paths.
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw new BackplaneError("GUEST_PACKAGE_NAME", `${JSON.stringify(name)} is not a package name`, { name });
};

export const openPackageSource = (options: PackageSourceOptions = {}): PackageSource => {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const recordPath = (name: string) => join(cacheDir, "packages", `${name}.json`);
  const debPath = (file: string) => join(cacheDir, "debs", file);
  /** Indexes are fetched at most once in the life of a source. */
  let updated = false;
  /** Under `refresh`, the names already resolved anew. */
  const resolved = new Set<string>();

  const cached = async (name: string, withDeb: boolean): Promise<PackageRecord | undefined> => {
    if (options.refresh && !resolved.has(name)) return undefined;
    const record = await readJson<PackageRecord>(recordPath(name));
    if (!record || !withDeb) return record;
    return record.file !== undefined && record.size !== undefined && (await isFileOfSize(debPath(record.file), record.size)) ? record : undefined;
  };

  const allCached = async (names: readonly string[], withDebs: boolean): Promise<PackageRecord[] | undefined> => {
    const records: PackageRecord[] = [];
    for (const name of names) {
      const record = await cached(name, withDebs);
      if (!record) return undefined;
      records.push(record);
    }
    return records;
  };

  const update = async (apt: Apt): Promise<readonly string[]> => {
    options.progress?.({ phase: "index" });
    const complaints = await apt.update((fraction) => options.progress?.({ phase: "index", fraction }));
    updated = true;
    return complaints;
  };

  /** Descriptions of all `names`; the indexes are fetched where they are old or lack a name. */
  const resolve = async (apt: Apt, names: readonly string[]): Promise<Map<string, PackageDescription>> => {
    let complaints: readonly string[] = [];
    const fresh = (await apt.indexAge()) < INDEX_FRESH_MS;
    if (!updated && (options.refresh || !fresh)) complaints = await update(apt);
    let found = await apt.describe(names);
    if (found.size < new Set(names).size && !updated) {
      complaints = await update(apt);
      found = await apt.describe(names);
    }
    const missing = names.filter((name) => !found.has(name));
    if (missing.length > 0) {
      const because = complaints.length > 0 ? `: ${causeOf(complaints)}` : "";
      throw new BackplaneError("GUEST_PACKAGE_MISSING", `apt's sources on this host do not give ${missing.join(", ")} for i386${because}`, { packages: missing, complaints });
    }
    const errors = complaints.filter((line) => line.startsWith("E: "));
    if (errors.length > 0) options.warn?.(`a package index could not be fetched, so an older version may be used: ${causeOf(errors)}`);
    return found;
  };

  const download = async (apt: Apt, wanted: readonly PackageDescription[]): Promise<Map<string, PackageRecord>> => {
    const directory = await makeTemporaryDirectory(cacheDir);
    try {
      const subject = wanted.map(({ name }) => name).join(" ");
      options.progress?.({ phase: "download", fraction: 0, subject });
      const complaints = await apt.download(wanted, directory, (fraction) => options.progress?.({ phase: "download", fraction, subject }));
      if (complaints.length > 0)
        throw new BackplaneError("GUEST_DOWNLOAD_FAILED", `could not download ${subject}: ${causeOf(complaints)}`, { packages: wanted.map(({ name }) => name), complaints });
      const files = await readdir(directory);
      await mkdir(join(cacheDir, "debs"), { recursive: true });
      const records = new Map<string, PackageRecord>();
      for (const description of wanted) {
        const file = files.find((name) => name.startsWith(`${description.name}_`) && name.endsWith(".deb"));
        if (!file) throw new BackplaneError("GUEST_DOWNLOAD_FAILED", `apt-get left no file for ${description.name}`, { packages: [description.name] });
        const { size } = await stat(join(directory, file));
        await rename(join(directory, file), debPath(file));
        records.set(description.name, { ...description, file, size });
      }
      return records;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };

  const obtain = async (names: readonly string[], withDebs: boolean): Promise<PackageRecord[]> => {
    names.forEach(assertName);
    const already = await allCached(names, withDebs);
    if (already) return already;
    const locked = async (): Promise<PackageRecord[]> => {
      // Another process may have done the work while this one waited.
      const meanwhile = await allCached(names, withDebs);
      if (meanwhile) return meanwhile;
      const apt = await openApt(join(cacheDir, "apt"), { signal: options.signal, configuration: options.aptConfiguration });
      let descriptions = await resolve(apt, names);
      const absent = async (): Promise<PackageDescription[]> => {
        const list: PackageDescription[] = [];
        for (const description of descriptions.values()) {
          const record = await readJson<PackageRecord>(recordPath(description.name));
          const whole =
            record?.version === description.version && record.file !== undefined && record.size !== undefined && (await isFileOfSize(debPath(record.file), record.size));
          if (!whole) list.push(description);
        }
        return list;
      };
      let downloaded = new Map<string, PackageRecord>();
      const wanted = withDebs ? await absent() : [];
      if (wanted.length > 0) {
        try {
          downloaded = await download(apt, wanted);
        } catch (error) {
          // The index may name a version the mirror has since replaced.
          if (updated || options.signal?.aborted) throw error;
          await update(apt);
          descriptions = await resolve(apt, names);
          downloaded = await download(apt, await absent());
        }
      }
      const records: PackageRecord[] = [];
      for (const name of names) {
        const description = descriptions.get(name)!;
        const earlier = await readJson<PackageRecord>(recordPath(name));
        const record: PackageRecord = downloaded.get(name) ?? (earlier?.version === description.version ? earlier : description);
        await writeFileAtomic(cacheDir, recordPath(name), `${JSON.stringify(record, null, 2)}\n`);
        if (earlier?.file !== undefined && earlier.file !== record.file) await rm(debPath(earlier.file), { force: true });
        resolved.add(name);
        records.push(record);
      }
      return records;
    };
    return withCacheLock(cacheDir, locked, { signal: options.signal, onWait: () => options.progress?.({ phase: "wait", subject: "another process is preparing" }) });
  };

  return {
    describe: (names) => obtain(names, false),
    async fetch(names) {
      const records = await obtain(names, true);
      return records.map(({ name, version, depends, file }) => ({ name, version, depends, deb: debPath(file!) }));
    },
  };
};
