export type Pci = number;
