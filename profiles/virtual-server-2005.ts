/**
 * The virtual machine of Virtual Server 2005: a 440BX board with PIIX4, two serial ports, a parallel port and a floppy
 * drive. The display adapter at 08.0 is a Bochs VGA in place of the S3 Trio64.
 *
 * Firmware and disks are the host's to add: `/firmware`, `/pci/07.1/0:0` with `/pci/07.1/0:0/image`, ...
 */
import { ProfileBuilder } from "backplane/sdk";
import { i440bx } from "../plugins/chipset-440bx/index.js";
import { debugPort } from "../plugins/debug-port/index.js";
import { floppyDrive, intel82077aa } from "../plugins/floppy-82077/index.js";
import { piix4Ide } from "../plugins/ide/index.js";
import { ibmLpt } from "../plugins/lpt/index.js";
import { isaBridge, powerManagement } from "../plugins/piix4/index.js";
import { ns16550a } from "../plugins/uart-16550/index.js";
import { bochsVgaPci } from "../plugins/vga/index.js";
import { addIsaParts } from "./isa-parts.js";

export const virtualServer2005 = addIsaParts(
  ProfileBuilder.named("virtual-server-2005", "440BX PC: PCI, IDE, floppy, two serial ports, parallel port, VGA")
    .memory(128)
    .add("/pci", i440bx)
    .add("/pci/07.0", isaBridge)
    .add("/pci/07.1", piix4Ide)
    .add("/pci/07.3", powerManagement)
    .add("/pci/08.0", bochsVgaPci),
)
  .add("/isa/com2", ns16550a, { base: 0x2f8, irq: 3 })
  .add("/isa/lpt1", ibmLpt)
  .add("/isa/floppy", intel82077aa)
  .add("/isa/floppy/0", floppyDrive)
  .add("/isa/debug", debugPort, { port: 0xe9 })
  .build();
