/** BIOS images with a few instructions, so that tests of the host have a guest that does as they say. */

const IMAGE_BYTES = 64 << 10;
const RESET_VECTOR = IMAGE_BYTES - 16;
const COM1 = 0x3f8;
const LINE_STATUS = COM1 + 5;
const DATA_READY = 0x01;
const HOLDING_REGISTER_EMPTY = 0x20;
const TRANSMITTER_EMPTY = 0x40;

const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const dword = (value: number): number[] => [...word(value), ...word(value >>> 16)];
const movDx = (port: number): number[] => [0xba, ...word(port)];
const IN_AL_DX = 0xec;
const OUT_DX_AL = 0xee;
const OUT_DX_AX = 0xef;
const OPERAND_32 = 0x66;

/** Waits until a bit of the line status register is on. `in al, dx; test al, bit; jz` back. */
const awaitStatus = (bit: number): number[] => [...movDx(LINE_STATUS), IN_AL_DX, 0xa8, bit, 0x74, 0xfb];

export const outByte = (port: number, value: number): number[] => [...movDx(port), 0xb0, value, OUT_DX_AL];
const outWord = (port: number, value: number): number[] => [...movDx(port), 0xb8, ...word(value), OUT_DX_AX];
const outDword = (port: number, value: number): number[] => [...movDx(port), OPERAND_32, 0xb8, ...dword(value), OPERAND_32, OUT_DX_AX];

/** Transmits text on COM1. */
export const print = (text: string): number[] => [...text].flatMap((character) => [...awaitStatus(HOLDING_REGISTER_EMPTY), ...outByte(COM1, character.charCodeAt(0))]);

/** Waits for a byte on COM1 and transmits it. */
export const echoOnce: readonly number[] = [...awaitStatus(DATA_READY), ...movDx(COM1), IN_AL_DX, OUT_DX_AL];

/** Repeats code for ever. */
export const forEver = (code: readonly number[]): number[] => [...code, 0xe9, ...word(-(code.length + 3))];

/** HLT with interrupts off. */
export const halt: readonly number[] = [0xf4];

/** An empty interrupt table, and an interrupt, once the last character has left the wire. */
export const tripleFault: readonly number[] = [...awaitStatus(TRANSMITTER_EMPTY), 0x0f, 0x01, 0x1e, ...word(0x500), 0xcc];

/** Lets the last character leave the wire, sets a base for the PIIX4's power management of `virtual-server-2005`, and asks it for soft off. */
export const powerOff: readonly number[] = [
  ...awaitStatus(TRANSMITTER_EMPTY),
  ...[
    [0x40, 0xb001],
    [0x80, 0x01],
    [0x04, 0x01],
  ].flatMap(([register, value]) => [...outDword(0xcf8, 0x8000_0000 | (0x07 << 11) | (3 << 8) | register), ...outDword(0xcfc, value)]),
  ...outWord(0xb004, 0x2000),
];

/** A BIOS image that runs the code in real mode from F000:0000 and halts behind it. */
export const guestRom = (...code: (readonly number[])[]): Uint8Array => {
  const image = new Uint8Array(IMAGE_BYTES);
  image.set([...code.flat(), ...halt, 0xeb, 0xfd]);
  image.set([0xea, 0x00, 0x00, 0x00, 0xf0], RESET_VECTOR);
  return image;
};
