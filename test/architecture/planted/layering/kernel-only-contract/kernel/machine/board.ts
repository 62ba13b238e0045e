import type { Pci } from "../../sdk/roles/pci.js";

export type Board = Pci;
