/** The cables of IDE and floppy drives, with a controller at the other end that does what a guest may ask. */
import type { AtaDrive, AtaHost, IdeBus } from "../../roles/ata.js";
import type { FloppyBus, FloppyDrive } from "../../roles/floppy.js";
import type { Random } from "../random.js";
import { type StandIn, type StandInBehaviour, standIn } from "../stand-in.js";

/** ATA and ATAPI commands that drives have, so that most commands do something. */
const COMMANDS = [
  0x00, 0x08, 0x20, 0x21, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40, 0x42, 0x70, 0x90, 0x91, 0xa0, 0xa1, 0xb0, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7,
  0xea, 0xec, 0xef,
];
const PACKET = 0xa0;
/** Operation codes of packets. */
const PACKETS = [0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2b, 0x43, 0x46, 0x4a, 0x51, 0x55, 0x5a, 0xa8, 0xad, 0xbd, 0xbe];
const BURST_WORDS = 256;

const inBytes = (value: number, bytes: 1 | 2 | 4, what: string): number => {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff >>> (32 - bytes * 8)) throw new Error(`${what} answered ${value}, which does not fit into ${bytes * 8} bits`);
  return value;
};

export class BenchIdeBus implements IdeBus, StandIn {
  readonly drives: { readonly position: string; readonly drive: AtaDrive }[] = [];
  /** Interrupts asked for by drives. */
  readonly state = { interrupts: 0, dmaReady: 0 };

  attach(position: string, connect: (host: AtaHost) => AtaDrive): void {
    const drive = connect({
      interrupt: () => {
        this.state.interrupts++;
      },
      dmaReady: () => {
        this.state.dmaReady++;
      },
    });
    this.drives.push({ position, drive });
  }

  /** The first drive plugged in: the device under test. */
  get drive(): AtaDrive {
    const [first] = this.drives;
    if (!first) throw new Error("no drive has been plugged into the bench's IDE cable");
    return first.drive;
  }

  get [standIn](): StandInBehaviour {
    if (this.drives.length === 0) return { path: "/ide/0:0" };
    const { drive } = this;
    return {
      path: "/ide/0:0",
      state: this.state,
      actions: {
        "read register": (random) => inBytes(drive.readRegister(1 + random.below(7), random.oneIn(2)), 1, "readRegister"),
        "write register": (random) => drive.writeRegister(1 + random.below(6), random.value(1)),
        command: (random) => this.#command(drive, random),
        packet: (random) => this.#packet(drive, random),
        data: (random) => this.#data(drive, random),
        DMA: (random) => this.#dma(drive, random),
        "soft reset": (random) => {
          if (random.oneIn(8)) drive.softReset();
        },
        diagnose: (random) => {
          if (random.oneIn(8)) drive.diagnose();
        },
      },
    };
  }

  /** A command with an address near the beginning, as most have. */
  #command(drive: AtaDrive, random: Random): void {
    drive.writeRegister(6, random.oneIn(4) ? random.value(1) : 0xe0);
    drive.writeRegister(2, random.below(4));
    drive.writeRegister(3, random.value(1));
    drive.writeRegister(4, random.below(8));
    drive.writeRegister(5, random.oneIn(8) ? random.value(1) : 0);
    drive.command(random.oneIn(8) ? random.below(256) : random.pick(COMMANDS));
  }

  #packet(drive: AtaDrive, random: Random): void {
    drive.writeRegister(1, random.below(2));
    drive.writeRegister(4, 0);
    drive.writeRegister(5, 0x08);
    drive.command(PACKET);
    const packet = random.fill(new Uint8Array(12)).fill(0, 2, 5);
    packet[0] = random.oneIn(8) ? packet[0] : random.pick(PACKETS);
    if (random.oneIn(2)) packet.fill(0, 6, 8);
    for (let at = 0; at < 12; at += 2) drive.writeData16(packet[at] | (packet[at + 1] << 8));
  }

  #data(drive: AtaDrive, random: Random): number {
    let sum = 0;
    const reads = random.oneIn(2);
    for (let word = 0; word < BURST_WORDS; word++) {
      if (reads) sum = (sum + inBytes(drive.readData16(), 2, "readData16")) >>> 0;
      else drive.writeData16(random.next32() & 0xffff);
    }
    if (random.oneIn(2)) drive.writeData32(random.next32());
    return (sum ^ inBytes(drive.readData32(), 4, "readData32")) >>> 0;
  }

  #dma(drive: AtaDrive, random: Random): number {
    let sum = 0;
    for (let turn = 0; turn < 8 && drive.dmaDirection; turn++) {
      const most = 2 * (1 + random.below(2048));
      const window = drive.dmaWindow(most);
      if (window.length < 1 || window.length > most) throw new Error(`dmaWindow(${most}) answered ${window.length} bytes`);
      if (drive.dmaDirection === "from-memory") random.fill(window);
      else for (const byte of window) sum = (sum * 31 + byte) >>> 0;
      drive.dmaMoved(window.length);
    }
    return sum;
  }
}

export class BenchFloppyBus implements FloppyBus, StandIn {
  readonly drives: { readonly unit: string; readonly drive: FloppyDrive }[] = [];

  attach(unit: string, drive: FloppyDrive): void {
    this.drives.push({ unit, drive });
  }
  driveTypes(): readonly [number, number] {
    const typeOf = (unit: string): number => this.drives.find((each) => each.unit === unit)?.drive.type ?? 0;
    return [typeOf("0"), typeOf("1")];
  }

  get [standIn](): StandInBehaviour {
    const drive = this.drives[0]?.drive;
    if (!drive) return { path: "/fdc/0" };
    return {
      path: "/fdc/0",
      actions: {
        step: (random) => drive.step(random.below(21) - 10),
        "drive lines": () => `${drive.type} ${inBytes(drive.cylinder, 1, "cylinder")} ${drive.track0} ${drive.diskChanged} ${drive.disk?.sectors}`,
      },
    };
  }
}
