/**
 * Exception handlers in tasks of their own: they need nothing of the program that faulted, so what became of it can be read
 * from its TSS. `Outcome.vector` and `error` work as with plain handlers.
 */
import { ACCESS, CODE0, DATA0, GATE, HANDLERS, type Outcome, type Scenario, TSS } from "./scenario.js";

/** TSS of the task for a vector, and its selector. */
const handlerTss = (vector: number): number => 0x1_8000 + vector * 0x80;
const handlerSelector = (vector: number): number => 0x300 + vector * 8;

/** Leads the vectors to tasks that halt at once, with stacks below 4F00h. */
export const handlerTasks = (s: Scenario, ...vectors: number[]): Scenario => {
  for (const vector of vectors) {
    const at = handlerTss(vector);
    s.descriptor(handlerSelector(vector), at, 0x67, ACCESS.tss32, 0);
    s.put32(at + 0x1c, s.state.cr3, HANDLERS + vector, 2).put32(at + 0x38, 0x4f00);
    s.put32(at + 0x48, DATA0, CODE0, DATA0, DATA0, DATA0, DATA0);
    s.gate(vector, handlerSelector(vector), 0, GATE.task);
  }
  return s;
};

/** The program as its TSS has it after a switch to a handler's task. */
export const interrupted = (end: Outcome, tss = TSS): { eip: number; eflags: number; esp: number; cs: number; ss: number } => ({
  eip: end.read32(tss + 0x20),
  eflags: end.read32(tss + 0x24),
  esp: end.read32(tss + 0x38),
  cs: end.read16(tss + 0x4c),
  ss: end.read16(tss + 0x50),
});
