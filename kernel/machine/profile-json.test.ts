import { describe, expect, it } from "vitest";
import { role } from "../../sdk/contract/role.js";
import { choice, file, flag, port, text } from "../../sdk/define/config.js";
import { ProfileBuilder } from "../../sdk/define/profile.js";
import { parseProfile, profileFromJson } from "./profile-json.js";
import { profileSchema } from "./profile-schema.js";
import { failure, plain } from "./testing/devices.js";
import { conforms } from "./testing/json-schema.js";

const Cmos = role<object>("cmos");
const Net = role<object>("network-adapter");
const config = { base: port(0x70, "Port"), utc: flag(true, "UTC") };
const rtc = plain("acme.rtc", { provides: Cmos, config });
const frozen = plain("lab.frozen-rtc", { provides: Cmos, config: { base: port(0x70, "Port") } });
const card = plain("dec.21140", { provides: Net, needs: { network: Cmos }, config: { mac: text("", "Address", 17), speed: choice(["10", "100"], "Speed"), rom: file("ROM") } });
const base = ProfileBuilder.named("virtual-server-2005", "Base").memory(128).add("/isa/rtc", rtc, { base: 0x72, utc: false }).add("/isa/lpt", plain("acme.lpt")).build();
const catalogue = { definitions: [rtc, frozen, card], profiles: [base] };
const options = { catalogue, origin: "lab.json" };
const read = (document: unknown) => profileFromJson(document, options);

const complete = {
  $schema: "./profile.schema.json",
  name: "lab",
  summary: "A lab",
  extends: "virtual-server-2005",
  memory: 256,
  remove: ["/isa/lpt"],
  add: { "/pci/0a.0": { use: "dec.21140", config: { mac: "00:03:ff", speed: "100" }, wires: { network: "/isa/rtc" } } },
  swap: { cmos: "lab.frozen-rtc" },
  set: { "/isa/rtc": { base: 112 } },
};

describe("JSON profiles", () => {
  it("extend, remove, add, swap and set", () => {
    const profile = read(complete);
    expect(profile).toMatchObject({ name: "lab", summary: "A lab", memoryMiB: 256 });
    expect(profile.slots).toEqual([
      { path: "/isa/rtc", definition: frozen, config: { base: 112 }, wires: {}, origin: "lab.json" },
      { path: "/pci/0a.0", definition: card, config: { mac: "00:03:ff", speed: "100" }, wires: { network: "/isa/rtc" }, origin: "lab.json" },
    ]);
    expect(base.slots).toHaveLength(2);
  });

  it("may stand alone or change nothing", () => {
    expect(read({ name: "empty" })).toEqual({ name: "empty", summary: "", memoryMiB: 64, slots: [] });
    expect(read({ name: "same", extends: "virtual-server-2005" })).toEqual({ ...base, name: "same" });
  });

  it("resolve file names relative to themselves", () => {
    const document = { name: "x", add: { "/a": { use: "dec.21140", config: { rom: "net.rom", mac: "net.rom" } }, "/b": { use: "dec.21140", config: { rom: "" } } } };
    const profile = profileFromJson(document, { ...options, resolveFile: (name, origin) => `${origin}/../${name}` });
    expect(profile.slots.map((slot) => slot.config)).toEqual([{ rom: "lab.json/../net.rom", mac: "net.rom" }, { rom: "" }]);
  });

  it.each([
    ['{ "name": "x", }', /^lab\.json:1:16: not JSON: /],
    ['{\n  "name": "x"\n  "memory": 3 }', /^lab\.json:3:3: not JSON: /],
    ["", /^lab\.json: not JSON: /],
  ])("tell line and column of a syntax error", async (source, expected) => {
    const { code, message } = await failure(() => parseProfile(source, options));
    expect(code).toBe("PROFILE_SYNTAX");
    expect(message).toMatch(expected);
  });

  const mistakes: [document: unknown, code: string, message: string, inSchema: boolean][] = [
    [[], "PROFILE_INVALID", "lab.json: the profile must be an object", true],
    [{}, "PROFILE_INVALID", 'lab.json: "name" is missing', true],
    [{ name: "" }, "PROFILE_INVALID", '"name" is empty', true],
    [{ name: 3 }, "PROFILE_INVALID", '"name" must be text of at most 1000 characters', true],
    [{ name: "x", $schema: 1 }, "PROFILE_INVALID", '"$schema" must be text', true],
    [{ name: "x", memry: 3 }, "PROFILE_UNKNOWN_KEY", 'lab.json: the profile has no key "memry"; did you mean "memory"?', true],
    [{ name: "x", extends: "virtual-server" }, "PROFILE_UNKNOWN", '"extends" names "virtual-server", which is not a known profile; did you mean "virtual-server-2005"?', true],
    [{ name: "x", memory: 0 }, "PROFILE_INVALID", '"memory" is 0; it must be a whole number of MiB from 1 to 3686', true],
    [{ name: "x", memory: 1.5 }, "PROFILE_INVALID", '"memory" is 1.5', true],
    [{ name: "x", remove: "/a" }, "PROFILE_INVALID", '"remove" must be a list of paths', true],
    [{ name: "x", remove: [1] }, "PROFILE_INVALID", 'an entry of "remove" must be text', true],
    [{ ...complete, remove: ["/isa/lp"] }, "PROFILE_PATH_UNKNOWN", 'lab.json: machine "lab" has no device at /isa/lp; did you mean "/isa/lpt"?', false],
    [{ name: "x", add: [] }, "PROFILE_INVALID", '"add" must be an object', true],
    [{ name: "x", add: { "isa/rtc": { use: "acme.rtc" } } }, "PROFILE_PATH_INVALID", '"isa/rtc" in "add" is not a device path; write it like /isa/rtc', true],
    [{ name: "x", add: { "/a": {} } }, "PROFILE_INVALID", '"add" /a lacks "use": the id of a device', true],
    [{ name: "x", add: { "/a": { use: "acme.rtv" } } }, "DEFINITION_UNKNOWN", '"add" /a uses "acme.rtv", which is not a known device; did you mean "acme.rtc"?', true],
    [{ name: "x", add: { "/a": { use: "acme.rtc", conf: {} } } }, "PROFILE_UNKNOWN_KEY", '"add" /a has no key "conf"; did you mean "config"?', true],
    [{ name: "x", add: { "/a": { use: "acme.rtc", config: [] } } }, "PROFILE_INVALID", '"config" in "add" /a must be an object', true],
    [
      { name: "x", add: { "/a": { use: "acme.rtc", config: { bass: 1 } } } },
      "CONFIG_UNKNOWN_KEY",
      'lab.json: "acme.rtc" at /a has no configuration key "bass"; did you mean "base"?',
      true,
    ],
    [{ name: "x", add: { "/a": { use: "acme.rtc", config: { base: "0x70" } } } }, "CONFIG_INVALID", '"base" is "0x70"; it must be a whole number from 0x0 to 0xffff', true],
    [{ name: "x", add: { "/a": { use: "dec.21140", config: { speed: "1000" } } } }, "CONFIG_INVALID", "one of 10, 100", true],
    [{ name: "x", add: { "/a": { use: "dec.21140", wires: { net: "/b" } } } }, "WIRE_UNKNOWN_NEED", '"dec.21140" has no need "net"; did you mean "network"?', true],
    [{ name: "x", add: { "/a": { use: "dec.21140", wires: { network: "b" } } } }, "PROFILE_INVALID", '"network" in "wires" of "add" /a must be the path of a device', true],
    [
      { ...complete, add: { "/isa/rtc": { use: "acme.rtc" } } },
      "PROFILE_PATH_TAKEN",
      '/isa/rtc: "acme.rtc" (virtual-server-2005) is there already; list the path in "remove" to replace it',
      false,
    ],
    [{ ...complete, swap: { cmoss: "lab.frozen-rtc" } }, "PROFILE_ROLE_ABSENT", '"swap" names role "cmoss", which no device of the machine plays; did you mean "cmos"?', true],
    [{ ...complete, swap: { cmos: "dec.21140" } }, "PROFILE_ROLE_MISMATCH", '"swap" puts "dec.21140" in role "cmos", but it provides "network-adapter"', true],
    [{ ...complete, swap: { cmos: "dec.21141" } }, "DEFINITION_UNKNOWN", 'did you mean "dec.21140"?', true],
    [{ ...complete, set: { "/isa/rtx": {} } }, "PROFILE_PATH_UNKNOWN", 'did you mean "/isa/rtc"?', false],
    [{ ...complete, set: { "/isa/rtc": { utc: false } } }, "CONFIG_UNKNOWN_KEY", '"lab.frozen-rtc" at /isa/rtc has no configuration key "utc"', false],
    [{ ...complete, set: { "/isa/rtc": 3 } }, "PROFILE_INVALID", '"set" /isa/rtc must be an object', true],
  ];

  it.each(mistakes)("refuse %j as %s", async (document, code, message) => {
    const error = await failure(() => read(document));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^lab\.json/);
    expect(error.message).not.toContain("\n");
  });

  it("agree with their JSON Schema", () => {
    const schema = profileSchema(catalogue);
    expect(conforms(schema, complete)).toBe(true);
    expect(conforms(schema, { name: "empty" })).toBe(true);
    for (const [document, , message, inSchema] of mistakes) expect([message, conforms(schema, document)]).toEqual([message, !inSchema]);
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
