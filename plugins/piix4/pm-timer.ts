/**
 * The power management timer: 24 bits at 3.579545 MHz, with a status that follows each toggle of its top bit.
 *
 * Source: ACPI Specification 1.0, 4.7.3.3 (power management timer). Counts are derived from virtual time; nothing runs
 * while nobody looks.
 */

const FREQUENCY_HZ = 3_579_545;
const TICKS_PER_NS = FREQUENCY_HZ / 1e9;
const COUNTER_MASK = 0xff_ffff;
/** The top bit toggles once in this many ticks. */
const HALF_PERIOD = 0x80_0000;

export interface PmTimerState {
  /** Virtual time of count zero. */
  timerBaseNs: number;
  /** Ticks since count zero at which the top bit next sets the status. */
  nextToggle: number;
}

export const initialPmTimer = (): PmTimerState => ({ timerBaseNs: 0, nextToggle: HALF_PERIOD });

const ticks = (state: PmTimerState, nowNs: number): number => Math.floor((nowNs - state.timerBaseNs) * TICKS_PER_NS);

/** PMTMR. */
export const pmTimerCount = (state: PmTimerState, nowNs: number): number => ticks(state, nowNs) % (COUNTER_MASK + 1);

/** Starts again from zero. */
export const restartPmTimer = (state: PmTimerState, nowNs: number): void => {
  state.timerBaseNs = nowNs;
  state.nextToggle = HALF_PERIOD;
};

/** Whether the top bit has toggled since the last call that said so. */
export const takeToggle = (state: PmTimerState, nowNs: number): boolean => {
  const count = ticks(state, nowNs);
  if (count < state.nextToggle) return false;
  state.nextToggle = (Math.floor(count / HALF_PERIOD) + 1) * HALF_PERIOD;
  return true;
};

/** Virtual time at which `takeToggle` next answers true. */
export const nextToggleNs = (state: PmTimerState): number => {
  let at = state.timerBaseNs + Math.ceil(state.nextToggle / TICKS_PER_NS);
  while (ticks(state, at) < state.nextToggle) at++;
  return at;
};
