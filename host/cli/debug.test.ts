/** `backplane run` with --gdb and --trace. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeTerminal, until } from "../testing/fakes.js";
import { forEver, guestRom, outByte, powerOff, print, tripleFault } from "../testing/guest-rom.js";
import { main } from "./main.js";

let directory: string;
const file = (name: string): string => join(directory, name);
const ROMS: Readonly<Record<string, Uint8Array>> = {
  hello: guestRom(print("Hello\r\n"), powerOff),
  endless: guestRom(print("busy"), forEver([0x90])),
  fault: guestRom(tripleFault),
  post: guestRom(outByte(0x80, 0x42), powerOff),
};
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backplane-debug-"));
  for (const [name, image] of Object.entries(ROMS)) await writeFile(file(name), image);
});
afterAll(() => rm(directory, { recursive: true }));

const boot = (rom: string, ...options: string[]) => {
  const stdin = new FakeTerminal();
  const stdout = new FakeTerminal().collect();
  const stderr = new FakeTerminal().collect();
  const status = main(["run", "virtual-server-2005", "--bios", file(rom), "--memory", "4", ...options], { stdin, stdout, stderr });
  return { stdin, stdout, stderr, status };
};
const portOf = async (running: ReturnType<typeof boot>): Promise<number> => {
  await until(() => running.stderr.text.includes("gdb: listening"), "the listener");
  return Number(/listening on 127\.0\.0\.1:(\d+)/.exec(running.stderr.text)?.[1]);
};
/** A client that knows only text. */
const attach = async (port: number): Promise<{ socket: Socket; text: () => string; send: (payload: string) => void }> => {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const send = (payload: string): void => {
    const sum = [...payload].reduce((total, character) => total + character.charCodeAt(0), 0) & 0xff;
    socket.write(`$${payload}#${sum.toString(16).padStart(2, "0")}`);
  };
  await new Promise<void>((connected) => socket.once("connect", () => connected()));
  return { socket, text: () => text, send };
};

describe("run --gdb", () => {
  it("lets a debugger stop the machine and go again", async () => {
    const running = boot("endless", "--gdb", "127.0.0.1:0", "--timeout", "20");
    const client = await attach(await portOf(running));
    client.send("?");
    await until(() => client.text().includes("$T02thread:1;"), "the stop");
    const second = await attach(await portOf(running));
    await until(() => second.socket.closed, "the refusal");
    expect(running.stderr.text).toMatch(/gdb: 127\.0\.0\.1:\d+ is refused: 127\.0\.0\.1:\d+ is connected, and one debugger at a time can be/);
    client.socket.write("$m0,");
    client.socket.destroy();
    await until(() => running.stderr.text.includes("has left"), "the end of the session");
    expect(running.stderr.text).toContain("gdb: the client left in the middle of a packet");
    const third = await attach(await portOf(running));
    third.send("k");
    expect(await running.status).toBe(0);
  });

  it("waits for the debugger when told to", async () => {
    const running = boot("hello", "--gdb", "127.0.0.1:0", "--gdb-wait");
    const client = await attach(await portOf(running));
    expect(running.stderr.text).toContain("the machine waits for gdb to let it run");
    client.send("p8");
    await until(() => client.text().includes("$f0ff0000#"), "the reset vector");
    expect(running.stdout.text).toBe("");
    client.send("c");
    expect(await running.status).toBe(0);
    expect(running.stdout.text).toBe("Hello\r\n");
    await until(() => client.text().includes("$W00#b7"), "the exit");
    client.socket.destroy();
  });

  it("leaves a machine that has shut down to the debugger for as long as it looks", async () => {
    const running = boot("fault", "--gdb", "127.0.0.1:0", "--gdb-wait");
    const client = await attach(await portOf(running));
    client.send("c");
    await until(() => client.text().includes("$T0bthread:1;"), "the shutdown");
    client.send("mffff0,1");
    await until(() => client.text().includes("$ea#"), "the memory");
    client.socket.destroy();
    expect(await running.status).toBe(3);
  });

  it("is told in one line when it cannot listen", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const running = boot("hello", "--gdb", `:${port}`);
    expect(await running.status).toBe(2);
    expect(running.stderr.text).toContain(`backplane: --gdb: cannot listen on 127.0.0.1:${port}: it is in use; stop the other program or choose another\n`);
    server.close();
  });
});

describe("run --trace", () => {
  it("writes to standard error, or to a file", async () => {
    const running = boot("post", "--trace", "ports=80", "--clock", "deterministic");
    expect(await running.status).toBe(0);
    expect(running.stderr.text).toContain("out 0080 8 42 /isa/post at 00000005\n");
    const quiet = boot("post", "--trace", "ports=80", "--trace", "cpu=f0000", "--trace-file", file("trace.txt"), "--clock", "deterministic");
    expect(await quiet.status).toBe(0);
    expect(quiet.stderr.text).not.toContain("/isa/post");
    expect(await readFile(file("trace.txt"), "utf8")).toMatch(/^cpu 1 f000:00000000 ba 80 00 +mov +dx,0x80\nout 0080 8 42 \/isa\/post at 00000005\n$/);
  });
});

describe("wrong options", () => {
  const cases: [string[], RegExp][] = [
    [["--gdb", "somewhere"], /--gdb is "somewhere"; write it like 127\.0\.0\.1:1234/],
    [["--gdb", "127.0.0.1:65536"], /write it like/],
    [["--gdb-wait"], /--gdb-wait waits for nobody; give --gdb HOST:PORT too/],
    [["--trace", "cup"], /--trace: "cup" cannot be traced; did you mean "cpu"\?/],
    [["--trace", "ports=xyz"], /--trace: "ports=xyz" is no range/],
    [["--trace-file", "x"], /--trace-file has nothing to write; give --trace WHAT too/],
    [["--trace", "irq", "--trace-file", ""], /--trace-file is empty/],
    [["--trace", "irq", "--trace-file", "F/absent/x"], /--trace-file: .*there is no directory/],
  ];
  it.each(cases)("%j are told in one line", async (options, message) => {
    const { status, stderr } = boot("hello", ...options.map((each) => each.replace("F/", `${directory}/`)));
    expect(await status).toBe(2);
    expect(stderr.text).toMatch(message);
    expect(stderr.text.trim().split("\n")).toHaveLength(1);
  });
});
