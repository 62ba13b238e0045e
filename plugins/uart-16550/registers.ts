/** Register and bit names of the 8250 family as the PC16550D data sheet (National Semiconductor, 1995) prints them. */

/** Offsets from the base. RBR/THR and IER give way to the divisor latch while LCR.DLAB is set. */
export const RBR = 0;
export const THR = 0;
export const DLL = 0;
export const IER = 1;
export const DLM = 1;
export const IIR = 2;
export const FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;

export const IER_ERBFI = 0x01;
export const IER_ETBEI = 0x02;
export const IER_ELSI = 0x04;
export const IER_EDSSI = 0x08;

export const IIR_NONE = 0x01;
export const IIR_MODEM_STATUS = 0x00;
export const IIR_THR_EMPTY = 0x02;
export const IIR_DATA_AVAILABLE = 0x04;
export const IIR_LINE_STATUS = 0x06;
export const IIR_CHARACTER_TIMEOUT = 0x0c;
export const IIR_FIFOS_ENABLED = 0xc0;

export const FCR_FIFO_ENABLE = 0x01;
export const FCR_RCVR_RESET = 0x02;
export const FCR_XMIT_RESET = 0x04;
export const FCR_DMA_MODE = 0x08;
export const FCR_TRIGGER = 0xc0;
/** Bytes in the receiver FIFO that raise an interrupt, by FCR bits 7-6. */
export const TRIGGER_LEVELS: readonly number[] = [1, 4, 8, 14];

export const LCR_WORD_LENGTH = 0x03;
export const LCR_STB = 0x04;
export const LCR_PEN = 0x08;
export const LCR_DLAB = 0x80;

export const MCR_DTR = 0x01;
export const MCR_RTS = 0x02;
export const MCR_OUT1 = 0x04;
export const MCR_OUT2 = 0x08;
export const MCR_LOOP = 0x10;

export const LSR_DR = 0x01;
export const LSR_OE = 0x02;
export const LSR_THRE = 0x20;
export const LSR_TEMT = 0x40;

export const MSR_DCTS = 0x01;
export const MSR_DDSR = 0x02;
export const MSR_TERI = 0x04;
export const MSR_DDCD = 0x08;
export const MSR_CTS = 0x10;
export const MSR_DSR = 0x20;
export const MSR_RI = 0x40;
export const MSR_DCD = 0x80;

/** Crystal on PC serial adapters; the baud rate is this over 16 times the divisor. */
export const CLOCK_HZ = 1_843_200;
