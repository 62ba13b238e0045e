/** Exceptions on their way from where they are found to where they are delivered. */

/**
 * A processor exception. One object per machine is thrown again and again: a fault is frequent, an allocation with a
 * stack trace is dear.
 */
export class GuestFault {
  vector = 0;
  /** -1 when the vector has no error code. */
  errorCode = -1;

  raise(vector: number, errorCode = -1): never {
    this.vector = vector;
    this.errorCode = errorCode;
    throw this;
  }
}
