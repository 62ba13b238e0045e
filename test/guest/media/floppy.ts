/** A floppy disk of 1.44 MB whose boot sector reads the last track and shows the text in the disk's last sector. */

const SECTOR = 512;
const SECTORS = 18;
const LAST_CYLINDER = 79;
const LAST_HEAD = 1;
const IMAGE_BYTES = (LAST_CYLINDER + 1) * (LAST_HEAD + 1) * SECTORS * SECTOR;

const LOADED_AT = 0x7c00;
const BUFFER = 0x8000;
const TEXT = BUFFER + (SECTORS - 1) * SECTOR;

const word = (value: number): [number, number] => [value & 0xff, value >> 8];

const BOOT_CODE = [
  [0x31, 0xc0], //                              xor ax, ax
  [0x8e, 0xd8], //                              mov ds, ax
  [0x8e, 0xc0], //                              mov es, ax
  [0x8e, 0xd0], //                              mov ss, ax
  [0xbc, ...word(LOADED_AT)], //                mov sp, 7c00h
  [0xfc], //                                    cld
  [0xb8, SECTORS, 0x02], //                     mov ax, 0200h + sectors
  [0xbb, ...word(BUFFER)], //                   mov bx, buffer
  [0xb9, 0x01, LAST_CYLINDER], //               mov cx, cylinder << 8 | sector 1
  [0xba, 0x00, LAST_HEAD], //                   mov dx, head << 8 | drive 0
  [0xcd, 0x13], //                              int 13h
  [0x72, 0x11], //                              jc stop
  [0xbe, ...word(TEXT)], //                     mov si, text
  [0xac], //                              next: lodsb
  [0x84, 0xc0], //                              test al, al
  [0x74, 0x09], //                              jz stop
  [0xb4, 0x0e], //                              mov ah, 0eh
  [0xbb, 0x07, 0x00], //                        mov bx, 7
  [0xcd, 0x10], //                              int 10h
  [0xeb, 0xf2], //                              jmp next
  [0xf4], //                              stop: hlt
  [0xeb, 0xfd], //                              jmp stop
].flat();

/** @param text ASCII, at most 511 characters */
export const textFloppy = (text: string): Uint8Array => {
  const image = new Uint8Array(IMAGE_BYTES);
  // Every sector is different, so that one read in place of another shows.
  for (let sector = 1; sector * SECTOR < IMAGE_BYTES; sector++) image.fill(sector % 251, sector * SECTOR, (sector + 1) * SECTOR);
  image.set(BOOT_CODE);
  image.set([0x55, 0xaa], SECTOR - 2);
  image.fill(0, IMAGE_BYTES - SECTOR);
  image.set(new TextEncoder().encode(text), IMAGE_BYTES - SECTOR);
  return image;
};
