/**
 * IBM enhanced keyboard (101/102 keys).
 * Source: IBM PS/2 Hardware Interface Technical Reference, Keyboard and Auxiliary Device section (1988).
 *
 * Not implemented: typematic repeat (the host repeats `key` for a held key; the rate is accepted), the shift sequences
 * around extended keys while Num Lock or Shift is on, the power-on completion code (reset by command sends it).
 */
import type { Keyboard } from "backplane/sdk";
import { ACK, BAT_PASSED, type Ps2Device, queueReplies, RESEND } from "./ps2-device.js";
import { defaultKeyTypes, REPEATS, SENDS_BREAK, SET_1_TO_2, SET_3_PAUSE, set3Code } from "./scan-codes.js";

export interface KeyboardState {
  scanSet: number;
  scanning: boolean;
  leds: number;
  /** Command whose parameter is awaited, or 0. */
  expecting: number;
  /** Set-1 code with the flags below, oldest first. */
  events: number[];
  /** Rest of the event being sent. */
  bytes: number[];
  replies: number[];
  lastSent: number;
  /** Keys reported as down: set-1 code, plus 80h when extended. */
  held: Uint8Array;
  /** By set 3 code. */
  keyTypes: Uint8Array;
}

export const initialKeyboard = (): KeyboardState => ({
  scanSet: 2,
  scanning: true,
  leds: 0,
  expecting: 0,
  events: [],
  bytes: [],
  replies: [],
  lastSent: 0,
  held: new Uint8Array(256),
  keyTypes: defaultKeyTypes(),
});

/** Makes beyond this many events are dropped whole. A break whose make was queued always follows, so no key sticks. */
const MAX_EVENTS = 1024;

const UP = 0x1_0000;
const REPEAT = 0x2_0000;
const EXTENDED = 0xe000;
const PRINT_SCREEN = 0xe037;
const PAUSE = 0xe11d;
/** Its place in `held`, apart from right Ctrl. */
const PAUSE_INDEX = 0x80;
const BREAK_PREFIX = 0xf0;

const SET_LEDS = 0xed;
const ECHO = 0xee;
const SELECT_SCAN_SET = 0xf0;
const READ_ID = 0xf2;
const SET_TYPEMATIC = 0xf3;
const ENABLE = 0xf4;
const DEFAULT_DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const ALL_TYPEMATIC = 0xf7;
const ALL_MAKE_BREAK = 0xf8;
const ALL_MAKE = 0xf9;
const ALL_TYPEMATIC_MAKE_BREAK = 0xfa;
const KEY_TYPEMATIC = 0xfb;
const KEY_MAKE_BREAK = 0xfc;
const KEY_MAKE = 0xfd;
const RESEND_LAST = 0xfe;
const RESET = 0xff;

const valid = (code: number): boolean => code === PAUSE || ((code & ~0x7f & ~EXTENDED) === 0 && (code <= 0x7f || code >= EXTENDED) && (code & 0x7f) !== 0);

export const createKeyboard = (state: KeyboardState, wake: () => void): Ps2Device & Keyboard => {
  const clearBuffer = (): void => {
    state.events.length = 0;
    state.bytes.length = 0;
    state.held.fill(0);
  };

  const setDefaults = (): void => {
    clearBuffer();
    state.scanSet = 2;
    state.keyTypes.set(defaultKeyTypes());
  };

  /** The bytes of one event in the current set; none when set 3 keeps it to itself. */
  const encode = (event: number): number[] => {
    const up = (event & UP) !== 0;
    const code = event & 0xffff;
    const key = code & 0x7f;
    const extended = code >= EXTENDED;
    switch (state.scanSet) {
      case 1:
        if (code === PAUSE) return up ? [] : [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];
        if (code === PRINT_SCREEN) return up ? [0xe0, 0xb7, 0xe0, 0xaa] : [0xe0, 0x2a, 0xe0, 0x37];
        return [...(extended ? [0xe0] : []), up ? key | 0x80 : key];
      case 2:
        if (code === PAUSE) return up ? [] : [0xe1, 0x14, 0x77, 0xe1, BREAK_PREFIX, 0x14, BREAK_PREFIX, 0x77];
        if (code === PRINT_SCREEN) return up ? [0xe0, BREAK_PREFIX, 0x7c, 0xe0, BREAK_PREFIX, 0x12] : [0xe0, 0x12, 0xe0, 0x7c];
        return [...(extended ? [0xe0] : []), ...(up ? [BREAK_PREFIX] : []), SET_1_TO_2[key]];
      default: {
        const set3 = code === PAUSE ? SET_3_PAUSE : set3Code(key, extended);
        const type = state.keyTypes[set3];
        if (set3 === 0 || (up && !(type & SENDS_BREAK)) || (event & REPEAT && !(type & REPEATS))) return [];
        return up ? [BREAK_PREFIX, set3] : [set3];
      }
    }
  };

  /** Both answer with the bytes to reply. */
  const parameter = (command: number, byte: number): number[] => {
    switch (command) {
      case SET_LEDS:
        state.leds = byte & 7;
        break;
      case SELECT_SCAN_SET:
        if (byte > 3) return [RESEND];
        if (byte === 0) return [ACK, state.scanSet];
        clearBuffer();
        state.scanSet = byte;
        break;
      case KEY_TYPEMATIC:
        state.keyTypes[byte] = REPEATS;
        break;
      case KEY_MAKE_BREAK:
        state.keyTypes[byte] = SENDS_BREAK;
        break;
      case KEY_MAKE:
        state.keyTypes[byte] = 0;
        break;
    }
    return [ACK];
  };

  const command = (byte: number): number[] => {
    switch (byte) {
      case ECHO:
        return [ECHO];
      case RESEND_LAST:
        return [state.lastSent];
      case SET_LEDS:
      case SELECT_SCAN_SET:
      case SET_TYPEMATIC:
      case KEY_TYPEMATIC:
      case KEY_MAKE_BREAK:
      case KEY_MAKE:
        state.expecting = byte;
        return [ACK];
      case READ_ID:
        return [ACK, 0xab, 0x83];
      case ENABLE:
        clearBuffer();
        state.scanning = true;
        return [ACK];
      case DEFAULT_DISABLE:
        setDefaults();
        state.scanning = false;
        return [ACK];
      case SET_DEFAULT:
        setDefaults();
        return [ACK];
      case ALL_TYPEMATIC:
        state.keyTypes.fill(REPEATS);
        return [ACK];
      case ALL_MAKE_BREAK:
        state.keyTypes.fill(SENDS_BREAK);
        return [ACK];
      case ALL_MAKE:
        state.keyTypes.fill(0);
        return [ACK];
      case ALL_TYPEMATIC_MAKE_BREAK:
        state.keyTypes.fill(REPEATS | SENDS_BREAK);
        return [ACK];
      case RESET:
        setDefaults();
        state.scanning = true;
        state.leds = 0;
        state.replies.length = 0;
        return [ACK, BAT_PASSED];
      default:
        return [RESEND];
    }
  };

  return {
    key(code, down) {
      if (!valid(code) || !state.scanning) return;
      const index = code === PAUSE ? PAUSE_INDEX : (code & 0x7f) | (code >= EXTENDED ? 0x80 : 0);
      const held = state.held[index] !== 0;
      if (down ? state.events.length >= MAX_EVENTS : !held) return;
      state.held[index] = down && code !== PAUSE ? 1 : 0;
      state.events.push(code | (down ? (held ? REPEAT : 0) : UP));
      wake();
    },
    get pending() {
      return state.events.length + (state.bytes.length > 0 ? 1 : 0);
    },
    get leds() {
      return state.leds;
    },
    get waiting() {
      return state.replies.length > 0 || state.bytes.length > 0 || state.events.length > 0;
    },
    next() {
      while (state.replies.length === 0 && state.bytes.length === 0 && state.events.length > 0) state.bytes.push(...encode(state.events.shift()!));
      const byte = state.replies.shift() ?? state.bytes.shift() ?? -1;
      if (byte >= 0 && byte !== RESEND) state.lastSent = byte;
      return byte;
    },
    /** Bytes below EDh are parameters; a key type command takes any number of them. */
    write(byte) {
      const expecting = state.expecting;
      if (expecting !== 0 && byte < SET_LEDS) {
        if (expecting < KEY_TYPEMATIC) state.expecting = 0;
        queueReplies(state.replies, parameter(expecting, byte));
      } else {
        state.expecting = 0;
        queueReplies(state.replies, command(byte));
      }
      wake();
    },
    reset() {
      setDefaults();
      state.scanning = true;
      state.leds = 0;
      state.expecting = 0;
      state.replies.length = 0;
      state.lastSent = 0;
    },
  };
};
