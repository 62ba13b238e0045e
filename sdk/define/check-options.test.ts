import { describe, expect, it } from "vitest";
import type { ConfigOption } from "../contract/config.js";
import { choice, file, flag, integer, irqLine, port, text } from "./config.js";
import { defineDevice, Standalone } from "./device.js";

const defined = (option: unknown): unknown =>
  defineDevice({ id: "test.options", summary: "", provides: Standalone, config: { speed: option as ConfigOption }, create: () => ({ role: {}, reset() {} }) });
const loosely = integer as unknown as (...args: unknown[]) => ConfigOption;

describe("options of a definition", () => {
  it("of every kind are taken", () => {
    for (const option of [port(0x300, "a"), irqLine(5, "a"), integer(3, 1, 9, "a"), flag(true, "a"), text("x", "a"), file("a"), choice(["a", "b"], "a")])
      expect(() => defined(option)).not.toThrow();
  });

  it.each([
    ["arguments in another order", loosely(1, "Speed", { min: 1 }), /^test\.options: config\.speed has no line of documentation$/],
    ["a text as the minimum", loosely(1, "1", 9, "Speed"), /config\.speed has a string as its minimum: integer\(default, minimum, maximum, doc\)$/],
    ["a default out of range", integer(0, 1, 9, "Speed"), /config\.speed has the default 0, which is not from 1 to 9$/],
    ["no documentation", port(0x300, undefined as unknown as string), /config\.speed has no line of documentation$/],
    ["a plain value", 7, /config\.speed is no option: make it with port/],
    ["nothing", null, /config\.speed is no option/],
    ["a flag of 1", flag(1 as unknown as boolean, "a"), /neither true nor false$/],
    ["a text that is too long", text("abc", "a", 2), /at most 2 characters$/],
    ["no choices", choice("ab" as unknown as [string], "a"), /has no list of choices$/],
    ["a kind of its own", { kind: "colour", doc: "a" }, /is no option/],
  ])("that cannot be one are refused: %s", (_, option, message) => {
    expect(() => defined(option)).toThrow(message as RegExp);
  });
});
