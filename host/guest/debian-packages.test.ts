// The whole way from apt to a built guest, over a repository made here: apt and dpkg-deb are real, the network is not used.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDebFiles } from "./deb-archive.js";
import { openPackageSource, type PackageSourceOptions } from "./debian-packages.js";
import { prepareDefaultGuest } from "./default-guest.js";
import { fetchPackageFiles } from "./firmware-files.js";
import { prepareGuest } from "./prepare.js";
import type { GuestProgress } from "./progress.js";
import { makeModule, sign } from "./test-modules.js";

const hasApt = ["apt-get", "dpkg-deb"].every((program) => spawnSync(program, ["--version"]).status === 0);

let root: string;
let repository: string;
let warnings: string[];
let events: GuestProgress[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "backplane-apt-"));
  repository = join(root, "repository");
  await mkdir(repository);
  warnings = [];
  events = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Options that make apt see only the lines given, by default the repository, trusted. */
const options = (lines: readonly string[] = [`deb [trusted=yes] copy:${repository} ./`]): PackageSourceOptions => {
  const list = join(root, `sources-${createHash("sha256").update(lines.join()).digest("hex").slice(0, 8)}.list`);
  execFileSync("tee", [list], { input: `${lines.join("\n")}\n`, stdio: ["pipe", "ignore", "inherit"] });
  return {
    cacheDir: join(root, "cache"),
    aptConfiguration: [`Dir::Etc::sourcelist "${list}";`, 'Dir::Etc::sourceparts "-";'],
    warn: (message) => warnings.push(message),
    progress: (event) => events.push(event),
  };
};

interface Contents {
  readonly version?: string;
  readonly depends?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly links?: Readonly<Record<string, string>>;
}

/** Makes a package of the name; each call adds to the repository's index. */
const publish = async (name: string, { version = "1.0-1", depends, files = {}, links = {} }: Contents): Promise<void> => {
  const tree = await mkdtemp(join(root, "tree-"));
  await chmod(tree, 0o755);
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: i386",
    "Maintainer: Nobody <nobody@invalid>",
    ...(depends ? [`Depends: ${depends}`] : []),
    "Description: made for a test",
  ].join("\n");
  await mkdir(join(tree, "DEBIAN"), { mode: 0o755 });
  await writeFile(join(tree, "DEBIAN/control"), `${control}\n`);
  for (const [path, data] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), data);
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await symlink(target, join(tree, path));
  }
  const file = `${name}_${version}_i386.deb`;
  execFileSync("dpkg-deb", ["--root-owner-group", "-b", tree, join(repository, file)], { stdio: "ignore" });
  const deb = await readFile(join(repository, file));
  const stanza = `${control}\nFilename: ./${file}\nSize: ${deb.length}\nSHA256: ${createHash("sha256").update(deb).digest("hex")}\n\n`;
  await writeFile(join(repository, "Packages"), stanza, { flag: "a" });
};

const RELEASE = "6.1.0-9-686";

const publishGuest = async (): Promise<void> => {
  await publish("linux-image-686", { depends: `linux-image-${RELEASE} (= 1.0-1)` });
  await publish(`linux-image-${RELEASE}`, {
    files: {
      [`boot/vmlinuz-${RELEASE}`]: "the kernel",
      [`lib/modules/${RELEASE}/kernel/ata_piix.ko`]: sign(makeModule(["depends=libata"]), 100),
      [`lib/modules/${RELEASE}/kernel/libata.ko`]: makeModule(["depends="]),
      [`lib/modules/${RELEASE}/kernel/unneeded.ko`]: makeModule(["depends="]),
    },
  });
  await publish("busybox-static", { files: { "bin/busybox": "the busybox" } });
};

describe.skipIf(!hasApt)("packages through apt", () => {
  it("fetches by name, then answers from the cache when the source is gone", async () => {
    await publish("one", { version: "1:2.0-1", depends: "two" });
    await publish("two", {});
    const [one, two] = await openPackageSource(options()).fetch(["one", "two"]);
    expect(one).toMatchObject({ name: "one", version: "1:2.0-1", depends: "two" });
    expect((await readFile(one.deb)).subarray(0, 7).toString()).toBe("!<arch>");
    expect(events.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["index", "download"]));

    await rm(repository, { recursive: true });
    expect(await openPackageSource(options()).fetch(["one", "two"])).toEqual([one, two]);
    await rm(two.deb);
    await expect(openPackageSource(options()).fetch(["two"])).rejects.toMatchObject({ code: "GUEST_DOWNLOAD_FAILED" });
  });

  it("takes a newer version only when told to refresh, and drops the older file", async () => {
    await publish("one", { version: "1" });
    const [old] = await openPackageSource(options()).fetch(["one"]);
    await publish("one", { version: "2" });
    expect((await openPackageSource(options()).fetch(["one"]))[0].version).toBe("1");
    expect((await openPackageSource({ ...options(), refresh: true }).fetch(["one"]))[0].version).toBe("2");
    await expect(readFile(old.deb)).rejects.toThrow("ENOENT");
    expect((await openPackageSource(options()).fetch(["one"]))[0].version).toBe("2");
  });

  it("goes on without one index when the packages are found, and says so", async () => {
    await publish("one", {});
    const source = openPackageSource(options([`deb [trusted=yes] copy:${repository} ./`, `deb [trusted=yes] copy:${root}/nowhere ./`]));
    expect((await source.fetch(["one"]))[0].name).toBe("one");
    expect(warnings).toEqual([expect.stringMatching(/^a package index could not be fetched.*nowhere/)]);
    await expect(source.fetch(["absent"])).rejects.toMatchObject({ code: "GUEST_PACKAGE_MISSING", details: { packages: ["absent"] } });
  });

  it("uses nothing apt cannot authenticate", async () => {
    await publish("one", {});
    await expect(openPackageSource(options([`deb copy:${repository} ./`])).fetch(["one"])).rejects.toMatchObject({ code: "GUEST_PACKAGE_MISSING" });
  });

  it("keeps no package whose contents differ from the index", async () => {
    await publish("one", {});
    await writeFile(join(repository, "one_1.0-1_i386.deb"), "x".repeat((await readFile(join(repository, "one_1.0-1_i386.deb"))).length));
    await expect(openPackageSource(options()).fetch(["one"])).rejects.toMatchObject({ code: "GUEST_DOWNLOAD_FAILED" });
    expect(await readdir(join(root, "cache/tmp"))).toEqual([]);
  });

  it("does not take options for names", async () => {
    await expect(openPackageSource(options()).fetch(["--help"])).rejects.toMatchObject({ code: "GUEST_PACKAGE_NAME" });
  });
});

describe.skipIf(!hasApt)("files of packages", () => {
  it("gives files, links followed, from the cache the second time", async () => {
    await publish("firmware", { files: { "usr/share/f/real.bin": "real" }, links: { "usr/share/f/near.bin": "real.bin", "usr/lib/far.bin": "/usr/share/f/near.bin" } });
    const paths = ["usr/share/f/real.bin", "/usr/share/f/near.bin", "usr/lib/far.bin"];
    const found = await fetchPackageFiles("firmware", paths, options());
    for (const path of found) expect(await readFile(path, "utf8")).toBe("real");
    events = [];
    expect(await fetchPackageFiles("firmware", paths, options())).toEqual(found);
    expect(events).toEqual([]);
  });

  it("names a file that is not there, and a package that is none", async () => {
    await publish("firmware", {});
    await expect(fetchPackageFiles("firmware", ["../../x"], options())).rejects.toMatchObject({ code: "DEB_NO_FILE" });
    await writeFile(join(root, "bad.deb"), "not a package");
    await expect(readDebFiles(join(root, "bad.deb"), ["x"])).rejects.toMatchObject({ name: "BackplaneError" });
  });
});

describe.skipIf(!hasApt)("default guest", () => {
  it("is built from the packages, then found without any program or source", async () => {
    await publishGuest();
    const guest = await prepareDefaultGuest(options());
    expect(guest.kernelVersion).toBe(RELEASE);
    expect(guest.append).toContain("console=ttyS0");
    expect(await readFile(guest.kernel, "utf8")).toBe("the kernel");
    const initrd = await readFile(guest.initrd, "latin1");
    expect(initrd).toContain("the busybox");
    expect(initrd).toContain("kernel/ata_piix.ko: kernel/libata.ko\n");
    expect(initrd).not.toContain("unneeded");
    expect(initrd).toContain("Module signature appended");

    await rm(repository, { recursive: true });
    const path = process.env["PATH"];
    process.env["PATH"] = join(root, "empty");
    try {
      expect(await prepareDefaultGuest({ cacheDir: join(root, "cache") })).toEqual(guest);
    } finally {
      process.env["PATH"] = path;
    }
  });

  it("is built once by two at the same time", async () => {
    await publishGuest();
    const [one, two] = await Promise.all([prepareDefaultGuest(options()), prepareDefaultGuest(options())]);
    expect(one).toEqual(two);
    expect((await readdir(join(root, "cache/guest"))).filter((name) => !name.endsWith(".json"))).toHaveLength(1);
  });

  it("is built again where its files have been damaged", async () => {
    await publishGuest();
    const first = await prepareDefaultGuest(options());
    await writeFile(first.initrd, "cut");
    const second = await prepareDefaultGuest(options());
    expect(await readFile(second.kernel, "utf8")).toBe("the kernel");
    expect(second.initrd).not.toBe(first.initrd);
  });

  it("says what to give instead where the sources lack it", async () => {
    await publish("other", {});
    await expect(prepareDefaultGuest(options())).rejects.toMatchObject({
      code: "GUEST_PACKAGE_MISSING",
      message: expect.stringContaining("--kernel FILE --initrd FILE, or --cdrom ISO"),
    });
  });

  it("tells a person about each phase on its own line", async () => {
    await publishGuest();
    const { progress: _progress, warn: _warn, ...rest } = options();
    let shown = "";
    await prepareGuest({ write: (text) => (shown += text) }, rest);
    expect(shown.split("\n")).toEqual([
      "Reading package indexes",
      `Downloading: linux-image-${RELEASE} busybox-static`,
      `Unpacking: linux-image-${RELEASE}`,
      "Building: initrd.cpio",
      "",
    ]);
    shown = "";
    await prepareGuest({ write: (text) => (shown += text) }, rest);
    expect(shown).toBe("");
  });
});

describe("without apt", () => {
  it("says what to give instead", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = join(root, "empty");
    try {
      await expect(prepareDefaultGuest({ cacheDir: join(root, "cache") })).rejects.toMatchObject({
        code: "GUEST_NO_APT",
        message: expect.stringMatching(/--kernel FILE --initrd FILE, or --cdrom ISO/),
      });
    } finally {
      process.env["PATH"] = path;
    }
  });
});
