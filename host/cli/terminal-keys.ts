/**
 * What a terminal sends for keys, as chords of the machine's keyboard.
 * Sources: ECMA-48 (control sequences), XTerm Control Sequences (function and modified keys).
 */

const LETTERED: Readonly<Record<string, string>> = { A: "up", B: "down", C: "right", D: "left", H: "home", F: "end", P: "f1", Q: "f2", R: "f3", S: "f4" };
const NUMBERED: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};
/** Keys with Ctrl beyond the letters: code minus 1Bh, the Escape key itself apart. */
const CONTROLS: Readonly<Record<number, string>> = {
  0: "ctrl+space",
  8: "backspace",
  9: "tab",
  10: "enter",
  13: "enter",
  28: "ctrl+\\",
  29: "ctrl+]",
  30: "ctrl+6",
  31: "ctrl+-",
  127: "backspace",
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what terminals send
const SEQUENCE = /^\u001b(?:O([A-Z])|\[(?:(\d+)(?:;(\d+))?)?([A-Z~]))/;

/** Shift, Alt and Ctrl as XTerm counts them: bits 0-2 of the parameter minus one. */
const modifiers = (parameter: string | undefined): string => {
  const bits = parameter === undefined ? 0 : Number(parameter) - 1;
  return `${bits & 4 ? "ctrl+" : ""}${bits & 2 ? "alt+" : ""}${bits & 1 ? "shift+" : ""}`;
};

const single = (character: string): string | undefined => {
  const code = character.charCodeAt(0);
  if (code in CONTROLS) return CONTROLS[code];
  if (code < 0x1b) return `ctrl+${String.fromCharCode(code + 0x60)}`;
  return undefined;
};

/** A key to press together with others, or a character to type. */
export type TerminalKey = { readonly chord: string } | { readonly character: string };

const keyOf = (character: string): TerminalKey => {
  const chord = single(character);
  return chord === undefined ? { character } : { chord };
};

/** One read of the terminal: an escape sequence is taken to arrive whole. */
export const terminalKeys = (input: string): TerminalKey[] => {
  const keys: TerminalKey[] = [];
  for (let rest = input; rest !== ""; ) {
    const sequence = SEQUENCE.exec(rest);
    if (sequence) {
      const [whole, afterO, number, modifier, final] = sequence;
      const name = afterO ? LETTERED[afterO] : final === "~" ? NUMBERED[number ?? ""] : final === "Z" ? "shift+tab" : LETTERED[final];
      if (name) keys.push({ chord: modifiers(modifier) + name });
      rest = rest.slice(whole.length);
      continue;
    }
    const [first, second] = rest;
    if (first !== "\u001b") keys.push(keyOf(first));
    else if (second === undefined || second === "\u001b") keys.push({ chord: "escape" });
    else {
      const key = keyOf(second.toLowerCase());
      const shift = second === second.toLowerCase() ? "" : "shift+";
      keys.push({ chord: `alt+${shift}${"chord" in key ? key.chord : key.character === "+" ? "plus" : key.character === " " ? "space" : key.character}` });
      rest = rest.slice(1);
    }
    rest = rest.slice(1);
  }
  return keys;
};
