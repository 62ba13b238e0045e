// apt with private state: the host's own sources, keys, proxies and pins, and nothing of the host changed. Needs no root.
// Options are those of apt.conf(5); `apt-get -c FILE` reads FILE after the host's configuration, so it has the last word.
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackplaneError, isBackplaneError } from "../../sdk/contract/errors.js";
import { type RunResult, run } from "./child-process.js";

export const GUEST_ARCHITECTURE = "i386";

/** A package as the index describes it: the version apt would install. */
export interface PackageDescription {
  readonly name: string;
  readonly version: string;
  readonly depends: string;
}

export interface Apt {
  /** Fetches the package indexes. Returns apt's complaints; some indexes may be good even so. */
  update(progress: (fraction: number) => void): Promise<readonly string[]>;
  /** Milliseconds since the last `update` that got at least one index; Infinity before any. */
  indexAge(): Promise<number>;
  /** Descriptions of those of `names` the index knows. */
  describe(names: readonly string[]): Promise<Map<string, PackageDescription>>;
  /** Downloads exactly these versions into `directory`; apt checks the signed hashes. Returns apt's complaints, none on success. */
  download(packages: readonly PackageDescription[], directory: string, progress: (fraction: number) => void): Promise<readonly string[]>;
}

export interface AptOptions {
  readonly signal?: AbortSignal | undefined;
  /** More lines for apt.conf, the last of all. */
  readonly configuration?: readonly string[] | undefined;
}

const quote = (value: string): string => {
  if (/["\\\n;]/.test(value)) throw new BackplaneError("GUEST_CACHE_UNUSABLE", `apt cannot work in ${JSON.stringify(value)}: a quote, backslash or semicolon is in the path`);
  return `"${value}"`;
};

const configurationText = (directory: string, extra: readonly string[]): string =>
  [
    "#clear APT::Architectures;",
    `APT::Architecture "${GUEST_ARCHITECTURE}";`,
    `APT::Architectures { "${GUEST_ARCHITECTURE}"; };`,
    // Hooks of the host's packages act on the host's cache and state.
    "#clear APT::Update::Pre-Invoke;",
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    `Dir::State ${quote(join(directory, "state"))};`,
    `Dir::State::lists ${quote(join(directory, "state/lists"))};`,
    `Dir::State::status ${quote(join(directory, "state/status"))};`,
    `Dir::Cache ${quote(join(directory, "cache"))};`,
    `Dir::Cache::archives ${quote(join(directory, "cache/archives"))};`,
    'Dir::Cache::pkgcache "pkgcache.bin";',
    'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
    `Dir::Log ${quote(join(directory, "log"))};`,
    // Run by root, apt would drop to a user that cannot enter root's private directories.
    'APT::Sandbox::User "root";',
    'APT::Get::AllowUnauthenticated "false";',
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::AllowDowngradeToInsecureRepositories "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::PDiffs "false";',
    ...extra,
    "",
  ].join("\n");

/** apt-get's complaints, each on one line, the general closing ones last as apt prints them. */
const complaints = (result: RunResult): string[] =>
  result.stderr
    .split("\n")
    .filter((line) => /^[EW]: /.test(line))
    .map((line) => line.replace(/\s+/g, " ").trim());

/** `dlstatus:ITEM:PERCENT:TEXT` of apt's status descriptor. */
const statusReader = (progress: (fraction: number) => void) => (line: string) => {
  const percent = /^dlstatus:[^:]*:([\d.]+):/.exec(line)?.[1];
  if (percent !== undefined) progress(Math.min(1, Number(percent) / 100));
};

const noApt = (): BackplaneError =>
  new BackplaneError("GUEST_NO_APT", "this host has no apt to fetch the default guest with; give --kernel FILE --initrd FILE, or --cdrom ISO instead");

/** apt over `directory`, which keeps the indexes between runs. One process at a time: apt locks its lists and fails otherwise. */
export const openApt = async (directory: string, options: AptOptions = {}): Promise<Apt> => {
  const lists = join(directory, "state/lists");
  for (const path of [join(lists, "partial"), join(directory, "cache/archives/partial"), join(directory, "log")]) await mkdir(path, { recursive: true });
  // An empty installation: no package of the host's is taken for installed.
  await writeFile(join(directory, "state/status"), "");
  const configuration = join(directory, "apt.conf");
  await writeFile(configuration, configurationText(directory, options.configuration ?? []));

  const invoke = async (program: string, args: readonly string[], more: { cwd?: string; onStatusLine?: (line: string) => void } = {}): Promise<RunResult> => {
    try {
      return await run(program, ["-c", configuration, "-q", ...args], { ...more, ...(options.signal ? { signal: options.signal } : {}) });
    } catch (error) {
      if (isBackplaneError(error) && error.code === "COMMAND_MISSING") throw noApt();
      throw error;
    }
  };

  return {
    async update(progress) {
      const result = await invoke("apt-get", ["-o", "APT::Status-Fd=3", "update"], { onStatusLine: statusReader(progress) });
      const found = complaints(result);
      return result.status !== 0 && found.length === 0 ? [`E: apt-get update ended with status ${result.status}`] : found;
    },

    async indexAge() {
      let newest = Number.NEGATIVE_INFINITY;
      for (const name of await readdir(lists)) {
        if (!/_Packages(\.\w+)?$/.test(name)) continue;
        // The file's own time is the mirror's; the change time is when it arrived here.
        newest = Math.max(newest, (await stat(join(lists, name))).ctimeMs);
      }
      return Date.now() - newest;
    },

    async describe(names) {
      // Status 100 says that some name is unknown; the known ones are printed even so.
      const result = await invoke("apt-cache", ["--no-all-versions", "show", ...names]);
      const descriptions = new Map<string, PackageDescription>();
      for (const stanza of result.stdout.split(/\n\n+/)) {
        const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(stanza)?.[1]?.trim();
        const name = field("Package");
        const version = field("Version");
        if (name && version && names.includes(name)) descriptions.set(name, { name, version, depends: field("Depends") ?? "" });
      }
      return descriptions;
    },

    async download(packages, target, progress) {
      const wanted = packages.map(({ name, version }) => `${name}=${version}`);
      const result = await invoke("apt-get", ["-o", "APT::Status-Fd=3", "download", ...wanted], { cwd: target, onStatusLine: statusReader(progress) });
      if (result.status === 0) return [];
      const found = complaints(result).filter((line) => line.startsWith("E: "));
      return found.length > 0 ? found : [`E: apt-get download ended with status ${result.status}`];
    },
  };
};
