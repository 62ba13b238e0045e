/**
 * Intel 82371AB (PIIX4) function 1 and 82371SB (PIIX3) function 1: the IDE controller.
 * Source: Intel 82371AB data sheet, order number 290562-001, chapter 6; 82371SB, 290550-002, section 2.3.
 *
 * The channels sit at the legacy ports and interrupts. IDETIM resets to zero as in the part: drivers find a channel
 * enabled once firmware has set bit 15 (IDE decode enable) of 40h and 42h. The ports themselves answer always,
 * whatever that bit and the I/O enable of the command register say.
 *
 * Not implemented: gating of the legacy ports, timing (the timing registers store what is written), PIO prefetch,
 * UDMA CRC errors, the ERROR bit of BMISX (memory accesses of a bus master cannot fail here).
 */
import { BackplaneError, choice, defineDevice, IdeBus, PciBus, type PciFunction } from "backplane/sdk";
import { BusMasterChannel, initialBusMaster } from "./bus-master.js";
import { IdeChannel, initialChannel } from "./channel.js";

const CHANNELS = [
  { command: 0x1f0, control: 0x3f6, irq: 14 },
  { command: 0x170, control: 0x376, irq: 15 },
] as const;

const COMMAND_PORTS = 8;
const VENDOR_INTEL = 0x8086;
const IDENTITIES = {
  piix4: { deviceId: 0x7111, revision: 0x01 },
  piix3: { deviceId: 0x7010, revision: 0x00 },
} as const;
/** Mass storage, IDE, bus master capable, both channels in compatibility mode. */
const CLASS_CODE = 0x01_01_80;
/** Medium DEVSEL timing, fast back-to-back capable. */
const PCI_STATUS = 0x0280;
const PCI_COMMAND = 0x04;

/** Configuration registers. */
const IDETIM = 0x40;
const SIDETIM = 0x44;
const UDMACTL = 0x48;
const UDMATIM = 0x4a;

const writable = (offset: number, mask: number) => ({ offset, value: 0, writable: mask });
const IDETIM_REGISTERS = [writable(IDETIM, 0xff), writable(IDETIM + 1, 0xf3), writable(IDETIM + 2, 0xff), writable(IDETIM + 3, 0xf3), writable(SIDETIM, 0xff)];
const UDMA_REGISTERS = [writable(UDMACTL, 0x0f), writable(UDMATIM, 0x33), writable(UDMATIM + 1, 0x33)];

const UNIT = /(?:^|\/)([01]):([01])$/;

export const piix4Ide = defineDevice({
  id: "intel.piix4-ide",
  summary: "Intel PIIX4 (or PIIX3) IDE controller: two channels at the legacy ports, bus-master DMA",
  provides: IdeBus,
  needs: { pci: PciBus },
  config: {
    identity: choice(["piix4", "piix3"], "Which part it introduces itself as: 8086:7111 with Ultra DMA/33, or 8086:7010"),
  },
  state: {
    version: 1,
    initial: () => ({
      channels: [initialChannel(), initialChannel()],
      busMasters: [initialBusMaster(), initialBusMaster()],
    }),
  },
  resources: () =>
    CHANNELS.flatMap(({ command, control, irq }) => [
      { kind: "ports" as const, base: command, length: COMMAND_PORTS },
      { kind: "ports" as const, base: control, length: 1 },
      { kind: "irq" as const, line: irq },
    ]),

  create({ board, config, deps, state }) {
    let pci: PciFunction | undefined;
    const channels = CHANNELS.map(({ command, control, irq }, index) => {
      const channel = new IdeChannel(state.channels[index], board.irq(irq), {
        interrupted: () => busMaster.interrupted(),
        dmaReady: () => busMaster.run(),
      });
      const busMaster = new BusMasterChannel(
        state.busMasters[index],
        board.busMaster,
        () => channel.selected,
        () => pci?.busMasterEnabled ?? false,
      );
      board.ports(command, COMMAND_PORTS, channel.commandBlock);
      board.ports(control, 1, channel.controlBlock);
      return { channel, busMaster };
    });

    pci = deps.pci.attach(board, {
      vendorId: VENDOR_INTEL,
      ...IDENTITIES[config.identity],
      classCode: CLASS_CODE,
      status: PCI_STATUS,
      bars: [
        {
          index: 4,
          kind: "io",
          size: 16,
          handler: {
            read8: (offset) => channels[offset >>> 3].busMaster.read8(offset & 7),
            write8: (offset, value) => channels[offset >>> 3].busMaster.write8(offset & 7, value),
          },
        },
      ],
      registers: config.identity === "piix4" ? [...IDETIM_REGISTERS, ...UDMA_REGISTERS] : IDETIM_REGISTERS,
      onConfigWrite: (offset) => {
        if (offset <= PCI_COMMAND + 1) for (const { busMaster } of channels) busMaster.run();
      },
    });

    return {
      role: {
        attach(position, connect) {
          const unit = UNIT.exec(position);
          if (!unit) {
            throw new BackplaneError("IDE_UNIT_INVALID", `${position}: an IDE drive's path ends in 0:0, 0:1, 1:0 or 1:1 (channel:drive)`, { position });
          }
          channels[Number(unit[1])].channel.attach(Number(unit[2]), position, connect);
        },
      },
      reset() {
        for (const { channel, busMaster } of channels) {
          channel.reset();
          busMaster.reset();
        }
      },
    };
  },
});
