/** Small parts of a PC platform that others refer to. */
import { role } from "../contract/role.js";

/** Real time, in and for the guest: the host decides what the RTC starts from. */
export interface WallClock {
  /** Milliseconds since 1970-01-01 UTC at virtual time 0. Constant while the machine exists. */
  readonly epochMs: number;
}
export const WallClock = role<WallClock>("wall-clock");

/** Random numbers, reproducible when the host gives a seed. */
export interface Entropy {
  /** An unsigned 32-bit number. */
  next32(): number;
}
export const Entropy = role<Entropy>("entropy");

/** Battery-backed CMOS memory. */
export interface Cmos {
  read(index: number): number;
  write(index: number, value: number): void;
}
export const Cmos = role<Cmos>("cmos");

/** Buttons on the case. */
export interface PowerButton {
  /** A short press: the operating system is asked to shut down. */
  press(): void;
}
export const PowerButton = role<PowerButton>("power-button");

/** The PIT, for the speaker gate on port 61h. */
export interface IntervalTimer {
  gate2(level: boolean): void;
  readonly out2: boolean;
}
export const IntervalTimer = role<IntervalTimer>("interval-timer");

/** What starts the machine: ROM firmware or a direct boot. */
export interface Firmware {
  /** What it is, for messages. */
  readonly label: string;
}
export const Firmware = role<Firmware>("firmware");

/** Facts about the fixed memory layout that firmware reads (QEMU's fw_cfg device shows them to SeaBIOS). */
export interface FirmwareFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
export const FirmwareFile = role<FirmwareFile>("firmware-file");
