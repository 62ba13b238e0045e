/** Stand-ins for the small roles: each holds what it is told and does what a test asks. */
import type { InterruptController } from "../../contract/processor.js";
import type { Display } from "../../roles/display.js";
import type { Keyboard, Mouse, Ps2Controller } from "../../roles/input.js";
import type { IsaBridge } from "../../roles/pci.js";
import type { Cmos, Entropy, Firmware, FirmwareFile, IntervalTimer, PowerButton, WallClock } from "../../roles/platform.js";
import type { DebugPort, ParallelPort, SerialPort } from "../../roles/serial.js";
import { Random } from "../random.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

/** Saturday, 5 March 2005, 06:07:08.250 UTC, at virtual time 0. */
export const wallClock = (epochMs = 1_110_002_828_250): WallClock => ({ epochMs });

export const entropy = (seed = 1): Entropy => new Random(seed);

export const firmware = (): Firmware => ({ label: "bench firmware" });
export const firmwareFile = (): FirmwareFile => ({ name: "bench/file", bytes: Uint8Array.from({ length: 300 }, (_, index) => index) });
export const interruptController = (): InterruptController => ({ requested: 0, inService: 0 });

/** A plain value with behaviour for the bench. */
const behaving = <X extends object>(role: X, behaviour: StandInBehaviour): X & StandIn => Object.defineProperty(role, standIn, { value: behaviour }) as X & StandIn;

export const cmos = (): Cmos & StandIn => {
  const state = { bytes: new Uint8Array(256) };
  return behaving({ read: (index: number) => state.bytes[index & 0xff], write: (index: number, value: number) => void (state.bytes[index & 0xff] = value) }, { state });
};

export const intervalTimer = (): IntervalTimer & StandIn => {
  const state = { gate2: false, out2: false };
  const role = {
    gate2: (level: boolean) => void (state.gate2 = level),
    get out2() {
      return state.out2;
    },
  };
  return behaving(role, { state, reset: () => Object.assign(state, { gate2: false, out2: false }), actions: { OUT2: (random) => void (state.out2 = random.oneIn(2)) } });
};

export const isaBridge = (): IsaBridge & StandIn => {
  const state = { routes: [-1, -1, -1, -1] };
  const role: IsaBridge = {
    routePirq: (pirq, line) => void (state.routes[pirq] = line ?? -1),
    pirqRoute: (pirq) => (state.routes[pirq] >= 0 ? state.routes[pirq] : undefined),
  };
  return behaving(role, { state, reset: () => void state.routes.fill(-1) });
};

export const powerButton = (): PowerButton & StandIn => {
  const state = { presses: 0 };
  return behaving({ press: () => void state.presses++ }, { state });
};

const keyboardOf = (state: { keys: number; last: number }): Keyboard => ({
  key: (code, down) => {
    state.keys++;
    state.last = down ? code : -code;
  },
  pending: 0,
  leds: 0,
});
export const keyboard = (): Keyboard & StandIn => {
  const state = { keys: 0, last: 0 };
  return behaving(keyboardOf(state), { state });
};

const mouseOf = (state: { x: number; y: number; wheel: number; buttons: number }): Mouse => ({
  move: (dx, dy, wheel = 0) => {
    state.x += dx;
    state.y += dy;
    state.wheel += wheel;
  },
  buttons: (mask) => {
    state.buttons = mask;
  },
});
export const mouse = (): Mouse & StandIn => {
  const state = { x: 0, y: 0, wheel: 0, buttons: 0 };
  return behaving(mouseOf(state), { state });
};

export const ps2Controller = (): Ps2Controller & StandIn => {
  const state = { keyboard: { keys: 0, last: 0 }, mouse: { x: 0, y: 0, wheel: 0, buttons: 0 } };
  return behaving({ keyboard: keyboardOf(state.keyboard), mouse: mouseOf(state.mouse) }, { state });
};

/** Listeners for bytes that the guest sends, and an action that sends one. */
const byteSource = () => {
  const listeners = new Set<{ readonly fn: (byte: number) => void }>();
  return {
    listen(fn: (byte: number) => void): () => void {
      const listener = { fn };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    send(byte: number): void {
      for (const { fn } of listeners) fn(byte);
    },
  };
};

export const serialPort = (): SerialPort & StandIn => {
  const guest = byteSource();
  const state = { received: 0, sum: 0 };
  const role: SerialPort = {
    onTransmit: guest.listen,
    receive(bytes) {
      state.received += bytes.length;
      for (const byte of bytes) state.sum = (state.sum * 31 + byte) >>> 0;
    },
    pending: 0,
  };
  return behaving(role, { state, actions: { "guest transmits": (random) => guest.send(random.below(256)) } });
};

export const parallelPort = (): ParallelPort & StandIn => {
  const guest = byteSource();
  return behaving({ onPrint: guest.listen }, { actions: { "guest prints": (random) => guest.send(random.below(256)) } });
};

export const debugPort = (): DebugPort & StandIn => {
  const guest = byteSource();
  const state = { last: 0 };
  const role: DebugPort = {
    onByte: guest.listen,
    get last() {
      return state.last;
    },
  };
  const send = (byte: number): void => {
    state.last = byte;
    guest.send(byte);
  };
  return behaving(role, { state, actions: { "guest writes": (random) => send(random.below(256)) } });
};

/** A dark screen of 80 by 25. */
export const display = (): Display => ({
  mode: "blank",
  width: 720,
  height: 400,
  text: () => ({ columns: 80, rows: 25, characters: new Uint8Array(2000), attributes: new Uint8Array(2000), cursor: -1 }),
  picture: () => ({ width: 720, height: 400, rgba: new Uint8Array(720 * 400 * 4) }),
  changes: 0,
});
