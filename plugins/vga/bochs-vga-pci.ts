/**
 * Bochs/QEMU standard VGA on the PCI bus: a VGA, the Bochs VBE extension and a linear frame buffer.
 *
 * Source: "QEMU Standard VGA" (docs/specs/standard-vga), PCI 1234:1111 revision 2: display memory in BAR 0, registers
 * in BAR 2. The VGA's fixed ports and its window at A0000h answer whatever the command register says.
 *
 * Not implemented: EDID at the start of BAR 2 (reads as zeros, which drivers take for none); a big-endian frame
 * buffer (the register says little-endian, whatever is written).
 */
import { BackplaneError, type BusHandler, Display, defineDevice, file, integer, optional, PciBus, Storage } from "backplane/sdk";
import { type Adapter, createAdapter, dispiPorts, VRAM } from "./adapter.js";
import { WINDOW_BASE, WINDOW_LENGTH } from "./memory-window.js";
import { VGA_PORTS } from "./ports.js";
import { initialState } from "./state.js";

const VENDOR_ID = 0x1234;
const DEVICE_ID = 0x1111;
const REVISION = 2;
const SUBSYSTEM_VENDOR_ID = 0x1af4;
const SUBSYSTEM_ID = 0x1100;
const CLASS_VGA = 0x03_00_00;

const DISPI_PORTS_BASE = 0x1ce;
const DISPI_PORTS_LENGTH = 3;
const MIB = 1 << 20;
const ROM_MAX_BYTES = 256 * 1024;

/** BAR 2. */
const REGISTERS_LENGTH = 0x1000;
const MMIO_VGA = 0x400;
const MMIO_VGA_END = 0x420;
const MMIO_VGA_PORT = 0x3c0;
const MMIO_DISPI = 0x500;
const MMIO_DISPI_END = 0x516;
const MMIO_EXTENSION = 0x600;
const EXTENSION_BYTES = 8;
const MMIO_ENDIANNESS = 0x604;
const LITTLE_ENDIAN = 0x1e1e_1e1e;

const registers = (adapter: Adapter): BusHandler => {
  const read16 = (offset: number): number => {
    if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END) return adapter.readDispi((offset - MMIO_DISPI) >> 1);
    if (offset >= MMIO_VGA && offset < MMIO_VGA_END) return adapter.readPort(MMIO_VGA_PORT + offset - MMIO_VGA) | (read8(offset + 1) << 8);
    if (offset === MMIO_EXTENSION) return EXTENSION_BYTES;
    if (offset === MMIO_ENDIANNESS || offset === MMIO_ENDIANNESS + 2) return LITTLE_ENDIAN & 0xffff;
    return 0;
  };
  const read8 = (offset: number): number => {
    if (offset >= MMIO_VGA && offset < MMIO_VGA_END) return adapter.readPort(MMIO_VGA_PORT + offset - MMIO_VGA);
    return (read16(offset & ~1) >> ((offset & 1) * 8)) & 0xff;
  };
  const write8 = (offset: number, value: number): void => {
    if (offset >= MMIO_VGA && offset < MMIO_VGA_END) adapter.writePort(MMIO_VGA_PORT + offset - MMIO_VGA, value);
  };
  return {
    read8,
    read16,
    write8,
    write16: (offset, value) => {
      if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END) adapter.writeDispi((offset - MMIO_DISPI) >> 1, value);
      else {
        write8(offset, value & 0xff);
        write8(offset + 1, value >>> 8);
      }
    },
  };
};

export const bochsVgaPci = defineDevice({
  id: "bochs.vga-pci",
  summary: "VGA with the Bochs VBE extension on the PCI bus (QEMU stdvga)",
  provides: Display,
  needs: { pci: PciBus, storage: optional(Storage) },
  config: {
    "vram-mib": integer(16, 1, 64, "display memory in MiB, a power of two"),
    rom: file("VGA BIOS to show in the expansion ROM; empty when firmware has it from elsewhere"),
  },
  state: { version: 1, initial: initialState },
  resources(config) {
    const bytes = config["vram-mib"] * MIB;
    if (bytes & (bytes - 1)) throw new BackplaneError("CONFIG_OUT_OF_RANGE", `vram-mib is ${config["vram-mib"]}; it must be a power of two`, { key: "vram-mib" });
    return [
      ...VGA_PORTS.map(([base, length]) => ({ kind: "ports", base, length }) as const),
      { kind: "ports", base: DISPI_PORTS_BASE, length: DISPI_PORTS_LENGTH },
      { kind: "mmio", base: WINDOW_BASE, length: WINDOW_LENGTH },
      { kind: "memory", name: VRAM, bytes },
    ];
  },
  async create({ board, config, deps, state }) {
    const rom = await romImage(config.rom, deps.storage);
    const adapter = createAdapter(board, state, true);
    board.ports(DISPI_PORTS_BASE, DISPI_PORTS_LENGTH, dispiPorts(adapter, state));
    deps.pci.attach(board, {
      vendorId: VENDOR_ID,
      deviceId: DEVICE_ID,
      classCode: CLASS_VGA,
      revision: REVISION,
      subsystemVendorId: SUBSYSTEM_VENDOR_ID,
      subsystemId: SUBSYSTEM_ID,
      bars: [
        { index: 0, kind: "memory", size: config["vram-mib"] * MIB, prefetchable: true, block: VRAM },
        { index: 2, kind: "memory", size: REGISTERS_LENGTH, handler: registers(adapter) },
      ],
      ...(rom ? { rom } : {}),
    });
    return { role: adapter.screen, reset: adapter.reset, loaded: adapter.loaded };
  },
});

const romImage = async (name: string, storage: Storage | undefined): Promise<Uint8Array | undefined> => {
  if (name === "") return undefined;
  if (!storage) throw new BackplaneError("STORAGE_ABSENT", `rom is "${name}" but the machine has no storage to read it from`, { name });
  return storage.readAll(name, ROM_MAX_BYTES);
};
