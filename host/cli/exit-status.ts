/** What `backplane` exits with. */
export const POWERED_OFF = 0;
/** The person at the terminal left. */
export const LEFT = 0;
export const USAGE_ERROR = 2;
/** A triple fault or an internal error. */
export const GUEST_FAILED = 3;
export const TIMED_OUT = 124;

const SIGNAL_BASE = 128;
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;
export type EndingSignal = keyof typeof SIGNAL_NUMBERS;

/** As shells report a process that a signal ended. */
export const signalled = (signal: EndingSignal): number => SIGNAL_BASE + SIGNAL_NUMBERS[signal];
