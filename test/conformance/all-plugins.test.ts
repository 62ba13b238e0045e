/**
 * The conformance suite over every definition that a folder in plugins/ exports: a new plugin is covered by being there.
 * Options are for what hardware is like, each with its reason.
 */
import { readdirSync } from "node:fs";
import type { AnyDefinition, ConfigSchema, Need, Needs } from "backplane/sdk";
import { writeLe16, writeLe32 } from "backplane/sdk";
import { type ConformanceOptions, conformanceChecks, MemoryImage } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";

type Options = Omit<ConformanceOptions<unknown, ConfigSchema, Needs>, "config"> & { readonly config?: Readonly<Record<string, unknown>> };

const PLUGINS = new URL("../../plugins/", import.meta.url);

/** The smallest bzImage: one page of code for 1 MiB. */
const kernelImage = (): Uint8Array => {
  const image = new Uint8Array(3 * 512 + 4096);
  image[0x1f1] = 2;
  writeLe32(image, 0x1f4, 4096 / 16);
  writeLe16(image, 0x1fe, 0xaa55);
  image.set([0xeb, 0x6a, 0x48, 0x64, 0x72, 0x53, 0x0f, 0x02], 0x200);
  image[0x211] = 1;
  writeLe32(image, 0x22c, 0x7fff_ffff);
  writeLe32(image, 0x230, 0x1000);
  image[0x234] = 1;
  writeLe32(image, 0x238, 2047);
  writeLe32(image, 0x258, 0x10_0000);
  writeLe32(image, 0x260, 0x1_0000);
  return image;
};

const BATTERY = "the battery keeps time and memory";
const RTC: Options = {
  keeps: {
    cmos: BATTERY,
    baseSeconds: BATTERY,
    phaseNs: BATTERY,
    flagsNs: BATTERY,
    weekdayShift: BATTERY,
    index: "port 70h is a latch without a reset pin",
    extendedIndex: "port 72h is a latch without a reset pin",
  },
};
const UART: Options = { armedAfterReset: { rx: "bytes of the host wait on the line and go on arriving" } };
const CONTENTS = "what is on the disk";

/** For machines that do other things at the same time. */
const PATIENCE_MS = 60_000;

const OPTIONS: Readonly<Record<string, Options>> = {
  "generic.disk-memory": { config: { "size-kib": 1024 }, keeps: { numbers: CONTENTS, chunks: CONTENTS } },
  "generic.disk-raw": { config: { file: "disk.img" }, files: { "disk.img": new Uint8Array(65_536) } },
  "generic.firmware-file": { config: { name: "etc/bench", file: "bench.bin" }, files: { "bench.bin": new Uint8Array(512) } },
  "generic.floppy-drive": { keeps: { track: "the heads stay where they are" } },
  ...Object.fromEntries(
    // A drive takes only disks that fit.
    Object.entries({ "1.2M": 1_228_800, "720K": 737_280, "360K": 368_640 }).map(([type, bytes]) => [
      `generic.floppy-drive, type ${type}`,
      { deps: () => ({ image: new MemoryImage(bytes) }) },
    ]),
  ),
  "generic.rom-firmware": { config: { bios: "bios.bin" }, files: { "bios.bin": new Uint8Array(65_536).fill(0xf4) }, unchanging: "its memory is a ROM" },
  "intel.8237-pair": { reserves: { "DMA channel 4": "cascade of the first controller" } },
  "intel.8259-pair": { reserves: { "IRQ 2": "cascade of the second controller" } },
  "lab.frozen-rtc": RTC,
  "linux.direct-boot": { config: { kernel: "vmlinuz" }, files: { vmlinuz: kernelImage() }, ramBytes: 4 << 20 },
  "motorola.mc146818": RTC,
  "ns.16450": UART,
  "ns.16550a": UART,
};

const isDefinition = (value: unknown): value is AnyDefinition =>
  typeof value === "object" && value !== null && "id" in value && "provides" in value && typeof (value as AnyDefinition).create === "function";

const folders = readdirSync(PLUGINS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const needsSomething = (need: Need): boolean => "optional" in need || "every" in need;

/** What else can be had of a definition: every other choice in its configuration, and optional needs left empty. */
const variants = (definition: AnyDefinition): { readonly title: string; readonly options: Options }[] => {
  const base = OPTIONS[definition.id] ?? {};
  const choices = Object.entries(definition.config as ConfigSchema).flatMap(([key, option]) =>
    option.kind === "choice" ? option.choices.filter((each) => each !== option.default).map((value) => ({ key, value })) : [],
  );
  return [
    { title: definition.id, options: base },
    ...choices.map(({ key, value }) => {
      const title = `${definition.id}, ${key} ${value}`;
      return { title, options: { ...base, accesses: 2000, seed: 7, ...OPTIONS[title], config: { ...base.config, [key]: value } } };
    }),
    ...(Object.values(definition.needs as Needs).some(needsSomething)
      ? [{ title: `${definition.id}, optional needs unfilled`, options: { ...base, accesses: 2000, seed: 11, optionalNeeds: "empty" as const } }]
      : []),
  ];
};

for (const folder of folders) {
  const exported: Record<string, unknown> = await import(new URL(`${folder}/index.ts`, PLUGINS).href);
  const definitions = Object.values(exported).filter(isDefinition);
  describe(`plugins/${folder}`, () => {
    it("exports a definition", () => expect(definitions.length).toBeGreaterThan(0));
    for (const definition of definitions) {
      for (const { title, options } of variants(definition)) {
        describe(title, () => {
          for (const check of conformanceChecks(definition, options as object)) it(check.name, check.run, PATIENCE_MS);
        });
      }
    }
  });
}

it("has no options for definitions that are gone", async () => {
  const modules = await Promise.all(folders.map((folder) => import(new URL(`${folder}/index.ts`, PLUGINS).href)));
  const titles = modules.flatMap((exported) =>
    Object.values(exported)
      .filter(isDefinition)
      .flatMap((definition) => variants(definition).map(({ title }) => title)),
  );
  expect(Object.keys(OPTIONS).filter((title) => !titles.includes(title))).toEqual([]);
});
