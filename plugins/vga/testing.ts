/** What the tests share: standard register values of a few BIOS modes, and a guest that programs them. */
const bytes = (hexadecimal: string): number[] => hexadecimal.split(" ").map((each) => Number.parseInt(each, 16));

interface ModeTable {
  readonly misc: number;
  /** Sequencer 1-4. */
  readonly sequencer: readonly number[];
  readonly crtc: readonly number[];
  readonly graphics: readonly number[];
  /** Palette, then attribute 10h-14h. */
  readonly attribute: readonly number[];
}

const EGA_PALETTE = "00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f";
const STRAIGHT_PALETTE = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f";

/** 80 x 25 text, 9 x 16 cells. */
export const MODE_03: ModeTable = {
  misc: 0x67,
  sequencer: bytes("00 03 00 02"),
  crtc: bytes("5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff"),
  graphics: bytes("00 00 00 00 00 10 0e 00 ff"),
  attribute: bytes(`${EGA_PALETTE} 0c 00 0f 08 00`),
};
/** 320 x 200, 4 colours, CGA-compatible. */
export const MODE_04: ModeTable = {
  misc: 0x63,
  sequencer: bytes("09 03 00 02"),
  crtc: bytes("2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff"),
  graphics: bytes("00 00 00 00 00 30 0f 0f ff"),
  attribute: bytes(`${STRAIGHT_PALETTE} 01 00 03 00 00`),
};
/** 640 x 480, 16 colours. */
export const MODE_12: ModeTable = {
  misc: 0xe3,
  sequencer: bytes("01 0f 00 06"),
  crtc: bytes("5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff"),
  graphics: bytes("00 00 00 00 00 00 05 0f ff"),
  attribute: bytes(`${EGA_PALETTE} 01 00 0f 00 00`),
};
/** 320 x 200, 256 colours. */
export const MODE_13: ModeTable = {
  misc: 0x63,
  sequencer: bytes("01 0f 00 0e"),
  crtc: bytes("5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff"),
  graphics: bytes("00 00 00 00 00 40 05 0f ff"),
  attribute: bytes(`${STRAIGHT_PALETTE} 41 00 0f 00 00`),
};

interface Machine {
  in8(port: number): number;
  in16(port: number): number;
  out8(port: number, value: number): void;
  out16(port: number, value: number): void;
  poke(address: number, width: 1 | 2 | 4, value: number): void;
}

/** Programs the adapter as a BIOS does. */
export class Guest {
  readonly machine: Machine;
  /** 3D0h or 3B0h. */
  crtcPlace = 0x3d0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  sequencer(index: number, value: number): void {
    this.machine.out16(0x3c4, index | (value << 8));
  }
  graphics(index: number, value: number): void {
    this.machine.out16(0x3ce, index | (value << 8));
  }
  crtc(index: number, value: number): void {
    this.machine.out16(this.crtcPlace + 4, index | (value << 8));
  }
  attribute(index: number, value: number): void {
    this.machine.in8(this.crtcPlace + 0xa);
    this.machine.out8(0x3c0, index);
    this.machine.out8(0x3c0, value);
    this.machine.out8(0x3c0, 0x20);
  }
  colour(index: number, red: number, green: number, blue: number): void {
    this.machine.out8(0x3c8, index);
    for (const component of [red, green, blue]) this.machine.out8(0x3c9, component);
  }
  dispi(index: number, value: number): void {
    this.machine.out16(0x1ce, index);
    this.machine.out16(0x1cf, value);
  }
  readDispi(index: number): number {
    this.machine.out16(0x1ce, index);
    return this.machine.in16(0x1cf);
  }

  mode(table: ModeTable): void {
    this.crtcPlace = table.misc & 1 ? 0x3d0 : 0x3b0;
    this.machine.out8(0x3c2, table.misc);
    this.sequencer(0, 1);
    for (const [index, value] of table.sequencer.entries()) this.sequencer(index + 1, value);
    this.sequencer(0, 3);
    this.crtc(0x11, 0);
    for (const [index, value] of table.crtc.entries()) this.crtc(index, value);
    for (const [index, value] of table.graphics.entries()) this.graphics(index, value);
    for (const [index, value] of table.attribute.entries()) this.attribute(index, value);
  }

  /** Loads one cell of the font in map 0, with memory set up as a BIOS does for it. */
  glyph(character: number, rows: readonly number[]): void {
    this.sequencer(2, 4);
    this.sequencer(4, 7);
    this.graphics(4, 2);
    this.graphics(5, 0);
    this.graphics(6, 4);
    for (const [row, pattern] of rows.entries()) this.machine.poke(0xa0000 + character * 32 + row, 1, pattern);
    this.sequencer(2, 3);
    this.sequencer(4, 3);
    this.graphics(4, 0);
    this.graphics(5, 0x10);
    this.graphics(6, 0x0e);
  }

  print(row: number, text: string, attribute = 0x07): void {
    for (let at = 0; at < text.length; at++) this.machine.poke(0xb8000 + (row * 80 + at) * 2, 2, text.charCodeAt(at) | (attribute << 8));
  }
}

/** A pixel as a hexadecimal colour. */
export const pixel = (picture: { readonly width: number; readonly rgba: Uint8Array }, x: number, y: number): string => {
  const at = (y * picture.width + x) * 4;
  return Array.from(picture.rgba.subarray(at, at + 3), (each) => each.toString(16).padStart(2, "0")).join("");
};

/** Whether two runs of bytes are equal; comparing megabytes element by element is not for `expect`. */
export const sameBytes = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, at) => byte === other[at]);
