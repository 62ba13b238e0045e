/**
 * Where everything lies in a machine's one fixed WebAssembly.Memory.
 *
 * Registers, TLBs and guest memory share it so that the interpreter, generated JavaScript and generated Wasm see one
 * and the same state, and so that "linear address to buffer offset" is a single XOR (see `mmu.ts`).
 */

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;
export const PAGE_MASK = PAGE_SIZE - 1;
/** Pages of the 4 GiB physical address space. */
export const PHYSICAL_PAGES = 1 << 20;

/** Architectural state, 64 KiB; fields are listed in `kernel/cpu/state.ts`. */
export const STATE_OFFSET = 0;
export const STATE_BYTES = 0x1_0000;

/**
 * Each TLB has 2^20 entries for supervisor accesses, then 2^20 for user accesses, then 2^20 for user accesses while
 * alignment is checked. Of the read and write TLBs this last part stays empty, so that every access takes the slow path.
 */
export const TLB_USER = 1 << 20;
export const TLB_ALIGNED = 2 << 20;
export const TLB_ENTRIES = 3 << 20;
export const TLB_BYTES = TLB_ENTRIES * 4;
export const TLB_READ_OFFSET = 0x0040_0000;
export const TLB_WRITE_OFFSET = TLB_READ_OFFSET + TLB_BYTES;
export const TLB_EXECUTE_OFFSET = TLB_WRITE_OFFSET + TLB_BYTES;

/** Guest RAM begins here; device memory blocks follow it. */
export const RAM_OFFSET = TLB_EXECUTE_OFFSET + TLB_BYTES;

export const MIN_RAM_BYTES = 1 << 20;
/** 3.6 GiB, rounded down to whole MiB. */
export const MAX_RAM_BYTES = 3686 * (1 << 20);
