/**
 * ACPI 1.0 tables for a machine with a PIIX4: RSDP, RSDT, FADT, FACS, DSDT.
 *
 * Source: ACPI Specification 1.0b, chapter 5; Intel 290562 (82371AB) for the register block.
 *
 * Not implemented: MADT (the machine has no APIC; interrupts are those of the 8259 pair), HPET, sleeping states but S5.
 */
import { writeLe16, writeLe32 } from "backplane/sdk";
import { type AcpiFacts, dsdtBody } from "./dsdt.js";

const RSDP_BYTES = 20;
const HEADER_BYTES = 36;
const FADT_BYTES = 116;
const FACS_BYTES = 64;
const TABLE_CHECKSUM = 9;
const RSDP_CHECKSUM = 8;
const OEM_ID = "BKPLNE";
const OEM_TABLE_ID = "BACKPLAN";
const CREATOR_ID = "BKPL";

/** FADT fields. */
const FIRMWARE_CTRL = 36;
const DSDT = 40;
const SCI_INT = 46;
const SMI_CMD = 48;
const ACPI_ENABLE = 52;
const ACPI_DISABLE = 53;
const PM1A_EVT_BLK = 56;
const PM1A_CNT_BLK = 64;
const PM_TMR_BLK = 76;
const GPE0_BLK = 80;
const PM1_EVT_LEN = 88;
const PM1_CNT_LEN = 89;
const PM_TM_LEN = 91;
const GPE0_BLK_LEN = 92;
const P_LVL2_LAT = 96;
const P_LVL3_LAT = 98;
const CENTURY = 108;
const FLAGS = 112;

/** Ports and commands of the 82371AB. */
const APMC = 0xb2;
const COMMAND_ENABLE = 0xf1;
const COMMAND_DISABLE = 0xf0;
const PMCNTRL = 0x04;
const PMTMR = 0x08;
const GPSTS = 0x0c;
/** Latencies above 100 and 1000 microseconds say that C2 and C3 do not exist. */
const NO_C2 = 101;
const NO_C3 = 1001;
const CMOS_CENTURY = 0x32;
const WBINVD = 1 << 0;
const PROC_C1 = 1 << 2;
/** No sleep button; the power button is the fixed one (bit 4 clear). */
const SLP_BUTTON = 1 << 5;
/** The RTC's wake status is not among the fixed registers. */
const FIX_RTC = 1 << 6;

const write = (bytes: Uint8Array, at: number, text: string): void =>
  bytes.set(
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    at,
  );
const align = (value: number, to: number): number => Math.ceil(value / to) * to;

/** Makes the bytes add up to 0 modulo 256. */
const seal = (bytes: Uint8Array, checksumAt: number): Uint8Array => {
  bytes[checksumAt] = 0;
  bytes[checksumAt] = -bytes.reduce((sum, byte) => sum + byte, 0);
  return bytes;
};

const table = (signature: string, bytes: number, fill: (table: Uint8Array) => void): Uint8Array => {
  const made = new Uint8Array(bytes);
  write(made, 0, signature);
  writeLe32(made, 4, bytes);
  made[8] = 1;
  write(made, 10, OEM_ID);
  write(made, 16, OEM_TABLE_ID);
  writeLe32(made, 24, 1);
  write(made, 28, CREATOR_ID);
  writeLe32(made, 32, 1);
  fill(made);
  return seal(made, TABLE_CHECKSUM);
};

const rsdp = (rsdt: number): Uint8Array => {
  const bytes = new Uint8Array(RSDP_BYTES);
  write(bytes, 0, "RSD PTR ");
  write(bytes, 9, OEM_ID);
  writeLe32(bytes, 16, rsdt);
  return seal(bytes, RSDP_CHECKSUM);
};

const facs = (): Uint8Array => {
  const bytes = new Uint8Array(FACS_BYTES);
  write(bytes, 0, "FACS");
  writeLe32(bytes, 4, FACS_BYTES);
  return bytes;
};

const fadt = ({ pmBase, sciLine }: AcpiFacts, facsAt: number, dsdtAt: number): Uint8Array =>
  table("FACP", FADT_BYTES, (bytes) => {
    writeLe32(bytes, FIRMWARE_CTRL, facsAt);
    writeLe32(bytes, DSDT, dsdtAt);
    writeLe16(bytes, SCI_INT, sciLine);
    writeLe32(bytes, SMI_CMD, APMC);
    bytes[ACPI_ENABLE] = COMMAND_ENABLE;
    bytes[ACPI_DISABLE] = COMMAND_DISABLE;
    writeLe32(bytes, PM1A_EVT_BLK, pmBase);
    writeLe32(bytes, PM1A_CNT_BLK, pmBase + PMCNTRL);
    writeLe32(bytes, PM_TMR_BLK, pmBase + PMTMR);
    writeLe32(bytes, GPE0_BLK, pmBase + GPSTS);
    bytes[PM1_EVT_LEN] = 4;
    bytes[PM1_CNT_LEN] = 2;
    bytes[PM_TM_LEN] = 4;
    bytes[GPE0_BLK_LEN] = 4;
    writeLe16(bytes, P_LVL2_LAT, NO_C2);
    writeLe16(bytes, P_LVL3_LAT, NO_C3);
    bytes[CENTURY] = CMOS_CENTURY;
    writeLe32(bytes, FLAGS, WBINVD | PROC_C1 | SLP_BUTTON | FIX_RTC);
  });

/** All tables as one image for `base` (a multiple of 64); the root pointer comes first. */
export const acpiTables = (facts: AcpiFacts, base: number): Uint8Array => {
  const body = dsdtBody(facts);
  const rsdtAt = align(RSDP_BYTES, 16);
  const facsAt = align(rsdtAt + HEADER_BYTES + 4, 64);
  const fadtAt = facsAt + FACS_BYTES;
  const dsdtAt = align(fadtAt + FADT_BYTES, 16);
  const image = new Uint8Array(dsdtAt + HEADER_BYTES + body.length);
  image.set(rsdp(base + rsdtAt), 0);
  image.set(
    table("RSDT", HEADER_BYTES + 4, (bytes) => writeLe32(bytes, HEADER_BYTES, base + fadtAt)),
    rsdtAt,
  );
  image.set(facs(), facsAt);
  image.set(fadt(facts, base + facsAt, base + dsdtAt), fadtAt);
  image.set(
    table("DSDT", HEADER_BYTES + body.length, (bytes) => bytes.set(body, HEADER_BYTES)),
    dsdtAt,
  );
  return image;
};
