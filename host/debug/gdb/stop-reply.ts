/** Stop replies: why the target stands still, with the registers that gdb looks at first ("Debugging with GDB", appendix E.3). */
import { toHex } from "./packet.js";
import type { RegisterBank } from "./registers.js";
import type { TargetStop } from "./target.js";

/** Signals by gdb's own numbers. */
const SIGTRAP = "05";
const SIGINT = "02";
const SIGSEGV = "0b";
const EXPEDITED = ["eip", "esp", "ebp"];
const WATCH_NAMES: Readonly<Record<string, string>> = { write: "watch", read: "rwatch", access: "awatch" };

export interface StopDetails {
  readonly registers: RegisterBank;
  /** The breakpoint is one that gdb would set in memory. */
  readonly isSoftware: boolean;
  /** How gdb asked for the watchpoint. */
  readonly watch: string | undefined;
}

export const stopReply = (stop: TargetStop, { registers, isSoftware, watch }: StopDetails): string => {
  if (stop.kind === "exited") return `W${stop.status.toString(16).padStart(2, "0")}`;
  const expedited = registers.registers.flatMap(({ name }, number) =>
    EXPEDITED.includes(name) ? [`${number.toString(16).padStart(2, "0")}:${toHex(registers.read(number))};`] : [],
  );
  const tail = `thread:1;${expedited.join("")}`;
  switch (stop.kind) {
    case "shutdown":
      return `T${SIGSEGV}${tail}`;
    case "interrupted":
      return `T${SIGINT}${tail}`;
    case "stepped":
      return `T${SIGTRAP}${tail}`;
    case "breakpoint":
      return `T${SIGTRAP}${isSoftware ? "swbreak" : "hwbreak"}:;${tail}`;
    case "watchpoint": {
      // A wide access may begin before what is watched; gdb looks for the watchpoint by the address.
      const address = Math.max(stop.address, stop.watchpoint.address);
      return `T${SIGTRAP}${WATCH_NAMES[watch ?? stop.watchpoint.on]}:${address.toString(16)};${tail}`;
    }
  }
};
