/**
 * Key codes of the 101/102-key keyboard in the three scan code sets, and the 8042's translation of set 2 to set 1.
 * Sources: IBM PS/2 Hardware Interface Technical Reference, Keyboard (1988); IBM AT Technical Reference
 * (1985), keyboard controller: scan code translation.
 */

const bytes = (row: string): number[] => row.split(" ").map((each) => Number.parseInt(each, 16));

/** Set 2 code of every set-1 code; index 0 is unused. Extended keys take the same entry behind E0h. */
export const SET_1_TO_2 = Uint8Array.from([
  ...bytes("00 76 16 1e 26 25 2e 36 3d 3e 46 45 4e 55 66 0d"),
  ...bytes("15 1d 24 2d 2c 35 3c 43 44 4d 54 5b 5a 14 1c 1b"),
  ...bytes("23 2b 34 33 3b 42 4b 4c 52 0e 12 5d 1a 22 21 2a"),
  ...bytes("32 31 3a 41 49 4a 59 7c 11 29 58 05 06 04 0c 03"),
  ...bytes("0b 83 0a 01 09 77 7e 6c 75 7d 7b 6b 73 74 79 69"),
  ...bytes("72 7a 70 71 84 60 61 78 07 0f 17 1f 27 2f 37 3f"),
  ...bytes("47 4f 56 5e 08 10 18 20 28 30 38 40 48 50 57 6f"),
  ...bytes("13 19 39 51 53 5c 5f 62 63 64 65 67 68 6a 6d 6e"),
]);

/** What the controller makes of each byte of the keyboard, F0h apart; replies pass mostly unchanged. */
export const TRANSLATION = Uint8Array.from({ length: 256 }, (_, code) => code);
TRANSLATION[0x00] = 0xff;
for (const [set1, set2] of SET_1_TO_2.entries()) if (set1 > 0) TRANSLATION[set2] = set1;
TRANSLATION[0x02] = 0x41;
TRANSLATION[0x7f] = 0x54;

const pairs = (rows: string): ReadonlyMap<number, number> => new Map(rows.split(" ").map((pair) => bytes(pair.replace(":", " ")) as [number, number]));

/** Set-1 code and set 3 code where set 3 differs from set 2. */
const SET_3 = pairs("01:08 1d:11 2b:5c 37:7e 38:19 3a:14 45:76 46:5f 4a:84 4e:7c 54:57 56:13 " + "3b:07 3c:0f 3d:17 3e:1f 3f:27 40:2f 41:37 42:3f 43:47 44:4f 57:56 58:5e");
const SET_3_EXTENDED = pairs("1c:79 1d:58 35:77 37:57 38:39 47:6e 48:63 49:6f 4b:61 4d:6a 4f:65 50:60 51:6d 52:67 53:64 5b:8b 5c:8c 5d:8d");
export const SET_3_PAUSE = 0x62;

/** Set 3 code of a key, or 0 when it has none. */
export const set3Code = (set1: number, extended: boolean): number => (extended ? SET_3_EXTENDED.get(set1) : (SET_3.get(set1) ?? SET_1_TO_2[set1])) ?? 0;

/** Key types of set 3. */
export const SENDS_BREAK = 1;
export const REPEATS = 2;

const MAKE_BREAK = bytes("11 12 14 19 59");
const MAKE_ONLY = bytes("07 08 0f 17 1f 27 2f 37 39 3f 47 4f 56 57 58 5e 5f 62 65 67 69 6b 6c 6d 6e 6f 70 71 72 73 74 75 76 77 79 7a 7d 7e 84 8b 8c 8d");

/** Types of all set 3 codes after a reset. */
export const defaultKeyTypes = (): Uint8Array => {
  const types = new Uint8Array(256).fill(REPEATS);
  for (const code of MAKE_BREAK) types[code] = SENDS_BREAK;
  for (const code of MAKE_ONLY) types[code] = 0;
  return types;
};
