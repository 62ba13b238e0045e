/**
 * The world of a device under test: what the host, and the devices that use it, do to it through the role it provides.
 * Listeners put what the device says into the trace.
 */

import { isBackplaneError } from "../contract/errors.js";
import type { Role } from "../contract/role.js";
import { BlockDrive, IdeBus } from "../roles/ata.js";
import { DiskImage } from "../roles/disk-image.js";
import { Display } from "../roles/display.js";
import { FloppyBus } from "../roles/floppy.js";
import { Keyboard, Mouse, Ps2Controller } from "../roles/input.js";
import { IsaDma } from "../roles/isa-dma.js";
import { IsaBridge, PciBus } from "../roles/pci.js";
import { Cmos, Entropy, IntervalTimer, PowerButton } from "../roles/platform.js";
import { DebugPort, ParallelPort, SerialPort } from "../roles/serial.js";
import { RemovableDrive } from "../roles/storage-media.js";
import type { Bench } from "./bench.js";
import type { Random } from "./random.js";
import type { Action, StandIn } from "./stand-in.js";
import { attachFloppyDrive, attachIdeDrive, attachPciCard } from "./stand-ins/attachments.js";
import { MemoryImage } from "./stand-ins/storage.js";

// biome-ignore lint/suspicious/noExplicitAny: the world looks at devices of every kind
export type AnyBench = Bench<any, any, any, any>;

export interface World {
  readonly actions: Readonly<Record<string, Action>>;
  /** Change what no snapshot holds (a medium in a drive). */
  readonly unsaved: Readonly<Record<string, Action>>;
  /** What the device told its listeners since the last call. */
  heard(): number[];
}

const byte = (value: number, what: string): number => {
  if (!Number.isInteger(value) || value < 0 || value > 255) throw new Error(`${what} answered ${value}, which is no byte`);
  return value;
};

/** Errors with a code are an answer; anything else is a fault. */
const answered = async (work: () => Promise<void>): Promise<string> => {
  try {
    await work();
    return "done";
  } catch (error) {
    if (isBackplaneError(error)) return error.code;
    throw error;
  }
};

const keys = (keyboard: Keyboard, random: Random): void => keyboard.key(random.oneIn(4) ? 0xe000 + 1 + random.below(0x7f) : 1 + random.below(0x7f), random.oneIn(2));
const motion = (mouse: Mouse, random: Random): void =>
  random.oneIn(4) ? mouse.buttons(random.below(8)) : mouse.move(random.below(1000) - 500, random.below(1000) - 500, random.below(5) - 2);

type Actions = Record<string, Action>;
const sector = (image: DiskImage, random: Random): number => Math.min(random.below(Math.max(1, Math.floor(image.sizeBytes / 512))), 1 << 20) * 512;

const ACTIONS: readonly (readonly [Role<unknown>, (role: never) => Actions])[] = [
  [SerialPort, (port: SerialPort): Actions => ({ "host sends": (random) => port.receive(random.fill(new Uint8Array(1 + random.below(20)))), pending: () => port.pending })],
  [Keyboard, (keyboard: Keyboard): Actions => ({ key: (random) => keys(keyboard, random), LEDs: () => keyboard.leds })],
  [Mouse, (mouse: Mouse): Actions => ({ mouse: (random) => motion(mouse, random) })],
  [
    Ps2Controller,
    ({ keyboard, mouse }: Ps2Controller): Actions => ({
      key: (random) => keys(keyboard, random),
      mouse: (random) => motion(mouse, random),
      LEDs: () => `${keyboard.leds} ${keyboard.pending}`,
    }),
  ],
  [PowerButton, (button: PowerButton): Actions => ({ "power button": () => button.press() })],
  [
    Cmos,
    (cmos: Cmos): Actions => ({
      "CMOS read": (random) => byte(cmos.read(random.below(256)), "Cmos.read"),
      "CMOS write": (random) => cmos.write(random.below(256), random.value(1)),
    }),
  ],
  [Entropy, (source: Entropy): Actions => ({ "random number": () => source.next32() })],
  [
    Display,
    (screen: Display): Actions => ({
      "text screen": () => {
        const text = screen.text();
        return `${screen.mode} ${screen.width}x${screen.height} ${text?.columns}x${text?.rows} ${text?.cursor}`;
      },
      picture: (random) => {
        if (!random.oneIn(8)) return undefined;
        const { width, height, rgba } = screen.picture();
        if (rgba.length !== width * height * 4) throw new Error(`picture() of ${width} x ${height} has ${rgba.length} bytes instead of ${width * height * 4}`);
        return `${width}x${height} ${rgba[random.below(Math.max(1, rgba.length))]}`;
      },
    }),
  ],
  [
    DiskImage,
    (image: DiskImage): Actions => ({
      read: async (random) => {
        const into = new Uint8Array(512 * (1 + random.below(4)));
        const outcome = await answered(() => image.read(sector(image, random), into));
        return `${outcome} ${into.reduce((sum, each) => (sum * 31 + each) >>> 0, 0)}`;
      },
      write: (random) => answered(() => image.write(sector(image, random), random.fill(new Uint8Array(512 * (1 + random.below(4)))))),
      flush: () => answered(() => image.flush()),
    }),
  ],
  [IntervalTimer, (timer: IntervalTimer): Actions => ({ GATE2: (random) => timer.gate2(random.oneIn(2)), OUT2: () => timer.out2 })],
  [
    IsaBridge,
    (bridge: IsaBridge): Actions => ({
      "route PIRQ": (random) => bridge.routePirq(random.below(4), random.oneIn(4) ? undefined : random.below(16)),
      route: (random) => bridge.pirqRoute(random.below(4)),
    }),
  ],
  [
    IsaDma,
    (dma: IsaDma): Actions => ({
      DREQ: (random) => {
        const channel = dma.channel(random.pick([0, 1, 2, 3, 5, 6, 7]));
        const { moved, terminalCount } = channel.transfer(random.fill(new Uint8Array(2 * (1 + random.below(64)))), random.oneIn(2));
        return `${channel.ready} ${moved} ${terminalCount}`;
      },
    }),
  ],
  [
    PciBus,
    (bus: PciBus): Actions => ({
      "configuration cycle": (random) => {
        const { device, function: fn } = random.pick(bus.functions());
        const width = random.pick([1, 2, 4] as const);
        const offset = random.below(256 / width) * width;
        if (random.oneIn(2)) bus.configWrite(device, fn, offset, width, random.value(width));
        return bus.configRead(device, fn, offset, width);
      },
      "empty slot": (random) => bus.configRead(random.below(32), random.below(8), 0, 4),
    }),
  ],
  [BlockDrive, (drive: BlockDrive): Actions => ({ medium: () => drive.medium })],
  [RemovableDrive, (drive: RemovableDrive): Actions => ({ medium: () => `${drive.medium} ${drive.locked}` })],
];
const ACTIONS_BY_KEY = new Map(ACTIONS.map(([role, make]) => [role.key, make as (role: unknown) => Actions]));

const MEDIA_BYTES = [0, 1, 2048, 737_280, 1_474_560];

const mediaChanges = (provides: Role<unknown>, role: unknown): Actions => {
  if (provides.key !== RemovableDrive.key) return {};
  const drive = role as RemovableDrive;
  return { "change medium": (random) => answered(async () => drive.insert(random.oneIn(3) ? undefined : new MemoryImage(random.pick(MEDIA_BYTES)))) };
};

const listen = (provides: Role<unknown>, role: unknown, hear: (byte: number) => void): void => {
  if (provides.key === SerialPort.key) (role as SerialPort).onTransmit(hear);
  else if (provides.key === ParallelPort.key) (role as ParallelPort).onPrint(hear);
  else if (provides.key === DebugPort.key) (role as DebugPort).onByte(hear);
};

/** Attaches listeners, and to a bus something that sits on it. Between creation and the power-on reset. */
export const worldAround = (bench: AnyBench, provides: Role<unknown>): World => {
  const { role } = bench;
  const heard: number[] = [];
  const watch = (parts: readonly StandIn[]): void => {
    for (const part of parts) bench.watch(part);
  };
  listen(provides, role, (each) => void heard.push(byte(each, `a listener of role "${provides.name}"`)));
  if (provides.key === PciBus.key) watch([attachPciCard(role as PciBus, bench.board("/bench/card"))]);
  else if (provides.key === IdeBus.key) watch(attachIdeDrive(role as IdeBus, "/bench/device"));
  else if (provides.key === FloppyBus.key) watch(attachFloppyDrive(role as FloppyBus));
  return {
    actions: ACTIONS_BY_KEY.get(provides.key)?.(role) ?? {},
    unsaved: mediaChanges(provides, role),
    heard: () => heard.splice(0),
  };
};
