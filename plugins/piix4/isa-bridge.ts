/**
 * PCI-to-ISA bridge of the 82371AB (PIIX4) and 82371SB (PIIX3), function 0: PCI interrupt routing and the reset control
 * register. The ISA parts inside the chip (8237, 8254, 8259, ELCR, RTC, port 61h and 92h) are devices of their own.
 *
 * Sources: Intel 290562, "82371AB PCI-to-ISA/IDE Xcelerator (PIIX4)"; Intel 290550, "82371FB (PIIX) and 82371SB (PIIX3)".
 * SeaBIOS programs PIRQRC for both device ids; the PIIX3 id is the one it meets on QEMU's 440FX machine, and its
 * $PIR table wants the bridge at 00:01.0.
 *
 * A PIRQ routed to a line is wired-OR with whatever else drives that line; the guest sets the line level-triggered in
 * the ELCR.
 *
 * Not implemented: serial interrupts (SERIRQC), distributed DMA, I/O recovery times, top of memory, the ISA decode
 * enables in XBCS and GENCFG (all storage only); the 82371AB's NMI and SMI sources.
 */
import { choice, defineDevice, IsaBridge, optional, PciBus, Processor } from "backplane/sdk";

const VENDOR_INTEL = 0x8086;
const CLASS_ISA_BRIDGE = 0x06_0100;
const IDENTITIES = {
  piix4: { deviceId: 0x7110, revision: 0x02 },
  piix3: { deviceId: 0x7000, revision: 0x00 },
} as const;
/** I/O, memory and bus mastering cannot be switched off. */
const PCICMD_HARDWIRED = 0x0007;
/** Medium DEVSEL# timing, fast back-to-back capable. */
const PCISTS = 0x0280;

const IORT = 0x4c;
const XBCS = 0x4e;
const PIRQRC_A = 0x60;
const SERIRQC = 0x64;
const TOM = 0x69;
const MBDMA0 = 0x76;
const MBDMA1 = 0x77;
const APICBASE = 0x80;
const DLC = 0x82;
const GENCFG = 0xb0;
const RTCCFG = 0xcb;

const PIRQS = 4;
const PIRQ_DISABLED = 0x80;
const PIRQ_WRITABLE = 0x8f;
/** IRQ 3-7, 9-12, 14 and 15; the other encodings are reserved. */
const ROUTABLE = 0xdef8;
const LINES = 16;

/** Reset control register. */
const RC = 0xcf9;
const RC_SRST = 0x02;
const RC_RCPU = 0x04;

export const isaBridge = defineDevice({
  id: "intel.piix4-isa",
  summary: "PIIX ISA bridge: routes PCI interrupts to the interrupt controller, reset port CF9h",
  provides: IsaBridge,
  needs: { pci: PciBus, processor: optional(Processor) },
  config: { identity: choice(["piix4", "piix3"], "which part it reports to be: 82371AB (7110h) or 82371SB (7000h, as on QEMU's 440FX machine)") },
  state: {
    version: 1,
    initial: () => ({
      /** Reset control register. */
      rc: 0,
      /** Levels of PIRQA#-PIRQD#, 1 while requested. */
      pirq: new Uint8Array(PIRQS),
    }),
  },
  resources: () => [{ kind: "ports", base: RC, length: 1 }],
  create({ board, config, deps, state }) {
    const lines = Array.from({ length: LINES }, (_, line) => ((ROUTABLE >>> line) & 1 ? board.irq(line, { routed: true }) : undefined));

    const fn = deps.pci.attach(board, {
      vendorId: VENDOR_INTEL,
      ...IDENTITIES[config.identity],
      classCode: CLASS_ISA_BRIDGE,
      command: PCICMD_HARDWIRED,
      status: PCISTS,
      multifunction: true,
      registers: [
        { offset: IORT, value: 0x4d, writable: 0xff },
        { offset: XBCS, value: 0x03, writable: 0xff },
        { offset: XBCS + 1, value: 0, writable: 0x07 },
        ...Array.from({ length: PIRQS }, (_, pirq) => ({ offset: PIRQRC_A + pirq, value: PIRQ_DISABLED, writable: PIRQ_WRITABLE })),
        { offset: SERIRQC, value: 0x10, writable: 0xff },
        { offset: TOM, value: 0x02, writable: 0xfe },
        { offset: MBDMA0, value: 0x04, writable: 0x8f },
        { offset: MBDMA1, value: 0x04, writable: 0x8f },
        { offset: APICBASE, value: 0, writable: 0x7f },
        { offset: DLC, value: 0, writable: 0x0f },
        ...Array.from({ length: 4 }, (_, byte) => ({ offset: GENCFG + byte, value: 0, writable: 0xff })),
        { offset: RTCCFG, value: 0x21, writable: 0x3f },
      ],
      onConfigWrite(offset, length) {
        if (offset < PIRQRC_A + PIRQS && offset + length > PIRQRC_A) drive();
      },
    });

    const routeOf = (pirq: number): number | undefined => {
      const register = fn.config[PIRQRC_A + pirq];
      const line = register & 0x0f;
      return register & PIRQ_DISABLED || !((ROUTABLE >>> line) & 1) ? undefined : line;
    };

    const drive = (): void => {
      let high = 0;
      for (let pirq = 0; pirq < PIRQS; pirq++) {
        const line = state.pirq[pirq] ? routeOf(pirq) : undefined;
        if (line !== undefined) high |= 1 << line;
      }
      for (let line = 0; line < LINES; line++) lines[line]?.set(((high >>> line) & 1) !== 0);
    };

    deps.pci.connectRouter((pirq, level) => {
      state.pirq[pirq] = level ? 1 : 0;
      drive();
    });

    board.ports(RC, 1, {
      read8: () => state.rc,
      write8(_offset, value) {
        const rising = (value & ~state.rc & RC_RCPU) !== 0;
        state.rc = value & (RC_RCPU | RC_SRST);
        if (!rising) return;
        if (value & RC_SRST || !deps.processor) board.machine.reset("reset control register (port CF9h)");
        else deps.processor.init();
      },
    });

    return {
      role: {
        routePirq(pirq, line) {
          if (pirq < 0 || pirq >= PIRQS) return;
          fn.config[PIRQRC_A + pirq] = line === undefined ? PIRQ_DISABLED : line & 0x0f;
          drive();
        },
        pirqRoute: (pirq) => (pirq < 0 || pirq >= PIRQS ? undefined : routeOf(pirq)),
      },
      reset() {
        state.rc = 0;
        state.pirq.fill(0);
        drive();
      },
    };
  },
});
