/**
 * Intel 82441FX host bridge (PCI and memory controller) with QEMU's subsystem id.
 *
 * Source: "Intel 440FX PCIset: 82441FX PCI and Memory Controller" data sheet. Subsystem 1AF4h:1100h, which the part itself
 * lacks, is how a SeaBIOS built for QEMU (Debian's ROM) knows that fw_cfg and fixed slot wiring are there.
 *
 * SeaBIOS expects the ISA bridge at 01.0 beside it: its $PIR table names 00:01.0 as the interrupt router.
 *
 * Not implemented: DRAM timing, row types, buffer control and the turbo reset control register (TRC) are storage only;
 * so is the fixed DRAM hole (FDHC). No error is ever reported in ERRSTS.
 */
import { defineDevice, PciBus } from "backplane/sdk";
import { CONFIG_PORTS, createHostBridge, initialBusState, rowBoundaries, sharedRegisters, span } from "./host-bridge.js";

const VENDOR_INTEL = 0x8086;
const DEVICE_82441FX = 0x1237;
const REVISION = 0x02;
const SUBSYSTEM_VENDOR_QEMU = 0x1af4;
const SUBSYSTEM_QEMU = 0x1100;
const CLASS_HOST_BRIDGE = 0x06_0000;
/** Memory access and bus mastering cannot be switched off. */
const PCICMD_HARDWIRED = 0x0006;
/** Medium DEVSEL# timing, fast back-to-back capable. */
const PCISTS = 0x0280;

const PMCCFG = 0x50;
const DETURBO = 0x52;
const DBC = 0x53;
const AXC = 0x54;
const DRT = 0x55;
const DRAMC = 0x57;
const DRAMT = 0x58;
const FDHC = 0x68;
const MTT = 0x70;
const CLT = 0x71;
const ERRCMD = 0x90;
const TRC = 0x93;

/** Read, write and cache enable in both nibbles. */
const PAM_WRITABLE = 0x77;

export const i440fx = defineDevice({
  id: "intel.440fx",
  summary: "82441FX host bridge as QEMU presents it to SeaBIOS: PCI bus 0, shadow RAM and memory configuration",
  provides: PciBus,
  state: { version: 1, initial: initialBusState },
  resources: () => CONFIG_PORTS,
  create: ({ board, state }) =>
    createHostBridge(board, state, {
      vendorId: VENDOR_INTEL,
      deviceId: DEVICE_82441FX,
      revision: REVISION,
      subsystemVendorId: SUBSYSTEM_VENDOR_QEMU,
      subsystemId: SUBSYSTEM_QEMU,
      classCode: CLASS_HOST_BRIDGE,
      command: PCICMD_HARDWIRED,
      status: PCISTS,
      registers: [
        ...sharedRegisters(PAM_WRITABLE),
        ...rowBoundaries(board.memory.ramBytes),
        ...span(PMCCFG, 2, 0xff),
        { offset: DETURBO, value: 0, writable: 0xff },
        { offset: DBC, value: 0x83, writable: 0xff },
        { offset: AXC, value: 0, writable: 0xff },
        ...span(DRT, 2, 0xff),
        { offset: DRAMC, value: 0x01, writable: 0xff },
        { offset: DRAMT, value: 0x10, writable: 0xff },
        { offset: FDHC, value: 0, writable: 0xc0 },
        { offset: MTT, value: 0, writable: 0xff },
        { offset: CLT, value: 0x10, writable: 0xff },
        { offset: ERRCMD, value: 0, writable: 0xff },
        { offset: TRC, value: 0, writable: 0x0f },
      ],
    }),
});
