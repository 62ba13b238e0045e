/** Stand-ins for everything a definition needs. */

import type { ConfigSchema } from "../../contract/config.js";
import type { DeviceDefinition } from "../../contract/device.js";
import { InterruptController, InterruptLines, Processor } from "../../contract/processor.js";
import type { Need, Needs, Resolved, Role } from "../../contract/role.js";
import { BlockDrive, IdeBus } from "../../roles/ata.js";
import { DiskImage, Storage } from "../../roles/disk-image.js";
import { Display } from "../../roles/display.js";
import { FloppyBus } from "../../roles/floppy.js";
import { Keyboard, Mouse, Ps2Controller } from "../../roles/input.js";
import { IsaDma } from "../../roles/isa-dma.js";
import { IsaBridge, PciBus } from "../../roles/pci.js";
import { Cmos, Entropy, Firmware, FirmwareFile, IntervalTimer, PowerButton, WallClock } from "../../roles/platform.js";
import { DebugPort, ParallelPort, SerialPort } from "../../roles/serial.js";
import { RemovableDrive } from "../../roles/storage-media.js";
import { BenchFloppyBus, BenchIdeBus } from "./drive-cables.js";
import { BenchIsaDma } from "./isa-dma.js";
import { BenchPciBus } from "./pci-bus.js";
import * as platform from "./platform.js";
import { BenchInterruptLines, BenchProcessor } from "./processor.js";
import { MemoryImage, MemoryStorage } from "./storage.js";

/** Fits a hard disk, a CD and a 1.44 MB floppy disk. */
const IMAGE_BYTES = 1_474_560;

type Files = Readonly<Record<string, Uint8Array>>;

const numberedImage = (): MemoryImage => {
  const image = new MemoryImage(IMAGE_BYTES);
  for (let sector = 0; sector * 512 < IMAGE_BYTES; sector++) image.bytes.set([sector & 0xff, sector >>> 8, 0xc5], sector * 512);
  return image;
};

const MAKERS: readonly (readonly [Role<unknown>, (files: Files) => unknown])[] = [
  [Processor, () => new BenchProcessor()],
  [InterruptLines, () => new BenchInterruptLines()],
  [InterruptController, platform.interruptController],
  [PciBus, () => new BenchPciBus()],
  [IsaBridge, platform.isaBridge],
  [IsaDma, () => new BenchIsaDma()],
  [IdeBus, () => new BenchIdeBus()],
  [FloppyBus, () => new BenchFloppyBus()],
  [DiskImage, numberedImage],
  [Storage, (files) => new MemoryStorage(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.slice()])))],
  [BlockDrive, (): BlockDrive => ({ kind: "disk", removable: false, medium: "bench disk" })],
  [RemovableDrive, (): RemovableDrive => ({ kind: "cdrom", medium: undefined, locked: false, insert: () => {} })],
  [WallClock, () => platform.wallClock()],
  [Entropy, () => platform.entropy()],
  [Cmos, platform.cmos],
  [IntervalTimer, platform.intervalTimer],
  [PowerButton, platform.powerButton],
  [Keyboard, platform.keyboard],
  [Mouse, platform.mouse],
  [Ps2Controller, platform.ps2Controller],
  [SerialPort, platform.serialPort],
  [ParallelPort, platform.parallelPort],
  [DebugPort, platform.debugPort],
  [Display, platform.display],
  [Firmware, platform.firmware],
  [FirmwareFile, platform.firmwareFile],
];
const BY_KEY = new Map(MAKERS.map(([role, make]) => [role.key, make]));

export interface BenchDepsOptions<N extends Needs> {
  /** Put in place of the kit's stand-ins, or where the kit has none. */
  readonly deps?: Partial<Resolved<N>>;
  /** Files in the stand-in for `Storage`. */
  readonly files?: Files;
  /** What optional needs, and needs for every provider, get: one stand-in (by default) or nothing. */
  readonly optionalNeeds?: "filled" | "empty";
}

const wantedRole = (need: Need): Role<unknown> => ("optional" in need ? need.optional : "every" in need ? need.every : need);

/**
 * What `create` receives on a bench.
 * @throws when the kit has no stand-in for a role and `deps` gives none.
 */
export const benchDeps = <X, C extends ConfigSchema, N extends Needs, S>(definition: DeviceDefinition<X, C, N, S>, options: BenchDepsOptions<N> = {}): Resolved<N> => {
  const given = (options.deps ?? {}) as Record<string, unknown>;
  const empty = options.optionalNeeds === "empty";
  const fill = (name: string, need: Need): unknown => {
    if (name in given) return given[name];
    if (empty && "optional" in need) return undefined;
    if (empty && "every" in need) return [];
    const role = wantedRole(need);
    const make = BY_KEY.get(role.key);
    if (!make) throw new Error(`${definition.id} needs "${name}" (role "${role.name}"), for which the test kit has no stand-in: give one as "${name}" in "deps"`);
    const made = make(options.files ?? {});
    return "every" in need ? [made] : made;
  };
  return Object.fromEntries(Object.entries(definition.needs as Needs).map(([name, need]) => [name, fill(name, need)])) as Resolved<N>;
};
