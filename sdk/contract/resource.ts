/** What a device claims for good, known before it exists so that conflicts are reported by name. */
export type Resource =
  | { readonly kind: "ports"; readonly base: number; readonly length: number }
  | { readonly kind: "mmio"; readonly base: number; readonly length: number }
  | { readonly kind: "irq"; readonly line: number; readonly shared?: boolean }
  | { readonly kind: "dma"; readonly channel: number }
  /** Device memory reachable through `board.block(name)`; a multiple of 4096 bytes. */
  | { readonly kind: "memory"; readonly name: string; readonly bytes: number };
