/**
 * A text font of our own for machines without a video BIOS: ASCII, line drawing and blocks, 8 by 16, in code page 437 order.
 * Other characters are blank; `setfont` in the guest brings a complete one.
 */

const CELL_ROWS = 16;
const GLYPHS = 256;
const FIRST = 0x20;

/** Space to tilde, eight rows each from the top; a row's five dots are one base-32 digit, its leftmost dot worth 16. */
const ASCII =
  "00000000 44444040 aaa00000 aavavaa0 4fke5u40 op248j30 8kk8lid0 44800000 24888420 84222480 04lel400 044v4400 00000448 000v0000 00000cc0 01248g00 " +
  "ehjlphe0 4c4444e0 eh1248v0 v2421he0 26aiv220 vgu11he0 68guhhe0 v1248880 ehhehhe0 ehhf12c0 0cc0cc00 0cc0c480 248g8420 00v0v000 84212480 eh124040 " +
  "ehnlnge0 ehhvhhh0 uhhuhhu0 ehggghe0 sihhhis0 vgguggv0 vgguggg0 ehgnhhf0 hhhvhhh0 e44444e0 72222ic0 hikokih0 ggggggv0 hrllhhh0 hhpljhh0 ehhhhhe0 " +
  "uhhuggg0 ehhhlid0 uhhukih0 fgge11u0 v4444440 hhhhhhe0 hhhhha40 hhhllla0 hha4ahh0 hhha4440 v1248gv0 e88888e0 0g842100 e22222e0 4ah00000 0000000v " +
  "84200000 00e1fhf0 ggmphhu0 00egghe0 11djhhf0 00ehvge0 698s8880 00fhhf1e ggmphhh0 40c444e0 206222ic ggikoki0 c44444e0 00qllhh0 00mphhh0 00ehhhe0 " +
  "00uhhugg 00fhhf11 00mpggg0 00fge1u0 88s88960 00hhhjd0 00hhha40 00hhlla0 00ha4ah0 00hhhf1e 00v248v0 24484420 44444440 84424480 008l2000";

/** Line drawing: character, then the weight (0-2) of the arms up, right, down, left. */
const LINES: readonly (readonly [number, string])[] = [
  [0xb3, "1010"],
  [0xb4, "1011"],
  [0xb9, "2022"],
  [0xba, "2020"],
  [0xbb, "0022"],
  [0xbc, "2002"],
  [0xbf, "0011"],
  [0xc0, "1100"],
  [0xc1, "1101"],
  [0xc2, "0111"],
  [0xc3, "1110"],
  [0xc4, "0101"],
  [0xc5, "1111"],
  [0xc8, "2200"],
  [0xc9, "0220"],
  [0xca, "2202"],
  [0xcb, "0222"],
  [0xcc, "2220"],
  [0xcd, "0202"],
  [0xce, "2222"],
  [0xd9, "1001"],
  [0xda, "0110"],
];
/** Dot columns of a vertical arm and rows of a horizontal one, by weight. */
const ARM_COLUMNS = [0, 0x18, 0x24];
const ARM_ROWS = [[], [7], [6, 8]];
const MIDDLE_ROW = 7;

/** Blocks: character, then the patterns of even and odd rows of the upper half, and of the lower half. */
const BLOCKS: readonly (readonly [number, number, number, number, number])[] = [
  [0xb0, 0x22, 0x88, 0x22, 0x88],
  [0xb1, 0x55, 0xaa, 0x55, 0xaa],
  [0xb2, 0xdd, 0x77, 0xdd, 0x77],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xdc, 0x00, 0x00, 0xff, 0xff],
  [0xdd, 0xf0, 0xf0, 0xf0, 0xf0],
  [0xde, 0x0f, 0x0f, 0x0f, 0x0f],
  [0xdf, 0xff, 0xff, 0x00, 0x00],
];

/** 256 glyphs of 16 rows. */
export const textFont = (): Uint8Array => {
  const font = new Uint8Array(GLYPHS * CELL_ROWS);
  for (const [index, rows] of ASCII.split(" ").entries()) {
    for (let row = 0; row < CELL_ROWS; row++) font[(FIRST + index) * CELL_ROWS + row] = Number.parseInt(rows[row >>> 1], 32) << 2;
  }
  for (const [character, arms] of LINES) {
    const [up, right, down, left] = Array.from(arms, Number);
    const glyph = font.subarray(character * CELL_ROWS, (character + 1) * CELL_ROWS);
    for (let row = 0; row < CELL_ROWS; row++) glyph[row] = ARM_COLUMNS[row <= MIDDLE_ROW ? up : down];
    for (const row of ARM_ROWS[Math.max(left, right)]) glyph[row] |= (left ? 0xf8 : 0) | (right ? 0x1f : 0);
  }
  for (const [character, ...patterns] of BLOCKS) {
    for (let row = 0; row < CELL_ROWS; row++) font[character * CELL_ROWS + row] = patterns[(row < CELL_ROWS / 2 ? 0 : 2) + (row & 1)];
  }
  return font;
};
