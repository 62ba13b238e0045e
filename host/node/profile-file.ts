import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Catalogue, parseProfile } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Profile } from "../../sdk/contract/profile.js";

/**
 * A profile from a JSON file. File names in it are relative to the file.
 * @throws BackplaneError `PROFILE_UNREADABLE`, and as `parseProfile`.
 */
export const readProfileFile = async (file: string, catalogue: Catalogue): Promise<Profile> => {
  let source: string;
  try {
    source = await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a directory" : code === "EACCES" ? "this user may not read it" : String(code);
    throw new BackplaneError("PROFILE_UNREADABLE", `profile ${file} cannot be read: ${why}; give the name of a JSON file or of a known profile`, { file });
  }
  return parseProfile(source, { catalogue, origin: file, resolveFile: (name, origin) => resolve(dirname(origin), name) });
};
