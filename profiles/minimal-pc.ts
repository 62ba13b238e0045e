/** An AT without PCI: the least that a Linux kernel, started directly, needs to reach a shell on its serial port. */
import { ProfileBuilder } from "backplane/sdk";
import { ibmVga } from "../plugins/vga/index.js";
import { addIsaParts } from "./isa-parts.js";

export const minimalPc = addIsaParts(ProfileBuilder.named("minimal-pc", "ISA PC: serial port, keyboard, VGA, no PCI").memory(64)).add("/isa/vga", ibmVga).build();
