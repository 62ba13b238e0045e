/** Every failure a user can meet has a code, a message of one line, and the names involved. */
export class BackplaneError extends Error {
  /** Stable, upper-case, for programs: `BUS_OVERLAP`, `CONFIG_UNKNOWN_KEY`, ... */
  readonly code: string;
  /** The things the message names, for programs. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "BackplaneError";
    this.code = code;
    this.details = details;
  }
}

/** True for errors of this class, also across two copies of the SDK. */
export const isBackplaneError = (error: unknown): error is BackplaneError =>
  error instanceof Error && error.name === "BackplaneError" && typeof (error as BackplaneError).code === "string";
