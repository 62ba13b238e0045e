/**
 * Intel 8042 with the PS/2 keyboard controller program: ports 60h and 64h, IRQ 1 and IRQ 12.
 * Source: IBM PS/2 Hardware Interface Technical Reference, Keyboard and Auxiliary Device Controller (1988);
 * reset pulse and A20 as wired on the AT.
 *
 * Bytes reach the output buffer one at a time and some time apart, as from a real controller: drivers that drain it
 * until it stays empty come to an end.
 *
 * Not implemented: security passwords (A5h, A6h), diagnostic dump (ACh), polling the input port (C1h, C2h), line timeout
 * and parity errors, output port bits other than reset and A20; the input buffer is never seen full.
 */
import type { Board, BusHandler, Processor } from "backplane/sdk";
import type { Ps2Device } from "./ps2-device.js";
import { TRANSLATION } from "./scan-codes.js";

export interface ControllerState {
  /** Bytes 20h-3Fh of the 8042; byte 0 is the command byte. */
  ram: Uint8Array;
  outputBuffer: number;
  outputFull: boolean;
  /** Who filled the output buffer. */
  outputFrom: number;
  /** The last write went to port 64h. */
  commandWritten: boolean;
  /** Command whose data byte is awaited at port 60h, or 0. */
  expecting: number;
  /** Answers of the controller: byte, plus `FROM_AUX` when it comes out as one of the auxiliary device. */
  responses: number[];
  /** F0h has been translated away and makes the next code a break. */
  breakPending: boolean;
}

const STATUS_OUTPUT_FULL = 0x01;
const STATUS_SYSTEM = 0x04;
const STATUS_COMMAND = 0x08;
const STATUS_NOT_INHIBITED = 0x10;
const STATUS_AUX_OUTPUT = 0x20;

const MODE_KBD_INT = 0x01;
const MODE_AUX_INT = 0x02;
const MODE_SYSTEM = 0x04;
const MODE_KBD_DISABLE = 0x10;
const MODE_AUX_DISABLE = 0x20;
const MODE_TRANSLATE = 0x40;
/** As firmware leaves it: a system started without firmware finds a working, translated keyboard. */
const MODE_RESET = MODE_KBD_INT | MODE_AUX_DISABLE | MODE_TRANSLATE;

const READ_RAM = 0x20;
const WRITE_RAM = 0x60;
const TEST_PASSWORD = 0xa4;
const DISABLE_AUX = 0xa7;
const ENABLE_AUX = 0xa8;
const TEST_AUX = 0xa9;
const SELF_TEST = 0xaa;
const TEST_KBD = 0xab;
const DISABLE_KBD = 0xad;
const ENABLE_KBD = 0xae;
const READ_INPUT_PORT = 0xc0;
const READ_OUTPUT_PORT = 0xd0;
const WRITE_OUTPUT_PORT = 0xd1;
const WRITE_KBD_OUTPUT = 0xd2;
const WRITE_AUX_OUTPUT = 0xd3;
const WRITE_AUX = 0xd4;
const DISABLE_A20 = 0xdd;
const ENABLE_A20 = 0xdf;
const READ_TEST_INPUTS = 0xe0;
const PULSE_OUTPUT_PORT = 0xf0;

const NO_PASSWORD = 0xf1;
const SELF_TEST_PASSED = 0x55;
const LINES_OK = 0x00;
/** Keyboard not locked, no manufacturing jumper. */
const INPUT_PORT = 0xa0;

const OUTPUT_PORT_NO_RESET = 0x01;
const OUTPUT_PORT_A20 = 0x02;
const OUTPUT_PORT_IRQ1 = 0x10;
const OUTPUT_PORT_IRQ12 = 0x20;
const OUTPUT_PORT_LINES_IDLE = 0xc0;

const FROM_CONTROLLER = 0;
const FROM_KEYBOARD = 1;
const FROM_MOUSE = 2;
const FROM_AUX = 0x100;

const RESPONSE_NS = 20_000;
const DEVICE_BYTE_NS = 500_000;
/** A guest that never reads gets no further answers. */
const MAX_RESPONSES = 16;

const DATA_PORT = 0x60;
const COMMAND_PORT = 0x64;

export const initialController = (): ControllerState => ({
  ram: new Uint8Array(32),
  outputBuffer: 0,
  outputFull: false,
  outputFrom: FROM_CONTROLLER,
  commandWritten: false,
  expecting: 0,
  responses: [],
  breakPending: false,
});

export interface Controller {
  /** A device has something to say. */
  wake(): void;
  /** A byte of the keyboard waits in the output buffer. */
  readonly keyWaits: boolean;
  reset(): void;
}

export const createController = (board: Board, processor: Processor, state: ControllerState, keyboard: Ps2Device, mouse: Ps2Device): Controller => {
  const irq1 = board.irq(1);
  const irq12 = board.irq(12);
  const outputTimer = board.clock.timer("output", () => fillOutput());

  const mode = (bit: number): boolean => (state.ram[0] & bit) !== 0;
  const setMode = (bit: number, on: boolean): void => {
    state.ram[0] = on ? state.ram[0] | bit : state.ram[0] & ~bit;
  };

  const updateIrqs = (): void => {
    const aux = state.outputFrom === FROM_MOUSE;
    irq1.set(state.outputFull && !aux && mode(MODE_KBD_INT));
    irq12.set(state.outputFull && aux && mode(MODE_AUX_INT));
  };

  const keyboardReady = (): boolean => !mode(MODE_KBD_DISABLE) && keyboard.waiting;
  const mouseReady = (): boolean => !mode(MODE_AUX_DISABLE) && mouse.waiting;

  /** Has the output buffer filled in due time if it is free and anyone has a byte for it. */
  const schedule = (): void => {
    if (state.outputFull) return;
    const delay = state.responses.length > 0 ? RESPONSE_NS : keyboardReady() || mouseReady() ? DEVICE_BYTE_NS : undefined;
    if (delay === undefined) return;
    const at = board.clock.nowNs + delay;
    if (!outputTimer.armed || outputTimer.deadlineNs > at) outputTimer.arm(at);
  };

  const load = (byte: number, from: number): void => {
    state.outputBuffer = byte;
    state.outputFull = true;
    state.outputFrom = from;
    updateIrqs();
  };

  /** The keyboard's next byte as the guest sees it, or -1. */
  const keyboardByte = (): number => {
    let byte = keyboard.next();
    if (!mode(MODE_TRANSLATE)) return byte;
    if (byte === 0xf0) {
      state.breakPending = true;
      byte = keyboard.next();
    }
    if (byte < 0) return byte;
    const code = TRANSLATION[byte] | (state.breakPending ? 0x80 : 0);
    state.breakPending = false;
    return code;
  };

  /** The controller's own answers come first. */
  const fillOutput = (): void => {
    if (state.outputFull) return;
    const response = state.responses.shift();
    if (response !== undefined) load(response & 0xff, response & FROM_AUX ? FROM_MOUSE : FROM_CONTROLLER);
    if (!state.outputFull && keyboardReady()) {
      const byte = keyboardByte();
      if (byte >= 0) load(byte, FROM_KEYBOARD);
    }
    if (!state.outputFull && mouseReady()) {
      const byte = mouse.next();
      if (byte >= 0) load(byte, FROM_MOUSE);
    }
    schedule();
  };

  const respond = (value: number): void => {
    if (state.responses.length < MAX_RESPONSES) state.responses.push(value);
  };

  const outputPort = (): number => {
    const full = state.outputFull ? (state.outputFrom === FROM_MOUSE ? OUTPUT_PORT_IRQ12 : OUTPUT_PORT_IRQ1) : 0;
    return OUTPUT_PORT_LINES_IDLE | OUTPUT_PORT_NO_RESET | (processor.a20Enabled ? OUTPUT_PORT_A20 : 0) | full;
  };

  const writeCommand = (command: number): void => {
    state.commandWritten = true;
    state.expecting = 0;
    if (command >= PULSE_OUTPUT_PORT) {
      if (!(command & OUTPUT_PORT_NO_RESET)) processor.init();
      return;
    }
    if (command >= READ_RAM && command < READ_RAM + 32) respond(state.ram[command - READ_RAM]);
    if (command >= WRITE_RAM && command < WRITE_RAM + 32) state.expecting = command;
    switch (command) {
      case TEST_PASSWORD:
        respond(NO_PASSWORD);
        break;
      case DISABLE_AUX:
      case ENABLE_AUX:
        setMode(MODE_AUX_DISABLE, command === DISABLE_AUX);
        break;
      case DISABLE_KBD:
      case ENABLE_KBD:
        setMode(MODE_KBD_DISABLE, command === DISABLE_KBD);
        break;
      case SELF_TEST:
        setMode(MODE_SYSTEM, true);
        respond(SELF_TEST_PASSED);
        break;
      case TEST_AUX:
      case TEST_KBD:
        respond(LINES_OK);
        break;
      case READ_INPUT_PORT:
        respond(INPUT_PORT);
        break;
      case READ_OUTPUT_PORT:
        respond(outputPort());
        break;
      case READ_TEST_INPUTS:
        respond(0);
        break;
      case DISABLE_A20:
      case ENABLE_A20:
        processor.a20(command === ENABLE_A20);
        break;
      case WRITE_OUTPUT_PORT:
      case WRITE_KBD_OUTPUT:
      case WRITE_AUX_OUTPUT:
      case WRITE_AUX:
        state.expecting = command;
        break;
    }
    schedule();
  };

  /** Data for a device re-enable its interface. */
  const writeData = (byte: number): void => {
    const command = state.expecting;
    state.commandWritten = false;
    state.expecting = 0;
    switch (command) {
      case 0:
        setMode(MODE_KBD_DISABLE, false);
        keyboard.write(byte);
        break;
      case WRITE_OUTPUT_PORT:
        processor.a20((byte & OUTPUT_PORT_A20) !== 0);
        if (!(byte & OUTPUT_PORT_NO_RESET)) processor.init();
        break;
      case WRITE_KBD_OUTPUT:
        respond(byte);
        break;
      case WRITE_AUX_OUTPUT:
        respond(byte | FROM_AUX);
        break;
      case WRITE_AUX:
        setMode(MODE_AUX_DISABLE, false);
        mouse.write(byte);
        break;
      default:
        state.ram[command - WRITE_RAM] = byte;
        updateIrqs();
    }
    schedule();
  };

  const dataPort: BusHandler = {
    read8() {
      if (state.outputFull) {
        state.outputFull = false;
        updateIrqs();
        schedule();
      }
      return state.outputBuffer;
    },
    write8: (_offset, value) => writeData(value),
  };
  const commandPort: BusHandler = {
    read8: () =>
      STATUS_NOT_INHIBITED |
      (state.outputFull ? STATUS_OUTPUT_FULL | (state.outputFrom === FROM_MOUSE ? STATUS_AUX_OUTPUT : 0) : 0) |
      (mode(MODE_SYSTEM) ? STATUS_SYSTEM : 0) |
      (state.commandWritten ? STATUS_COMMAND : 0),
    write8: (_offset, value) => writeCommand(value),
  };
  board.ports(DATA_PORT, 1, dataPort);
  board.ports(COMMAND_PORT, 1, commandPort);

  return {
    wake: schedule,
    get keyWaits() {
      return state.outputFull && state.outputFrom === FROM_KEYBOARD;
    },
    reset() {
      state.ram.fill(0);
      state.ram[0] = MODE_RESET;
      state.outputBuffer = 0;
      state.outputFull = false;
      state.outputFrom = FROM_CONTROLLER;
      state.commandWritten = false;
      state.expecting = 0;
      state.responses.length = 0;
      state.breakPending = false;
      processor.a20(true);
    },
  };
};
