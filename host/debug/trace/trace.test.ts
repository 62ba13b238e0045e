import { afterEach, describe, expect, it } from "vitest";
import { createMachine, type VirtualMachine } from "../../index.js";
import { forEver, guestRom, outByte, print } from "../../testing/guest-rom.js";
import { TraceOutput } from "./output.js";
import { parseTraceRequest } from "./request.js";
import { traceMachine } from "./tracer.js";

describe("what to trace", () => {
  it("is a kind, with or without a range", () => {
    expect(parseTraceRequest(["cpu=C1000000-c1ffffff", "cpu=0x10h", "ports", "irq"])).toEqual({
      cpu: [
        { first: 0xc100_0000, last: 0xc1ff_ffff },
        { first: 0x10, last: 0x10 },
      ],
      ports: [{ first: 0, last: 0xffff }],
      mmio: [],
      irq: true,
    });
    expect(parseTraceRequest(["mmio=a0000-bffff"]).mmio).toEqual([{ first: 0xa_0000, last: 0xb_ffff }]);
  });

  it.each([
    ["prots", '"prots" cannot be traced; did you mean "ports"?'],
    ["", '"" cannot be traced; known can be: cpu, ports, mmio, irq'],
    ["irq=4", '"irq" takes no range, but is "irq=4"'],
    ["ports=3f8-3f7", '"ports=3f8-3f7" is no range of hexadecimal addresses up to ffff; write it like ports=3f8-3ff'],
    ["ports=10000", "up to ffff"],
    ["cpu=", "up to ffffffff"],
    ["cpu=x", "write it like cpu=c1000000-c1ffffff"],
    ["mmio=1-2-3", "write it like mmio=a0000-bffff"],
  ])("is refused when it is %j", (text, message) => {
    expect(() => parseTraceRequest([text])).toThrow(message);
  });
});

describe("the output of a trace", () => {
  it("goes in batches, and a batch that is not taken is told of, not kept", () => {
    const written: string[] = [];
    let takes = true;
    const output = new TraceOutput((text) => {
      if (takes) written.push(text);
      return takes;
    });
    output.flush();
    output.line("one");
    expect(written).toEqual([]);
    output.flush();
    expect(written).toEqual(["one\n"]);
    takes = false;
    for (let line = 0; line < 100_000; line++) output.line("0123456789");
    output.flush();
    expect(output.lost).toBe(100_000);
    takes = true;
    output.line("two");
    output.flush();
    expect(written[1]).toBe("... 100000 lines lost: they came faster than they could be written\ntwo\n");
    expect(output.lost).toBe(0);
    for (let line = 0; line < 10_000; line++) output.line("0123456789");
    expect(written.length).toBeGreaterThan(2);
    expect(Math.max(...written.map(({ length }) => length))).toBeLessThan(1 << 17);
  });
});

describe("a trace", () => {
  let vm: VirtualMachine;
  afterEach(() => vm.dispose());
  const run = async (texts: string[], code: (readonly number[])[], instructions: number) => {
    vm = await createMachine({ profile: "virtual-server-2005", memory: 4, bios: "rom", files: { rom: guestRom(...code) }, clock: "deterministic" });
    const lines: string[] = [];
    const traced = traceMachine(vm.machine, parseTraceRequest(texts), (line) => lines.push(line));
    await vm.machine.runFor(instructions);
    traced.stop();
    const before = lines.length;
    await vm.machine.runFor(instructions);
    expect(lines).toHaveLength(before);
    return lines;
  };

  it("shows instructions in a range", async () => {
    expect(await run(["cpu=f0000-f0003"], [[0x40, 0xb8, 0x34, 0x12, 0x40]], 5)).toEqual([
      "cpu 1 f000:00000000 40                       inc ax",
      "cpu 2 f000:00000001 b8 34 12                 mov ax,0x1234",
    ]);
  });

  it("changes nothing of what the machine does", async () => {
    const hashes: string[] = [];
    for (const texts of [[], ["cpu", "ports", "mmio", "irq"]]) {
      vm = await createMachine({
        profile: "virtual-server-2005",
        memory: 4,
        bios: "rom",
        files: { rom: guestRom(print("Hello"), forEver([0x14, 0x07, 0x27])) },
        clock: "deterministic",
      });
      const lines: string[] = [];
      const traced = texts.length > 0 ? traceMachine(vm.machine, parseTraceRequest(texts), (line) => lines.push(line)) : undefined;
      await vm.machine.runFor(60_000);
      traced?.stop();
      await vm.machine.runFor(60_000);
      expect(lines.length > 60_000).toBe(texts.length > 0);
      hashes.push(vm.machine.stateHash());
      if (!traced) await vm.dispose();
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it("shows ports with their device and the instruction's address", async () => {
    const code = [outByte(0x80, 0x42), [0xe5, 0x84], [0xe4, 0xee]];
    expect(await run(["ports=80", "ports=84-ef"], code, 8)).toEqual([
      "out 0080 8 42 /isa/post at 00000005",
      "in 0084 16 0000 /isa/dma at 00000006",
      "in 00ee 8 ff nobody at 00000008",
    ]);
  });

  it("shows memory-mapped I/O", async () => {
    // mov ax, a000h; mov ds, ax; mov [10h], al; mov ax, [20h]
    const code = [[0xb8, 0x00, 0xa0, 0x8e, 0xd8, 0xa2, 0x10, 0x00, 0xa1, 0x20, 0x00]];
    const lines = await run(["mmio=a0000-bffff"], code, 6);
    expect(lines[0]).toBe("store 000a0010 8 00 /pci/08.0 at 00000005");
    expect(lines[1]).toMatch(/^load 000a0020 16 [0-9a-f]{4} \/pci\/08\.0 at 00000008$/);
  });

  it("shows interrupt lines", async () => {
    // The interval timer, square wave, as fast as it goes.
    const code = [outByte(0x43, 0x36), outByte(0x40, 0x10), outByte(0x40, 0x00), forEver([0x90])];
    const lines = await run(["irq"], code, 20_000);
    expect(lines[0]).toMatch(/^irq 0 (high|low) \/isa\/pit at [0-9a-f]{8}$/);
    expect(new Set(lines.map((line) => line.split(" ")[2]))).toEqual(new Set(["high", "low"]));
  });
});
