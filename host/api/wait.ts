/** Waiting for something the guest shows. */
import type { HostTime, MachineState } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";

export interface WaitOptions {
  /** Host milliseconds; 60,000 unless given. */
  readonly timeoutMs?: number;
}

export interface Waiter {
  readonly time: HostTime;
  readonly state: () => MachineState;
}

const POLL_MS = 15;
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Asks `probe` until it answers.
 * @param what completes "waited 5 s for ..."
 * @param shown what the source shows now, for the message
 * @throws BackplaneError `WAIT_TIMEOUT`, `WAIT_STOPPED` when the machine has stopped.
 */
export const waitFor = async <T>(waiter: Waiter, probe: () => T | undefined, what: string, shown: () => string, options: WaitOptions = {}): Promise<T> => {
  const { time, state } = waiter;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = time.nowNs() + timeoutMs * 1e6;
  for (;;) {
    const stopped = state() === "stopped";
    const found = probe();
    if (found !== undefined) return found;
    const last = shown();
    const ending = last === "" ? "nothing has come" : `the last was ${JSON.stringify(last)}`;
    if (stopped) throw new BackplaneError("WAIT_STOPPED", `the machine stopped before ${what} came; ${ending}`, { shown: last });
    if (time.nowNs() >= deadline) throw new BackplaneError("WAIT_TIMEOUT", `waited ${timeoutMs / 1000} s for ${what}; ${ending}`, { timeoutMs, shown: last });
    await time.sleep(POLL_MS, new Promise(() => {}));
  }
};

/** The first match at or after `from`: its text and where it ends. */
export const findText = (text: string, pattern: string | RegExp, from = 0): { readonly match: RegExpExecArray | string; readonly end: number } | undefined => {
  if (typeof pattern === "string") {
    const at = text.indexOf(pattern, from);
    return at < 0 ? undefined : { match: pattern, end: at + pattern.length };
  }
  const global = new RegExp(pattern.source, pattern.flags.includes("g") ? pattern.flags.replace("y", "") : `${pattern.flags.replace("y", "")}g`);
  global.lastIndex = from;
  const match = global.exec(text);
  return match ? { match, end: match.index + match[0].length } : undefined;
};

export const showPattern = (pattern: string | RegExp): string => (typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern));
