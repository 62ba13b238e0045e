import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FakeTerminal, until } from "../testing/fakes.js";
import { echoOnce, forEver, guestRom, outByte, powerOff, print, tripleFault } from "../testing/guest-rom.js";
import { main } from "./main.js";

let directory: string;
const file = (name: string): string => join(directory, name);
const ROMS: Readonly<Record<string, Uint8Array>> = {
  hello: guestRom(print("Hello\r\n"), powerOff),
  echo: guestRom(print("> "), echoOnce, echoOnce, echoOnce, powerOff),
  endless: guestRom(print("busy"), forEver([0x90])),
  fault: guestRom(print("oops"), tripleFault),
  debug: guestRom(outByte(0xe9, 0x41), outByte(0x402, 0x42), outByte(0x80, 0x43), powerOff),
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backplane-run-"));
  for (const [name, image] of Object.entries(ROMS)) await writeFile(file(name), image);
  await writeFile(file("empty"), "");
  await writeFile(file("small"), "small");
  await writeFile(file("sector"), new Uint8Array(512));
  await writeFile(file("typo.json"), '{\n  "name": "x",\n}');
  await mkdir(file("folder"));
});
afterAll(() => rm(directory, { recursive: true }));

const begin = (argv: readonly string[], isTerminal = false) => {
  const stdin = new FakeTerminal(isTerminal);
  const stdout = new FakeTerminal(isTerminal).collect();
  const stderr = new FakeTerminal().collect();
  const status = main(argv, { stdin, stdout, stderr });
  return { stdin, stdout, stderr, status };
};
/** `backplane run virtual-server-2005` with a BIOS of ours. */
const boot = (rom: string, ...options: string[]) => begin(["run", "virtual-server-2005", "--bios", file(rom), "--memory", "4", ...options]);

const finish = async (running: ReturnType<typeof begin>) => {
  const status = await running.status;
  return { status, stdout: running.stdout.text, stderr: running.stderr.text };
};

describe("run", () => {
  it("writes the guest's bytes to standard output and nothing else, and ends with 0 at power-off", async () => {
    const { status, stdout, stderr } = await finish(boot("hello", "--serial", "stdio", "--display", "none"));
    expect([status, stdout]).toEqual([0, "Hello\r\n"]);
    expect(stderr).toContain("Booting");
  });

  it("hands standard input to the guest; the escape is no escape there", async () => {
    const running = boot("echo");
    running.stdin.end("\u0001xz");
    expect(await finish(running)).toMatchObject({ status: 0, stdout: "> \u0001xz" });
  });

  it("writes what translated code has done, as JSON to a file and as a table to standard error", async () => {
    const toFile = await finish(boot("hello", "--jit-report", file("report.json"), "--serial", "stdio", "--display", "none"));
    expect([toFile.status, toFile.stdout]).toEqual([0, "Hello\r\n"]);
    const report = JSON.parse(await readFile(file("report.json"), "utf8")) as { instructions: { interpreter: number }; seconds: { interpreter: number } };
    expect(report.instructions.interpreter).toBeGreaterThan(10);
    expect(report.seconds.interpreter).toBeGreaterThan(0);
    const toTable = await finish(boot("hello", "--jit-report", "-", "--serial", "stdio", "--display", "none"));
    expect(toTable.stderr).toMatch(/interpreter +\d+\.\d\d +100\.0 %/);
    expect(toTable.stderr).toContain("Hottest regions");
  });

  it("ends with 3 and a dump at a triple fault", async () => {
    const { status, stdout, stderr } = await finish(boot("fault"));
    expect([status, stdout]).toEqual([3, "oops"]);
    expect(stderr).toMatch(/triple fault\n.*EAX=/);
  });

  it("ends with 124 when time is up", async () => {
    const { status, stdout, stderr } = await finish(boot("endless", "--timeout", "0.5"));
    expect([status, stdout]).toEqual([124, "busy"]);
    expect(stderr).toContain("stopped after 0.5 s (--timeout)");
  });

  it("runs with the deterministic clock", async () => {
    expect(await finish(boot("hello", "--clock", "deterministic"))).toMatchObject({ status: 0, stdout: "Hello\r\n" });
  });

  it("is raw on a terminal, where Ctrl-A H helps and Ctrl-A X leaves", async () => {
    const running = boot("endless");
    running.stdin.destroy();
    await finish(boot("hello"));
    const typed = begin(["run", "virtual-server-2005", "--bios", file("endless"), "--memory", "4", "--serial", "stdio"], true);
    await until(() => typed.stdout.text.includes("busy"), "the guest");
    expect(typed.stdin.modes).toEqual([true]);
    typed.stdin.write("\u0001h");
    await until(() => typed.stderr.text.includes("Ctrl-A X"), "the help");
    typed.stdin.write("\u0001x");
    expect((await finish(typed)).status).toBe(0);
    expect(typed.stdin.modes).toEqual([true, false]);
    process.emit("SIGTERM");
    expect((await finish(running)).status).toBe(143);
  });

  it("presses the power button at the first Ctrl-C and stops at the second", async () => {
    const running = boot("endless");
    await until(() => running.stdout.text.includes("busy"), "the guest");
    process.emit("SIGINT");
    await until(() => running.stderr.text.includes("power button pressed"), "the button");
    process.emit("SIGINT");
    expect((await finish(running)).status).toBe(130);
  });

  it("stops when nobody reads its output any more", async () => {
    const running = boot("endless");
    await until(() => running.stdout.text.includes("busy"), "the guest");
    running.stdout.emit("error", Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    expect((await finish(running)).status).toBe(141);
  });

  it("shows the screen on a terminal when asked to", async () => {
    const running = begin(["run", "virtual-server-2005", "--bios", file("endless"), "--memory", "4", "--display", "terminal"], true);
    await until(() => running.stdout.text.includes("\u001b[?1049h"), "the screen");
    running.stdin.write("a\u001b[A\u0001p\u0001x");
    const { status, stdout } = await finish(running);
    expect(status).toBe(0);
    expect(stdout.endsWith("\u001b[?1049l")).toBe(true);
    expect(stdout).not.toContain("busy");
  });

  it("gives the terminal to the screen of a machine with a BIOS unless told otherwise", async () => {
    const running = begin(["run", "virtual-server-2005", "--bios", file("endless"), "--memory", "4"], true);
    await until(() => running.stdout.text.includes("\u001b[?1049h"), "the screen");
    running.stdin.write("\u0001x");
    expect((await finish(running)).status).toBe(0);
    expect(running.stdin.modes).toEqual([true, false]);
  });

  it("plugs in, swaps and sets", async () => {
    const running = boot("hello", "--swap", "serial-port=ns.16450", "--set", "/isa/com1.pace=exact");
    expect(await finish(running)).toMatchObject({ status: 0, stdout: "Hello\r\n" });
  });
});

describe("outputs", () => {
  it("go to files", async () => {
    const { status, stdout } = await finish(boot("hello", "--serial", `file:${file("serial.txt")}`, "--screen-text", file("screen.txt")));
    expect([status, stdout]).toEqual([0, ""]);
    expect(await readFile(file("serial.txt"), "latin1")).toBe("Hello\r\n");
    expect(await readFile(file("screen.txt"), "utf8")).toBe("blank\n");
    expect((await readdir(directory)).filter((name) => name.startsWith("screen.txt"))).toEqual(["screen.txt"]);
  });

  it("are what firmware prints to its debug ports, not its progress codes", async () => {
    expect(await finish(boot("debug", "--serial", "none", "--debug-port", "stdio"))).toMatchObject({ status: 0, stdout: "AB" });
    await finish(boot("debug", "--debug-port", `file:${file("debug.txt")}`));
    expect(await readFile(file("debug.txt"), "latin1")).toBe("AB");
  });

  it.each(["unix", "tcp"])("go to a client on a %s socket, and its bytes to the guest", async (kind) => {
    const where = kind === "unix" ? `unix:${file("socket")}` : "tcp:127.0.0.1:0";
    const running = boot("echo", "--serial", where);
    await until(() => running.stderr.text.includes("listens on"), "the socket");
    const port = /tcp:127\.0\.0\.1:(\d+)/.exec(running.stderr.text)?.[1];
    const client = kind === "unix" ? connect(file("socket")) : connect(Number(port), "127.0.0.1");
    let received = "";
    client.on("data", (chunk) => {
      received += chunk.toString();
    });
    client.write("abc");
    expect((await finish(running)).status).toBe(0);
    await until(() => received.endsWith("abc"), "the echo");
    client.destroy();
    expect(existsSync(file("socket"))).toBe(false);
  });

  it("replace a socket that a killed process left, and refuse one in use", async () => {
    const path = file("busy-socket");
    const server = createServer();
    await new Promise<void>((listening) => server.listen(path, listening));
    const refused = await finish(boot("hello", "--serial", `unix:${path}`));
    expect([refused.status, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain(`${path}: it is in use`);
    await new Promise((closed) => server.close(closed));
  });
});

describe("wrong input", () => {
  let before: string[];
  beforeEach(async () => {
    before = await readdir(directory);
  });

  const cases: [string[], RegExp][] = [
    [["run", "--kernel", "F/absent"], /--kernel: .*absent: there is no such file/],
    [["run", "--kernel", "F/folder"], /is a directory/],
    [["run", "--kernel", "F/empty"], /--kernel: .*empty is empty/],
    [["run", "--kernel", "F/sector"], /neither a Linux bzImage/],
    [["run", "--disk", "F/empty"], /--disk: .*is empty/],
    [["run", "--disk", "F/small"], /has 5 bytes, less than a sector of 512/],
    [["run", "--cdrom", "F/sector"], /has 512 bytes, less than a sector of 2048/],
    [["run", "--floppy", "F/sector", "--bios", "F/hello"], /no floppy disk size/],
    [["run", "--bios", "F/sector"], /a PC BIOS has 64 to 1024 KiB/],
    [["run", "F/typo.json"], /typo\.json:3:1: not JSON/],
    [["run", "F/absent.json"], /there is no such file/],
    [["run", "virtual-server"], /there is no profile "virtual-server"/],
    [["run", "--bios", "F/hello", "--memory", "9999"], /--memory: .*from 1 to 3686/],
    [["run", "--bios", "F/hello", "--set", "/isa/com2.base=0x3f8"], /\/isa\/com1.*\/isa\/com2.*--set/],
    [["run", "--bios", "F/hello", "--plugin", "F/absent.mjs"], /there is no file/],
    [["run", "--bios", "F/hello", "--serial", "file:F/absent/out"], /there is no directory .*absent; make it first/],
    [["run", "--bios", "F/hello", "--screen-text", "F/folder"], /--screen-text: .*it is a directory/],
    [["run", "--bios", "F/hello", "--jit-report", "F/folder"], /--jit-report: .*it is a directory/],
    [["run", "--bios", "F/hello", "--jit", "off", "--jit-report", "-"], /--jit-report has nothing to write with --jit off/],
    [["run", "--bios", "F/hello", "--debug-port", "file:F/folder"], /--debug-port: .*it is a directory/],
    [["run", "--bios", "F/empty", "--serial", "file:F/out"], /is empty/],
    [["run", "--bios", "F/hello", "--display", "terminal"], /needs a terminal/],
    [["run", "minimal-pc", "--bios", "F/hello", "--disk", "F/sector"], /no IDE controller/],
    [["rnu"], /did you mean "run"/],
    [["profile", "validate"], /needs the name/],
    [["profile", "chek"], /no action "chek"/],
    [["profile", "schema", "x"], /unexpected "x"/],
    [["devices", "--josn"], /did you mean --json/],
  ];
  it.each(cases)("%j is told in one line", async (argv, message) => {
    const { status, stdout, stderr } = await finish(begin(argv.map((each) => each.replace("F/", `${directory}/`))));
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^backplane: /);
    expect([status, stdout]).toEqual([2, ""]);
    expect(await readdir(directory)).toEqual(before);
  });

  it("is an unusable port", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const { status, stderr } = await finish(boot("hello", "--serial", `tcp:127.0.0.1:${port}`));
    expect(status).toBe(2);
    expect(stderr.trim()).toBe(`backplane: --serial: cannot listen on 127.0.0.1:${port}: it is in use; stop the other program or choose another`);
    server.close();
  });
});

describe("other commands", () => {
  const output = async (...argv: string[]): Promise<string> => {
    const { status, stdout, stderr } = await finish(begin(argv));
    expect([status, stderr]).toEqual([0, ""]);
    return stdout;
  };

  it("list every device, for people and for programs", async () => {
    const text = await output("devices");
    const list: { id: string; role: string; config: Record<string, { default: unknown }>; resources: unknown[] }[] = JSON.parse(await output("devices", "--json"));
    for (const { id, role } of list) expect(text).toContain(`${id}  [${role}]`);
    expect(text).toMatch(/ns\.16550a {2}\[serial-port\]\n.*\n {4}base=0x3f8 {2,}First of eight/);
    expect(list.find(({ id }) => id === "ns.16550a")).toMatchObject({
      config: { base: { default: 0x3f8 } },
      resources: [{ kind: "ports", base: 0x3f8, length: 8 }, { kind: "irq" }],
    });
  });

  it("show profiles, also as JSON that means the same", async () => {
    expect(await output("profile", "show")).toContain("minimal-pc");
    const shown = await output("profile", "show", "minimal-pc");
    expect(shown).toMatch(/\/isa\/com1 +ns\.16550a +serial-port +base=0x3f8 irq=4 +ports 3F8h-3FFh, IRQ 4/);
    await writeFile(file("again.json"), await output("profile", "show", "minimal-pc", "--json"));
    expect(await output("profile", "show", file("again.json"))).toBe(shown);
    expect(await output("profile", "validate", file("again.json"))).toContain("good; 11 devices");
  });

  it("find what is wrong with a profile", async () => {
    await writeFile(file("clash.json"), JSON.stringify({ name: "clash", extends: "minimal-pc", add: { "/isa/com9": { use: "ns.16450" } } }));
    const { status, stderr } = await finish(begin(["profile", "validate", file("clash.json")]));
    expect(status).toBe(2);
    expect(stderr).toMatch(/\/isa\/com1 \(minimal-pc\).*\/isa\/com9 \(.*clash\.json\)/);
  });

  it("print the schema, help and version", async () => {
    expect(JSON.parse(await output("profile", "schema"))).toHaveProperty("$defs");
    expect(await output("--help")).toContain("backplane run [PROFILE]");
    expect(await output("run", "--help")).toContain("--screen-text FILE");
    expect(await output("help", "devices")).toContain("--json");
    expect(await output("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
    const none = await finish(begin([]));
    expect([none.status, none.stdout]).toEqual([2, ""]);
  });
});
