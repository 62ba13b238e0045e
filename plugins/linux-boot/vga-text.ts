/**
 * Brings a VGA into mode 3 (80x25 text, 720x400), as its BIOS does at power-on.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem (1992): register contents for mode 3.
 */
import { textFont } from "./font.js";
import type { PortStep, StartStep } from "./start-code.js";

const MISC_OUTPUT = 0x3c2;
const SEQUENCER = 0x3c4;
const GRAPHICS = 0x3ce;
const CRTC = 0x3d4;
const ATTRIBUTE = 0x3c0;
const INPUT_STATUS_1 = 0x3da;
const DAC_MASK = 0x3c6;
const DAC_WRITE = 0x3c8;
const DAC_DATA = 0x3c9;

const MODE3_MISC = 0x67;
const MODE3_SEQUENCER = [0x03, 0x00, 0x03, 0x00, 0x02];
const MODE3_CRTC = [
  ...[0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f],
  ...[0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00],
  ...[0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff],
];
const MODE3_GRAPHICS = [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff];
/** The palette picks the sixteen text colours out of 64: brown is 14h, the bright half begins at 38h. */
const MODE3_ATTRIBUTE = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00];
const ATTRIBUTE_SCREEN_ON = 0x20;
const CRTC_VERTICAL_RETRACE_END = 0x11;
const CRTC_UNPROTECTED = 0x0e;

/** Plane 2 as plain memory at A0000h. */
const FONT_SEQUENCER: readonly (readonly [number, number])[] = [
  [2, 0x04],
  [4, 0x06],
];
const FONT_GRAPHICS: readonly (readonly [number, number])[] = [
  [5, 0x00],
  [6, 0x04],
];
const FONT_WINDOW = 0xa_0000;
const TEXT_WINDOW = 0xb_8000;
const TEXT_WINDOW_BYTES = 0x8000;
/** Two blank cells, light grey on black. */
const BLANK_CELLS = 0x0720_0720;
const EGA_COLOURS = 64;

const indexed = (port: number, index: number, value: number): PortStep[] => [
  { port, value: index },
  { port: port + 1, value },
];
const file = (port: number, values: readonly number[]): PortStep[] => values.flatMap((value, index) => indexed(port, index, value));

/** The 64 colours of an EGA monitor: primary bits 2-0 weigh two thirds, secondary bits 5-3 one third. */
const dac = (): PortStep[] => {
  const level = (colour: number, bit: number): number => ((colour >>> bit) & 1) * 42 + ((colour >>> (bit + 3)) & 1) * 21;
  const colours = Array.from({ length: EGA_COLOURS }, (_, colour) => [2, 1, 0].map((bit) => ({ port: DAC_DATA, value: level(colour, bit) })));
  return [{ port: DAC_MASK, value: 0xff }, { port: DAC_WRITE, value: 0 }, ...colours.flat()];
};

const attributes = (): PortStep[] => [
  { port: INPUT_STATUS_1 },
  ...MODE3_ATTRIBUTE.flatMap((value, index) => [
    { port: ATTRIBUTE, value: index },
    { port: ATTRIBUTE, value },
  ]),
  { port: ATTRIBUTE, value: ATTRIBUTE_SCREEN_ON },
];

export const vgaTextSteps = (): StartStep[] => [
  {
    ports: [
      { port: MISC_OUTPUT, value: MODE3_MISC },
      ...file(SEQUENCER, MODE3_SEQUENCER),
      ...indexed(CRTC, CRTC_VERTICAL_RETRACE_END, CRTC_UNPROTECTED),
      ...file(CRTC, MODE3_CRTC),
      ...file(GRAPHICS, MODE3_GRAPHICS),
      ...FONT_SEQUENCER.flatMap(([index, value]) => indexed(SEQUENCER, index, value)),
      ...FONT_GRAPHICS.flatMap(([index, value]) => indexed(GRAPHICS, index, value)),
    ],
  },
  { glyphs: textFont(), to: FONT_WINDOW },
  {
    ports: [
      ...FONT_SEQUENCER.flatMap(([index]) => indexed(SEQUENCER, index, MODE3_SEQUENCER[index])),
      ...FONT_GRAPHICS.flatMap(([index]) => indexed(GRAPHICS, index, MODE3_GRAPHICS[index])),
      ...dac(),
      ...attributes(),
    ],
  },
  { fill: BLANK_CELLS, to: TEXT_WINDOW, doublewords: TEXT_WINDOW_BYTES / 4 },
];
