/** Register numbers and bits of the Bochs VBE extension; see dispi.ts. */
export const DISPI_INDEX_ID = 0;
export const DISPI_INDEX_XRES = 1;
export const DISPI_INDEX_YRES = 2;
export const DISPI_INDEX_BPP = 3;
export const DISPI_INDEX_ENABLE = 4;
export const DISPI_INDEX_BANK = 5;
export const DISPI_INDEX_VIRT_WIDTH = 6;
export const DISPI_INDEX_VIRT_HEIGHT = 7;
export const DISPI_INDEX_X_OFFSET = 8;
export const DISPI_INDEX_Y_OFFSET = 9;
export const DISPI_INDEX_VIDEO_MEMORY_64K = 10;

/** Interface versions; a guest asks for one by writing it. */
export const DISPI_ID0 = 0xb0c0;
export const DISPI_ID5 = 0xb0c5;

/** Enable register. */
export const DISPI_ENABLED = 0x01;
export const DISPI_GETCAPS = 0x02;
export const DISPI_8BIT_DAC = 0x20;
export const DISPI_LFB_ENABLED = 0x40;
export const DISPI_NOCLEARMEM = 0x80;

export const DISPI_MAX_XRES = 2560;
export const DISPI_MAX_YRES = 1600;
export const DISPI_MAX_BPP = 32;
