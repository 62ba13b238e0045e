/** The examples: their own tests, run here; their types; and the devices in a machine, loaded as a user loads them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnyDefinition, PciBus } from "backplane/sdk";
import { afterAll, describe, expect, it } from "vitest";
import { createMachine } from "../../host/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples");
const names = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

for (const name of names) await import(/* @vite-ignore */ join(examples, name, "index.test.js"));
const exported = async (name: string, definition: string): Promise<AnyDefinition> => (await import(/* @vite-ignore */ join(examples, name, "index.js")))[definition];

describe("the examples", () => {
  it("are typed", () => {
    const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", examples], { encoding: "utf8" });
    expect(tsc.stdout).toBe("");
  }, 120_000);

  it("all have tests", () => {
    expect(names.filter((name) => !existsSync(join(examples, name, "index.test.js")))).toEqual([]);
  });

  it("work in a machine beside the devices of a profile", async () => {
    await using computer = await createMachine({
      profile: "virtual-server-2005",
      bios: "hlt.bin",
      files: { "hlt.bin": new Uint8Array(65_536).fill(0xf4) },
      clock: "deterministic",
      plug: [
        { path: "/pci/0b.0", use: await exported("dice-card", "diceCard") },
        { path: "/isa/hello", use: await exported("hello-port", "helloPort"), config: { greeting: "Guten Tag" } },
      ],
    });
    const { machine } = computer;
    expect(String.fromCharCode(...Array.from({ length: 9 }, (_, at) => machine.ports.read8(0x300 + at)))).toBe("Guten Tag");

    const bus = machine.get(PciBus);
    const pirqs: string[] = [];
    bus.connectRouter((pirq, level) => void pirqs.push(`${pirq} ${level}`));
    expect(bus.configRead(0x0b, 0, 0, 4)).toBe(0x0d1c_b0b0);
    bus.configWrite(0x0b, 0, 0x10, 4, 0xd000);
    bus.configWrite(0x0b, 0, 0x04, 2, 1);
    machine.ports.write8(0xd001, 1);
    machine.clock.advanceTo(machine.clock.nowNs + 1_000_000);
    machine.clock.fireDue();
    expect([machine.ports.read8(0xd001), machine.ports.read32(0xd004)]).toEqual([0x80, 1]);
    expect(pirqs).toEqual(["2 true"]);
  });
});

describe("documentation", () => {
  /** Fenced blocks that name their file (```js examples/dice-card/index.js), and those that define a device. */
  const quotations = (file: string): { readonly from: readonly string[]; readonly text: string }[] =>
    [...readFileSync(join(root, file), "utf8").matchAll(/^```js(?: (\S+))?\n([\s\S]*?)^```$/gm)]
      .filter(([, from, text]) => from !== undefined || text.includes("defineDevice({"))
      .map(([, from, text]) => ({ from: from === undefined ? names.map((name) => `examples/${name}/index.js`) : [from], text: text.trimEnd() }));

  it.each(["docs/writing-a-device.md", "README.md"])("%s quotes the examples as they are", (file) => {
    const quoted = quotations(file);
    expect(quoted.length).toBeGreaterThan(0);
    for (const { from, text } of quoted) expect(from.map((each) => readFileSync(join(root, each), "utf8")).find((source) => source.includes(text)) ?? text).not.toBe(text);
  });
});

describe("the command line", () => {
  const directory = mkdtempSync(join(tmpdir(), "backplane-examples-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(examples, "dice-card"), join(directory, "node_modules", "backplane-dice"));

  it("loads the dice card by the name of its package, and a file by its path", () => {
    const file = join(examples, "hello-port/index.js");
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/backplane.js"), "devices", "--plugin", "backplane-dice", "--plugin", file], {
      cwd: directory,
      encoding: "utf8",
    });
    expect([stderr, status]).toEqual(["", 0]);
    expect(stdout).toContain("example.dice-card  [standalone]");
    expect(stdout).toContain("roll-us=1000");
    expect(stdout).toContain("example.hello-port  [standalone]");
  });
});
