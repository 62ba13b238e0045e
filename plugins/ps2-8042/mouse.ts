/**
 * PS/2 wheel mouse: the standard 3-byte mouse, IntelliMouse (ID 3) and IntelliMouse Explorer (ID 4) after their knocks.
 * Sources: IBM PS/2 Hardware Interface Technical Reference, Auxiliary Device; Microsoft, "PS/2 Wheel Mouse protocol".
 *
 * Motion between two reports adds up, so a slow guest loses no distance; button changes are kept in order.
 *
 * Not implemented: resolution does not scale the host's counts, horizontal wheel.
 */
import type { Clock, Mouse } from "backplane/sdk";
import { ACK, BAT_PASSED, type Ps2Device, queueReplies, RESEND } from "./ps2-device.js";

/** Motion with the buttons as they were meanwhile. */
interface Motion {
  dx: number;
  dy: number;
  dz: number;
  buttons: number;
}

export interface MouseState {
  /** 0 standard, 3 wheel, 4 wheel and five buttons. */
  id: number;
  remote: boolean;
  wrap: boolean;
  reporting: boolean;
  doubleScale: boolean;
  resolution: number;
  sampleRate: number;
  /** The last three sample rates set, newest last. */
  knocks: number[];
  expecting: number;
  buttons: number;
  motions: { [name in keyof Motion]: number }[];
  packet: number[];
  replies: number[];
  lastSent: number;
}

export const initialMouse = (): MouseState => ({
  id: 0,
  remote: false,
  wrap: false,
  reporting: false,
  doubleScale: false,
  resolution: 2,
  sampleRate: 100,
  knocks: [0, 0, 0],
  expecting: 0,
  buttons: 0,
  motions: [],
  packet: [],
  replies: [],
  lastSent: 0,
});

/** Button changes waiting to be reported; further ones replace the newest. */
const MAX_MOTIONS = 64;
const MAX_DISTANCE = 0x7fff;
const SAMPLE_RATES: readonly number[] = [10, 20, 40, 60, 80, 100, 200];
const WHEEL_KNOCK = "200,100,80";
const EXPLORER_KNOCK = "200,200,80";

const SCALING_1_1 = 0xe6;
const SCALING_2_1 = 0xe7;
const SET_RESOLUTION = 0xe8;
const STATUS_REQUEST = 0xe9;
const STREAM_MODE = 0xea;
const READ_DATA = 0xeb;
const RESET_WRAP = 0xec;
const WRAP_MODE = 0xee;
const REMOTE_MODE = 0xf0;
const READ_ID = 0xf2;
const SET_SAMPLE_RATE = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const RESEND_LAST = 0xfe;
const RESET = 0xff;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const add = (total: number, more: number): number => clamp(total + (Math.trunc(more) || 0), -MAX_DISTANCE, MAX_DISTANCE);

/** Stream mode scaling 2:1 (Technical Reference, "Set Scaling 2:1"). */
const doubled = (count: number): number => {
  const size = Math.abs(count);
  const scaled = size > 5 ? size * 2 : [0, 1, 1, 3, 6, 9][size];
  return clamp(Math.sign(count) * scaled, -255, 255);
};

export const createMouse = (state: MouseState, clock: Clock, wake: () => void): Ps2Device & Mouse => {
  const sampleTimer = clock.timer("mouse-sample", () => sample());

  const streaming = (): boolean => state.reporting && !state.remote && !state.wrap;

  /** Takes what one report can carry off the oldest motion. */
  const makePacket = (scaled: boolean): void => {
    const motion = state.motions[0] ?? { dx: 0, dy: 0, dz: 0, buttons: state.buttons };
    let x = clamp(motion.dx, -255, 255);
    let y = clamp(-motion.dy, -255, 255);
    const z = clamp(motion.dz, -8, 7);
    motion.dx -= x;
    motion.dy += y;
    motion.dz -= z;
    if (state.id === 0) motion.dz = 0;
    if (motion.dx === 0 && motion.dy === 0 && motion.dz === 0) state.motions.shift();
    if (scaled && state.doubleScale) {
      x = doubled(x);
      y = doubled(y);
    }
    state.packet.push((motion.buttons & 7) | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0), x & 0xff, y & 0xff);
    if (state.id === 3) state.packet.push(z & 0xff);
    if (state.id === 4) state.packet.push((z & 0x0f) | ((motion.buttons & 0x18) << 1));
  };

  /** Starts the next report of stream mode, at most `sampleRate` of them a second. */
  const sample = (): void => {
    if (!streaming() || sampleTimer.armed || state.packet.length > 0 || state.motions.length === 0) return;
    makePacket(true);
    sampleTimer.arm(clock.nowNs + Math.round(1e9 / state.sampleRate));
    wake();
  };

  const forgetMotion = (): void => {
    state.motions.length = 0;
    state.packet.length = 0;
  };

  const setDefaults = (): void => {
    forgetMotion();
    state.remote = false;
    state.wrap = false;
    state.reporting = false;
    state.doubleScale = false;
    state.resolution = 2;
    state.sampleRate = 100;
    state.expecting = 0;
  };

  /** This and the next ones answer with the bytes to reply. */
  const setSampleRate = (rate: number): number[] => {
    if (!SAMPLE_RATES.includes(rate)) return [RESEND];
    state.sampleRate = rate;
    state.knocks.shift();
    state.knocks.push(rate);
    const knock = state.knocks.join(",");
    if (knock === WHEEL_KNOCK) state.id = 3;
    if (knock === EXPLORER_KNOCK) state.id = 4;
    return [ACK];
  };

  const parameter = (command: number, byte: number): number[] => {
    if (command === SET_SAMPLE_RATE) return setSampleRate(byte);
    if (byte > 3) return [RESEND];
    state.resolution = byte;
    return [ACK];
  };

  const status = (): number => {
    const buttons = ((state.buttons & 1) << 2) | ((state.buttons & 2) >> 1) | ((state.buttons & 4) >> 1);
    return buttons | (state.doubleScale ? 0x10 : 0) | (state.reporting ? 0x20 : 0) | (state.remote ? 0x40 : 0);
  };

  const command = (byte: number): number[] => {
    switch (byte) {
      case SCALING_1_1:
      case SCALING_2_1:
        state.doubleScale = byte === SCALING_2_1;
        return [ACK];
      case SET_RESOLUTION:
      case SET_SAMPLE_RATE:
        state.expecting = byte;
        return [ACK];
      case STATUS_REQUEST:
        return [ACK, status(), state.resolution, state.sampleRate];
      case STREAM_MODE:
      case REMOTE_MODE:
        forgetMotion();
        state.remote = byte === REMOTE_MODE;
        return [ACK];
      case READ_DATA:
        makePacket(false);
        return [ACK];
      case WRAP_MODE:
      case RESET_WRAP:
        forgetMotion();
        state.wrap = byte === WRAP_MODE;
        return [ACK];
      case READ_ID:
        return [ACK, state.id];
      case ENABLE:
        forgetMotion();
        state.reporting = true;
        return [ACK];
      case DISABLE:
        forgetMotion();
        state.reporting = false;
        return [ACK];
      case SET_DEFAULT:
        setDefaults();
        return [ACK];
      case RESEND_LAST:
        return [state.lastSent];
      case RESET:
        setDefaults();
        state.id = 0;
        state.replies.length = 0;
        return [ACK, BAT_PASSED, 0];
      default:
        return [RESEND];
    }
  };

  const listening = (): boolean => state.reporting || state.remote;

  return {
    move(dx, dy, wheel = 0) {
      if (!listening() || (!dx && !dy && !wheel)) return;
      if (state.motions.length === 0) state.motions.push({ dx: 0, dy: 0, dz: 0, buttons: state.buttons });
      const newest = state.motions[state.motions.length - 1];
      newest.dx = add(newest.dx, dx);
      newest.dy = add(newest.dy, dy);
      newest.dz = add(newest.dz, wheel);
      sample();
    },
    buttons(mask) {
      const buttons = mask & 0x1f;
      if (buttons === state.buttons) return;
      state.buttons = buttons;
      if (!listening()) return;
      if (state.motions.length < MAX_MOTIONS) state.motions.push({ dx: 0, dy: 0, dz: 0, buttons });
      else state.motions[state.motions.length - 1].buttons = buttons;
      sample();
    },
    get waiting() {
      return state.replies.length > 0 || state.packet.length > 0;
    },
    next() {
      const answer = state.replies.shift();
      const byte = answer ?? state.packet.shift() ?? -1;
      if (byte >= 0 && byte !== RESEND) state.lastSent = byte;
      if (answer === undefined && state.packet.length === 0) sample();
      return byte;
    },
    /** A command ends the report being sent. */
    write(byte) {
      state.packet.length = 0;
      const expecting = state.expecting;
      state.expecting = 0;
      const echoed = state.wrap && byte !== RESET_WRAP && byte !== RESET;
      const answer = echoed ? [byte] : expecting !== 0 && byte < SCALING_1_1 ? parameter(expecting, byte) : command(byte);
      queueReplies(state.replies, answer);
      sample();
      wake();
    },
    reset() {
      setDefaults();
      state.id = 0;
      state.knocks.fill(0);
      state.replies.length = 0;
      state.lastSent = 0;
    },
  };
};
