/** Names of the MC146818's registers and bits, as its data sheet has them. */

export const SECONDS = 0x00;
export const SECONDS_ALARM = 0x01;
export const MINUTES = 0x02;
export const MINUTES_ALARM = 0x03;
export const HOURS = 0x04;
export const HOURS_ALARM = 0x05;
export const DAY_OF_WEEK = 0x06;
export const DATE_OF_MONTH = 0x07;
export const MONTH = 0x08;
export const YEAR = 0x09;
export const REGISTER_A = 0x0a;
export const REGISTER_B = 0x0b;
export const REGISTER_C = 0x0c;
export const REGISTER_D = 0x0d;
/** Not part of the chip: where PC firmware and ACPI tables put the century. */
export const CENTURY = 0x32;

export const A_UIP = 0x80;
/** Divider control 11x holds the divider chain in reset. */
export const A_DIVIDER_RESET = 0x60;
export const A_RATE = 0x0f;

export const B_SET = 0x80;
export const B_PIE = 0x40;
export const B_AIE = 0x20;
export const B_UIE = 0x10;
export const B_SQWE = 0x08;
export const B_DM = 0x04;
export const B_24_12 = 0x02;

export const C_IRQF = 0x80;
export const C_PF = 0x40;
export const C_AF = 0x20;
export const C_UF = 0x10;

export const D_VRT = 0x80;

/** Alarm bytes with both top bits set match anything. */
export const ALARM_ANY = 0xc0;
/** Hours in 12-hour format. */
export const HOURS_PM = 0x80;
