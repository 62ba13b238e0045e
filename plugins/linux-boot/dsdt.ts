/**
 * The differentiated description: PCI root bridge with its windows and interrupt routing, the ISA devices that Linux
 * looks for by PNP identifier, and soft off.
 *
 * Interrupts are fixed lines, not link devices: the routing is done before the system starts.
 *
 * Source: ACPI Specification 5.0, chapters 5 and 6; PCI Firmware Specification 3.0, 4.3 for the root bridge.
 */
import { type Aml, busRange, device, eisaId, integer, ioPorts, ioRange, irq, memoryRange, named, packageOf, resources, scope } from "./aml.js";

/** What the tables describe. */
export interface AcpiFacts {
  /** Base of the power management ports. */
  readonly pmBase: number;
  readonly sciLine: number;
  /** Memory that PCI devices may use. */
  readonly memoryWindow: { readonly first: number; readonly last: number };
  /** Interrupt line of each pin (1-4) that is connected, by PCI device number. */
  readonly routes: readonly { readonly device: number; readonly pin: number; readonly line: number }[];
  readonly com1: boolean;
  readonly com2: boolean;
}

const CONFIG_FIRST = 0xcf8;
const CONFIG_PORTS = 8;
const VGA_FIRST = 0xa_0000;
const VGA_LAST = 0xb_ffff;
/** SLP_TYP that the 82371AB takes for soft off. */
const SOFT_OFF = 0;
const ANY_FUNCTION = 0xffff;

const rootBridge = ({ memoryWindow, routes }: AcpiFacts): Aml[] => [
  named("_HID", eisaId("PNP0A03")),
  named("_UID", integer(0)),
  named("_BBN", integer(0)),
  named(
    "_CRS",
    resources(
      busRange(0, 0xff),
      ioPorts(CONFIG_FIRST, CONFIG_PORTS),
      ioRange(0, CONFIG_FIRST - 1),
      ioRange(CONFIG_FIRST + CONFIG_PORTS, 0xffff),
      memoryRange(VGA_FIRST, VGA_LAST),
      memoryRange(memoryWindow.first, memoryWindow.last),
    ),
  ),
  named("_PRT", packageOf(...routes.map((route) => packageOf(integer(route.device * 0x1_0000 + ANY_FUNCTION), integer(route.pin - 1), integer(0), integer(route.line))))),
];

const isaDevice = (name: string, id: string, uid: number, ...taken: Aml[]): Aml =>
  device(name, named("_HID", eisaId(id)), named("_UID", integer(uid)), named("_CRS", resources(...taken)));

const isaDevices = ({ com1, com2 }: AcpiFacts): Aml[] => [
  isaDevice("RTC", "PNP0B00", 0, ioPorts(0x70, 4), irq(8)),
  isaDevice("KBD", "PNP0303", 0, ioPorts(0x60, 1), ioPorts(0x64, 1), irq(1)),
  isaDevice("MOU", "PNP0F13", 0, irq(12)),
  ...(com1 ? [isaDevice("COM1", "PNP0501", 1, ioPorts(0x3f8, 8), irq(4))] : []),
  ...(com2 ? [isaDevice("COM2", "PNP0501", 2, ioPorts(0x2f8, 8), irq(3))] : []),
];

/** The definition block's body, without the table header. */
export const dsdtBody = (facts: AcpiFacts): Uint8Array =>
  Uint8Array.from([
    ...scope("\\_SB", device("PCI0", ...rootBridge(facts), ...isaDevices(facts))),
    ...named("\\_S5", packageOf(integer(SOFT_OFF), integer(SOFT_OFF), integer(0), integer(0))),
  ]);
