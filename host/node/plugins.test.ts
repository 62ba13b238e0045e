import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPlugin } from "./plugins.js";

let directory: string;
const write = async (name: string, text: string): Promise<void> => {
  await mkdir(dirname(join(directory, name)), { recursive: true });
  await writeFile(join(directory, name), text);
};
/** What `defineDevice` returns, without the sdk: what is loaded here must not depend on how tests resolve it. */
const definition = (id: string): string =>
  `{ id: "${id}", summary: "${id}", provides: { key: Symbol.for("backplane:standalone"), name: "standalone" }, needs: {}, config: {}, state: { version: 1, initial: () => ({}) }, resources: () => [], create: () => ({ role: {}, reset() {} }) }`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backplane-plugins-"));
  await write("dice.mjs", `export const dice = ${definition("acme.dice")}; export default dice; export const version = 3;`);
  await write("two.mjs", `export default [${definition("acme.one")}, ${definition("acme.two")}];`);
  await write("none.mjs", "export const x = null;");
  await write("broken.mjs", "export const x = ;");
  await write("throws.mjs", 'throw new Error("no luck\\nsecond line");');
  await write("node_modules/acme-dice/package.json", '{"name":"acme-dice","type":"module","exports":{".":{"types":"./x.d.ts","import":"./lib/dice.js"}}}');
  await write("node_modules/acme-dice/lib/dice.js", `export const dice = ${definition("acme.packaged")};`);
  await write("node_modules/@acme/parts/package.json", '{"name":"@acme/parts","main":"parts.mjs"}');
  await write("node_modules/@acme/parts/parts.mjs", `export const part = ${definition("acme.part")};`);
  await write("folder/package.json", '{"type":"module","exports":"./entry.js"}');
  await write("folder/entry.js", `export const part = ${definition("acme.foldered")};`);
  await write("unbuilt/package.json", '{"type":"module","exports":"./dist/index.js"}');
  await write("damaged/package.json", "{");
  await mkdir(join(directory, "empty"));
});
afterAll(() => rm(directory, { recursive: true }));

const plain = (url: string) => import(/* @vite-ignore */ url);
const load = (spec: string) => loadPlugin(spec, { directory, load: plain });
const ids = async (spec: string) => (await load(spec)).definitions.map((each) => each.id);

describe("plugins", () => {
  it("are files, folders and packages", async () => {
    expect(await ids("./dice.mjs")).toEqual(["acme.dice"]);
    expect(await ids("dice.mjs")).toEqual(["acme.dice"]);
    expect(await ids(join(directory, "two.mjs"))).toEqual(["acme.one", "acme.two"]);
    expect(await ids("./folder")).toEqual(["acme.foldered"]);
    expect(await ids("acme-dice")).toEqual(["acme.packaged"]);
    expect(await ids("@acme/parts")).toEqual(["acme.part"]);
  });

  it("are found from a folder below the one they are installed in", async () => {
    expect((await loadPlugin("acme-dice", { directory: join(directory, "folder"), load: plain })).definitions).toHaveLength(1);
  });

  it("are plugged in at a path", async () => {
    expect((await load("./dice.mjs")).plug).toBeUndefined();
    expect((await load("./dice.mjs@/pci/0b.0")).plug).toMatchObject({ path: "/pci/0b.0", use: { id: "acme.dice" } });
    expect((await load("@acme/parts@/isa/part")).plug).toMatchObject({ path: "/isa/part", use: { id: "acme.part" } });
    expect((await load("./two.mjs#acme.two@/isa/two")).plug).toMatchObject({ path: "/isa/two", use: { id: "acme.two" } });
  });

  it.each([
    ["./absent.mjs", "PLUGIN_NOT_FOUND", /there is no file .*absent\.mjs; check the name/],
    ["acme-nothing", "PLUGIN_NOT_FOUND", /no package "acme-nothing" at or above/],
    ["./empty", "PLUGIN_NOT_FOUND", /no package\.json and no index\.js/],
    ["./unbuilt", "PLUGIN_NOT_FOUND", /build the plugin first/],
    ["./damaged", "PLUGIN_LOAD_FAILED", /is not JSON/],
    ["./none.mjs", "PLUGIN_EMPTY", /exports no device definition/],
    ["./broken.mjs", "PLUGIN_LOAD_FAILED", /cannot be loaded/],
    ["./throws.mjs", "PLUGIN_LOAD_FAILED", /Error: no luck$/],
    ["./two.mjs@/isa/two", "PLUGIN_AMBIGUOUS", /\.\/two\.mjs#acme\.one@\/isa\/two/],
    ["./two.mjs#acme.tow", "PLUGIN_DEFINITION_UNKNOWN", /did you mean "acme\.t?[ow]+"/],
  ])("refuse %s in one line", async (spec, code, message) => {
    const error = await load(spec).then(
      () => {
        throw new Error("it was loaded");
      },
      (reason: { code: string; message: string }) => reason,
    );
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });
});
