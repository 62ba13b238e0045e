export { bochsVgaPci } from "./bochs-vga-pci.js";
export { ibmVga } from "./ibm-vga.js";
