/**
 * A PC BIOS from a ROM image of the host: SeaBIOS, or a classic board's.
 *
 * The image ends at 4 GiB, where the processor starts, and its last 128 KiB (or all of a smaller one) also at 1 MiB.
 * A video BIOS shows at C0000h. All of it is bus memory: the host bridge's PAM registers decide whether the processor
 * sees ROM or the DRAM behind it.
 *
 * SeaBIOS clears C0000h-DFFFFh and takes its video BIOS from the adapter's expansion ROM (`rom` of `bochs.vga-pci`) or,
 * for an ISA adapter, from the firmware configuration device: `generic.firmware-file` named `vgaroms/...`. It builds its
 * own ACPI tables. Boot order comes from CMOS memory unless `qemu.fw-cfg` has a `bootorder` of its own.
 *
 * Not implemented: flash commands (the ROM is read-only), images compressed by a board's maker in other layouts.
 */
import { Cmos, defineDevice, Firmware, FloppyBus, file, optional, Storage, text } from "backplane/sdk";
import { parseBootOrder, setUpCmos } from "./cmos-setup.js";
import { BIOS_MAX_BYTES, readBios, readVideoBios, VIDEO_BIOS_MAX_BYTES } from "./rom-image.js";

const BIOS = "bios";
const VIDEO_BIOS = "video-bios";
const TOP_OF_MEMORY = 2 ** 32;
const TOP_OF_REAL_MODE = 0x10_0000;
const LOW_MAX_BYTES = 128 << 10;
const VIDEO_BIOS_BASE = 0xc_0000;
const PAGE = 4096;
/** What an empty ROM socket reads as. */
const ERASED = 0xff;

export const romFirmware = defineDevice({
  id: "generic.rom-firmware",
  summary: "PC BIOS from a ROM image, with CMOS memory set up for it",
  provides: Firmware,
  needs: { storage: Storage, cmos: optional(Cmos), floppies: optional(FloppyBus) },
  config: {
    bios: file("BIOS image of 64 KiB to 1 MiB, for instance SeaBIOS"),
    "video-bios": file("VGA BIOS shown at C0000h for a classic BIOS; empty for none. SeaBIOS takes it from the adapter's expansion ROM instead"),
    boot: text("disk,cdrom,floppy", "up to three of floppy, disk, cdrom, network: where to boot from, first choice first", 64),
  },
  resources: (config) => [
    { kind: "memory", name: BIOS, bytes: BIOS_MAX_BYTES },
    ...(config["video-bios"] === "" ? [] : [{ kind: "memory", name: VIDEO_BIOS, bytes: VIDEO_BIOS_MAX_BYTES } as const]),
  ],
  async create({ board, config, deps }) {
    const boot = parseBootOrder(board.path, config.boot);
    const image = await readBios(board.path, config.bios, deps.storage);
    const video = await readVideoBios(board.path, config["video-bios"], deps.storage);

    const bios = board.block(BIOS);
    bios.bytes.set(image);
    const low = Math.min(image.length, LOW_MAX_BYTES);
    bios.map(TOP_OF_MEMORY - image.length, { length: image.length });
    bios.map(TOP_OF_REAL_MODE - low, { from: image.length - low, length: low });
    if (video) {
      const block = board.block(VIDEO_BIOS);
      block.bytes.fill(ERASED);
      block.bytes.set(video);
      block.map(VIDEO_BIOS_BASE, { length: Math.ceil(video.length / PAGE) * PAGE });
    }
    return {
      role: { label: `BIOS ${config.bios}` },
      reset(kind) {
        // Its battery carries CMOS memory, and what the guest stored there, over a reset.
        if (kind !== "power-on" || !deps.cmos) return;
        setUpCmos(deps.cmos, { ramBytes: board.memory.ramBytes, floppies: deps.floppies?.driveTypes() ?? [0, 0], boot });
      },
    };
  },
});
