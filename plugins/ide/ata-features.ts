/** SET FEATURES and SMART: commands that change or show how the disk behaves, without touching sectors. */
import { FEATURES, LBA_HIGH, LBA_MID, SECTOR_COUNT } from "./registers.js";
import type { TaskFile } from "./task-file.js";
import { supportedMode } from "./transfer-mode.js";

export interface FeatureState {
  transferMode: number;
  writeCache: boolean;
  lookAhead: boolean;
  smart: boolean;
}

/** What a subcommand asks the drive to do next. */
export type FeatureOutcome = "done" | "abort" | "flush" | "data";

const ENABLE_WRITE_CACHE = 0x02;
const SET_TRANSFER_MODE = 0x03;
const DISABLE_LOOK_AHEAD = 0x55;
const KEEP_SETTINGS_OVER_RESET = 0x66;
const DISABLE_WRITE_CACHE = 0x82;
const ENABLE_LOOK_AHEAD = 0xaa;
const REVERT_SETTINGS_AT_RESET = 0xcc;

export const setFeatures = (state: FeatureState, file: TaskFile): FeatureOutcome => {
  switch (file.get(FEATURES)) {
    case SET_TRANSFER_MODE:
      if (!supportedMode(file.get(SECTOR_COUNT))) return "abort";
      state.transferMode = file.get(SECTOR_COUNT);
      return "done";
    case ENABLE_WRITE_CACHE:
      state.writeCache = true;
      return "done";
    case DISABLE_WRITE_CACHE:
      state.writeCache = false;
      return "flush";
    case ENABLE_LOOK_AHEAD:
      state.lookAhead = true;
      return "done";
    case DISABLE_LOOK_AHEAD:
      state.lookAhead = false;
      return "done";
    case KEEP_SETTINGS_OVER_RESET:
    case REVERT_SETTINGS_AT_RESET:
      return "done";
    default:
      return "abort";
  }
};

const SMART_READ_DATA = 0xd0;
const SMART_READ_THRESHOLDS = 0xd1;
const SMART_AUTOSAVE = 0xd2;
const SMART_ENABLE = 0xd8;
const SMART_DISABLE = 0xd9;
const SMART_RETURN_STATUS = 0xda;

/** LBA mid and high must hold these; RETURN STATUS leaves them as they are when all is well. */
const SMART_KEY_MID = 0x4f;
const SMART_KEY_HIGH = 0xc2;
const SMART_REVISION = 0x10;
export const SMART_BYTES = 512;

/** With "data", `into` holds 512 bytes: no attributes, no self-test, a valid checksum. */
export const smart = (state: FeatureState, file: TaskFile, into: Uint8Array): FeatureOutcome => {
  const subcommand = file.get(FEATURES);
  if (file.get(LBA_MID) !== SMART_KEY_MID || file.get(LBA_HIGH) !== SMART_KEY_HIGH) return "abort";
  if (!state.smart && subcommand !== SMART_ENABLE) return "abort";
  switch (subcommand) {
    case SMART_ENABLE:
      state.smart = true;
      return "done";
    case SMART_DISABLE:
      state.smart = false;
      return "done";
    case SMART_AUTOSAVE:
    case SMART_RETURN_STATUS:
      return "done";
    case SMART_READ_DATA:
    case SMART_READ_THRESHOLDS:
      into.fill(0, 0, SMART_BYTES);
      into[0] = SMART_REVISION;
      into[511] = -SMART_REVISION & 0xff;
      return "data";
    default:
      return "abort";
  }
};
