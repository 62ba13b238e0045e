/**
 * Architectural state: fixed places in the first 64 KiB of the guest buffer, as indices of 32-bit words.
 *
 * This is the one description that the interpreter, the cold operations, snapshots and the JIT share. Words marked
 * (derived) follow from others and are rebuilt after a load; words marked (run) have a meaning only inside `run`.
 */

export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;
/** Always zero: stands for "no register" in address forms. */
export const ZERO = 8;
export const EIP = 9;
/** EFLAGS; the six arithmetic flags here are valid only while LAZY_OP is LAZY_NONE. */
export const FLAGS = 10;
/** Lazy arithmetic flags, see `flags.ts`: kind, result, first and second operand, sign-extended to 32 bits. */
export const LAZY_OP = 11;
export const LAZY_RESULT = 12;
export const LAZY_A = 13;
export const LAZY_B = 14;

/** Segment registers: SEL + n, BASE + n, LIMIT + n, ATTR + n. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;
export const SEL = 16;
export const BASE = 24;
/** Byte-granular limit, unsigned. */
export const LIMIT = 32;
/** Descriptor bits 40-47 in bits 0-7 and 52-55 in bits 12-15; 0 when the register holds a null selector. */
export const ATTR = 40;

export const CR0 = 48;
export const CR2 = 49;
export const CR3 = 50;
export const CR4 = 51;
export const DR0 = 52;
export const DR6 = 58;
export const DR7 = 59;
export const GDTR_BASE = 60;
export const GDTR_LIMIT = 61;
export const IDTR_BASE = 62;
export const IDTR_LIMIT = 63;
export const CPL = 64;
/** Set for one instruction after STI, MOV SS and POP SS: 1 holds off interrupts, 2 also debug traps. */
export const SHADOW = 65;
export const NO_TRAPS = 2;
export const HALTED = 66;
export const SHUTDOWN = 67;
/** Mask for physical addresses: FFFFFFFFh, or FFEFFFFFh while A20 is held low. */
export const A20_MASK = 68;
/** Pins and latches that ask for attention, see PENDING_ bits. */
export const PENDING = 69;
/** IGNNE# as driven by the board. */
export const IGNNE = 70;
/** An NMI handler runs: further ones wait for its IRET. */
export const NMI_BLOCKED = 71;
export const SYSENTER_CS = 72;
export const SYSENTER_ESP = 73;
export const SYSENTER_EIP = 74;
export const APIC_BASE = 75;
export const PAT_LOW = 76;
export const PAT_HIGH = 77;
export const EFER = 78;
/** What WRMSR has added to the time stamp counter, 64 bits. */
export const TSC_OFFSET_LOW = 80;
export const TSC_OFFSET_HIGH = 81;
/** The four page-directory-pointer-table entries of PAE paging, 64 bits each: loaded with CR3, not read by walks. */
export const PDPTE = 82;
/** Causes of a debug trap due before the next instruction, as bits of DR6. */
export const DEBUG_TRAP = 90;
/** 1 while a repeated string instruction has begun and has elements left: EIP is at the instruction. */
export const REPEATING = 91;

/** Words below are saved in snapshots; the ones from here to STATE_WORDS are derived or belong to `run`. */
export const SAVED_WORDS = 96;

/** (run) Record being executed, and the offset that makes `COUNT_BASE + PC` eight times the instruction count. */
export const PC = 96;
export const COUNT_BASE = 97;
/** (run) `run` leaves at the next taken branch once `COUNT_BASE + PC` has reached this. */
export const RUN_LIMIT = 98;
/** (run) Linear address of the page being executed. */
export const CODE_PAGE = 99;
/** (derived) Decoding mode, see KEY_ bits. */
export const MODE_KEY = 100;
/** (derived) Offset into the TLBs: 0, TLB_USER while CPL is 3, TLB_ALIGNED while alignment is checked too. */
export const TLB_HALF = 101;

/** (run) Translated regions leave at the next back edge once the count in eighths has reached this. */
export const REGION_LIMIT = 102;
/** (run) Why a translated region was left: 1 if the interpreter has to execute the next instruction. */
export const REGION_EXIT = 103;
/** (run) What RUN_LIMIT grows to as regions execute: the interpreter's own instructions are what is sampled. */
export const STRETCH_LIMIT = 104;
/** (run) Slot of the region that runs, or ran last. */
export const REGION_SLOT = 105;
/** A RUN_LIMIT that is always reached. */
export const AT_ONCE = -0x8000_0000;

/** Byte offset and size of the x87 state. */
export const FPU_OFFSET = 1024;
export const FPU_BYTES = 512;

export const PENDING_INTR = 1;
export const PENDING_NMI = 2;
export const PENDING_INIT = 4;

/** Code is 32-bit (CS.D). */
export const KEY_CODE32 = 1;
/** The stack is 32-bit (SS.B). */
export const KEY_STACK32 = 2;
/** CS, DS, ES and SS have base 0, limit 4 GiB and allow everything: no segment checks needed. */
export const KEY_FLAT = 4;
/** Virtual-8086 or real mode. */
export const KEY_REAL = 8;

export const CF = 1;
export const PF = 4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const TF = 0x100;
export const IF = 0x200;
export const DF = 0x400;
export const OF = 0x800;
export const IOPL = 0x3000;
export const NT = 0x4000;
export const RF = 0x1_0000;
export const VM = 0x2_0000;
export const AC = 0x4_0000;
export const VIF = 0x8_0000;
export const VIP = 0x10_0000;
export const ID = 0x20_0000;
export const ARITHMETIC_FLAGS = CF | PF | AF | ZF | SF | OF;

export const CR0_PE = 1;
export const CR0_MP = 2;
export const CR0_EM = 4;
export const CR0_TS = 8;
export const CR0_ET = 0x10;
export const CR0_NE = 0x20;
export const CR0_WP = 0x1_0000;
export const CR0_AM = 0x4_0000;
export const CR0_NW = 0x2000_0000;
export const CR0_CD = 0x4000_0000;
export const CR0_PG = 0x8000_0000 | 0;

export const CR4_VME = 1;
export const CR4_PVI = 2;
export const CR4_TSD = 4;
export const CR4_DE = 8;
export const CR4_PSE = 0x10;
export const CR4_PAE = 0x20;
export const CR4_MCE = 0x40;
export const CR4_PGE = 0x80;
export const CR4_PCE = 0x100;
export const CR4_OSFXSR = 0x200;
export const CR4_OSXMMEXCPT = 0x400;

/** Causes in DR6: single step, task switch. */
export const DR6_BS = 0x4000;
export const DR6_BT = 0x8000;
/** General detect: MOV to and from debug registers is #DB. */
export const DR7_GD = 0x2000;

export const EFER_NXE = 0x800;

/** ATTR bits. */
export const ATTR_ACCESSED = 1;
export const ATTR_WRITABLE = 2;
export const ATTR_READABLE = 2;
export const ATTR_EXPAND_DOWN = 4;
export const ATTR_CONFORMING = 4;
export const ATTR_CODE = 8;
export const ATTR_SEGMENT = 0x10;
export const ATTR_PRESENT = 0x80;
export const ATTR_BIG = 0x4000;
export const ATTR_GRANULAR = 0x8000;

/** Exception vectors (Intel SDM volume 3, table 6-1). */
export const DE_VECTOR = 0;
export const DB_VECTOR = 1;
export const NMI_VECTOR = 2;
export const BP_VECTOR = 3;
export const OF_VECTOR = 4;
export const BR_VECTOR = 5;
export const UD_VECTOR = 6;
export const NM_VECTOR = 7;
export const DF_VECTOR = 8;
export const TS_VECTOR = 10;
export const NP_VECTOR = 11;
export const SS_VECTOR = 12;
export const GP_VECTOR = 13;
export const PF_VECTOR = 14;
export const MF_VECTOR = 16;
export const AC_VECTOR = 17;
