/** What the embedding API needs of the place it runs in. Node's is `host/node`, a browser's `host/browser.ts`. */
import type { HostTime } from "../../kernel/machine/index.js";
import type { Storage } from "../../sdk/roles/disk-image.js";

export interface Platform {
  readonly time: HostTime;
  /** Files that devices open by name. */
  readonly storage: Storage;
  /** Milliseconds since 1970-01-01 UTC. */
  epochMs(): number;
  /** An unpredictable unsigned 32-bit number. */
  seed(): number;
  /** A zlib stream (RFC 1950), for PNG files. */
  deflate(bytes: Uint8Array): Uint8Array;
}
