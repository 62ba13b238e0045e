/**
 * Intel 8254 as wired in a PC: counter 0 is the system timer on IRQ0, counter 1 once timed DRAM refresh, counter 2
 * drives the speaker and has its gate on port 61h.
 *
 * Source: Intel 8254 data sheet; 82371AB (PIIX4) data sheet, "Counter/Timer Registers".
 *
 * Rising edges on IRQ0 are exact. The wire's falling edges in modes 2 and 3 are not timed: it falls just before it rises
 * again, so that a slow guest still finds its tick requested at the 8259. Status reads and `out2` show OUT exactly.
 *
 * Not implemented: see counter.ts.
 */
import { defineDevice, IntervalTimer } from "backplane/sdk";
import { Counter, type CounterState, initialCounter } from "./counter.js";
import { nsAt, ticksAt } from "./ticks.js";

const PORT_BASE = 0x40;
const PORT_CONTROL = 3;
const IRQ = 0;

/** Control word. */
const SC_SHIFT = 6;
const SC_READ_BACK = 3;
const RW_MASK = 0x30;
/** Read-back command: which counters (bits 3-1); clear bits select what is latched. */
const READ_BACK_NOT_COUNT = 0x20;
const READ_BACK_NOT_STATUS = 0x10;

/** Gates 0 and 1 are tied high; gate 2 follows port 61h. */
const GATE_AT_RESET = [true, true, false] as const;

interface State {
  readonly counter0: CounterState;
  readonly counter1: CounterState;
  readonly counter2: CounterState;
}

export const pit8254 = defineDevice({
  id: "intel.8254",
  summary: "8254 interval timer: system tick, refresh, speaker",
  provides: IntervalTimer,
  state: { version: 1, initial: (): State => ({ counter0: initialCounter(true), counter1: initialCounter(true), counter2: initialCounter(false) }) },
  resources: () => [
    { kind: "ports", base: PORT_BASE, length: 4 },
    { kind: "irq", line: IRQ },
  ],
  create({ board, state }) {
    const irq = board.irq(IRQ);
    const now = () => ticksAt(board.clock.nowNs);
    const edge = board.clock.timer("irq0-edge", () => {
      pulse();
      schedule();
    });
    const counters = [new Counter(state.counter0), new Counter(state.counter1), new Counter(state.counter2)] as const;
    const [systemTimer, , speaker] = counters;

    const pulse = () => {
      irq.set(false);
      irq.set(true);
    };
    /** The next edge follows from the counter's phase, so edges missed by a late timer merge into one. */
    const schedule = () => {
      const at = systemTimer.nextRise(now());
      if (at < 0) edge.cancel();
      else edge.arm(nsAt(at));
    };
    /** Before counter 0 is touched: an edge that is due but whose timer has not run yet must not be lost. */
    const deliverDue = () => {
      if (edge.armed && edge.deadlineNs <= board.clock.nowNs) pulse();
    };
    const changed = () => {
      irq.set(systemTimer.out(now()));
      schedule();
    };

    const writeControl = (value: number) => {
      const select = value >> SC_SHIFT;
      const tick = now();
      if (select === SC_READ_BACK) {
        for (let number = 0; number < 3; number++) {
          if ((value & (2 << number)) === 0) continue;
          if ((value & READ_BACK_NOT_COUNT) === 0) counters[number].latchCount(tick);
          if ((value & READ_BACK_NOT_STATUS) === 0) counters[number].latchStatus(tick);
        }
      } else if ((value & RW_MASK) === 0) counters[select].latchCount(tick);
      else {
        if (select === 0) deliverDue();
        counters[select].writeControl(value, tick);
        if (select === 0) changed();
      }
    };

    board.ports(PORT_BASE, 4, {
      read8: (offset) => (offset === PORT_CONTROL ? 0xff : counters[offset].read(now())),
      write8: (offset, value) => {
        if (offset === PORT_CONTROL) return writeControl(value);
        if (offset === 0) deliverDue();
        counters[offset].write(value, now());
        if (offset === 0) changed();
      },
    });

    return {
      role: {
        gate2: (level) => speaker.setGate(level, now()),
        get out2() {
          return speaker.out(now());
        },
      },
      reset() {
        for (const [number, counter] of counters.entries()) counter.reset(GATE_AT_RESET[number]);
        edge.cancel();
        irq.set(false);
      },
    };
  },
});
