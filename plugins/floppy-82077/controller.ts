/**
 * Intel 82077AA floppy disk controller in AT mode.
 * Source: Intel 82077AA CHMOS Single-Chip Floppy Disk Controller data sheet (order number 290166).
 *
 * Not implemented: deleted data marks (09h, 0Ch) and the SCAN commands, which answer as invalid; PS/2 status registers A
 * and B; power-down; motor control; head load and step times (a seek takes `SETTLE_NS` and `STEP_NS` a track);
 * perpendicular recording needs no PERPENDICULAR MODE command.
 */
import type { Board, BusHandler, Device, DmaChannel, FloppyDrive } from "backplane/sdk";
import { BackplaneError, type FloppyBus, restoreState } from "backplane/sdk";
import * as reg from "./registers.js";
import { type FloppyState, initialFloppy, type TransferState } from "./state.js";
import { createTransfers } from "./transfer.js";

const UNITS = 4;
const RESET_NS = 250_000;
const SETTLE_NS = 1_000_000;
const STEP_NS = 100_000;
/** RECALIBRATE gives up after this many steps. */
const RECALIBRATE_STEPS = 79;
/** More sectors than any disk has: VERIFY without a count. */
const UNCOUNTED = 0x1_0000;

export const createFloppy = (board: Board, wiring: { base: number; irq: number }, channel: DmaChannel, state: FloppyState): Device<FloppyBus> => {
  const irq = board.irq(wiring.irq);
  const drives: (FloppyDrive | undefined)[] = [undefined, undefined, undefined, undefined];

  const running = (): boolean => (state.dor & reg.DOR_NOT_RESET) !== 0;

  const updateIrq = (): void => {
    const fifoWaits = state.phase === "execution" && state.transfer.waitsFor === "fifo";
    irq.set((state.dor & reg.DOR_DMA_GATE) !== 0 && (state.resultInterrupt || state.senseInterrupt || fifoWaits));
  };

  const transfers = createTransfers(board, state, channel, drives, {
    finished: (result) => answer(result, true),
    requestChanged: updateIrq,
  });

  // Phases

  const awaitCommand = (): void => {
    state.phase = "command";
    state.commandLength = 0;
  };

  const answer = (bytes: readonly number[], interrupts = false): void => {
    state.phase = "result";
    state.result.set(bytes);
    state.resultLength = bytes.length;
    state.resultRead = 0;
    state.resultInterrupt = interrupts;
    updateIrq();
  };

  const readResult = (): number => {
    const byte = state.result[state.resultRead++];
    state.resultInterrupt = false;
    if (state.resultRead === state.resultLength) {
      awaitCommand();
      if (state.senses !== 0 && !state.polled) state.senseInterrupt = true;
    }
    updateIrq();
    return byte;
  };

  // Seeks and their interrupt status

  const unit = (): number => state.command[1] & 3;
  const head = (): number => (state.command[1] >> 2) & 1;

  const sense = (at: number, st0: number): void => {
    if (state.polled) {
      state.senses = 0;
      state.polled = false;
    }
    state.senses |= 1 << at;
    state.senseSt0[at] = st0;
    state.senseInterrupt = true;
    updateIrq();
  };

  const seekTimers = Array.from({ length: UNITS }, (_, at) =>
    board.clock.timer(`seek-${at}`, () => {
      drives[at]?.step(state.seekSteps[at]);
      state.pcn[at] = state.seekPcn[at];
      const lost = state.seekRecalibrates[at] !== 0 && !drives[at]?.track0;
      sense(at, reg.ST0_SEEK_END | at | (lost ? reg.ST0_ABNORMAL | reg.ST0_EQUIPMENT_CHECK : 0));
    }),
  );

  const seek = (steps: number, pcn: number, recalibrates: boolean): void => {
    const at = unit();
    state.seeking |= 1 << at;
    state.seekSteps[at] = steps;
    state.seekPcn[at] = pcn;
    state.seekRecalibrates[at] = recalibrates ? 1 : 0;
    seekTimers[at].arm(board.clock.nowNs + SETTLE_NS + Math.abs(recalibrates ? state.pcn[at] : steps) * STEP_NS);
    awaitCommand();
  };

  const senseInterruptStatus = (): void => {
    if (state.senses === 0) {
      answer([reg.ST0_INVALID]);
      return;
    }
    const at = 31 - Math.clz32(state.senses & -state.senses);
    state.senses &= ~(1 << at);
    state.seeking &= ~(1 << at);
    state.senseInterrupt = false;
    answer([state.senseSt0[at], state.pcn[at]]);
  };

  // Reset

  const resetTimer = board.clock.timer("reset", () => {
    if (state.configure & reg.CONFIG_NO_POLLING) return;
    state.polled = true;
    state.senses = (1 << UNITS) - 1;
    for (let at = 0; at < UNITS; at++) state.senseSt0[at] = reg.ST0_POLLING | at;
    state.senseInterrupt = true;
    updateIrq();
  });

  /** What the RESET pin, DOR and DSR resets have in common. */
  const softwareReset = (): void => {
    transfers.abort();
    for (const timer of seekTimers) timer.cancel();
    resetTimer.cancel();
    awaitCommand();
    state.resultInterrupt = false;
    state.senseInterrupt = false;
    state.senses = 0;
    state.polled = false;
    state.seeking = 0;
    state.perpendicular &= reg.PERPENDICULAR_DRIVES;
    if (!state.locked) {
      state.configure = reg.CONFIG_NO_FIFO;
      state.precompensationTrack = 0;
    }
    updateIrq();
  };

  const leaveReset = (): void => resetTimer.arm(board.clock.nowNs + RESET_NS);

  // Commands

  const startTransfer = (kind: TransferState["kind"], fields: Partial<TransferState>): void => {
    const command = state.command;
    state.phase = "execution";
    Object.assign(state.transfer, {
      kind,
      nonDma: (state.specify[1] & reg.SPECIFY_NON_DMA) !== 0,
      unit: unit(),
      cylinder: command[2],
      head: head(),
      idHead: command[3],
      sector: command[4],
      sizeCode: command[5],
      last: command[6],
      multiTrack: (command[0] & reg.MT) !== 0,
      remaining: UNCOUNTED,
      filler: 0,
      terminalCount: false,
      st1: 0,
      st2: 0,
      ...fields,
    } satisfies Partial<TransferState>);
    transfers.begin();
    updateIrq();
  };

  const impliedSeek = (): void => {
    if (!(state.configure & reg.CONFIG_IMPLIED_SEEK)) return;
    const at = unit();
    drives[at]?.step(state.command[2] - state.pcn[at]);
    state.pcn[at] = state.command[2];
  };

  const senseDriveStatus = (): void => {
    const drive = drives[unit()];
    const writeProtected = drive !== undefined && (drive.disk?.image.readOnly ?? true);
    const st3 = reg.ST3_READY | reg.ST3_TWO_SIDE | (writeProtected ? reg.ST3_WRITE_PROTECTED : 0) | (drive?.track0 ? reg.ST3_TRACK0 : 0);
    answer([st3 | (head() << 2) | unit()]);
  };

  const execute = (): void => {
    const command = state.command;
    switch (command[0] & 0x1f) {
      case reg.READ_DATA:
        impliedSeek();
        startTransfer("read", {});
        break;
      case reg.WRITE_DATA:
        impliedSeek();
        startTransfer("write", {});
        break;
      case reg.READ_TRACK:
        impliedSeek();
        startTransfer("read", { sector: 1 });
        break;
      case reg.VERIFY:
        impliedSeek();
        startTransfer("verify", { remaining: command[1] & reg.VERIFY_ENABLE_COUNT ? command[8] || 256 : UNCOUNTED });
        break;
      case reg.READ_ID:
        startTransfer("id", { cylinder: state.pcn[unit()], sector: 1, sizeCode: reg.SIZE_512 });
        break;
      case reg.FORMAT_TRACK:
        startTransfer("format", { cylinder: state.pcn[unit()], sector: 1, sizeCode: command[2], last: command[3], filler: command[5] });
        break;
      case reg.SEEK: {
        const at = unit();
        const inwards = command[0] & reg.RELATIVE_INWARDS ? command[2] : -command[2];
        const steps = command[0] & reg.RELATIVE ? inwards : command[2] - state.pcn[at];
        seek(steps, (state.pcn[at] + steps) & 0xff, false);
        break;
      }
      case reg.RECALIBRATE:
        seek(-RECALIBRATE_STEPS, 0, true);
        break;
      case reg.SENSE_INTERRUPT_STATUS:
        senseInterruptStatus();
        break;
      case reg.SENSE_DRIVE_STATUS:
        senseDriveStatus();
        break;
      case reg.SPECIFY:
        state.specify.set(command.subarray(1, 3));
        awaitCommand();
        break;
      case reg.CONFIGURE:
        state.configure = command[2] & 0x7f;
        state.precompensationTrack = command[3];
        awaitCommand();
        break;
      case reg.PERPENDICULAR_MODE:
        state.perpendicular = command[1] & reg.PERPENDICULAR_OW ? command[1] & 0x3f : (state.perpendicular & reg.PERPENDICULAR_DRIVES) | (command[1] & 3);
        awaitCommand();
        break;
      case reg.LOCK:
        state.locked = (command[0] & reg.LOCK_BIT) !== 0;
        answer([state.locked ? 0x10 : 0]);
        break;
      case reg.VERSION:
        answer([reg.VERSION_ENHANCED]);
        break;
      default:
        answer([...state.pcn, ...state.specify, state.transfer.last, (state.locked ? 0x80 : 0) | state.perpendicular, state.configure, state.precompensationTrack]);
        break;
    }
  };

  const writeFifo = (value: number): void => {
    if (!running()) return;
    if (state.phase === "execution") transfers.writeFifo(value);
    if (state.phase !== "command") return;
    if (state.commandLength === 0 && reg.commandLength(value) === 0) {
      answer([reg.ST0_INVALID]);
      return;
    }
    state.command[state.commandLength++] = value;
    if (state.commandLength === reg.commandLength(state.command[0])) execute();
  };

  // Registers

  const writeDor = (value: number): void => {
    const wasRunning = running();
    state.dor = value;
    if (wasRunning && !running()) softwareReset();
    if (!wasRunning && running()) leaveReset();
    updateIrq();
  };

  const writeDsr = (value: number): void => {
    state.dsr = value & ~reg.DSR_SW_RESET;
    state.dataRate = value & reg.DSR_DRATE;
    if (!(value & reg.DSR_SW_RESET) || !running()) return;
    softwareReset();
    leaveReset();
  };

  const mainStatus = (): number => {
    if (!running()) return 0;
    switch (state.phase) {
      case "command":
        return reg.MSR_RQM | (state.commandLength > 0 ? reg.MSR_CMD_BUSY : 0) | state.seeking;
      case "result":
        return reg.MSR_RQM | reg.MSR_DIO | reg.MSR_CMD_BUSY | state.seeking;
      default: {
        const { nonDma, waitsFor, kind } = state.transfer;
        const request = waitsFor === "fifo" ? reg.MSR_RQM | (kind === "read" ? reg.MSR_DIO : 0) : 0;
        return request | (nonDma ? reg.MSR_NON_DMA : 0) | reg.MSR_CMD_BUSY | state.seeking;
      }
    }
  };

  const readFifo = (): number => {
    if (!running() || state.phase === "command") return 0;
    return state.phase === "result" ? readResult() : transfers.readFifo();
  };

  const registers: BusHandler = {
    read8(offset) {
      switch (offset) {
        case reg.DOR:
          return state.dor;
        case reg.TDR:
          return state.tdr;
        case reg.MSR:
          return mainStatus();
        case reg.FIFO:
          return readFifo();
        default:
          return 0xff;
      }
    },
    write8(offset, value) {
      if (offset === reg.DOR) writeDor(value);
      else if (offset === reg.TDR) state.tdr = value & 3;
      else if (offset === reg.DSR) writeDsr(value);
      else if (offset === reg.FIFO) writeFifo(value);
    },
  };
  /** Apart from the others: the port between belongs to the IDE channel. */
  const digitalInput: BusHandler = {
    read8: () => (drives[state.dor & reg.DOR_DRIVE_SELECT]?.diskChanged ? reg.DIR_DSKCHG : 0),
    write8: (_offset, value) => {
      state.dataRate = value & reg.DSR_DRATE;
    },
  };
  board.ports(wiring.base, 6, registers);
  board.ports(wiring.base + reg.DIR, 1, digitalInput);

  return {
    role: {
      attach(name, drive) {
        const at = name === "0" ? 0 : name === "1" ? 1 : undefined;
        if (at === undefined) throw new BackplaneError("FLOPPY_UNIT_INVALID", `${board.path}: a floppy drive is unit 0 or 1, not "${name}"`, { path: board.path, unit: name });
        if (drives[at]) throw new BackplaneError("FLOPPY_UNIT_TAKEN", `${board.path}: there is a floppy drive at unit ${name} already`, { path: board.path, unit: name });
        drives[at] = drive;
      },
      driveTypes: () => [drives[0]?.type ?? 0, drives[1]?.type ?? 0],
    },
    reset(kind) {
      if (kind === "power-on") restoreState(state, initialFloppy());
      softwareReset();
      state.dor = 0;
      state.tdr = 0;
      state.dsr = 2;
      state.dataRate = 2;
      state.locked = false;
      state.configure = reg.CONFIG_NO_FIFO;
      state.precompensationTrack = 0;
      state.perpendicular = 0;
      state.pcn.fill(0);
      state.specify.fill(0);
    },
    /** Host work of before the load is none of this state's. */
    loaded: () => transfers.disown(),
  };
};
