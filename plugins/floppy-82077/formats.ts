/** Disk formats, told apart by image size, and which drive reads which of them. */

interface Format {
  readonly name: string;
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

const format = (name: string, cylinders: number, heads: number, sectors: number): Format => ({ name, cylinders, heads, sectors });

const FORMATS = [
  format("160K", 40, 1, 8),
  format("180K", 40, 1, 9),
  format("320K", 40, 2, 8),
  format("360K", 40, 2, 9),
  format("720K", 80, 2, 9),
  format("1.2M", 80, 2, 15),
  format("1.44M", 80, 2, 18),
  format("1.68M", 80, 2, 21),
  format("2.88M", 80, 2, 36),
];

/** The format of an image of that size, if it is one. */
export const formatOf = (sizeBytes: number): Format | undefined => FORMATS.find((each) => each.cylinders * each.heads * each.sectors * 512 === sizeBytes);

/** Data rate codes of the controller. */
const RATE_500 = 0;
const RATE_300 = 1;
const RATE_250 = 2;
const RATE_1000 = 3;

export type DriveName = "360K" | "1.2M" | "720K" | "1.44M" | "2.88M";

export interface DriveKind {
  readonly type: number;
  readonly cylinders: number;
  /** Data rates for each format it reads. */
  readonly reads: Readonly<Record<string, readonly number[]>>;
}

const forAll = (names: readonly string[], rates: readonly number[]) => Object.fromEntries(names.map((name) => [name, rates]));
const LOW_DENSITY_5 = ["160K", "180K", "320K", "360K"];
const HIGH_DENSITY_3 = { "720K": [RATE_250], "1.44M": [RATE_500], "1.68M": [RATE_500] };

/** A 360K drive would take 250 kbit/s only; SeaBIOS reads its disks at 300, as a 1.2M drive does. */
export const DRIVES: Readonly<Record<DriveName, DriveKind>> = {
  "360K": { type: 1, cylinders: 40, reads: forAll(LOW_DENSITY_5, [RATE_250, RATE_300]) },
  "1.2M": { type: 2, cylinders: 80, reads: { ...forAll(LOW_DENSITY_5, [RATE_300]), "1.2M": [RATE_500] } },
  "720K": { type: 3, cylinders: 80, reads: { "720K": [RATE_250] } },
  "1.44M": { type: 4, cylinders: 80, reads: HIGH_DENSITY_3 },
  "2.88M": { type: 5, cylinders: 80, reads: { ...HIGH_DENSITY_3, "2.88M": [RATE_1000] } },
};

/** The drive a machine would have for a disk of that format. */
export const driveFor = (format: string | undefined): DriveName => {
  if (format === "2.88M" || format === "1.2M") return format;
  return format !== undefined && LOW_DENSITY_5.includes(format) ? "360K" : "1.44M";
};
