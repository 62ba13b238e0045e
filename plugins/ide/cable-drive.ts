/** What every drive shows the cable: a task file and a data phase. Commands and resets differ. */
import { TaskFile, type TaskFileState } from "./task-file.js";
import { Transfer, type TransferState } from "./transfer.js";

export abstract class CableDrive {
  protected readonly file: TaskFile;
  protected readonly transfer: Transfer;

  constructor(state: { taskFile: TaskFileState; transfer: TransferState }) {
    this.file = new TaskFile(state.taskFile);
    this.transfer = new Transfer(state.transfer, () => this.blockMoved());
  }

  /** The host has moved the last byte of the open block. */
  protected abstract blockMoved(): void;

  readRegister(index: number, previous: boolean): number {
    return this.file.read(index, previous);
  }
  writeRegister(index: number, value: number): void {
    this.file.write(index, value);
  }
  readData16(): number {
    return this.transfer.read16();
  }
  readData32(): number {
    return this.transfer.read32();
  }
  writeData16(value: number): void {
    this.transfer.write16(value);
  }
  writeData32(value: number): void {
    this.transfer.write32(value);
  }
  get dmaDirection(): "to-memory" | "from-memory" | undefined {
    return this.transfer.dmaDirection;
  }
  dmaWindow(max: number): Uint8Array {
    return this.transfer.window(max);
  }
  dmaMoved(bytes: number): void {
    this.transfer.moved(bytes);
  }
}
