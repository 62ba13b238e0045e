/**
 * The trace of a machine, as lines of text: instructions, accesses to ports and memory-mapped I/O, interrupt lines.
 *
 *     cpu 123456 0060:c12cd696 89 e5                    mov ebp,esp
 *     out 03f8 8 41 /isa/com1 at c1345678
 *     irq 4 high /isa/com1 at c1345678
 */
import type { BusAccess, BusTrace } from "../../../kernel/bus/bus-trace.js";
import type { TracedInstruction } from "../../../kernel/cpu/debug.js";
import { disassemble } from "../../../kernel/cpu/disassembler/index.js";
import { ATTR, ATTR_BIG, CS, SEL } from "../../../kernel/cpu/state.js";
import type { Machine } from "../../../kernel/machine/index.js";
import { readLinear } from "../../api/debug-memory.js";
import type { TraceRequest } from "./request.js";

const LONGEST_INSTRUCTION = 15;
/** Room for the bytes in front of the text. */
const BYTES_WIDTH = 8 * 3;

const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, "0");

export interface Traced {
  /** Ends the trace; the buses are as before. */
  stop(): void;
}

/** Traces from now on. One trace of a machine at a time. */
export const traceMachine = (machine: Machine, request: TraceRequest, line: (text: string) => void): Traced => {
  const { cpu, memory, ports } = machine;
  const { words } = memory.memory;
  const at = (): string => hex(cpu.registers.eip, 8);

  const instruction = ({ address, eip, count }: TracedInstruction): void => {
    if (!request.cpu.some(({ first, last }) => address >= first && address <= last)) return;
    const bytes = readLinear(machine, address, LONGEST_INSTRUCTION);
    const { text, length } = disassemble(bytes, 0, eip, { code32: (words[ATTR + CS] & ATTR_BIG) !== 0 });
    const shown = Array.from(bytes.subarray(0, length), (byte) => hex(byte, 2)).join(" ");
    line(`cpu ${count} ${hex(words[SEL + CS], 4)}:${hex(eip, 8)} ${shown.padEnd(BYTES_WIDTH)} ${text}`);
  };
  const accesses = (read: string, write: string, digits: number) => (access: BusAccess) => {
    const { address, direction, bytes, value, owner } = access;
    line(`${direction === "read" ? read : write} ${hex(address, digits)} ${bytes * 8} ${hex(value, bytes * 2)} ${owner ?? "nobody"} at ${at()}`);
  };
  const bus = (ranges: BusTrace["ranges"], listener: BusTrace["listener"]): BusTrace | undefined => (ranges.length > 0 ? { ranges, listener } : undefined);

  if (request.cpu.length > 0) cpu.debug.trace(instruction);
  ports.trace(bus(request.ports, accesses("in", "out", 4)));
  memory.mmio.trace(bus(request.mmio, accesses("load", "store", 8)));
  if (request.irq) machine.traceInterrupts((irq, level, owner) => line(`irq ${irq} ${level ? "high" : "low"} ${owner} at ${at()}`));
  return {
    stop() {
      cpu.debug.trace(undefined);
      ports.trace(undefined);
      memory.mmio.trace(undefined);
      machine.traceInterrupts(undefined);
    },
  };
};
