/** A drive's command block registers, with the second byte each of them holds for LBA48. */
import { ABRT, BSY, DEVICE, DIAGNOSTIC_PASSED, DRDY, DSC, ERR, FEATURES, LBA_HIGH, LBA_LOW, LBA_MID, OBSOLETE, SECTOR_COUNT, STATUS } from "./registers.js";

export interface TaskFileState {
  /** By register number: 1 features, 2-6. */
  current: Uint8Array;
  /** What `current` held before the last write. */
  previous: Uint8Array;
  error: number;
  status: number;
}

export const initialTaskFile = (): TaskFileState => ({ current: new Uint8Array(8), previous: new Uint8Array(8), error: 0, status: 0 });

export class TaskFile {
  readonly #state: TaskFileState;

  constructor(state: TaskFileState) {
    this.#state = state;
  }

  get status(): number {
    return this.#state.status;
  }
  set status(value: number) {
    this.#state.status = value;
  }
  set error(value: number) {
    this.#state.error = value;
  }
  get busy(): boolean {
    return (this.#state.status & BSY) !== 0;
  }

  read(index: number, previous: boolean): number {
    if (index === STATUS) return this.#state.status;
    if (index === FEATURES) return this.#state.error;
    if (index === DEVICE) return this.#state.current[DEVICE] | OBSOLETE;
    return (previous ? this.#state.previous : this.#state.current)[index];
  }

  /** A busy drive keeps its registers, except that it follows selection. */
  write(index: number, value: number): void {
    if (this.busy && index !== DEVICE) return;
    this.#state.previous[index] = this.#state.current[index];
    this.#state.current[index] = value;
  }

  get(index: number): number {
    return this.#state.current[index];
  }
  getPrevious(index: number): number {
    return this.#state.previous[index];
  }
  set(index: number, value: number): void {
    this.#state.current[index] = value;
  }
  setPrevious(index: number, value: number): void {
    this.#state.previous[index] = value;
  }

  /** The values that tell a disk (0, 0) from a packet device (14h, EBh) after a reset. */
  signature(lbaMid: number, lbaHigh: number): void {
    this.set(SECTOR_COUNT, 1);
    this.set(LBA_LOW, 1);
    this.set(LBA_MID, lbaMid);
    this.set(LBA_HIGH, lbaHigh);
    this.set(DEVICE, 0);
  }

  reset(lbaMid: number, lbaHigh: number, status: number): void {
    this.#state.current.fill(0);
    this.#state.previous.fill(0);
    this.signature(lbaMid, lbaHigh);
    this.#state.error = DIAGNOSTIC_PASSED;
    this.#state.status = status;
  }

  succeed(): void {
    this.#state.error = 0;
    this.#state.status = DRDY | DSC;
  }

  fail(error = ABRT): void {
    this.#state.error = error;
    this.#state.status = DRDY | DSC | ERR;
  }
}
