import { access } from "node:fs/promises";
import { join, posix } from "node:path";
import { defaultCacheDir, writeFileAtomic } from "./cache-directory.js";
import { readDebFiles } from "./deb-archive.js";
import { openPackageSource, type PackageSourceOptions } from "./debian-packages.js";

/**
 * Files of one Debian package (firmware, boot loaders, diagnostics) as host paths in the cache, in the order asked for.
 * Paths are those the package installs them under, such as `usr/share/seabios/bios-256k.bin`.
 */
export const fetchPackageFiles = async (name: string, paths: readonly string[], options: PackageSourceOptions = {}): Promise<string[]> => {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const [found] = await openPackageSource(options).fetch([name]);
  const home = join(cacheDir, "files", `${name}_${encodeURIComponent(found.version)}`);
  // Resolved against the root, no path leads out of `home`.
  const inside = (path: string) => posix.resolve("/", path).slice(1);
  const located = paths.map((path) => join(home, inside(path)));
  const absent: string[] = [];
  for (const [index, path] of located.entries()) {
    const present = await access(path).then(
      () => true,
      () => false,
    );
    if (!present) absent.push(inside(paths[index]));
  }
  if (absent.length > 0) {
    options.progress?.({ phase: "unpack", subject: name });
    for (const [path, data] of await readDebFiles(found.deb, absent, options)) await writeFileAtomic(cacheDir, join(home, path), data);
  }
  return located;
};
