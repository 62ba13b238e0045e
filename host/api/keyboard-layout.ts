/**
 * Set-1 scan codes by key name and, for the US layout, by character. Extended keys are E000h + code.
 * Source: IBM PS/2 Hardware Interface Technical Reference, Keyboard (1988).
 */
import { hint } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";

export const LEFT_SHIFT = 0x2a;

/** Runs of neighbouring keys: first code, characters without and with Shift. */
const RUNS: readonly (readonly [code: number, plain: string, shifted: string])[] = [
  [0x02, "1234567890-=", "!@#$%^&*()_+"],
  [0x10, "qwertyuiop[]", "QWERTYUIOP{}"],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"],
];

const NAMED: Readonly<Record<string, number>> = {
  escape: 0x01,
  esc: 0x01,
  backspace: 0x0e,
  tab: 0x0f,
  enter: 0x1c,
  return: 0x1c,
  ctrl: 0x1d,
  control: 0x1d,
  shift: LEFT_SHIFT,
  alt: 0x38,
  space: 0x39,
  plus: 0x0d,
  capslock: 0x3a,
  numlock: 0x45,
  scrolllock: 0x46,
  pause: 0xe11d,
  printscreen: 0xe037,
  rctrl: 0xe01d,
  rshift: 0x36,
  ralt: 0xe038,
  altgr: 0xe038,
  meta: 0xe05b,
  win: 0xe05b,
  rmeta: 0xe05c,
  menu: 0xe05d,
  up: 0xe048,
  down: 0xe050,
  left: 0xe04b,
  right: 0xe04d,
  home: 0xe047,
  end: 0xe04f,
  pageup: 0xe049,
  pgup: 0xe049,
  pagedown: 0xe051,
  pgdn: 0xe051,
  insert: 0xe052,
  ins: 0xe052,
  delete: 0xe053,
  del: 0xe053,
  f11: 0x57,
  f12: 0x58,
  kpslash: 0xe035,
  kpstar: 0x37,
  kpminus: 0x4a,
  kpplus: 0x4e,
  kpenter: 0xe01c,
  kpdot: 0x53,
  kp7: 0x47,
  kp8: 0x48,
  kp9: 0x49,
  kp4: 0x4b,
  kp5: 0x4c,
  kp6: 0x4d,
  kp1: 0x4f,
  kp2: 0x50,
  kp3: 0x51,
  kp0: 0x52,
};

interface Stroke {
  readonly code: number;
  readonly shift: boolean;
}

const keys = new Map<string, number>(Object.entries(NAMED));
const strokes = new Map<string, Stroke>([
  ["\n", { code: 0x1c, shift: false }],
  ["\r", { code: 0x1c, shift: false }],
  ["\t", { code: 0x0f, shift: false }],
  ["\b", { code: 0x0e, shift: false }],
  ["\u001b", { code: 0x01, shift: false }],
  [" ", { code: 0x39, shift: false }],
]);
for (let number = 1; number <= 10; number++) keys.set(`f${number}`, 0x3a + number);
for (const [first, plain, shifted] of RUNS) {
  for (let index = 0; index < plain.length; index++) {
    keys.set(plain[index], first + index);
    strokes.set(plain[index], { code: first + index, shift: false });
    strokes.set(shifted[index], { code: first + index, shift: true });
  }
}

/** The key that types a character on a US keyboard. */
export const strokeOf = (character: string): Stroke | undefined => strokes.get(character);

/** @throws BackplaneError `KEY_UNKNOWN`. */
export const keyCode = (name: string): number => {
  const code = keys.get(name.toLowerCase());
  if (code === undefined) throw new BackplaneError("KEY_UNKNOWN", `there is no key "${name}"${hint(name, keys.keys(), "keys")}`, { key: name });
  return code;
};

/** `ctrl+alt+delete` as scan codes in order of pressing; `alt+!` has Shift in it. @throws BackplaneError `KEY_UNKNOWN`. */
export const parseChord = (chord: string): number[] =>
  chord.split("+").flatMap((part) => {
    const name = part.trim();
    const stroke = keys.has(name.toLowerCase()) ? undefined : strokes.get(name);
    return stroke?.shift ? [LEFT_SHIFT, stroke.code] : [keyCode(name)];
  });
