import type { Readable } from "node:stream";

export type Machine = Readable;
