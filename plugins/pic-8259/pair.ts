/**
 * The two cascaded 8259As of a PC and the edge/level control registers.
 *
 * Sources: Intel 8259A data sheet; Intel 82371AB (PIIX4) data sheet, "Interrupt Controller Registers".
 *
 * Not implemented: see chip.ts.
 */
import { type Board, type BusHandler, defineDevice, InterruptController, InterruptLines, Processor } from "backplane/sdk";
import { Chip, type ChipState, initialChip } from "./chip.js";

const MASTER_BASE = 0x20;
const SLAVE_BASE = 0xa0;
const ELCR_BASE = 0x4d0;
/** The master's input that carries the slave's INT. */
const CASCADE = 2;
/** Inputs whose trigger mode is wired: 0, 1, 2 and 8, 13 are edge-triggered. */
const ELCR1_WRITABLE = 0xf8;
const ELCR2_WRITABLE = 0xde;
/** What the processor reads when no chip answers its acknowledge cycle. */
const FLOATING_BUS = 0xff;

interface State {
  readonly master: ChipState;
  readonly slave: ChipState;
}

const chipPorts = (chip: Chip, changed: () => void): BusHandler => ({
  read8: (offset) => {
    const value = chip.read(offset);
    changed();
    return value;
  },
  write8: (offset, value) => {
    chip.write(offset, value);
    changed();
  },
});

const pinsOf = (lines: InterruptLines, first: number): number => {
  let pins = 0;
  for (let pin = 0; pin < 8; pin++) if (first + pin !== CASCADE && lines.level(first + pin)) pins |= 1 << pin;
  return pins;
};

const mapPorts = (board: Board, master: Chip, slave: Chip, changed: () => void): void => {
  board.ports(MASTER_BASE, 2, chipPorts(master, changed));
  board.ports(SLAVE_BASE, 2, chipPorts(slave, changed));
  board.ports(ELCR_BASE, 2, {
    read8: (offset) => (offset === 0 ? master.elcr : slave.elcr),
    write8: (offset, value) => {
      if (offset === 0) master.elcr = value & ELCR1_WRITABLE;
      else slave.elcr = value & ELCR2_WRITABLE;
      changed();
    },
  });
};

export const pic8259 = defineDevice({
  id: "intel.8259-pair",
  summary: "Two cascaded 8259A interrupt controllers with edge/level control",
  provides: InterruptController,
  needs: { processor: Processor, lines: InterruptLines },
  state: { version: 1, initial: (): State => ({ master: initialChip(), slave: initialChip() }) },
  resources: () => [
    { kind: "ports", base: MASTER_BASE, length: 2 },
    { kind: "ports", base: SLAVE_BASE, length: 2 },
    { kind: "ports", base: ELCR_BASE, length: 2 },
    { kind: "irq", line: CASCADE },
  ],
  create({ board, deps, state }) {
    const { processor, lines } = deps;
    const master = new Chip(state.master, 1 << CASCADE);
    const slave = new Chip(state.slave, 0);
    let driven = false;

    /** Lets the slave's INT and the processor's INTR follow the registers. */
    const propagate = () => {
      master.setPin(CASCADE, slave.request >= 0);
      const intr = master.request >= 0;
      if (intr === driven) return;
      driven = intr;
      processor.intr(intr);
    };
    const driveAnew = () => {
      driven = false;
      processor.intr(false);
      propagate();
    };

    processor.connect({
      acknowledge() {
        const level = master.accept();
        let vector = master.vector(level);
        if (level >= 0 && master.hasSlave(level)) vector = slave.slaveId === level ? slave.vector(slave.accept()) : FLOATING_BUS;
        propagate();
        return vector;
      },
    });
    lines.connect((line, level) => {
      if (line === CASCADE) return;
      if (line < 8) master.setPin(line, level);
      else slave.setPin(line - 8, level);
      propagate();
    });
    mapPorts(board, master, slave, propagate);

    return {
      role: {
        get requested() {
          return state.master.irr | (state.slave.irr << 8);
        },
        get inService() {
          return state.master.isr | (state.slave.isr << 8);
        },
      },
      reset() {
        master.reset(pinsOf(lines, 0));
        slave.reset(pinsOf(lines, 8));
        driveAnew();
      },
      loaded: driveAnew,
    };
  },
});
