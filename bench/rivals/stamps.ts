/**
 * CPU time in the stream of a serial port. An emulator in JavaScript knows best what its process has used when a line ends:
 * its worker writes a stamp behind every line and behind the prompt, in bytes that no console sends.
 */
import { PROMPT } from "../guest.js";

const OPEN = "\u0000";
const CLOSE = "\u0001";
const NEWLINE = 0x0a;

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** A function that takes bytes of the serial port and writes them with stamps to standard output. */
export const stampedOutput = (): ((bytes: Uint8Array) => void) => {
  let line = "";
  return (bytes) => {
    let text = "";
    for (const byte of bytes) {
      const character = String.fromCharCode(byte);
      text += character;
      line = byte === NEWLINE ? "" : line + character;
      if (byte === NEWLINE || line.endsWith(PROMPT)) text += `${OPEN}${cpuSeconds()}${CLOSE}`;
    }
    process.stdout.write(Buffer.from(text, "latin1"));
  };
};

export interface StampedText {
  readonly text: string;
  /** Of the stamp behind it. */
  readonly cpuSeconds: number;
}

/** Takes whole stamped pieces off the front of `stream`; returns what is left, too. */
export const takeStamped = (stream: string): { readonly pieces: readonly StampedText[]; readonly rest: string } => {
  const pieces: StampedText[] = [];
  let rest = stream;
  for (let close = rest.indexOf(CLOSE); close >= 0; close = rest.indexOf(CLOSE)) {
    const open = rest.lastIndexOf(OPEN, close);
    pieces.push({ text: rest.slice(0, open), cpuSeconds: Number(rest.slice(open + 1, close)) });
    rest = rest.slice(close + 1);
  }
  return { pieces, rest };
};
