/**
 * A drive's way to its image: one operation at a time in order of asking, results delivered through the board.
 * Results of operations that were under way at a reset are dropped; the machine takes no snapshot while any is.
 */
import type { Board, DiskImage } from "backplane/sdk";
import { BUFFER_BYTES } from "./transfer.js";

/** Time on the wire and in the drive's cache, on top of the configured latency. */
const NS_PER_64_KIB = 10_000;

export class ImageIo {
  readonly #board: Board;
  readonly #latencyNs: number;
  #tail: Promise<void> = Promise.resolve();
  /** Counts abandonments; never restored, so that a result from before a load cannot match. */
  #generation = 0;
  #outstanding = 0;
  /** The host works on this copy, so that an abandoned operation never touches the drive's buffer. */
  #scratch = new Uint8Array(BUFFER_BYTES);

  constructor(board: Board, latencyUs: number) {
    this.#board = board;
    this.#latencyNs = latencyUs * 1000;
  }

  /** Fills `into` (at most BUFFER_BYTES) just before `done`. */
  read(image: DiskImage, offset: number, into: Uint8Array, done: () => void, failed: (error: Error) => void): void {
    const copy = this.#scratch.subarray(0, into.length);
    this.#start(
      () => image.read(offset, copy),
      into.length,
      () => {
        into.set(copy);
        done();
      },
      failed,
    );
  }

  /** `durable`: done only when the data are on stable storage. */
  write(image: DiskImage, offset: number, from: Uint8Array, durable: boolean, done: () => void, failed: (error: Error) => void): void {
    const copy = this.#scratch.subarray(0, from.length);
    copy.set(from);
    this.#start(
      async () => {
        await image.write(offset, copy);
        if (durable) await image.flush();
      },
      from.length,
      done,
      failed,
    );
  }

  flush(image: DiskImage, done: () => void, failed: (error: Error) => void): void {
    this.#start(() => image.flush(), 0, done, failed);
  }

  /** Nobody waits for what is under way any more. Writes still reach the image. */
  abandon(): void {
    this.#generation++;
    if (this.#outstanding > 0) this.#scratch = new Uint8Array(BUFFER_BYTES);
  }

  #start(work: () => Promise<void>, bytes: number, done: () => void, failed: (error: Error) => void): void {
    const generation = this.#generation;
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    this.#outstanding++;
    const settle = (deliver: () => void) => {
      this.#outstanding--;
      if (generation === this.#generation) deliver();
    };
    this.#board.complete(
      result,
      this.#latencyNs + Math.ceil((bytes / 65536) * NS_PER_64_KIB),
      () => settle(done),
      (error) => settle(() => failed(error)),
    );
  }
}
