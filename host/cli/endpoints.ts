/** Where a guest's bytes go and come from, as the command line names it: `stdio`, `file:P`, `unix:P`, `tcp:HOST:PORT`. */
import { constants, createWriteStream } from "node:fs";
import { access, stat, unlink } from "node:fs/promises";
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { hint } from "../../kernel/machine/index.js";
import { BackplaneError } from "../../sdk/contract/errors.js";
import type { SerialConnection, VirtualMachine } from "../index.js";
import { usageError } from "./arguments.js";
import { guestOutput } from "./guest-output.js";

export type Endpoint =
  | { readonly kind: "stdio" | "none" }
  | { readonly kind: "file" | "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

const TCP = /^tcp:(?:\[([^\]]+)\]|([^:]*)):(\d+)$/;

/** @throws BackplaneError `USAGE`. */
export const parseEndpoint = (option: string, text: string, kinds: readonly Endpoint["kind"][]): Endpoint => {
  const forms = kinds.map((kind) => (kind === "tcp" ? "tcp:HOST:PORT" : kind === "file" || kind === "unix" ? `${kind}:PATH` : kind));
  const [word] = text.split(":", 1);
  const kind = kinds.find((each) => each === word);
  if (!kind) throw usageError(`--${option} is "${text}"; it must be ${forms.join(", ")}${hint(word, kinds, "forms").includes("did you mean") ? hint(word, kinds, "forms") : ""}`);
  if (kind === "stdio" || kind === "none") {
    if (text !== kind) throw usageError(`--${option} ${kind} takes nothing behind it, but is "${text}"`);
    return { kind };
  }
  if (kind === "tcp") {
    const parts = TCP.exec(text);
    const port = Number(parts?.[3]);
    if (!parts || port > 0xffff) throw usageError(`--${option} is "${text}"; write it like tcp:127.0.0.1:4555`);
    return { kind, host: parts[1] ?? parts[2], port };
  }
  const path = text.slice(kind.length + 1);
  if (path === "") throw usageError(`--${option} ${kind}: needs a path behind the colon`);
  return { kind, path };
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/**
 * Looks whether a file could be written, without writing it: no output appears of a machine that is not going to run.
 * @throws BackplaneError `OUTPUT_UNWRITABLE`.
 */
export const checkWritable = async (option: string, path: string): Promise<void> => {
  const refuse = (why: string): BackplaneError => new BackplaneError("OUTPUT_UNWRITABLE", `--${option}: ${path} cannot be written: ${why}`, { path });
  const found = await stat(path).catch((error) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw refuse(`${codeOf(error)}; choose another place`);
  });
  if (found?.isDirectory()) throw refuse("it is a directory; give the name of a file");
  const target = found ? path : dirname(resolve(path));
  await access(target, constants.W_OK).catch((error) => {
    const gone = codeOf(error) === "ENOENT";
    throw refuse(gone ? `there is no directory ${target}; make it first` : `this user may not write ${target}; choose another place`);
  });
};

/** A connected endpoint; closing it sends out what is left. */
export interface OpenEndpoint {
  close(): Promise<void>;
}

/** Opens a file for the guest's bytes. @throws BackplaneError `OUTPUT_UNWRITABLE`. */
export const openFile = async (option: string, path: string, warn: (message: string) => void): Promise<{ stream: Writable } & OpenEndpoint> => {
  const stream = createWriteStream(path);
  await new Promise<void>((opened, failed) => {
    stream.once("open", () => opened());
    stream.once("error", (error) => failed(new BackplaneError("OUTPUT_UNWRITABLE", `--${option}: ${path} cannot be written: ${codeOf(error)}; choose another place`, { path })));
  });
  stream.on("error", (error) => warn(`${path}: ${error.message}; the rest of the output is lost`));
  return {
    stream,
    async close() {
      stream.end();
      await finished(stream).catch(() => {});
    },
  };
};

/** A socket file that nobody listens on any more is left over from a process that was killed. */
const removeStale = async (path: string): Promise<void> => {
  if (!(await stat(path).catch(() => undefined))?.isSocket()) return;
  const refused = await new Promise<boolean>((answer) => {
    const probe = connect(path, () => {
      probe.destroy();
      answer(false);
    });
    probe.once("error", (error) => answer(codeOf(error) === "ECONNREFUSED"));
  });
  if (refused) await unlink(path);
};

const listen = async (server: Server, where: ListenOptions, name: string): Promise<void> => {
  await new Promise<void>((listening, failed) => {
    server.once("error", (error) => {
      const code = codeOf(error);
      const why =
        code === "EADDRINUSE"
          ? "it is in use; stop the other program or choose another"
          : code === "EACCES"
            ? "this user may not listen there; choose another"
            : code === "ENOENT" || code === "ENOTFOUND" || code === "EADDRNOTAVAIL"
              ? "there is no such place; choose another"
              : `${code}; choose another`;
      failed(new BackplaneError("LISTEN_FAILED", `--serial: cannot listen on ${name}: ${why}`, { name, errno: code }));
    });
    server.listen(where, () => listening());
  });
};

/** A client that does not read loses bytes beyond this. */
const CLIENT_MAX_BYTES = 1 << 20;

/**
 * Listens for one client at a time; the guest's bytes are lost while there is none.
 * @throws BackplaneError `LISTEN_FAILED`.
 */
export const openSocket = async (endpoint: Endpoint & { kind: "unix" | "tcp" }, serial: SerialConnection, say: (message: string) => void): Promise<OpenEndpoint> => {
  let client: Socket | undefined;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    if (client) {
      socket.end("another client is connected\r\n");
      return;
    }
    client = socket;
    const detach = serial.attach({ input: socket, output: { write: (bytes) => socket.writableLength < CLIENT_MAX_BYTES && socket.write(bytes) } });
    socket.once("close", () => {
      detach();
      client = undefined;
    });
  });
  const wanted = endpoint.kind === "unix" ? endpoint.path : `${endpoint.host || "*"}:${endpoint.port}`;
  if (endpoint.kind === "unix") {
    await removeStale(endpoint.path);
    await listen(server, { path: endpoint.path }, wanted);
  } else await listen(server, { port: endpoint.port, ...(endpoint.host ? { host: endpoint.host } : {}) }, wanted);
  const address = server.address();
  const shown = typeof address === "object" && address !== null ? `${address.address}:${address.port}` : wanted;
  say(`the serial port listens on ${endpoint.kind}:${shown}`);
  return {
    close: () =>
      new Promise((closed) => {
        client?.end();
        server.close(() => closed());
        // A client that does not close its side must not keep the process.
        setTimeout(() => client?.destroy(), 200).unref();
      }),
  };
};

/** Connects a serial port to anything but the terminal. */
export const connectSerial = async (vm: VirtualMachine, serial: SerialConnection, endpoint: Endpoint, say: (message: string) => void): Promise<OpenEndpoint | undefined> => {
  if (endpoint.kind === "unix" || endpoint.kind === "tcp") return openSocket(endpoint as Endpoint & { kind: "unix" | "tcp" }, serial, say);
  if (endpoint.kind !== "file") return undefined;
  const file = await openFile("serial", endpoint.path, say);
  serial.attach({ output: guestOutput(vm, file.stream) });
  return file;
};
