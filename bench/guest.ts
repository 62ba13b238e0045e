/** The default guest, as `npm start` boots it, and how the benchmarks boot it. */
export { prepareGuest } from "../host/index.js";

export const MEMORY_MIB = 256;
/** How the shell's prompt begins: the guest's host name, which appears nowhere before. */
export const PROMPT = "backplane:";
/** One that asks for no more than serial port, timer and interrupt controller; self-tests and searches included. */
export const PLAIN_APPEND = "console=ttyS0 quiet mitigations=off acpi=off noapic nolapic nokaslr tsc=unstable panic=-1";
/** What `workers/boot.ts` writes before its figures: bytes that no console does. */
export const MARK = "\u0000booted ";
