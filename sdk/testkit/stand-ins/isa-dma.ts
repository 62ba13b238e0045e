/** The 8237 pair with channels that a test programs. Data come from, and go to, a buffer that wraps. */
import type { DmaChannel, IsaDma } from "../../roles/isa-dma.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

const BUFFER_BYTES = 4096;

interface ChannelState {
  ready: boolean;
  /** Bytes until terminal count. */
  remaining: number;
  /** Next byte of the buffer. */
  at: number;
}

export class BenchIsaDma implements IsaDma, StandIn {
  /** What devices wrote and read. */
  readonly buffer = new Uint8Array(BUFFER_BYTES);
  readonly claimed = new Set<number>();
  readonly #state = {
    buffer: this.buffer,
    channels: Array.from({ length: 8 }, (): ChannelState => ({ ready: false, remaining: 0, at: 0 })) as never[] as ChannelState[],
  };
  readonly #listeners: { readonly channel: number; readonly fn: () => void }[] = [];

  channel(number: number): DmaChannel {
    if (![0, 1, 2, 3, 5, 6, 7].includes(number)) throw new Error(`there is no DMA channel ${number}`);
    this.claimed.add(number);
    const channel = this.#state.channels[number];
    const buffer = this.buffer;
    return {
      transfer(data, toMemory) {
        const moved = channel.ready ? Math.min(data.length, channel.remaining) : 0;
        for (let each = 0; each < moved; each++, channel.at = (channel.at + 1) % BUFFER_BYTES) {
          if (toMemory) buffer[channel.at] = data[each];
          else data[each] = buffer[channel.at];
        }
        channel.remaining -= moved;
        const terminalCount = moved > 0 && channel.remaining === 0;
        if (terminalCount) channel.ready = false;
        return { moved, terminalCount };
      },
      get ready() {
        return channel.ready;
      },
      onReady: (fn) => void this.#listeners.push({ channel: number, fn }),
    };
  }

  /** Programs a channel for so many bytes and unmasks it. */
  program(number: number, bytes: number): void {
    Object.assign(this.#state.channels[number], { ready: true, remaining: bytes });
    for (const { channel, fn } of this.#listeners) if (channel === number) fn();
  }

  mask(number: number): void {
    this.#state.channels[number].ready = false;
  }

  get [standIn](): StandInBehaviour {
    const all = [...this.claimed];
    return {
      state: this.#state,
      dmaChannels: this.claimed,
      reset: () => {
        for (const channel of all) this.mask(channel);
      },
      ready: () => {
        for (const channel of all) this.program(channel, 512);
      },
      actions: {
        "DMA channel": (random) => {
          if (all.length === 0) return;
          if (random.oneIn(4)) this.mask(random.pick(all));
          else this.program(random.pick(all), 1 + random.below(2048));
        },
      },
    };
  }
}
