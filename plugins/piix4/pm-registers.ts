/**
 * Power management I/O registers of the 82371AB (64 ports at PMBA): events, sleep control, timer.
 *
 * Sources: Intel 290562 (82371AB), "Power Management I/O space registers"; ACPI Specification 1.0, 4.7.3.
 *
 * SUS_TYP with SUS_EN: 0 (soft off) and 2 (the value that ACPI tables written for QEMU give to S4) switch the machine off.
 * The other sleeping states wake at once: RSM_STS is set and the guest goes on, as if the wake event had come already.
 *
 * Not implemented: clock control (PCNTRL, PLVL2, PLVL3), device monitors (GLBSTS, DEVSTS, DEVCTL), RTC alarm and resume
 * events, the four-second power button override; GPI inputs read 0.
 */
import type { Clock, IrqLine, MachineControl, Timer } from "backplane/sdk";
import { initialPmTimer, nextToggleNs, type PmTimerState, pmTimerCount, restartPmTimer, takeToggle } from "./pm-timer.js";

export const PM_PORTS = 64;
/** Where GPSTS and GPEN lie within the block. */
export const GPSTS = 0x0c;
export const GP_PORTS = 4;

const PMSTS = 0x00;
const PMEN = 0x02;
const PMCNTRL = 0x04;
const PMTMR = 0x08;
const GPEN = 0x0e;
const PCNTRL = 0x10;
const GLBEN = 0x20;
const GLBCTL = 0x28;
const DEVCTL = 0x2c;
const GPOREG = 0x34;

const TMROF = 0x0001;
const GBL = 0x0020;
const PWRBTN = 0x0100;
const RTC = 0x0400;
const RSM_STS = 0x8000;
/** Events with an enable bit in PMEN. */
const PM_EVENTS = TMROF | GBL | PWRBTN | RTC;

const SCI_EN = 0x0001;
const SUS_TYP_SHIFT = 10;
const SUS_EN = 0x2000;
/** SCI_EN, BRLD_EN_BM and SUS_TYP; GBL_RLS and SUS_EN read as zero. */
const PMCNTRL_WRITABLE = 0x1c03;
const SOFT_OFF = 0;
const SUSPEND_TO_DISK = 2;

const BIOS_RLS = 0x02;
const GPOREG_DEFAULT = 0x7fff_bfff;

export interface PmState extends PmTimerState {
  pmsts: number;
  pmen: number;
  pmcntrl: number;
  gpsts: number;
  gpen: number;
  /** Registers that only hold what is written, by the offset they have in the block. */
  storage: Uint8Array;
}

export const initialPm = (): PmState => ({ ...initialPmTimer(), pmsts: 0, pmen: 0, pmcntrl: 0, gpsts: 0, gpen: 0, storage: new Uint8Array(PM_PORTS) });

/** Bytes of the block that are plain storage: first offset and length. */
const STORAGE: readonly (readonly [number, number])[] = [
  [PCNTRL, 4],
  [GLBEN, 2],
  [GLBCTL, 4],
  [DEVCTL, 4],
  [GPOREG, 4],
];
const isStorage = (offset: number): boolean => STORAGE.some(([first, length]) => offset >= first && offset < first + length);
const withByte = (register: number, high: boolean, value: number): number => (high ? (register & 0x00ff) | (value << 8) : (register & 0xff00) | value);

export interface PmRegisters {
  read32(offset: number): number;
  write8(offset: number, value: number): void;
  /** What an SMI handler does on ACPI_ENABLE and ACPI_DISABLE. */
  setSciEnabled(enabled: boolean): void;
  pressPowerButton(): void;
  reset(): void;
  /** The `toggle` timer has run out. */
  toggled(): void;
}

export const pmRegisters = (state: PmState, clock: Clock, sci: IrqLine, toggle: Timer, machine: MachineControl): PmRegisters => {
  const latch = (): void => {
    if (takeToggle(state, clock.nowNs)) state.pmsts |= TMROF;
  };
  const update = (): void => {
    latch();
    const enabled = (state.pmcntrl & SCI_EN) !== 0;
    sci.set(enabled && ((state.pmsts & state.pmen & PM_EVENTS) !== 0 || (state.gpsts & state.gpen) !== 0));
    if (enabled && state.pmen & TMROF && !(state.pmsts & TMROF)) toggle.arm(nextToggleNs(state));
    else toggle.cancel();
  };
  const sleep = (): void => {
    const type = (state.pmcntrl >>> SUS_TYP_SHIFT) & 7;
    if (type === SOFT_OFF) machine.powerOff("soft off (ACPI S5)");
    else if (type === SUSPEND_TO_DISK) machine.powerOff("suspend to disk (ACPI S4)");
    else state.pmsts |= RSM_STS;
  };
  const writeControl = (high: boolean, value: number): void => {
    const written = withByte(state.pmcntrl, high, value);
    state.pmcntrl = written & PMCNTRL_WRITABLE;
    if (written & SUS_EN) sleep();
  };
  const writeStorage = (offset: number, value: number): void => {
    if (offset === GLBCTL && value & BIOS_RLS) state.pmsts |= GBL;
    state.storage[offset] = offset === GLBCTL ? value & ~BIOS_RLS : value;
  };
  return {
    read32(offset) {
      const at = offset & (PM_PORTS - 4);
      switch (at) {
        case PMSTS:
          latch();
          return (state.pmsts | (state.pmen << 16)) >>> 0;
        case PMCNTRL:
          return state.pmcntrl;
        case PMTMR:
          return pmTimerCount(state, clock.nowNs);
        case GPSTS:
          return (state.gpsts | (state.gpen << 16)) >>> 0;
      }
      const { storage } = state;
      return (storage[at] | (storage[at + 1] << 8) | (storage[at + 2] << 16) | (storage[at + 3] << 24)) >>> 0;
    },
    write8(offset, value) {
      const high = (offset & 1) !== 0;
      switch (offset & ~1) {
        case PMSTS:
          latch();
          state.pmsts &= ~(high ? value << 8 : value);
          break;
        case PMEN:
          state.pmen = withByte(state.pmen, high, value) & PM_EVENTS;
          break;
        case PMCNTRL:
          writeControl(high, value);
          break;
        case GPSTS:
          state.gpsts &= ~(high ? value << 8 : value);
          break;
        case GPEN:
          state.gpen = withByte(state.gpen, high, value);
          break;
        default:
          if (!isStorage(offset)) return;
          writeStorage(offset, value);
      }
      update();
    },
    setSciEnabled(enabled) {
      state.pmcntrl = enabled ? state.pmcntrl | SCI_EN : state.pmcntrl & ~SCI_EN;
      update();
    },
    pressPowerButton() {
      state.pmsts |= PWRBTN;
      update();
    },
    reset() {
      state.pmsts = state.pmen = state.pmcntrl = state.gpsts = state.gpen = 0;
      state.storage.fill(0);
      for (let byte = 0; byte < 4; byte++) state.storage[GPOREG + byte] = GPOREG_DEFAULT >>> (byte * 8);
      restartPmTimer(state, clock.nowNs);
      update();
    },
    toggled: update,
  };
};
