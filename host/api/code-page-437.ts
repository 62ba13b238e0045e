/** The VGA's character set (IBM code page 437, with the pictures of codes 00h-1Fh) as Unicode. */

const CONTROL_PICTURES = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
const LETTERS = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»";
const FRAMES = "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀";
const SYMBOLS = "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const ascii = Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index));

/** 256 characters, one for each code. */
export const CODE_PAGE_437: readonly string[] = [...CONTROL_PICTURES, ...ascii, "⌂", ...LETTERS, ...FRAMES, ...SYMBOLS];
