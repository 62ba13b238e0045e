/** Typing on the machine's keyboard. */
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { Keyboard as KeyboardRole } from "../../sdk/roles/input.js";
import { keyCode, LEFT_SHIFT, parseChord, strokeOf } from "./keyboard-layout.js";
import type { Waiter } from "./wait.js";

export interface TypingOptions {
  /** Virtual milliseconds between keys. 20 unless given: a BIOS keeps 15 keys and drops the rest. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 20;
const POLL_MS = 2;
/** Host time after which a key is taken as read even when virtual time stands still. */
const PATIENCE = 10;
/** Keys of a guest that does not read are dropped by the hardware beyond 1024 events; typing gives up long before. */
const UNREAD_MAX = 256;

export class Keyboard {
  readonly #keyboard: KeyboardRole;
  readonly #waiter: Waiter;
  readonly #nowNs: () => number;

  /** @internal */
  constructor(keyboard: KeyboardRole, waiter: Waiter, nowNs: () => number) {
    this.#keyboard = keyboard;
    this.#waiter = waiter;
    this.#nowNs = nowNs;
  }

  /** Holds a key down, by name. @throws BackplaneError `KEY_UNKNOWN`. */
  down(key: string): void {
    this.#keyboard.key(keyCode(key), true);
  }
  up(key: string): void {
    this.#keyboard.key(keyCode(key), false);
  }

  /** Presses keys together and lets them go in reverse: `"ctrl+alt+delete"`, `"f10"`, `"shift+a"`. @throws BackplaneError `KEY_UNKNOWN`. */
  press(chord: string): void {
    const codes = parseChord(chord);
    for (const code of codes) this.#keyboard.key(code, true);
    for (const code of codes.reverse()) this.#keyboard.key(code, false);
  }

  /**
   * Types text on a US layout at a pace a BIOS can follow; "\n" is Enter. Keys typed at a machine that does not run
   * wait in the keyboard.
   * @throws BackplaneError `KEY_UNTYPABLE` before any key is pressed, `KEYBOARD_UNREAD` when the guest does not read them.
   */
  async type(text: string, options: TypingOptions = {}): Promise<void> {
    const strokes = [...text].map((character) => {
      const stroke = strokeOf(character);
      if (!stroke) throw new BackplaneError("KEY_UNTYPABLE", `a US keyboard has no key for ${JSON.stringify(character)}`, { character });
      return stroke;
    });
    for (const { code, shift } of strokes) {
      if (this.#keyboard.pending > UNREAD_MAX) {
        throw new BackplaneError("KEYBOARD_UNREAD", `the guest has not read the last ${this.#keyboard.pending} key events; it may not have set up its keyboard yet`);
      }
      if (shift) this.#keyboard.key(LEFT_SHIFT, true);
      this.#keyboard.key(code, true);
      this.#keyboard.key(code, false);
      if (shift) this.#keyboard.key(LEFT_SHIFT, false);
      await this.#breathe(options.intervalMs ?? INTERVAL_MS);
    }
  }

  async #breathe(ms: number): Promise<void> {
    const { time, state } = this.#waiter;
    const virtual = this.#nowNs() + ms * 1e6;
    const patience = time.nowNs() + ms * PATIENCE * 1e6;
    while (state() === "running" && time.nowNs() < patience && (this.#keyboard.pending > 0 || this.#nowNs() < virtual)) await time.sleep(POLL_MS, new Promise(() => {}));
  }
}
