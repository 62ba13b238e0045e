/**
 * Virtual nanoseconds and clock pulses of the 8254 (14.31818 MHz / 12), exactly in both directions.
 *
 * The rate is the fraction 14 318 180 / 12 per second, that is 715 909 pulses in 600 000 000 ns. Both functions split off
 * whole multiples first, so that every intermediate product stays below 2^53 and nothing drifts.
 */
const PULSES = 715_909;
const NANOSECONDS = 600_000_000;

/** Pulses that have passed at `ns`; fractions of a nanosecond do not count, so `ticksAt(t) >= n` exactly when `t >= nsAt(n)`. */
export const ticksAt = (ns: number): number => {
  const whole = Math.floor(ns / NANOSECONDS);
  return whole * PULSES + Math.floor((Math.floor(ns - whole * NANOSECONDS) * PULSES) / NANOSECONDS);
};

/** The first nanosecond at which `tick` pulses have passed. */
export const nsAt = (tick: number): number => {
  const whole = Math.floor(tick / PULSES);
  return whole * NANOSECONDS + Math.ceil(((tick - whole * PULSES) * NANOSECONDS) / PULSES);
};
