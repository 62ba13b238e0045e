/**
 * QEMU's firmware configuration device: how a virtual machine tells SeaBIOS what it is.
 *
 * Sources: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device"; SeaBIOS src/fw/paravirt.c for what is asked.
 * SeaBIOS looks here only when the host bridge has subsystem id 1AF4h:1100h (`intel.440fx`). It uses
 *  - SIGNATURE and ID: whether the device and its DMA interface exist;
 *  - FILE_DIR and `etc/e820`: size of memory (without it, CMOS 34h/35h and 17h/18h);
 *  - NB_CPUS, MAX_CPUS (`etc/max-cpus`): how many processors to wait for, tables to build;
 *  - BOOT_MENU (`etc/show-boot-menu`), `etc/boot-menu-wait`, `etc/boot-fail-wait`, `bootorder`: choice of boot device;
 *  - NOGRAPHIC: whether to show its screen on COM1 (SGA console);
 *  - NUMA, IRQ0_OVERRIDE, ACPI_TABLES, SMBIOS_ENTRIES, E820_TABLE: absent here, read as zero, meaning none;
 *  - any other file by name (`etc/acpi/tables`, `etc/table-loader`, `vgaroms/...`, `genroms/...`): from devices that
 *    provide `FirmwareFile`.
 *
 * Not implemented: writable files, UUID, kernel and initrd items (08h-15h), the traditional write to the data port.
 */
import { defineDevice, every, FirmwareFile, flag, integer, type Resource, Standalone, text } from "backplane/sdk";
import { dmaPorts } from "./dma.js";
import { buildItems, e820File, le32, textFile } from "./items.js";
import { selection } from "./selection.js";

/** Selector (16-bit write) and, one above it, data (byte read). */
const FW_CFG_IO = 0x510;
const FW_CFG_IO_PORTS = 2;
const SELECTOR = 0;
const DATA = 1;
const FW_CFG_DMA = 0x514;
const FW_CFG_DMA_PORTS = 8;

export const fwCfg = defineDevice({
  id: "qemu.fw-cfg",
  summary: "QEMU firmware configuration: memory size, boot order and files for SeaBIOS",
  provides: Standalone,
  needs: { files: every(FirmwareFile) },
  config: {
    bootorder: text("", "SeaBIOS device paths in order of preference, one a line; empty for SeaBIOS's own order"),
    "boot-menu": flag(false, "offer SeaBIOS's boot menu (key Esc)"),
    "boot-menu-wait": integer(2500, 0, 600_000, "milliseconds the boot menu's prompt stays"),
    "boot-fail-wait": integer(60_000, 0, 0x7fff_ffff, "milliseconds until SeaBIOS reboots when nothing boots"),
    "serial-console": flag(false, "show SeaBIOS's screen on COM1 as well"),
    dma: flag(true, "offer the DMA interface"),
  },
  state: { version: 1, initial: () => ({ selector: 0, offset: 0, dmaHigh: 0 }) },
  resources: (config): Resource[] => [
    { kind: "ports", base: FW_CFG_IO, length: FW_CFG_IO_PORTS },
    ...(config.dma ? [{ kind: "ports", base: FW_CFG_DMA, length: FW_CFG_DMA_PORTS } as const] : []),
  ],
  create({ board, config, deps, state }) {
    const { ramBytes } = board.memory;
    const items = buildItems(board.path, { ramBytes, dma: config.dma, bootMenu: config["boot-menu"], noGraphic: config["serial-console"] }, [
      e820File(ramBytes),
      { name: "etc/boot-menu-wait", bytes: le32(config["boot-menu-wait"]) },
      { name: "etc/boot-fail-wait", bytes: le32(config["boot-fail-wait"]) },
      ...(config.bootorder === "" ? [] : [textFile("bootorder", config.bootorder)]),
      ...deps.files,
    ]);
    const selected = selection(state, items);
    board.ports(FW_CFG_IO, FW_CFG_IO_PORTS, {
      read8: (offset) => (offset === DATA ? selected.next() : 0xff),
      write16(offset, value) {
        if (offset === SELECTOR) selected.select(value);
      },
    });
    if (config.dma) board.ports(FW_CFG_DMA, FW_CFG_DMA_PORTS, dmaPorts(state, selected, board.busMaster, ramBytes));
    return {
      role: {},
      reset() {
        state.selector = 0;
        state.offset = 0;
        state.dmaHigh = 0;
      },
    };
  },
});
