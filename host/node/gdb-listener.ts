/** TCP for the gdb stub. */
import { createServer, type Server, type Socket } from "node:net";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { VirtualMachine } from "../api/virtual-machine.js";
import { GdbServer } from "../debug/gdb/server.js";
import type { ByteStream } from "../debug/gdb/session.js";

/** A client that does not read its answers is sent away beyond this. */
const MAX_UNSENT = 4 << 20;
/** After this long without a word from its host, a client is asked for a sign of life. */
const KEEP_ALIVE_MS = 15_000;
/** A client that does not close its side must not keep the process. */
const LINGER_MS = 200;

const streamOf = (socket: Socket): ByteStream => ({
  write: (bytes) => {
    if (!socket.writable) return;
    if (socket.writableLength > MAX_UNSENT) socket.destroy();
    else socket.write(bytes);
  },
  onData: (fn) => void socket.on("data", fn),
  onClose: (fn) => {
    if (socket.destroyed) fn();
    socket.once("end", fn);
    socket.once("close", fn);
  },
  close: () => {
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  },
});

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use; stop the other program or choose another",
  EACCES: "this user may not listen there; choose another",
  ENOTFOUND: "there is no such place; choose another",
  EADDRNOTAVAIL: "there is no such place; choose another",
};

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((listening, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const name = `${host}:${port}`;
      failed(new BackplaneError("LISTEN_FAILED", `--gdb: cannot listen on ${name}: ${REASONS[error.code ?? ""] ?? `${error.code}; choose another`}`, { name, errno: error.code }));
    });
    server.listen({ host, port }, listening);
  });

export interface GdbListener {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  readonly server: GdbServer;
  close(): Promise<void>;
}

const shown = (address: string | undefined, port: number | undefined): string => (address?.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);

/**
 * Listens for gdb (`target remote HOST:PORT`), one client at a time.
 * @param log takes one line for people at a time
 * @throws BackplaneError `LISTEN_FAILED`.
 */
export const listenForGdb = async (vm: VirtualMachine, where: { readonly host: string; readonly port: number }, log: (message: string) => void): Promise<GdbListener> => {
  const gdb = new GdbServer(vm, log);
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    socket.on("error", () => socket.destroy());
    gdb.accept(streamOf(socket), shown(socket.remoteAddress, socket.remotePort));
  });
  await listen(server, where.host, where.port);
  server.on("error", (error) => log(`gdb: ${error.message}`));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a TCP server has a port");
  return {
    address: shown(address.address, address.port),
    server: gdb,
    close: async () => {
      await gdb.close();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};
