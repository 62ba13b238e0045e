import { basename, posix } from "node:path";
import { BackplaneError } from "../../sdk/contract/errors.js";
import { run } from "./child-process.js";
import { readTar, type TarEntry } from "./tar.js";

export interface DebReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Walks the files a package installs, as `readTar` does; paths are relative to the file system's root. */
export const walkDeb = async (
  deb: string,
  wanted: (entry: TarEntry) => boolean,
  take: (entry: TarEntry, data: Uint8Array) => void,
  options: DebReadOptions = {},
): Promise<void> => {
  const result = await run("dpkg-deb", ["--fsys-tarfile", deb], { consume: (stdout) => readTar(stdout, wanted, take), ...(options.signal ? { signal: options.signal } : {}) });
  if (result.status !== 0) {
    throw new BackplaneError("DEB_UNREADABLE", `${basename(deb)} cannot be unpacked: ${result.stderr.trim().split("\n")[0] || `dpkg-deb ended with status ${result.status}`}`, {
      deb,
    });
  }
};

/** Links that lead to links end somewhere; a circle does not. */
const LINK_LIMIT = 16;

/** The contents of `paths` in a package, links followed. A path that is not there is `DEB_NO_FILE`. */
export const readDebFiles = async (deb: string, paths: readonly string[], options: DebReadOptions = {}): Promise<Map<string, Uint8Array>> => {
  const wanted = paths.map((path) => path.replace(/^[./]*\//, ""));
  const files = new Map<string, Uint8Array>();
  const links = new Map<string, string>();
  const needed = new Set(wanted);
  const isLink = (entry: TarEntry) => entry.type === "symlink" || entry.type === "hardlink";
  const pass = () =>
    walkDeb(
      deb,
      (entry) => {
        if (isLink(entry)) links.set(entry.path, entry.type === "hardlink" ? entry.target : resolveLink(entry));
        return entry.type === "file" && needed.has(entry.path);
      },
      (entry, data) => files.set(entry.path, data),
      options,
    );
  const end = (path: string): string => {
    let at = path;
    for (let steps = 0; links.has(at) && steps < LINK_LIMIT; steps++) at = links.get(at)!;
    return at;
  };

  await pass();
  for (const path of wanted) needed.add(end(path));
  if ([...needed].some((path) => !files.has(path) && !links.has(path))) await pass();

  const result = new Map<string, Uint8Array>();
  paths.forEach((path, index) => {
    const data = files.get(end(wanted[index]));
    if (!data) throw new BackplaneError("DEB_NO_FILE", `${basename(deb)} has no file ${path}`, { deb, path });
    result.set(path, data);
  });
  return result;
};

const resolveLink = (entry: TarEntry): string => posix.resolve("/", posix.dirname(entry.path), entry.target).slice(1);
