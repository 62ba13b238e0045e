/** The vector file's columns, in order: equal fields of all cases lie together, which packs far better than case by case. */
export const MAGIC = "BPCPUVEC";
export const VERSION = 2;
export const COLUMNS = /** @type {const} */ ([
  "shape",
  "place",
  "codeLength",
  "code",
  "seed",
  "flags",
  "undefined",
  "overrideMask",
  "override",
  "patchShape",
  "patch",
  "unitPatchShape",
  "unitPatch",
  "maskShape",
  "statusUndefined",
  "vector",
  "error",
  "cr2",
  "eip",
  "flagsAfter",
  "registerMask",
  "register",
  "stackPointer",
  "segmentMask",
  "segment",
  "memoryShape",
  "memory",
  "unitShape",
  "unit",
]);
/** Magic, version, counts of environments, descriptors and columns, cases, checksum. */
export const HEADER_BYTES = 24;

export const SHAPE_UNITS = 0x40;
export const SHAPE_APPROXIMATE = 0x80;
export const WINDOW_SHIFT = 4;

/** @typedef {(typeof COLUMNS)[number]} Column */
