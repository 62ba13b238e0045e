/**
 * Power management function of the 82371AB (function 3): ACPI registers, SMBus and the APM ports B2h and B3h.
 *
 * Source: Intel 290562, "82371AB PCI-to-ISA/IDE Xcelerator (PIIX4)"; the GPE window and the decode bits in DEVRESA-C are
 * those of QEMU's machine, which the ACPI tables inside SeaBIOS describe.
 *
 * There is no SMM. What an SMI handler would do on the two commands of the ACPI tables (F1h enables, F0h disables ACPI)
 * happens in the write to APMC itself: it sets or clears SCI_EN. Every other command is recorded and raises no SMI#.
 * `smm-initialised` sets DEVACTB[25] (APMC_EN) at reset, which tells SeaBIOS that its SMM handler is in place already;
 * without it SeaBIOS would wait for one to answer.
 *
 * Revision 3 (82371MB) is free of the timer fault for which Linux reads PMTMR three times.
 *
 * Not implemented: SMI# and everything that causes it, device monitors and their PCI registers (storage only), INTA#.
 */
import { type BusHandler, defineDevice, flag, type Mapping, PciBus, PowerButton, port, type Resource, readLe16, type Timer } from "backplane/sdk";
import { GP_PORTS, GPSTS, initialPm, PM_PORTS, pmRegisters } from "./pm-registers.js";
import { initialSmbus, resetSmbus, SMBUS_PORTS, smbusPorts } from "./smbus.js";

const VENDOR_INTEL = 0x8086;
const DEVICE_82371AB_PM = 0x7113;
const REVISION = 0x03;
const CLASS_OTHER_BRIDGE = 0x06_8000;
/** Medium DEVSEL# timing, fast back-to-back capable. */
const PCISTS = 0x0280;
const INTA = 1;

const PMBA = 0x40;
const CNTA = 0x44;
const DEVACTB = 0x58;
const DEVRESA = 0x5c;
const DEVRESB = 0x60;
const DEVRESC = 0x64;
const PMREGMISC = 0x80;
const SMBBA = 0x90;
const SMBHSTCFG = 0xd2;
const SMBSLVC = 0xd3;

const PMIOSE = 0x01;
const SMB_HST_EN = 0x01;
const BASE_IS_IO = 0x01;
const PMBA_MASK = 0xffc0;
const SMBBA_MASK = 0xfff0;
/** In byte 3 of DEVACTB. */
const APMC_EN = 0x02;
/** In byte 3 of DEVRESA: LPT decode, keyboard controller decode. */
const LPT_EN = 0x80;
const KBC_EN = 0x10;
/** In byte 3 of DEVRESB: floppy controller. */
const FDC_DECODE = 0x60;
/** In byte 3 of DEVRESC: COM A at 3F8h, COM B at 2F8h. */
const COMA_EN = 0x08;
const COMB_EN = 0x90;

const APMC = 0xb2;
const ACPI_ENABLE = 0xf1;
const ACPI_DISABLE = 0xf0;
const SCI_LINE = 9;

/** A block of ports whose base and enable lie in configuration space. */
interface Block {
  readonly ports: number;
  readonly handler: BusHandler;
  wanted(): number | undefined;
  base: number | undefined;
  mapping: Mapping | undefined;
}

export const powerManagement = defineDevice({
  id: "intel.piix4-pm",
  summary: "PIIX4 power management: ACPI registers and timer, soft off, power button, APM ports, empty SMBus",
  provides: PowerButton,
  needs: { pci: PciBus },
  config: {
    "smm-initialised": flag(true, "tell firmware that its SMM handler is installed; this machine has no SMM"),
    "gpe-ports": port(0xafe0, "second window on GPSTS and GPEN where SeaBIOS's ACPI tables look for general events; 0 for none"),
    "serial-a": flag(true, "report COM1 to ACPI tables written for QEMU"),
    "serial-b": flag(true, "report COM2 to ACPI tables written for QEMU"),
    parallel: flag(true, "report LPT1 to ACPI tables written for QEMU"),
  },
  state: {
    version: 1,
    initial: () => ({
      ...initialPm(),
      /** Last APM command and status. */
      apmc: 0,
      apms: 0,
      smbus: initialSmbus(),
    }),
  },
  resources: (config): Resource[] => [
    { kind: "ports", base: APMC, length: 2 },
    ...(config["gpe-ports"] > 0 ? [{ kind: "ports", base: config["gpe-ports"], length: GP_PORTS } as const] : []),
    { kind: "irq", line: SCI_LINE, shared: true },
  ],
  create({ board, config, deps, state }) {
    const toggle: Timer = board.clock.timer("pmtmr-toggle", () => pm.toggled());
    const pm = pmRegisters(state, board.clock, board.irq(SCI_LINE), toggle, board.machine);

    const fn = deps.pci.attach(board, {
      vendorId: VENDOR_INTEL,
      deviceId: DEVICE_82371AB_PM,
      revision: REVISION,
      classCode: CLASS_OTHER_BRIDGE,
      status: PCISTS,
      interruptPin: INTA,
      registers: [
        { offset: PMBA, value: BASE_IS_IO, writable: PMBA_MASK & 0xff },
        { offset: PMBA + 1, value: 0, writable: PMBA_MASK >>> 8 },
        ...Array.from({ length: PMREGMISC - CNTA }, (_, byte) => ({ offset: CNTA + byte, value: 0, writable: 0xff })),
        { offset: DEVACTB + 3, value: config["smm-initialised"] ? APMC_EN : 0, writable: 0xff },
        { offset: DEVRESA + 3, value: KBC_EN | (config.parallel ? LPT_EN : 0), writable: 0xff },
        { offset: DEVRESB + 3, value: FDC_DECODE, writable: 0xff },
        { offset: DEVRESC + 3, value: (config["serial-a"] ? COMA_EN : 0) | (config["serial-b"] ? COMB_EN : 0), writable: 0xff },
        { offset: PMREGMISC, value: 0, writable: PMIOSE },
        { offset: SMBBA, value: BASE_IS_IO, writable: SMBBA_MASK & 0xff },
        { offset: SMBBA + 1, value: 0, writable: SMBBA_MASK >>> 8 },
        { offset: SMBHSTCFG, value: 0, writable: 0x0f },
        ...Array.from({ length: 3 }, (_, byte) => ({ offset: SMBSLVC + byte, value: 0, writable: 0xff })),
      ],
      onConfigWrite: () => decode(),
    });

    const window = (mask: number, register: number, enabled: boolean): number | undefined => {
      const base = readLe16(fn.config, register) & mask;
      return enabled && base > 0 ? base : undefined;
    };
    const blocks: readonly Block[] = [
      {
        ports: PM_PORTS,
        handler: { read32: pm.read32, write8: pm.write8 },
        wanted: () => window(PMBA_MASK, PMBA, (fn.config[PMREGMISC] & PMIOSE) !== 0),
        base: undefined,
        mapping: undefined,
      },
      {
        ports: SMBUS_PORTS,
        handler: smbusPorts(state.smbus),
        wanted: () => window(SMBBA_MASK, SMBBA, (fn.config[SMBHSTCFG] & SMB_HST_EN) !== 0),
        base: undefined,
        mapping: undefined,
      },
    ];
    const decode = (): void => {
      for (const block of blocks) {
        const base = block.wanted();
        if (base === block.base) continue;
        block.mapping?.unmap();
        block.base = base;
        block.mapping = base === undefined ? undefined : board.ports(base, block.ports, block.handler, { relocatable: true });
      }
    };

    board.ports(APMC, 2, {
      read8: (offset) => (offset === 0 ? state.apmc : state.apms),
      write8(offset, value) {
        if (offset !== 0) {
          state.apms = value;
          return;
        }
        state.apmc = value;
        if (value === ACPI_ENABLE || value === ACPI_DISABLE) pm.setSciEnabled(value === ACPI_ENABLE);
      },
    });
    if (config["gpe-ports"] > 0) {
      board.ports(config["gpe-ports"], GP_PORTS, {
        read32: () => pm.read32(GPSTS),
        write8: (offset, value) => pm.write8(GPSTS + offset, value),
      });
    }

    return {
      role: { press: () => pm.pressPowerButton() },
      reset() {
        state.apmc = state.apms = 0;
        resetSmbus(state.smbus);
        pm.reset();
        decode();
      },
      loaded: decode,
    };
  },
});
