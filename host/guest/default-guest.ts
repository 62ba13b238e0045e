import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BackplaneError, isBackplaneError } from "../../sdk/contract/errors.js";
import { defaultCacheDir, isFileOfSize, makeTemporaryDirectory, readJson, withCacheLock, writeFileAtomic } from "./cache-directory.js";
import { readDebFiles, walkDeb } from "./deb-archive.js";
import { openPackageSource, type PackageSourceOptions } from "./debian-packages.js";
import { buildInitramfs, GUEST_MODULES, INITRAMFS_RECIPE } from "./initramfs.js";
import { type LocatedModule, moduleClosure, readModuleInfo } from "./kernel-modules.js";

/** Linux, as Debian ships it, with an initramfs made here: a machine without a disk boots to a shell with it. */
export interface DefaultGuest {
  readonly kernel: string;
  readonly initrd: string;
  /** As `uname -r` says it. */
  readonly kernelVersion: string;
  /** The kernel command line it is meant to have. */
  readonly append: string;
}

/** Debian's kernel for 32-bit PCs without PAE; it depends on the package of the current kernel. */
const KERNEL_METAPACKAGE = "linux-image-686";
const BUSYBOX_PACKAGE = "busybox-static";
const BUSYBOX_PATH = "bin/busybox";

/** Raised when the build changes in a way the scripts and lists of `INITRAMFS_RECIPE` do not show. */
const BUILD_VERSION = 3;

/**
 * For an emulated CPU. `cryptomgr.notests` leaves out self-tests of some 3,700 million instructions, five times the rest
 * of the boot; `noisapnp` a search for cards by timed waits; `mitigations=off` detours around faults of processors this
 * one does not share; `nokaslr` a relocation of the kernel. `loglevel=3` silences an error about the absent machine
 * check unit; init shows errors again.
 */
export const DEFAULT_APPEND = "console=ttyS0 quiet loglevel=3 cryptomgr.notests noisapnp mitigations=off nokaslr";

/** What a user can do where the default guest is not to be had. */
const INSTEAD = "give --kernel FILE --initrd FILE, or --cdrom ISO instead";

interface GuestRecord {
  readonly directory: string;
  readonly kernelVersion: string;
  readonly kernelSize: number;
  readonly initrdSize: number;
}

const KERNEL_FILE = "vmlinuz";
const INITRD_FILE = "initrd.cpio";

const recipe = createHash("sha256")
  .update(JSON.stringify([BUILD_VERSION, INITRAMFS_RECIPE]))
  .digest("hex")
  .slice(0, 12);

interface KernelFiles {
  readonly kernel: Uint8Array;
  /** Those this guest takes along, dependencies first. */
  readonly modules: { readonly info: LocatedModule; readonly data: Uint8Array }[];
}

const readKernelPackage = async (deb: string, release: string, signal: AbortSignal | undefined): Promise<KernelFiles> => {
  const kernelPath = `boot/vmlinuz-${release}`;
  const home = `lib/modules/${release}/`;
  const known = new Map<string, LocatedModule>();
  let kernel: Uint8Array | undefined;
  let compressed = false;
  await walkDeb(
    deb,
    ({ path, type }) => {
      if (type !== "file") return false;
      if (path === kernelPath) return true;
      if (!path.startsWith(home)) return false;
      compressed ||= /\.ko\.\w+$/.test(path);
      return path.endsWith(".ko");
    },
    ({ path }, data) => {
      if (path === kernelPath) {
        kernel = data;
        return;
      }
      const info = readModuleInfo(path, data);
      known.set(info.name, { ...info, path: path.slice(home.length) });
    },
    { signal },
  );
  if (!kernel) throw new BackplaneError("DEB_NO_FILE", `${basename(deb)} has no file ${kernelPath}`, { deb, path: kernelPath });
  if (known.size === 0 && compressed)
    throw new BackplaneError("GUEST_MODULES_COMPRESSED", `the modules of kernel ${release} are compressed, which is not supported; ${INSTEAD}`, { release });
  // What is needed is known only now; holding every module in memory meanwhile would take 200 MB.
  const infos = moduleClosure(GUEST_MODULES, known);
  const paths = infos.map(({ path }) => home + path);
  const files = await readDebFiles(deb, paths, { signal });
  return { kernel, modules: infos.map((info, index) => ({ info, data: files.get(paths[index])! })) };
};

const fetchGuestPackages = async (options: PackageSourceOptions) => {
  const packages = openPackageSource(options);
  try {
    const [meta] = await packages.describe([KERNEL_METAPACKAGE]);
    const kernelPackage = /\blinux-image-\d[^\s,|(]*/.exec(meta.depends)?.[0];
    if (!kernelPackage) throw new BackplaneError("GUEST_PACKAGE_MISSING", `${KERNEL_METAPACKAGE} names no kernel package`, { depends: meta.depends });
    const [kernelDeb, busyboxDeb] = await packages.fetch([kernelPackage, BUSYBOX_PACKAGE]);
    return { kernelVersion: kernelPackage.slice("linux-image-".length), kernelPackage, kernelDeb, busyboxDeb };
  } catch (error) {
    const unobtainable = isBackplaneError(error) && (error.code === "GUEST_PACKAGE_MISSING" || error.code === "GUEST_DOWNLOAD_FAILED");
    throw unobtainable ? new BackplaneError(error.code, `${error.message}; ${INSTEAD}`, error.details) : error;
  }
};

/**
 * The default guest, from the cache if it is there (no network, no programs run), otherwise fetched through apt and built.
 * Without apt: `GUEST_NO_APT`.
 */
export const prepareDefaultGuest = async (options: PackageSourceOptions = {}): Promise<DefaultGuest> => {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const recordPath = join(cacheDir, "guest", `default-${recipe}.json`);
  const locate = (record: GuestRecord): DefaultGuest => {
    const directory = join(cacheDir, "guest", record.directory);
    return { kernel: join(directory, KERNEL_FILE), initrd: join(directory, INITRD_FILE), kernelVersion: record.kernelVersion, append: DEFAULT_APPEND };
  };
  const isWhole = async (record: GuestRecord): Promise<boolean> => {
    const guest = locate(record);
    return (await isFileOfSize(guest.kernel, record.kernelSize)) && (await isFileOfSize(guest.initrd, record.initrdSize));
  };
  if (!options.refresh) {
    const record = await readJson<GuestRecord>(recordPath);
    if (record && (await isWhole(record))) return locate(record);
  }

  const { kernelVersion, kernelPackage, kernelDeb, busyboxDeb } = await fetchGuestPackages(options);
  const identity = createHash("sha256").update(`${recipe} ${kernelDeb.version} ${busyboxDeb.version}`).digest("hex").slice(0, 12);
  const name = `${kernelVersion}-${identity}`;

  const build = async (): Promise<DefaultGuest> => {
    const earlier = await readJson<GuestRecord>(recordPath);
    if (earlier?.directory.startsWith(name) && (await isWhole(earlier))) return locate(earlier);
    options.progress?.({ phase: "unpack", subject: kernelPackage });
    const busybox = (await readDebFiles(busyboxDeb.deb, [BUSYBOX_PATH], options)).get(BUSYBOX_PATH)!;
    const { kernel, modules } = await readKernelPackage(kernelDeb.deb, kernelVersion, options.signal);
    options.progress?.({ phase: "build", subject: INITRD_FILE });
    const initrd = buildInitramfs({ kernelRelease: kernelVersion, busybox, modules });
    // A directory of its own for each build: files another process may have open are never replaced.
    const directory = `${name}-${randomUUID().slice(0, 8)}`;
    const temporary = await makeTemporaryDirectory(cacheDir);
    try {
      await writeFile(join(temporary, KERNEL_FILE), kernel, { flush: true });
      await writeFile(join(temporary, INITRD_FILE), initrd, { flush: true });
      await mkdir(join(cacheDir, "guest"), { recursive: true });
      await rename(temporary, join(cacheDir, "guest", directory));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    const record: GuestRecord = { directory, kernelVersion, kernelSize: kernel.length, initrdSize: initrd.length };
    await writeFileAtomic(cacheDir, recordPath, `${JSON.stringify(record, null, 2)}\n`);
    return locate(record);
  };
  return withCacheLock(cacheDir, build, { signal: options.signal, onWait: () => options.progress?.({ phase: "wait", subject: "another process is preparing" }) });
};
