/** A machine to be assembled: what the embedding API and the command line take. */

import type { JitMode } from "../../kernel/machine/index.js";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import type { MachineHooks } from "../../sdk/contract/hooks.js";
import type { Profile } from "../../sdk/contract/profile.js";
import type { PortTap } from "./port-tap.js";

/** A disk in a host file. */
export interface DiskFile {
  readonly file: string;
  /** Opens the file for reading only; the guest's writes fail. */
  readonly readOnly?: boolean;
}

/** A device to plug in beside those of the profile. */
export interface PluggedDevice {
  readonly path: string;
  /** A definition, or the id of one in the catalogue. */
  readonly use: AnyDefinition | string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly wires?: Readonly<Record<string, string>>;
}

/** Which devices there are. File names are the platform's. */
export interface MachineDescription {
  /**
   * The name of a profile, a profile, or a profile as parsed JSON. Unless given: `virtual-server-2005`, or `seabios-pc`
   * when a disk, CD or floppy is to be booted.
   */
  readonly profile?: string | Profile | { readonly name: string; readonly [key: string]: unknown };
  /** MiB. */
  readonly memory?: number;
  /** Processor model, `pentium3`; see `CPU_MODELS`. */
  readonly cpu?: string;
  /** Boots this Linux kernel (bzImage or ELF) without a BIOS. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  /** IDE disks, in order of the positions left free. */
  readonly disks?: readonly (string | DiskFile)[];
  readonly cdrom?: string;
  readonly floppy?: string;
  /** Starts this PC BIOS image. */
  readonly bios?: string;
  readonly videoBios?: string;
  /** What a BIOS tries, first choice first: `disk`, `cdrom`, `floppy`. */
  readonly boot?: readonly string[];
  /** More definitions, by id, for `plug`, `swap` and JSON profiles. */
  readonly definitions?: readonly AnyDefinition[];
  readonly plug?: readonly PluggedDevice[];
  /** Role to id: another definition for every device of a role. */
  readonly swap?: Readonly<Record<string, string>>;
  /** Settings as `PATH.KEY=VALUE`. */
  readonly set?: readonly string[];
}

/** How it runs. */
export interface RunOptions {
  /** `real` (the default): virtual time follows the host's. `deterministic`: it counts instructions. */
  readonly clock?: "real" | "deterministic";
  /**
   * Real clock: how many ms late the timers of a guest that has been idle for a while may be, so that an idle guest
   * wakes the host less often: 200 unless given, at most 250; 0 is never late. Input is taken at once all the same.
   */
  readonly timerSlackMs?: number;
  /** How hot guest code is translated: `wasm` unless given; `off` interprets everything. */
  readonly jit?: JitMode;
  /** Translated code counts what it does: for `machine.jit.report`. Slower. */
  readonly jitReport?: boolean;
  /** Of the devices' random numbers. Random unless given; 1 with the deterministic clock. */
  readonly seed?: number;
  /** What the guest's clock starts from, in ms since 1970 UTC. The present unless given; 2005-01-01 with the deterministic clock. */
  readonly epochMs?: number;
  readonly tripleFault?: "stop" | "reset";
  /** Files in memory, by name; they come before the platform's. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly taps?: readonly PortTap[];
  /** Taps other hooks before anything is created. */
  readonly apply?: (hooks: MachineHooks) => void;
}
