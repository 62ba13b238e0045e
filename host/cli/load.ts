/** Plugins and profiles that a command names. */
import type { Catalogue } from "../../kernel/machine/index.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import type { Profile } from "../../sdk/contract/profile.js";
import { profileNamed } from "../api/compose.js";
import { catalogueFor } from "../api/create-machine.js";
import { loadPlugin, type PluggedDevice, readProfileFile } from "../index.js";

export interface LoadedPlugins {
  readonly definitions: readonly AnyDefinition[];
  readonly plug: readonly PluggedDevice[];
  /** With the distribution's own. */
  readonly catalogue: Catalogue;
}

export const loadPlugins = async (specs: readonly string[]): Promise<LoadedPlugins> => {
  const definitions: AnyDefinition[] = [];
  const plug: PluggedDevice[] = [];
  for (const spec of specs) {
    const loaded = await loadPlugin(spec);
    definitions.push(...loaded.definitions.filter((each) => !definitions.includes(each)));
    if (loaded.plug) plug.push(loaded.plug);
  }
  return { definitions, plug, catalogue: catalogueFor({ definitions }) };
};

/** What ends in `.json` or has a slash is a file. */
const isFileName = (name: string): boolean => /\.json$/i.test(name) || /[/\\]/.test(name);

export const loadProfile = async (name: string, catalogue: Catalogue): Promise<Profile> =>
  isFileName(name) ? readProfileFile(name, catalogue) : profileNamed(name, catalogue, "PROFILE");
