/**
 * The board SeaBIOS expects: the devices of virtual-server-2005 with the identities and at the places of QEMU's 440FX
 * machine, and QEMU's firmware configuration device.
 */
import { ProfileBuilder } from "backplane/sdk";
import { i440fx } from "../plugins/chipset-440bx/index.js";
import { debugPort } from "../plugins/debug-port/index.js";
import { fwCfg } from "../plugins/fw-cfg/index.js";
import { piix4Ide } from "../plugins/ide/index.js";
import { isaBridge, powerManagement } from "../plugins/piix4/index.js";
import { bochsVgaPci } from "../plugins/vga/index.js";
import { virtualServer2005 } from "./virtual-server-2005.js";

const pciPaths = virtualServer2005.slots.map((slot) => slot.path).filter((path) => path === "/pci" || path.startsWith("/pci/"));

export const seabiosPc = pciPaths
  .reduce((builder, path) => builder.remove(path), ProfileBuilder.from(virtualServer2005, "seabios-pc", "440FX PC as SeaBIOS knows it from QEMU"))
  .add("/pci", i440fx)
  .add("/pci/01.0", isaBridge, { identity: "piix3" })
  .add("/pci/01.1", piix4Ide, { identity: "piix3" })
  .add("/pci/01.3", powerManagement)
  .add("/pci/02.0", bochsVgaPci)
  .add("/isa/fw-cfg", fwCfg)
  .add("/isa/debug402", debugPort, { port: 0x402 })
  .build();
