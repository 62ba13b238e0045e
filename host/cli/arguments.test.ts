import { describe, expect, it } from "vitest";
import { describeOptions, parseArguments } from "./arguments.js";
import { planRun, RUN_OPTIONS } from "./run-options.js";

const parse = (...argv: string[]) => parseArguments("run", argv, RUN_OPTIONS, 1);
const refusal = (...argv: string[]): string => {
  try {
    planRun(parse(...argv));
  } catch (error) {
    expect((error as { code: string }).code).toBe("USAGE");
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

describe("arguments", () => {
  it("are options with values, repeated ones and positionals", () => {
    const args = parse("minimal-pc", "--memory=64", "--disk", "a", "--disk", "b", "--append", "console=ttyS0 --quiet");
    expect(args.positionals).toEqual(["minimal-pc"]);
    expect([args.value("memory"), args.value("append"), args.value("kernel")]).toEqual(["64", "console=ttyS0 --quiet", undefined]);
    expect(args.values("disk")).toEqual(["a", "b"]);
    expect([args.has("disk"), args.has("help")]).toEqual([true, false]);
    expect(parse("-h").has("help")).toBe(true);
  });

  it("may have values that look like options when they are none", () => {
    expect(parse("--append", "-v").value("append")).toBe("-v");
    expect(parse("--append=--kernel").value("append")).toBe("--kernel");
  });

  it("list every option in help", () => {
    for (const { name, doc } of RUN_OPTIONS) expect(describeOptions(RUN_OPTIONS)).toMatch(new RegExp(`^  --${name} .*${doc.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "m"));
  });

  it.each([
    [["--memmory", "5"], /no option --memmory; did you mean --memory\?/],
    [["-x"], /no option -x/],
    [["--memory"], /--memory needs a value: --memory MIB/],
    [["--kernel", "--initrd", "x"], /--kernel needs a value/],
    [["--kernel", "a", "--kernel", "b"], /--kernel is given twice/],
    [["--help=yes"], /--help takes no value/],
    [["a", "b"], /unexpected "b"/],
    [["--memory", "1.5"], /--memory is "1.5"/],
    [["--kernel", ""], /--kernel is empty/],
    [["--clock", "fast"], /real or deterministic/],
    [["--display", "x11"], /terminal or none/],
    [["--timeout", "0"], /--timeout is "0"/],
    [["--timeout", "soon"], /--timeout is "soon"/],
    [["--swap", "cmos"], /--swap is "cmos"/],
    [["--swap", "a=b", "--swap", "a=c"], /role "a" twice/],
    [["--serial", "stdi"], /did you mean "stdio"/],
    [["--serial", "stdio:x"], /takes nothing behind it/],
    [["--serial", "file:"], /needs a path/],
    [["--serial", "tcp:localhost"], /write it like tcp:127/],
    [["--serial", "tcp:localhost:70000"], /write it like tcp:127/],
    [["--debug-port", "tcp:a:1"], /must be stdio, file:PATH/],
    [["--serial", "stdio", "--display", "terminal"], /both want the terminal/],
    [["--debug-port", "stdio"], /taken by the serial port/],
    [["--debug-port", "stdio", "--serial", "none", "--display", "terminal"], /taken by --display terminal/],
  ])("refuse %j", (argv, message) => expect(refusal(...argv)).toMatch(message));
});

describe("run plan", () => {
  it("is empty without options", () => {
    expect(planRun(parse())).toEqual({
      profile: undefined,
      description: {},
      plugins: [],
      serial: undefined,
      display: undefined,
      debugPort: undefined,
      screenText: undefined,
      clock: "real",
      timeoutMs: undefined,
      debug: { gdb: undefined, waits: false, trace: undefined, traceFile: undefined },
    });
  });

  it("holds what the options say", () => {
    const plan = planRun(
      parse(
        ...["lab.json", "--memory", "64", "--disk", "a", "--cdrom", "b", "--floppy", "c", "--bios", "d", "--video-bios", "e", "--boot", "cdrom,disk"],
        ...["--serial", "tcp:[::1]:99", "--display", "none", "--debug-port", "file:f", "--screen-text", "g", "--plugin", "./h", "--swap", "cmos=i.j"],
        ...["--set", "/a.b=c", "--clock", "deterministic", "--timeout", "1.5"],
        ...["--gdb", "[::1]:1234", "--gdb-wait", "--trace", "ports=3f8-3ff", "--trace", "irq", "--trace-file", "k"],
      ),
    );
    expect(plan).toEqual({
      profile: "lab.json",
      description: { memory: 64, disks: ["a"], cdrom: "b", floppy: "c", bios: "d", videoBios: "e", boot: ["cdrom", "disk"], swap: { cmos: "i.j" }, set: ["/a.b=c"] },
      plugins: ["./h"],
      serial: { kind: "tcp", host: "::1", port: 99 },
      display: "none",
      debugPort: { kind: "file", path: "f" },
      screenText: "g",
      clock: "deterministic",
      timeoutMs: 1500,
      debug: { gdb: { host: "::1", port: 1234 }, waits: true, trace: { cpu: [], ports: [{ first: 0x3f8, last: 0x3ff }], mmio: [], irq: true }, traceFile: "k" },
    });
  });

  it("allows the debug port on standard output where nothing else is", () => {
    expect(planRun(parse("--debug-port", "stdio", "--serial", "none")).debugPort).toEqual({ kind: "stdio" });
  });
});
