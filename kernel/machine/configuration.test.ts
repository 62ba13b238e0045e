import { describe, expect, it } from "vitest";
import { choice, file, flag, integer, port, text } from "../../sdk/define/config.js";
import { applySetting, checkConfig, configSchema, parseInteger, resolveConfig } from "./configuration.js";
import { failure, plain, profileOf } from "./testing/devices.js";

const device = plain("acme.card", {
  config: {
    base: port(0x300, "Port"),
    size: integer(4, 1, 16, "Size"),
    fast: flag(true, "Speed"),
    label: text("none", "Label", 8),
    mode: choice(["text", "graphics"], "Mode"),
    image: file("Image"),
  },
});
const profile = profileOf(["/isa/card.0", device, { base: 0x320 }]);
const [slot] = profile.slots;

describe("configuration", () => {
  it("fills in defaults and freezes", () => {
    const config = resolveConfig(slot);
    expect(config).toEqual({ base: 0x320, size: 4, fast: true, label: "none", mode: "text", image: "" });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("names the nearest key for an unknown one", async () => {
    const { code, message } = await failure(() => resolveConfig({ ...slot, config: { labl: "x" } }));
    expect(code).toBe("CONFIG_UNKNOWN_KEY");
    expect(message).toBe('bench: "acme.card" at /isa/card.0 has no configuration key "labl"; did you mean "label"?');
  });

  it.each([
    ["base", 0x1_0000, 'base" is 65536; it must be a whole number from 0x0 to 0xffff'],
    ["size", 2.5, "a whole number from 1 to 16"],
    ["size", "4", 'is "4"; it must be a whole number'],
    ["fast", 1, "true or false"],
    ["label", "much too long", "text of at most 8 characters"],
    ["mode", "sound", "one of text, graphics"],
    ["size", Number.NaN, "is NaN"],
  ])("refuses %s = %s with the allowed range", async (key, value, expected) => {
    const { code, message } = await failure(() => checkConfig(slot, { [key]: value }));
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain(expected);
    expect(message).toContain("/isa/card.0");
  });

  it("does not take inherited names for keys", async () => {
    expect((await failure(() => checkConfig(slot, { constructor: 1 }))).code).toBe("CONFIG_UNKNOWN_KEY");
  });

  it.each([
    ["112", 112],
    ["0x70", 0x70],
    ["70h", 0x70],
    ["0A0H", 0xa0],
    ["-3", -3],
    ["A0h", Number.NaN],
    ["7 ", Number.NaN],
    ["", Number.NaN],
    ["1e3", Number.NaN],
  ])("reads %j as %d", (source, value) => expect(parseInteger(source)).toBe(value));

  it("applies settings typed as text", () => {
    const changed = ["/isa/card.0.base=0x70", "/isa/card.0.fast=false", "/isa/card.0.label=a=b.c"].reduce((each, setting) => applySetting(each, setting), profile);
    expect(changed.slots[0].config).toEqual({ base: 0x70, fast: false, label: "a=b.c" });
    expect(changed.slots[0].origin).toBe("--set");
    expect(profile.slots[0].config).toEqual({ base: 0x320 });
  });

  it.each([
    ["/isa/card.0", "SETTING_INVALID"],
    ["base=3", "SETTING_INVALID"],
    ["/isa/card.0.=3", "SETTING_INVALID"],
    ["/isa/cart.0.base=3", "PROFILE_PATH_UNKNOWN"],
    ["/isa/card.0.bass=3", "CONFIG_UNKNOWN_KEY"],
    ["/isa/card.0.base=zero", "CONFIG_INVALID"],
    ["/isa/card.0.fast=yes", "CONFIG_INVALID"],
  ])("refuses the setting %s as %s", async (setting, code) => expect((await failure(() => applySetting(profile, setting))).code).toBe(code));

  it("suggests the nearest path", async () => {
    expect((await failure(() => applySetting(profile, "/isa/cart.0.base=3"))).message).toContain('did you mean "/isa/card.0"?');
  });

  it("describes itself as JSON Schema", () => {
    expect(configSchema(device)).toMatchObject({
      type: "object",
      additionalProperties: false,
      properties: {
        base: { type: "integer", minimum: 0, maximum: 0xffff, default: 0x300 },
        fast: { type: "boolean" },
        mode: { enum: ["text", "graphics"] },
        label: { maxLength: 8 },
      },
    });
  });
});
