/** Bounds of an image. */
import { BackplaneError } from "backplane/sdk";

/** @throws BackplaneError `DISK_OUT_OF_RANGE`. */
export const checkRange = (label: string, sizeBytes: number, offset: number, length: number): void => {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset + length <= sizeBytes) return;
  throw new BackplaneError("DISK_OUT_OF_RANGE", `${label}: ${length} bytes at ${offset} reach past the end at ${sizeBytes}`, { label, offset, length, sizeBytes });
};
