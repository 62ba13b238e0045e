/**
 * The tray of a CD-ROM drive: the medium, who may move it, and the news of it the guest has yet to hear.
 * The medium is the host's; the state remembers which one lay there, to notice another after a load.
 */
import { BackplaneError, type Board, type DiskImage } from "backplane/sdk";
import { MEDIUM_CHANGED, NO_MEDIUM, NO_MEDIUM_TRAY_OPEN, RESET_OCCURRED, type Sense } from "./sense.js";

export const CD_SECTOR_BYTES = 2048;

/** Media event codes of GET EVENT STATUS NOTIFICATION. */
export const NO_CHANGE = 0;
const EJECT_REQUEST = 1;
const NEW_MEDIA = 2;
const MEDIA_REMOVAL = 3;

export interface TrayState {
  open: boolean;
  /** PREVENT MEDIUM REMOVAL. */
  locked: boolean;
  /** Unit attention conditions waiting to be reported. */
  resetAttention: boolean;
  mediumAttention: boolean;
  /** The latest media event not yet reported. */
  event: number;
  /** Label and sectors of the medium; empty and 0 without one. */
  label: string;
  sectors: number;
}

export const initialTray = (): TrayState => ({ open: false, locked: false, resetAttention: false, mediumAttention: false, event: NO_CHANGE, label: "", sectors: 0 });

export class CdTray {
  readonly #state: TrayState;
  readonly #board: Board;
  #image: DiskImage | undefined;

  /** @throws BackplaneError `MEDIUM_UNSUITABLE`. */
  constructor(state: TrayState, board: Board, image: DiskImage | undefined) {
    this.#state = state;
    this.#board = board;
    this.#image = this.#suitable(image);
    this.#remember();
  }

  /** Label of what lies in the tray, also while it is open. */
  get label(): string | undefined {
    return this.#image?.label;
  }
  get locked(): boolean {
    return this.#state.locked;
  }
  set locked(value: boolean) {
    this.#state.locked = value;
  }
  get open(): boolean {
    return this.#state.open;
  }
  /** The medium as the drive can read it. */
  get medium(): DiskImage | undefined {
    return this.#state.open ? undefined : this.#image;
  }
  get sectors(): number {
    return this.medium ? this.#state.sectors : 0;
  }
  /** Why there is nothing to read. */
  get absence(): Sense {
    return this.#state.open ? NO_MEDIUM_TRAY_OPEN : NO_MEDIUM;
  }

  /** The host changes the medium; the tray is closed afterwards. A locked tray stays as it is and asks the guest to let go. */
  insert(image: DiskImage | undefined): void {
    const suitable = this.#suitable(image);
    if (this.#state.locked) {
      this.#state.event = EJECT_REQUEST;
      throw new BackplaneError("MEDIUM_LOCKED", `${this.#board.path}: the guest has locked the tray; unmount the disc there, then try again`, { path: this.#board.path });
    }
    const before = this.medium;
    this.#image = suitable;
    this.#state.open = false;
    this.#remember();
    if (suitable) this.#arrived();
    else if (before) this.#state.event = MEDIA_REMOVAL;
  }

  /** START STOP UNIT with LoEj. Returns false when locked. */
  move(open: boolean): boolean {
    if (open === this.#state.open) return true;
    if (open && this.#state.locked) return false;
    this.#state.open = open;
    if (open) this.#state.event = MEDIA_REMOVAL;
    else if (this.#image) this.#arrived();
    return true;
  }

  /** The oldest news, which is then no news any more. */
  takeAttention(): Sense | undefined {
    if (this.#state.resetAttention) {
      this.#state.resetAttention = false;
      return RESET_OCCURRED;
    }
    if (!this.#state.mediumAttention) return undefined;
    this.#state.mediumAttention = false;
    return MEDIUM_CHANGED;
  }

  takeEvent(): number {
    const { event } = this.#state;
    this.#state.event = NO_CHANGE;
    return event;
  }

  /** Any reset unlocks the tray and is reported. */
  reset(): void {
    this.#state.locked = false;
    this.#state.resetAttention = true;
  }

  powerOn(): void {
    this.#state.open = false;
    this.#state.mediumAttention = false;
    this.#state.event = NO_CHANGE;
    this.#remember();
  }

  /** After a load: a medium other than the saved one is a changed medium to the guest. */
  loaded(): void {
    if (this.#state.label === (this.#image?.label ?? "") && this.#state.sectors === this.#count) return;
    this.#board.log.warn(`the saved machine had ${this.#state.label || "no disc"} in the drive, now there is ${this.#image?.label ?? "none"}`);
    this.#remember();
    if (this.#image && !this.#state.open) this.#arrived();
    else this.#state.event = MEDIA_REMOVAL;
  }

  #arrived(): void {
    this.#state.mediumAttention = true;
    this.#state.event = NEW_MEDIA;
  }

  get #count(): number {
    return Math.floor((this.#image?.sizeBytes ?? 0) / CD_SECTOR_BYTES);
  }

  #remember(): void {
    this.#state.label = this.#image?.label ?? "";
    this.#state.sectors = this.#count;
  }

  #suitable(image: DiskImage | undefined): DiskImage | undefined {
    const sectors = (image?.sizeBytes ?? CD_SECTOR_BYTES) / CD_SECTOR_BYTES;
    if (image && (sectors < 1 || sectors > 0xffff_ffff)) {
      throw new BackplaneError("MEDIUM_UNSUITABLE", `${this.#board.path}: ${image.label} is no disc image: it has to hold at least one sector of ${CD_SECTOR_BYTES} bytes`, {
        path: this.#board.path,
        medium: image.label,
      });
    }
    return image;
  }
}
