/** The disk's side of the cable: its registers, and what each command code does. */
import { type AtaDrive, type AtaHost, BackplaneError, type Board, type DiskImage } from "backplane/sdk";
import {
  type Addressing,
  currentCylinders,
  defaultCylinders,
  defaultTranslation,
  firstSector,
  LBA28,
  LBA48,
  sectorCount,
  shortAddressing,
  showSector,
  type Translation,
} from "./addressing.js";
import { type FeatureOutcome, type FeatureState, SMART_BYTES, setFeatures, smart } from "./ata-features.js";
import {
  ACTIVE,
  ASLEEP,
  FLUSH_CACHE,
  FLUSH_CACHE_EXT,
  IDENTIFY_DEVICE,
  INITIALIZE_DEVICE_PARAMETERS,
  isCheckPower,
  isRecalibrate,
  isSeek,
  POWER_COMMANDS,
  READ_NATIVE_MAX,
  READ_NATIVE_MAX_EXT,
  SECTOR_COMMANDS,
  SET_FEATURES,
  SET_MULTIPLE_MODE,
  type SectorCommand,
  SMART,
} from "./ata-opcodes.js";
import { CableDrive } from "./cable-drive.js";
import { IDENTIFY_BYTES, identifyDisk, MAX_LBA28, type Names } from "./identify.js";
import { ImageIo } from "./image-io.js";
import { ABRT, BSY, DEVICE, DRDY, DRQ, DSC, IDNF, SECTOR_COUNT, WP } from "./registers.js";
import { initialRun, type RunState, SECTOR_BYTES, SectorRun, WRITE } from "./sector-run.js";
import { initialTaskFile, type TaskFileState } from "./task-file.js";
import { initialTransfer, PIO_IN, type TransferState } from "./transfer.js";
import { POWER_ON_MODE } from "./transfer-mode.js";

export interface DiskState extends FeatureState {
  taskFile: TaskFileState;
  transfer: TransferState;
  run: RunState;
  translation: Translation;
  /** Sectors per block of READ MULTIPLE, 0 while off. */
  multiple: number;
  power: number;
}

const powerOn = () => ({ multiple: 0, transferMode: POWER_ON_MODE, writeCache: true, lookAhead: true, smart: true, power: ACTIVE });

export const initialDisk = (): DiskState => ({
  taskFile: initialTaskFile(),
  transfer: initialTransfer(),
  run: initialRun(),
  translation: { heads: 16, sectors: 63 },
  ...powerOn(),
});

const MAX_MULTIPLE = 16;

export interface DiskParts {
  readonly board: Board;
  readonly state: DiskState;
  readonly image: DiskImage;
  readonly host: AtaHost;
  readonly names: Names;
  readonly slave: boolean;
  readonly latencyUs: number;
}

export class AtaDisk extends CableDrive implements AtaDrive {
  readonly #parts: DiskParts;
  readonly #state: DiskState;
  readonly #sectors: number;
  readonly #io: ImageIo;
  readonly #run: SectorRun;

  /** @throws BackplaneError `DISK_TOO_SMALL` when the image has no whole sector. */
  constructor(parts: DiskParts) {
    const { board, state, image, host } = parts;
    super(state);
    this.#parts = parts;
    this.#state = state;
    this.#sectors = Math.floor(image.sizeBytes / SECTOR_BYTES);
    if (this.#sectors === 0) throw new BackplaneError("DISK_TOO_SMALL", `${board.path}: ${image.label} is smaller than a sector of ${SECTOR_BYTES} bytes`, { path: board.path });
    this.#io = new ImageIo(board, parts.latencyUs);
    this.#run = new SectorRun({
      state: state.run,
      translation: state.translation,
      file: this.file,
      transfer: this.transfer,
      io: this.#io,
      image,
      host,
      log: board.log,
    });
  }

  diagnose(): void {
    this.softReset();
  }

  softReset(): void {
    this.#run.cancel();
    if (this.#state.power === ASLEEP) this.#state.power = ACTIVE;
    this.file.reset(0, 0, DRDY | DSC);
  }

  hardReset(): void {
    Object.assign(this.#state, powerOn());
    Object.assign(this.#state.translation, defaultTranslation(this.#sectors));
    this.softReset();
  }

  /** Whatever was under way on the host belongs to the time before the load. */
  loaded(): void {
    this.#io.abandon();
  }

  command(code: number): void {
    if (this.file.busy || this.#state.power === ASLEEP) return;
    this.#run.cancel();
    const sectors = SECTOR_COMMANDS.get(code);
    const power = POWER_COMMANDS.get(code);
    if (sectors) this.#sectorCommand(sectors);
    else if (power !== undefined) {
      this.#state.power = power;
      this.#finish("done");
    } else if (isRecalibrate(code)) this.#finish("done");
    else if (isSeek(code)) this.#seek();
    else if (isCheckPower(code)) {
      this.file.set(SECTOR_COUNT, this.#state.power);
      this.#finish("done");
    } else this.#otherCommand(code);
  }

  #otherCommand(code: number): void {
    switch (code) {
      case IDENTIFY_DEVICE:
        this.#identify();
        this.#reply(IDENTIFY_BYTES);
        break;
      case SET_FEATURES:
        this.#finish(setFeatures(this.#state, this.file));
        break;
      case SMART:
        this.#finish(smart(this.#state, this.file, this.transfer.buffer));
        break;
      case FLUSH_CACHE:
      case FLUSH_CACHE_EXT:
        this.#flush();
        break;
      case SET_MULTIPLE_MODE:
        this.#finish(this.#setMultiple(this.file.get(SECTOR_COUNT)));
        break;
      case INITIALIZE_DEVICE_PARAMETERS:
        this.#finish(this.#translate((this.file.get(DEVICE) & 0x0f) + 1, this.file.get(SECTOR_COUNT)));
        break;
      case READ_NATIVE_MAX:
        showSector(this.file, LBA28, this.#state.translation, Math.min(this.#sectors, MAX_LBA28) - 1);
        this.#finish("done");
        break;
      case READ_NATIVE_MAX_EXT:
        showSector(this.file, LBA48, this.#state.translation, this.#sectors - 1);
        this.#finish("done");
        break;
      default:
        this.#finish("abort");
        break;
    }
  }

  #sectorCommand({ kind, dma = false, ext = false, multiple = false, fua = false }: SectorCommand): void {
    const state = this.#state;
    if (multiple && state.multiple === 0) {
      this.#finish("abort");
      return;
    }
    if (kind === WRITE && this.#parts.image.readOnly) {
      this.#fail(WP | ABRT);
      return;
    }
    const addressing: Addressing = ext ? LBA48 : shortAddressing(this.file);
    const sector = firstSector(this.file, addressing, state.translation, this.#sectors);
    const remaining = sectorCount(this.file, addressing);
    if (sector < 0 || sector + remaining > this.#sectors) {
      this.#fail(IDNF);
      return;
    }
    state.power = ACTIVE;
    this.#run.start({ kind, dma, addressing, sector, remaining, block: multiple ? state.multiple : 1, durable: fua || !state.writeCache });
  }

  #seek(): void {
    const sector = firstSector(this.file, shortAddressing(this.file), this.#state.translation, this.#sectors);
    if (sector < 0 || sector >= this.#sectors) this.#fail(IDNF);
    else this.#finish("done");
  }

  #setMultiple(count: number): FeatureOutcome {
    if (count > MAX_MULTIPLE || (count & (count - 1)) !== 0) {
      this.#state.multiple = 0;
      return "abort";
    }
    this.#state.multiple = count;
    return "done";
  }

  /** A translation without a single whole cylinder is refused. */
  #translate(heads: number, sectors: number): FeatureOutcome {
    if (sectors === 0 || heads * sectors > this.#sectors) return "abort";
    Object.assign(this.#state.translation, { heads, sectors });
    return "done";
  }

  #identify(): void {
    const { translation } = this.#state;
    const standard = defaultTranslation(this.#sectors);
    identifyDisk(this.transfer.buffer, {
      ...this.#parts.names,
      sectors: this.#sectors,
      cylinders: defaultCylinders(this.#sectors),
      heads: standard.heads,
      sectorsPerTrack: standard.sectors,
      currentCylinders: currentCylinders(this.#sectors, translation),
      currentHeads: translation.heads,
      currentSectorsPerTrack: translation.sectors,
      multiple: this.#state.multiple,
      maxMultiple: MAX_MULTIPLE,
      transferMode: this.#state.transferMode,
      writeCache: this.#state.writeCache,
      lookAhead: this.#state.lookAhead,
      smart: this.#state.smart,
      slave: this.#parts.slave,
    });
  }

  #flush(): void {
    const { image, board } = this.#parts;
    this.file.status = BSY;
    this.#io.flush(
      image,
      () => this.#finish("done"),
      (error) => {
        board.log.warn(`cannot flush: ${error.message}`);
        this.#fail(ABRT);
      },
    );
  }

  /** Offers what the buffer holds as one PIO block. */
  #reply(bytes: number): void {
    this.file.error = 0;
    this.file.status = DRDY | DSC | DRQ;
    this.transfer.open(PIO_IN, bytes);
    this.#parts.host.interrupt();
  }

  protected override blockMoved(): void {
    if (this.#run.active) this.#run.blockMoved();
    else {
      this.transfer.close();
      this.file.succeed();
    }
  }

  #finish(outcome: FeatureOutcome): void {
    if (outcome === "flush") {
      this.#flush();
      return;
    }
    if (outcome === "data") {
      this.#reply(SMART_BYTES);
      return;
    }
    if (outcome === "abort") {
      this.#fail(ABRT);
      return;
    }
    this.file.succeed();
    this.#parts.host.interrupt();
  }

  #fail(error: number): void {
    this.file.fail(error);
    this.#parts.host.interrupt();
  }
}
