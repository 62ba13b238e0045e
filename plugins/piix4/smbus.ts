/**
 * SMBus host controller of the 82371AB (16 ports at SMBBA) with nothing on the bus: every transfer ends at once with
 * "device error", the answer of an absent slave.
 *
 * Source: Intel 290562 (82371AB), "SMBus I/O space registers".
 *
 * Not implemented: slaves, the slave port, completion interrupts (drivers poll SMBHSTSTS), block data.
 */
import type { BusHandler } from "backplane/sdk";

export const SMBUS_PORTS = 16;

const SMBHSTSTS = 0x00;
const SMBHSTCNT = 0x02;
const SMBHSTCMD = 0x03;
const SMBHSTDAT1 = 0x06;

const DEV_ERR = 0x04;
const FAILED = 0x10;
/** INTER, DEV_ERR, BUS_ERR, FAILED: cleared by writing ones. */
const STATUS_CLEARED_BY_ONE = 0x1e;
const KILL = 0x02;
const START = 0x40;
const CONTROL_STORED = 0x1d;

export interface SmbusState {
  status: number;
  /** SMBHSTCNT to SMBHSTDAT1 by their offsets. */
  registers: Uint8Array;
}

export const initialSmbus = (): SmbusState => ({ status: 0, registers: new Uint8Array(SMBHSTDAT1 + 1) });

export const resetSmbus = (state: SmbusState): void => {
  state.status = 0;
  state.registers.fill(0);
};

export const smbusPorts = (state: SmbusState): BusHandler => ({
  read8: (offset) => (offset === SMBHSTSTS ? state.status : (state.registers[offset] ?? 0)),
  write8(offset, value) {
    if (offset === SMBHSTSTS) state.status &= ~(value & STATUS_CLEARED_BY_ONE);
    else if (offset === SMBHSTCNT) {
      state.registers[offset] = value & CONTROL_STORED;
      if (value & KILL) state.status |= FAILED;
      else if (value & START) state.status |= DEV_ERR;
    } else if (offset >= SMBHSTCMD && offset <= SMBHSTDAT1) state.registers[offset] = value;
  },
});
