import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defineDevice, Standalone } from "backplane/sdk";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../tools/prepare.mjs";
import { definitionProblems } from "./definitions.testing.js";

const PLUGINS = join(ROOT, "plugins");
const folders = readdirSync(PLUGINS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const load = (folder: string): Promise<Record<string, unknown>> => import(join(PLUGINS, folder, "index.ts"));

describe("plugin folders", () => {
  it("are there", () => expect(folders.length).toBeGreaterThan(10));

  it("hold nothing but folders", () => {
    expect(readdirSync(PLUGINS).filter((name) => !folders.includes(name))).toEqual([]);
  });

  it.each(folders)("%s has an index.ts that exports definitions only", async (folder) => {
    expect(existsSync(join(PLUGINS, folder, "index.ts"))).toBe(true);
    expect(definitionProblems(await load(folder))).toEqual([]);
  });

  it("give every definition an id of its own", async () => {
    const definitions = await Promise.all(folders.map(async (folder) => Object.values(await load(folder)) as { readonly id: string }[]));
    const ids = definitions.flat().map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});

describe("the check of definitions", () => {
  const dice = defineDevice({ id: "acme.dice", summary: "A die", provides: Standalone, create: () => ({ role: {}, reset() {} }) });

  it("takes definitions", () => expect(definitionProblems({ dice })).toEqual([]));
  it("refuses anything else", () => {
    expect(definitionProblems({})).toEqual(["it exports no definition"]);
    expect(definitionProblems({ dice, roll: () => 4 })).toEqual(["roll is no device definition"]);
    expect(definitionProblems({ thawed: { ...dice } })).toEqual(["thawed is not frozen; make it with defineDevice"]);
  });
});
