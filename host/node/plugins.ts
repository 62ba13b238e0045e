/**
 * Plugins from files and packages: modules whose exports are device definitions.
 *
 * A plugin is named like a module: `./dice.js`, `./dice` (a folder with a package.json), `@acme/dice` (a package installed
 * at or above the working directory). `#ID` chooses one of its definitions, `@/PATH` plugs it in:
 *
 *     ./dice.js          its definitions are known: for --swap, and for profiles
 *     ./dice.js@/pci/0b.0        and the one there is sits in a slot
 *     @acme/parts#acme.dice@/pci/0b.0
 */
import { readFile, stat } from "node:fs/promises";
import { register } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { hint } from "../../kernel/machine/index.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { BackplaneError, isBackplaneError } from "../../sdk/contract/errors.js";
import type { PluggedDevice } from "../api/description.js";

export interface LoadedPlugin {
  readonly definitions: readonly AnyDefinition[];
  /** What `@/PATH` asks for. */
  readonly plug: PluggedDevice | undefined;
}

export interface PluginLoading {
  /** Where relative names start; the working directory unless given. */
  readonly directory?: string;
  /** Imports a module in place of Node's `import`. */
  readonly load?: Import;
}

interface PluginSpec {
  readonly module: string;
  readonly id: string | undefined;
  readonly path: string | undefined;
}

const parseSpec = (spec: string): PluginSpec => {
  const at = spec.lastIndexOf("@/");
  const path = at > 0 ? spec.slice(at + 1) : undefined;
  const rest = at > 0 ? spec.slice(0, at) : spec;
  const hash = rest.lastIndexOf("#");
  return { module: hash > 0 ? rest.slice(0, hash) : rest, id: hash > 0 ? rest.slice(hash + 1) : undefined, path };
};

const kindOf = async (path: string): Promise<"file" | "directory" | undefined> => {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? "file" : found?.isDirectory() ? "directory" : undefined;
};

/** What a package's `exports` or `main` name for its own name, for `import`. */
const entryOf = (manifest: { exports?: unknown; main?: unknown }): string => {
  const choose = (value: unknown): string | undefined => {
    if (typeof value === "string") return value;
    if (typeof value !== "object" || value === null) return undefined;
    const conditions = value as Record<string, unknown>;
    return choose(conditions["."]) ?? choose(conditions["node"]) ?? choose(conditions["import"]) ?? choose(conditions["default"]);
  };
  return choose(manifest.exports) ?? choose(manifest.main) ?? "index.js";
};

const packageEntry = async (directory: string, spec: string): Promise<string> => {
  const file = join(directory, "package.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    const index = join(directory, "index.js");
    if ((await kindOf(index)) === "file") return index;
    throw new BackplaneError("PLUGIN_NOT_FOUND", `plugin ${spec}: ${directory} has no package.json and no index.js; give the plugin's file`, { spec });
  }
  let manifest: { exports?: unknown; main?: unknown };
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new BackplaneError("PLUGIN_LOAD_FAILED", `plugin ${spec}: ${file} is not JSON: ${(error as Error).message}`, { spec });
  }
  const entry = join(directory, entryOf(manifest));
  if ((await kindOf(entry)) === "file") return entry;
  throw new BackplaneError("PLUGIN_NOT_FOUND", `plugin ${spec}: its package.json names ${entry}, which does not exist; build the plugin first`, { spec });
};

const PACKAGE_NAME = /^(@[\w.-]+\/)?[\w.-]+$/;

/** The file to import. */
const locate = async (spec: string, module: string, directory: string): Promise<string> => {
  const path = resolve(directory, module);
  const isPath = isAbsolute(module) || /^\.{1,2}(\/|\\|$)/.test(module);
  const kind = await kindOf(path);
  if (kind === "file") return path;
  if (kind === "directory" && isPath) return packageEntry(path, spec);
  if (!isPath && PACKAGE_NAME.test(module)) {
    for (let at = resolve(directory); ; at = dirname(at)) {
      const installed = join(at, "node_modules", module);
      if ((await kindOf(installed)) === "directory") return packageEntry(installed, spec);
      if (at === dirname(at)) break;
    }
  }
  const advice = isPath ? "check the name" : "install the package, or write a file's name like ./dice.js";
  throw new BackplaneError("PLUGIN_NOT_FOUND", `plugin ${spec}: there is no ${isPath ? `file ${path}` : `package "${module}" at or above ${directory}`}; ${advice}`, { spec });
};

const isDefinition = (value: unknown): value is AnyDefinition => {
  const { id, create, provides, config, needs, state } = (value ?? {}) as Partial<AnyDefinition>;
  return typeof id === "string" && typeof create === "function" && typeof provides?.key === "symbol" && Boolean(config && needs && state);
};

const definitionsIn = (exports: Readonly<Record<string, unknown>>): AnyDefinition[] => [...new Set(Object.values(exports).flat().filter(isDefinition))];

let resolverRegistered = false;

type Import = (url: string) => Promise<Readonly<Record<string, unknown>>>;

/** `import`, with this `backplane` for plugins that have none of their own. */
const importWithSdk: Import = (url) => {
  if (!resolverRegistered) register(new URL("./sdk-resolver.js", import.meta.url));
  resolverRegistered = true;
  return import(/* @vite-ignore */ url);
};

const importModule = async (spec: string, file: string, load: Import): Promise<Readonly<Record<string, unknown>>> => {
  try {
    return await load(pathToFileURL(file).href);
  } catch (error) {
    const { message = String(error), name = "Error" } = error as Error;
    const [line] = message.split("\n");
    const typescript = /\.[cm]?tsx?$/.test(file) ? "; it is TypeScript: give the JavaScript built from it" : "";
    throw new BackplaneError("PLUGIN_LOAD_FAILED", `plugin ${spec}: ${file} cannot be loaded: ${isBackplaneError(error) ? line : `${name}: ${line}`}${typescript}`, { spec, file });
  }
};

/**
 * Loads one plugin.
 * @throws BackplaneError `PLUGIN_NOT_FOUND`, `PLUGIN_LOAD_FAILED`, `PLUGIN_EMPTY`, `PLUGIN_DEFINITION_UNKNOWN`, `PLUGIN_AMBIGUOUS`.
 */
export const loadPlugin = async (spec: string, { directory = process.cwd(), load = importWithSdk }: PluginLoading = {}): Promise<LoadedPlugin> => {
  const { module, id, path } = parseSpec(spec);
  const file = await locate(spec, module, directory);
  const definitions = definitionsIn(await importModule(spec, file, load));
  const ids = definitions.map((each) => each.id);
  if (definitions.length === 0) {
    throw new BackplaneError("PLUGIN_EMPTY", `plugin ${spec}: ${file} exports no device definition; export what defineDevice returns`, { spec, file });
  }
  const chosen = id === undefined ? definitions : definitions.filter((each) => each.id === id);
  if (chosen.length === 0) throw new BackplaneError("PLUGIN_DEFINITION_UNKNOWN", `plugin ${spec} has no device "${id}"${hint(id ?? "", ids, "devices")}`, { spec, ids });
  if (path === undefined) return { definitions, plug: undefined };
  if (chosen.length > 1) {
    throw new BackplaneError("PLUGIN_AMBIGUOUS", `plugin ${spec} has several devices (${ids.join(", ")}); choose one as ${module}#${ids[0]}@${path}`, { spec, ids });
  }
  return { definitions, plug: { path, use: chosen[0] } };
};
