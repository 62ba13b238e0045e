import { describe, expect, it } from "vitest";
import { SET_1_TO_2 } from "../../plugins/ps2-8042/scan-codes.js";
import { fakeWaiter } from "../testing/fakes.js";
import { Keyboard } from "./keyboard.js";
import { keyCode, parseChord, strokeOf } from "./keyboard-layout.js";

const make = () => {
  const events: string[] = [];
  const role = {
    pending: 0,
    leds: 0,
    key(code: number, down: boolean) {
      events.push(`${down ? "+" : "-"}${code.toString(16)}`);
    },
  };
  const waiter = fakeWaiter();
  return { events, role, waiter, keyboard: new Keyboard(role, waiter, () => waiter.time.nowNs()) };
};

describe("keyboard layout", () => {
  it("types every printable ASCII character with a key that exists", () => {
    const codes = new Set<string>();
    for (let code = 0x20; code < 0x7f; code++) {
      const stroke = strokeOf(String.fromCharCode(code));
      expect(stroke, String.fromCharCode(code)).toBeDefined();
      expect(SET_1_TO_2[stroke!.code]).toBeGreaterThan(0);
      codes.add(`${stroke!.shift} ${stroke!.code}`);
    }
    expect(codes.size).toBe(95);
  });

  it("has the codes of a PC keyboard", () => {
    expect(["a", "z", "1", "0", "-", "=", "[", "]", ";", "'", "`", "\\", ",", ".", "/"].map((name) => keyCode(name))).toEqual([
      0x1e, 0x2c, 0x02, 0x0b, 0x0c, 0x0d, 0x1a, 0x1b, 0x27, 0x28, 0x29, 0x2b, 0x33, 0x34, 0x35,
    ]);
    expect(["f1", "F10", "f11", "f12", "esc", "Enter", "delete", "up"].map((name) => keyCode(name))).toEqual([0x3b, 0x44, 0x57, 0x58, 0x01, 0x1c, 0xe053, 0xe048]);
    expect([strokeOf("~"), strokeOf("|"), strokeOf('"')]).toEqual([
      { code: 0x29, shift: true },
      { code: 0x2b, shift: true },
      { code: 0x28, shift: true },
    ]);
  });

  it("reads chords and refuses unknown keys with the nearest", () => {
    expect(parseChord("ctrl + alt+Delete")).toEqual([0x1d, 0x38, 0xe053]);
    expect(parseChord("ctrl+C")).toEqual([0x1d, 0x2e]);
    expect(parseChord("alt+!")).toEqual([0x38, 0x2a, 0x02]);
    expect(() => parseChord("ctrl+alt+delte")).toThrow('there is no key "delte"; did you mean "delete"?');
  });
});

describe("keyboard", () => {
  it("presses a chord and lets go in reverse", () => {
    const { events, keyboard } = make();
    keyboard.press("ctrl+alt+delete");
    expect(events).toEqual(["+1d", "+38", "+e053", "-e053", "-38", "-1d"]);
  });

  it("types with Shift where a character needs it", async () => {
    const { events, keyboard } = make();
    await keyboard.type("aB\n", { intervalMs: 0 });
    expect(events).toEqual(["+1e", "-1e", "+2a", "+30", "-30", "-2a", "+1c", "-1c"]);
  });

  it("leaves virtual time between keys", async () => {
    const { keyboard, waiter } = make();
    const before = waiter.time.nowNs();
    await keyboard.type("abc", { intervalMs: 10 });
    expect(waiter.time.nowNs() - before).toBeGreaterThanOrEqual(30e6);
  });

  it("presses nothing when one character has no key", async () => {
    const { events, keyboard } = make();
    await expect(keyboard.type("abü")).rejects.toMatchObject({ code: "KEY_UNTYPABLE" });
    expect(events).toEqual([]);
  });

  it("gives up on a guest that reads no keys", async () => {
    const { keyboard, role } = make();
    role.pending = 300;
    await expect(keyboard.type("a")).rejects.toMatchObject({ code: "KEYBOARD_UNREAD" });
  });
});
