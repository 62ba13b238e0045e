/** What a long preparation is doing; `fraction` runs 0..1 within a phase and is absent where no total is known. */
export interface GuestProgress {
  readonly phase: "wait" | "index" | "download" | "unpack" | "build";
  readonly fraction?: number;
  /** The package or file concerned, for a person to read. */
  readonly subject?: string;
}

/** Options every operation of this folder takes. */
export interface GuestOptions {
  /** Where downloads and built files live between runs; `defaultCacheDir()` unless given. */
  readonly cacheDir?: string;
  /** Ask the package indexes again and take newer versions; otherwise what the cache holds is used as it is. */
  readonly refresh?: boolean;
  readonly progress?: (event: GuestProgress) => void;
  /** One line about something that went wrong but did not prevent the result. */
  readonly warn?: (message: string) => void;
  readonly signal?: AbortSignal;
}
