/** Keeps a file at what the screen shows: written when that has changed, at most once a second, and at the end. */
import { randomUUID } from "node:crypto";
import { renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import type { Screen } from "../index.js";

const INTERVAL_MS = 1000;

/** A reader of a plain file never sees half a screen; what is no plain file (a pipe, a device) is written directly. */
const put = (path: string, text: string): void => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) {
    writeFileSync(path, text);
    return;
  }
  const temporary = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {}
    throw error;
  }
};

/** @returns a function that writes the last screen and ends it. */
export const recordScreen = (screen: Screen, path: string, warn: (message: string) => void): (() => void) => {
  let changes = -1;
  let written: string | undefined;
  let failed = false;
  const write = (): void => {
    if (screen.display.changes === changes) return;
    changes = screen.display.changes;
    const text = `${screen.describe()}\n`;
    if (text === written) return;
    try {
      put(path, text);
      written = text;
      failed = false;
    } catch (error) {
      if (!failed) warn(`${path}: ${(error as Error).message}`);
      failed = true;
    }
  };
  write();
  const timer = setInterval(write, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    write();
  };
};
