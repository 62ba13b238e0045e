/**
 * Intel 82443BX host bridge with the AGP bridge strapped off: the chipset of a PC of 1998.
 *
 * Source: "Intel 440BX AGPset: 82443BX Host Bridge/Controller" data sheet. Device id 7192h is what the part reports
 * when PMCR[1] (AGP_DIS) is strapped to 1; function 1 and the aperture registers do not exist then.
 *
 * Not implemented: DRAM timing, ECC, refresh, power management and buffer strength registers are storage only; so are
 * the fixed DRAM hole (FDHC) and extended SMRAM (ESMRAMC). No error is ever reported in ERRSTS.
 */
import { defineDevice, PciBus } from "backplane/sdk";
import { CONFIG_PORTS, createHostBridge, initialBusState, rowBoundaries, sharedRegisters, span } from "./host-bridge.js";

const VENDOR_INTEL = 0x8086;
const DEVICE_82443BX_NO_AGP = 0x7192;
const REVISION_C1 = 0x03;
const CLASS_HOST_BRIDGE = 0x06_0000;
/** Memory access and bus mastering cannot be switched off. */
const PCICMD_HARDWIRED = 0x0006;
/** Medium DEVSEL# timing. */
const PCISTS = 0x0200;

const NBXCFG = 0x50;
const DRAMC = 0x57;
const DRAMT = 0x58;
const FDHC = 0x68;
const MBSC = 0x69;
const ESMRAMC = 0x73;
const RPS = 0x74;
const SDRAMC = 0x76;
const PGPOL = 0x78;
const PMCR = 0x7a;
const SCRR = 0x7b;
const ERRCMD = 0x90;
const BSPAD = 0xd0;

/** Read and write enable in both nibbles. */
const PAM_WRITABLE = 0x33;
const DRAMC_SDRAM = 0x08;
const DRAMC_REFRESH_15_6_US = 0x01;
const PMCR_AGP_DIS = 0x02;

export const i440bx = defineDevice({
  id: "intel.440bx",
  summary: "82443BX host bridge without AGP: PCI bus 0, shadow RAM and memory configuration",
  provides: PciBus,
  state: { version: 1, initial: initialBusState },
  resources: () => CONFIG_PORTS,
  create: ({ board, state }) =>
    createHostBridge(board, state, {
      vendorId: VENDOR_INTEL,
      deviceId: DEVICE_82443BX_NO_AGP,
      revision: REVISION_C1,
      classCode: CLASS_HOST_BRIDGE,
      command: PCICMD_HARDWIRED,
      status: PCISTS,
      registers: [
        ...sharedRegisters(PAM_WRITABLE),
        ...rowBoundaries(board.memory.ramBytes),
        ...span(NBXCFG, 4, 0xff),
        { offset: DRAMC, value: DRAMC_SDRAM | DRAMC_REFRESH_15_6_US, writable: 0x1f },
        { offset: DRAMT, value: 0x03, writable: 0xff },
        { offset: FDHC, value: 0, writable: 0xc0 },
        ...span(MBSC, 6, 0xff),
        { offset: ESMRAMC, value: 0x38, writable: 0x87 },
        ...span(RPS, 2, 0xff),
        ...span(SDRAMC, 2, 0xff),
        ...span(PGPOL, 2, 0xff),
        { offset: PMCR, value: PMCR_AGP_DIS, writable: 0xf8 },
        { offset: SCRR, value: 0x38, writable: 0xff },
        { offset: SCRR + 1, value: 0, writable: 0x0f },
        { offset: ERRCMD, value: 0x80, writable: 0xff },
        ...span(BSPAD, 8, 0xff),
      ],
    }),
});
