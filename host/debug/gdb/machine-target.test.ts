/** The gdb stub on a machine: what a session does to it, packet by packet. */
import { afterEach, describe, expect, it } from "vitest";
import { createMachine, type VirtualMachine } from "../../index.js";
import { forEver, guestRom, halt, powerOff, print, tripleFault } from "../../testing/guest-rom.js";
import { GdbServer } from "./server.js";
import { FakeClient } from "./testing.js";

let machines: VirtualMachine[] = [];
afterEach(async () => {
  await Promise.all(machines.map((vm) => vm.dispose()));
  machines = [];
});

/** Where the ROM's code begins, linear. */
const ROM = 0xf_0000;
const start = async (...code: (readonly number[])[]) => {
  const files = { rom: guestRom(...code) };
  const vm = await createMachine({ profile: "virtual-server-2005", memory: 4, bios: "rom", files, clock: "deterministic" });
  machines.push(vm);
  const log: string[] = [];
  const server = new GdbServer(vm, (message) => log.push(message));
  const client = new FakeClient();
  server.accept(client.stream, "test");
  await client.settle();
  /** Lets it run and waits for it to stop. */
  const until = async (packet: string): Promise<string> => {
    const before = client.packets.length;
    client.send(packet);
    for (let turn = 0; turn < 2000 && client.packets.length === before; turn++) await client.settle();
    return client.packets[before] ?? "nothing";
  };
  const text = (packets: readonly string[]): string => packets.map((packet) => Buffer.from(packet.slice(1), "hex").toString("latin1")).join("");
  const monitor = async (line: string): Promise<string> => {
    const before = client.packets.length;
    client.send(`qRcmd,${Buffer.from(line).toString("hex")}`);
    await client.settle();
    expect(client.packets[client.packets.length - 1]).toBe("OK");
    return text(client.packets.slice(before, -1));
  };
  return { vm, client, server, log, until, monitor };
};
const EIP = "08:";
const little = (value: number): string =>
  value
    .toString(16)
    .padStart(8, "0")
    .replace(/(..)(..)(..)(..)/, "$4$3$2$1");
/** `inc ax; mov [1234h], ax` and round again. */
const COUNTER = forEver([0x40, 0xa3, 0x34, 0x12]);

describe("a machine that waits for gdb", () => {
  it("stands at its reset vector, steps, meets breakpoints, and is let go", async () => {
    const { vm, client, server, until } = await start(COUNTER);
    expect(vm.state).toBe("off");
    expect(await client.ask("?")).toContain(`${EIP}${little(0xfff0)}`);
    expect(await until("s")).toContain(`${EIP}${little(0)};`);
    expect(vm.state).toBe("paused");
    await client.ask(`Z1,${(ROM + 1).toString(16)},1`);
    expect(await until("c")).toMatch(/^T05hwbreak:;thread:1;/);
    expect(await until("c")).toContain(`${EIP}${little(1)}`);
    expect(vm.registers.eax).toBe(2);
    expect(await until("s")).toContain(`${EIP}${little(4)}`);
    expect(await client.ask("m1234,2")).toBe("0200");
    expect(await client.ask("M1234,2:ffff")).toBe("OK");
    expect([...vm.readMemory(0x1234, 2)]).toEqual([0xff, 0xff]);
    expect(await client.ask("D")).toBe("OK");
    await server.idle();
    expect(vm.state).toBe("running");
    await vm.pause();
    expect(vm.registers.eax).toBeGreaterThan(3);
  });

  it("runs from where it stood when the client vanishes", async () => {
    const { vm, client, server } = await start(COUNTER);
    client.leave();
    await server.idle();
    expect(vm.state).toBe("running");
  });
});

describe("a running machine", () => {
  it("stops at Ctrl-C and runs on", async () => {
    const { vm, client, until } = await start(COUNTER);
    client.send("c");
    await client.settle();
    expect(vm.state).toBe("running");
    client.raw("\u0003");
    expect(await until("qC")).toMatch(/^T02/);
    expect(vm.state).toBe("paused");
  });

  it("stops behind watched accesses", async () => {
    // `mov ax, [1236h]` after the counter's store
    const { vm, client, until } = await start(forEver([0x40, 0xa3, 0x34, 0x12, 0xa1, 0x36, 0x12]));
    await client.ask("Z2,1235,1");
    expect(await until("c")).toMatch(/^T05watch:1235;thread:1;/);
    expect(vm.registers.eip).toBe(4);
    await client.ask("z2,1235,1");
    await client.ask("Z3,1234,4");
    expect(await until("c")).toMatch(/^T05rwatch:1236;thread:1;/);
    expect(vm.registers.eip).toBe(7);
    await client.ask("z3,1234,4");
    await client.ask("Z4,1234,4");
    for (const eip of [4, 7, 4]) {
      expect(await until("c")).toMatch(/^T05awatch:123[46];thread:1;/);
      expect(vm.registers.eip).toBe(eip);
    }
    expect(await until("s")).toMatch(/^T05awatch:1236;/);
    expect(await until("s")).toMatch(/^T05thread:1;/);
  });

  it("tells of its power-off", async () => {
    const { vm, server, until, client } = await start(print("x"), powerOff);
    expect(await until("c")).toBe("W00");
    expect((await vm.exit).kind).toBe("power-off");
    expect(await client.ask("c")).toBe("W00");
    await server.idle();
  });

  it("can be looked at after a triple fault", async () => {
    const { vm, until, client, server } = await start(tripleFault);
    expect(await until("c")).toMatch(/^O/);
    for (let turn = 0; turn < 20; turn++) await client.settle();
    expect(client.packets[1]).toMatch(/^T0bthread:1;/);
    expect((await vm.exit).kind).toBe("triple-fault");
    expect(await client.ask("mffff0,1")).toBe("ea");
    expect(await client.ask("s")).toBe("X0b");
    await server.idle();
  });

  it("is switched off by kill", async () => {
    const { vm, client } = await start(COUNTER);
    client.send("k");
    expect(await vm.exit).toMatchObject({ kind: "power-off", reason: "killed by the debugger" });
  });

  it("at HLT lets a step wait for an interrupt, and Ctrl-C end the wait", async () => {
    const { vm, client, until } = await start(halt);
    await until("s");
    await until("s");
    const at = vm.registers.eip;
    client.send("s");
    await client.settle();
    client.raw("\u0003");
    expect(await until("qC")).toMatch(/^T05/);
    expect(vm.registers.eip).toBe(at);
  });

  it("keeps the breakpoints of others when a client goes", async () => {
    const { vm, client, server } = await start(COUNTER);
    vm.debug.setBreakpoint(ROM);
    await client.ask(`Z0,${ROM.toString(16)},1`);
    await client.ask(`Z0,${(ROM + 1).toString(16)},1`);
    await client.ask("D");
    await server.idle();
    expect([vm.debug.clearBreakpoint(ROM), vm.debug.clearBreakpoint(ROM + 1)]).toEqual([true, false]);
  });
});

describe("registers", () => {
  it("are the processor's, and written where that makes sense", async () => {
    const { vm, client } = await start(COUNTER);
    expect(await client.ask("P0=78563412")).toBe("OK");
    expect(vm.registers.eax).toBe(0x1234_5678);
    expect(await client.ask(`P9=${little(0xffff_ffff)}`)).toBe("OK");
    expect(vm.registers.eflags).toBe(0x003d_7fd7);
    expect(await client.ask(`Pa=${little(0xf000)}`)).toBe("OK");
    expect(await client.ask(`Pa=${little(8)}`)).toBe("E22");
    const all = await client.ask("g");
    expect(all.startsWith("78563412")).toBe(true);
    expect(await client.ask(`G${all}`)).toBe("OK");
    expect(await client.ask(`G${all.slice(0, -2)}`)).toBe("E01");
    const description = await client.ask("qXfer:features:read:target.xml:0,1fff");
    expect(description).toContain("org.gnu.gdb.i386.core");
    expect(description).toContain('<reg name="cr0" bitsize="32" type="int32" group="system" regnum=');
  });

  it("of the x87 follow its stack", async () => {
    // fninit; fld1; fldpi; fldz
    const { client, until } = await start([0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xd9, 0xee]);
    for (let step = 0; step < 5; step++) await until("s");
    const st = async (index: number): Promise<string> => client.ask(`p${(16 + index).toString(16)}`);
    expect([await st(0), await st(1), await st(2)]).toEqual(["00000000000000000000", "35c26821a2da0fc90040", "0000000000000080ff3f"]);
    const [fctrl, fstat, ftag] = ["18", "19", "1a"];
    expect([await client.ask(`p${fctrl}`), await client.ask(`p${fstat}`), await client.ask(`p${ftag}`)]).toEqual([little(0x37f), little(5 << 11), little(0x07ff)]);
    expect(await client.ask("P10=0000000000000080ff3f")).toBe("OK");
    expect(await client.ask(`p${ftag}`)).toBe(little(0x03ff));
    expect(await client.ask(`P${ftag}=${little(0xffff)}`)).toBe("OK");
    expect(await client.ask(`p${ftag}`)).toBe(little(0xffff));
    expect(await client.ask(`P${fstat}=${little(0x3800)}`)).toBe("OK");
    expect(await st(0)).toBe("0000000000000080ff3f");
  });
});

describe("memory", () => {
  it("of devices is not touched: an error instead", async () => {
    const { vm, client } = await start(COUNTER);
    const reads: number[] = [];
    const everywhere = { ranges: [{ first: 0, last: 0xffff_ffff }], listener: ({ address }: { address: number }) => void reads.push(address) };
    vm.machine.memory.mmio.trace(everywhere);
    expect(await client.ask("ma0000,4")).toBe("E14");
    expect(await client.ask("md0000000,4")).toBe("E14");
    expect(await client.ask("Ma0000,1:00")).toBe("E14");
    expect(await client.ask("M0,1:00")).toBe("OK");
    expect(await client.ask("M9ffff,2:0000")).toBe("E14");
    expect(await client.ask("m9fffe,4")).toBe("0000");
    expect(reads).toEqual([]);
  });

  it("holds code that is executed anew after a write", async () => {
    const { client, vm, until } = await start([0xea, 0x00, 0x05, 0x00, 0x00]);
    vm.writeMemory(0x500, Uint8Array.of(0x40, 0xeb, 0xfd));
    await client.ask("Z0,500,1");
    await until("c");
    for (let round = 0; round < 3; round++) await until("c");
    expect(vm.registers.eax).toBe(3);
    await client.ask("M500,1:48");
    for (let round = 0; round < 2; round++) await until("c");
    expect(vm.registers.eax).toBe(1);
  });
});

describe("monitor commands", () => {
  it("show the machine", async () => {
    const { monitor } = await start(COUNTER);
    expect(await monitor("help")).toContain("physical ADDRESS LENGTH");
    expect(await monitor("")).toContain("physical ADDRESS LENGTH");
    expect(await monitor("registers")).toContain("EIP=0000FFF0");
    expect(await monitor("devices")).toMatch(/^\/isa\/com1 {2}ns\.16550a {2}ports 3F8h-3FFh, IRQ 4$/m);
    expect(await monitor("physical 0xffff0 8")).toBe("000ffff0  ea 00 00 00 f0 00 00 00                          ........\n");
    expect(await monitor("physical 0x9ffff 2")).toContain("00 --");
    for (const line of ["physical", "physical x", "physical 0 0", "physical 0 4097", "physical 0x100000000 1"]) expect(await monitor(line)).toContain("write it like");
    expect(await monitor("constructor")).toBe('there is no command "constructor"; monitor help lists them\n');
  });

  it("reset it, and it stays where it is then", async () => {
    const { vm, monitor, until } = await start(COUNTER);
    for (let step = 0; step < 5; step++) await until("s");
    expect(vm.registers.eip).not.toBe(0xfff0);
    await monitor("reset");
    expect([vm.registers.eip, vm.state]).toEqual([0xfff0, "paused"]);
  });
});
