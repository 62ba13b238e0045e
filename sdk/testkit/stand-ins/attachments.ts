/** Things to plug into a device that is a bus itself, so that its registers have something to act on. */

import { readLe32, writeLe32 } from "../../bits/index.js";
import type { Board } from "../../contract/board.js";
import type { AtaDrive, AtaHost, IdeBus } from "../../roles/ata.js";
import type { FloppyBus, FloppyDrive } from "../../roles/floppy.js";
import type { PciBus } from "../../roles/pci.js";
import { type StandIn, standIn } from "../stand-in.js";
import { MemoryImage } from "./storage.js";

const FLOPPY_BYTES = 1_474_560;
const LAST_TRACK = 82;

/** A function with I/O, memory and an interrupt at 05.0. */
export const attachPciCard = (bus: PciBus, board: Board): StandIn => {
  const registers = new Uint8Array(16);
  const handler = { read32: (offset: number) => readLe32(registers, offset & 12), write32: (offset: number, value: number) => writeLe32(registers, offset & 12, value) };
  const card = bus.attach(
    board,
    {
      vendorId: 0x1234,
      deviceId: 0x0001,
      classCode: 0xff_0000,
      interruptPin: 1,
      bars: [
        { index: 0, kind: "io", size: 16, handler },
        { index: 1, kind: "memory", size: 4096, handler },
      ],
      registers: [{ offset: 0x40, value: 0, writable: 0xff }],
    },
    "05.0",
  );
  return { [standIn]: { state: { registers }, actions: { "INTA#": (random) => card.interrupt(random.oneIn(2)) } } };
};

/** A drive that echoes its registers, has a sector for every command and can move it by DMA. */
const echoDrive = (host: AtaHost): { readonly drive: AtaDrive; readonly part: StandIn } => {
  const state = { registers: new Uint8Array(8), data: new Uint8Array(512), at: 0, dmaLeft: 0 };
  const reset = (): void => {
    state.registers.fill(0);
    state.registers[7] = 0x50;
    state.dmaLeft = 0;
  };
  reset();
  const read = (bytes: number): number => {
    let value = 0;
    for (let byte = 0; byte < bytes; byte++) value += state.data[(state.at + byte) % 512] * 2 ** (8 * byte);
    state.at = (state.at + bytes) % 512;
    return value;
  };
  const write = (value: number, bytes: number): void => {
    for (let byte = 0; byte < bytes; byte++) state.data[(state.at + byte) % 512] = value >>> (8 * byte);
    state.at = (state.at + bytes) % 512;
  };
  const drive: AtaDrive = {
    readRegister: (index) => state.registers[index],
    writeRegister: (index, value) => void (state.registers[index] = value),
    command(code) {
      state.at = 0;
      state.dmaLeft = code & 1 ? 512 : 0;
      if (state.dmaLeft > 0) host.dmaReady();
      else host.interrupt();
    },
    diagnose: reset,
    softReset: reset,
    readData16: () => read(2),
    readData32: () => read(4),
    writeData16: (value) => write(value, 2),
    writeData32: (value) => write(value, 4),
    get dmaDirection() {
      return state.dmaLeft > 0 ? ("to-memory" as const) : undefined;
    },
    dmaWindow: (max) => state.data.subarray(512 - state.dmaLeft, Math.min(512, 512 - state.dmaLeft + max)),
    dmaMoved(bytes) {
      state.dmaLeft -= bytes;
      if (state.dmaLeft === 0) host.interrupt();
    },
  };
  return { drive, part: { [standIn]: { state, reset, actions: { INTRQ: () => host.interrupt() } } } };
};

/** A master on the first channel. */
export const attachIdeDrive = (bus: IdeBus, path: string): StandIn[] => {
  const parts: StandIn[] = [];
  bus.attach(`${path}/0:0`, (host) => {
    const { drive, part } = echoDrive(host);
    parts.push(part);
    return drive;
  });
  return parts;
};

/** Unit 0: a 1.44 MB drive with a disk. */
export const attachFloppyDrive = (bus: FloppyBus): StandIn[] => {
  const state = { track: 0, diskChanged: true };
  const image = new MemoryImage(FLOPPY_BYTES, { label: "bench.img" });
  const drive: FloppyDrive = {
    type: 4,
    disk: { cylinders: 80, heads: 2, sectors: 18, dataRates: [0], image },
    get cylinder() {
      return state.track;
    },
    get track0() {
      return state.track === 0;
    },
    get diskChanged() {
      return state.diskChanged;
    },
    step(tracks) {
      const track = Math.min(LAST_TRACK, Math.max(0, state.track + tracks));
      if (track !== state.track) state.diskChanged = false;
      state.track = track;
    },
  };
  bus.attach("0", drive);
  return [{ [standIn]: { state } }, image];
};
