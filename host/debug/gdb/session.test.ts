import { describe, expect, it } from "vitest";
import { BackplaneError } from "../../../sdk/contract/errors.js";
import { encodeText, escapeBinary, MAX_PACKET } from "./packet.js";
import { GdbServer } from "./server.js";
import { GdbSession } from "./session.js";
import { FakeClient, FakeTarget } from "./testing.js";

const connect = async () => {
  const target = new FakeTarget();
  const client = new FakeClient();
  const log: string[] = [];
  const session = new GdbSession(target, client.stream, (message) => log.push(message));
  await client.settle();
  return { target, client, log, session };
};
const REGISTERS = "01:02000000;02:03000000;03:04000000;";
const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");

describe("a session", () => {
  it("stops the target, answers, and lets it run on when the client detaches", async () => {
    const { target, client, session, log } = await connect();
    expect(target.calls).toEqual(["interrupt"]);
    expect(await client.ask("qSupported:multiprocess+;swbreak+")).toBe("PacketSize=4000;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+");
    expect(client.acks).toBe(1);
    expect(await client.ask("QStartNoAckMode")).toBe("OK");
    expect(await client.ask("?")).toBe(`T02thread:1;${REGISTERS}`);
    expect(client.acks).toBe(2);
    expect(await client.ask("Z0,1000,1")).toBe("OK");
    expect(await client.ask("D;1")).toBe("OK");
    await session.done;
    expect(client.closed).toBe(true);
    expect([...target.breakpoints]).toEqual([]);
    expect(target.calls).toEqual(["interrupt", "abandon", "release true"]);
    expect(log).toEqual([]);
  });

  it("says nothing it does not know", async () => {
    const { client } = await connect();
    for (const packet of ["vMustReplyEmpty", "!", "qTStatus", "qXfer:auxv:read::0,10", "QNonStop:1", "vRun;", "i", "Z7,0,0", ""])
      expect([packet, await client.ask(packet)]).toEqual([packet, ""]);
    for (const [packet, answer] of [
      ["Hg0", "OK"],
      ["Hc-1", "OK"],
      ["Hg2", "E01"],
      ["T1", "OK"],
      ["T2", "E01"],
      ["qC", "QC1"],
      ["qAttached", "1"],
      ["qfThreadInfo", "m1"],
      ["qsThreadInfo", "l"],
      ["qSymbol::", "OK"],
      ["vCont?", "vCont;c;C;s;S"],
    ]) {
      expect([packet, await client.ask(packet)]).toEqual([packet, answer]);
    }
  });

  it("sends again what got lost, and asks again for what came wrong", async () => {
    const { client, log } = await connect();
    await client.ask("qC");
    client.raw("-");
    expect(client.packets).toEqual(["QC1", "QC1"]);
    client.raw("$qC#00$qC#01");
    expect(client.nacks).toBe(2);
    expect(log).toEqual(["gdb: the client sent a packet with a wrong checksum; it is passed over, as are others"]);
    client.send("m".repeat(MAX_PACKET + 1));
    expect(client.packets).toEqual(["QC1", "QC1", "E22"]);
    expect(await client.ask("qC")).toBe("QC1");
  });
});

describe("registers", () => {
  it("are read and written, one and all", async () => {
    const { client, target } = await connect();
    expect(await client.ask("g")).toBe("0100000002000000030000000400000060000000");
    expect(await client.ask("p3")).toBe("04000000");
    expect(await client.ask("P0=78563412")).toBe("OK");
    expect(target.values[0]).toBe(0x1234_5678);
    expect(await client.ask("Gffffffff02000000030000000500000060000000")).toBe("OK");
    expect(target.values).toEqual([0xffff_ffff, 2, 3, 5, 0x60]);
  });

  it("that cannot be, are refused", async () => {
    const { client, target } = await connect();
    for (const packet of ["p5", "p", "pzz", "G00", "Gxx"]) expect([packet, await client.ask(packet)]).toEqual([packet, "E01"]);
    for (const packet of ["P4=00000000", "P0=00", "P99=00000000", "P0", "P0=0"]) expect([packet, await client.ask(packet)]).toEqual([packet, "E22"]);
    expect(await client.ask("G0100000002000000030000000400000000000000")).toBe("E22");
    expect(target.values).toEqual([1, 2, 3, 4, 0x60]);
  });
});

describe("memory", () => {
  it("is read as far as there is some", async () => {
    const { client } = await connect();
    expect(await client.ask("m1002,4")).toBe("02030405");
    expect(await client.ask("mffffffff00001002,2")).toBe("0203");
    expect(await client.ask("m10fe,10")).toBe("feff");
    expect(await client.ask("mfff,4")).toBe("E14");
    expect((await client.ask("m1000,ffffffff")).length).toBe(512);
  });

  it("is written in digits and in bytes", async () => {
    const { client, target } = await connect();
    expect(await client.ask("M1000,3:aabbcc")).toBe("OK");
    const bytes = Uint8Array.of(0x23, 0x24, 0x7d, 0x2a, 0, 0x3a, 3);
    expect(await client.ask(Uint8Array.of(...encodeText("X1010,7:"), ...escapeBinary(bytes)))).toBe("OK");
    expect([...target.memory.subarray(0, 3), ...target.memory.subarray(0x10, 0x17)]).toEqual([0xaa, 0xbb, 0xcc, ...bytes]);
    expect(await client.ask("X1000,0:")).toBe("OK");
    expect(await client.ask("M10ff,2:0000")).toBe("E14");
    for (const packet of ["m", "m1000", "m1000,", "m1000,0", "m1000,1,1", "M1000,2:00", "M1000,1:0", "M1000:00", "X1000,2:a", "X"]) {
      expect([packet, await client.ask(packet)]).toEqual([packet, "E01"]);
    }
  });
});

describe("running", () => {
  it("goes on until a breakpoint, told as gdb has set it", async () => {
    const { client, target } = await connect();
    await client.ask("Z0,1000,1");
    await client.ask("Z1,1001,1");
    for (const [address, name] of [
      [0x1000, "swbreak"],
      [0x1001, "hwbreak"],
    ] as const) {
      client.send("vCont;c");
      await client.settle();
      expect(target.running).toBe(true);
      target.meet({ kind: "breakpoint", address });
      await client.settle();
      expect(client.packets.pop()).toBe(`T05${name}:;thread:1;${REGISTERS}`);
    }
  });

  it("ends at Ctrl-C; a step is one instruction", async () => {
    const { client, target } = await connect();
    client.send("c");
    await client.settle();
    client.raw("\u0003");
    await client.settle();
    expect(client.packets).toEqual([`T02thread:1;${REGISTERS}`]);
    expect(await client.ask("vCont;s:1;c")).toBe("T05thread:1;01:02000000;02:03000000;03:05000000;");
    expect(await client.ask("s10")).toContain("03:11000000");
    expect(await client.ask("S05;20")).toContain("03:21000000");
    expect(await client.ask("vCont;S05:p1.1")).toContain("03:22000000");
    expect(target.calls.filter((call) => call === "step")).toHaveLength(4);
    for (const packet of ["vCont;x", "vCont;", "vCont;s:7", "cxyz"]) expect([packet, await client.ask(packet)]).toEqual([packet, "E01"]);
  });

  it("tells of accesses as they are watched; a read watchpoint passes over writes", async () => {
    const { client, target } = await connect();
    const meet = async (address: number, length: number, on: "write" | "access", access: "read" | "write") => {
      client.send("c");
      await client.settle();
      target.meet({ kind: "watchpoint", address, access, watchpoint: { address: 0x1010, length, on } });
      await client.settle();
    };
    await client.ask("Z2,1010,4");
    await client.ask("Z3,1010,2");
    await client.ask("Z4,1010,8");
    expect(target.watchpoints).toEqual([
      { address: 0x1010, length: 4, on: "write" },
      { address: 0x1010, length: 2, on: "access" },
      { address: 0x1010, length: 8, on: "access" },
    ]);
    client.packets.length = 0;
    await meet(0x100e, 4, "write", "write");
    await meet(0x1011, 2, "access", "read");
    await meet(0x1014, 8, "access", "write");
    expect(client.packets.map((packet) => packet.split("thread")[0])).toEqual(["T05watch:1010;", "T05rwatch:1011;", "T05awatch:1014;"]);
    await meet(0x1010, 2, "access", "write");
    expect(client.packets).toHaveLength(3);
    expect(target.running).toBe(true);
    target.meet({ kind: "exited", status: 0 });
    await client.settle();
    expect(client.packets[3]).toBe("W00");
  });

  it("of a processor that shut down is told once more, and over", async () => {
    const { client, target, session } = await connect();
    client.send("c");
    await client.settle();
    target.meet({ kind: "shutdown", text: "gone" });
    await client.settle();
    expect(client.packets).toEqual([`O${hex("gone\n")}`, `T0bthread:1;${REGISTERS}`]);
    expect(await client.ask("g")).toHaveLength(40);
    expect(await client.ask("c")).toBe("X0b");
    await session.done;
  });

  it("that is refused because somebody else drives the machine is an error, not the end", async () => {
    const { client, target, log } = await connect();
    target.fails = new BackplaneError("MACHINE_STATE", "the machine is running");
    expect(await client.ask("s")).toBe("E01");
    expect(log).toEqual(["gdb: the machine is running"]);
    target.fails = undefined;
    expect(await client.ask("s")).toContain("T05");
  });
});

describe("breakpoints", () => {
  it("of two kinds at a place are one, which stays until both are gone", async () => {
    const { client, target } = await connect();
    await client.ask("Z0,1000,1");
    await client.ask("Z0,1000,1");
    await client.ask("Z1,1000,1");
    expect([...target.breakpoints]).toEqual([0x1000]);
    await client.ask("z0,1000,1");
    expect([...target.breakpoints]).toEqual([0x1000]);
    await client.ask("z1,1000,1");
    expect([...target.breakpoints]).toEqual([]);
    expect(await client.ask("z1,1000,1")).toBe("OK");
  });

  it("beyond what there is room for are refused", async () => {
    const { client, target } = await connect();
    for (let each = 0; each < 3; each++) expect(await client.ask(`Z1,${each},1`)).toBe("OK");
    expect(await client.ask("Z1,3,1")).toBe("E28");
    expect(await client.ask("z1,0,1")).toBe("OK");
    expect(await client.ask("Z1,3,1")).toBe("OK");
    expect([...target.breakpoints]).toEqual([1, 2, 3]);
    for (const packet of ["Z0,", "Z0,x,1", "Z2,10"]) expect([packet, await client.ask(packet)]).toEqual([packet, "E01"]);
  });
});

describe("queries", () => {
  it("hand out the target description in pieces", async () => {
    const { client } = await connect();
    let text = "";
    for (let piece = "m"; piece[0] === "m"; text += piece.slice(1)) piece = await client.ask(`qXfer:features:read:target.xml:${text.length.toString(16)},60`);
    expect(text).toContain('<reg name="eip" bitsize="32" type="int32" regnum="3"/>');
    expect(text.trimEnd().endsWith("</target>")).toBe(true);
    expect(await client.ask("qXfer:features:read:other.xml:0,60")).toBe("E00");
    expect(await client.ask("qXfer:features:read:target.xml:0")).toBe("E01");
    expect(await client.ask("qXfer:features:read:target.xml:ffffff,10")).toBe("l");
  });

  it("pass on monitor commands", async () => {
    const { client } = await connect();
    client.send(`qRcmd,${hex("help me")}`);
    await client.settle();
    expect(client.packets).toEqual([`O${hex("help me!\n")}`, "OK"]);
    client.send(`qRcmd,${hex("x".repeat(2500))}`);
    await client.settle();
    expect(client.packets).toHaveLength(2 + 4);
    expect(await client.ask("qRcmd,zz")).toBe("E01");
  });
});

describe("a client", () => {
  it("that vanishes while the target runs leaves it running", async () => {
    const { client, target, session, log } = await connect();
    await client.ask("Z0,1000,1");
    client.send("c");
    await client.settle();
    client.leave();
    await session.done;
    expect(target.calls).toEqual(["interrupt", "run", "abandon", "release true"]);
    expect([...target.breakpoints]).toEqual([]);
    expect(log).toEqual([]);
    client.send("g");
    await client.settle();
    expect(client.packets).toHaveLength(1);
  });

  it("that vanishes in the middle of a packet is told of", async () => {
    const { client, target, session, log } = await connect();
    client.raw("$m1000,");
    client.leave();
    await session.done;
    expect(log).toEqual(["gdb: the client left in the middle of a packet"]);
    expect(target.calls).toEqual(["interrupt", "abandon", "release true"]);
  });

  it("that kills takes the power away", async () => {
    for (const [packet, answers] of [
      ["k", []],
      ["vKill;1", ["OK"]],
    ] as const) {
      const { client, target, session } = await connect();
      client.send(packet);
      await session.done;
      expect(client.packets).toEqual(answers);
      expect(target.calls).toContain("kill");
    }
  });

  it("that sends without waiting is sent away", async () => {
    const { client, target, session, log } = await connect();
    client.send("c");
    await client.settle();
    for (let each = 0; each < 100; each++) client.send("g");
    await session.done;
    expect(client.closed).toBe(true);
    expect(log).toEqual(["gdb: the client sends without waiting for answers; disconnected"]);
    expect(target.calls).toContain("release true");
  });

  it("that sends nothing but garbage harms nobody", async () => {
    let seed = 7;
    const next = (limit: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
      return (seed >>> 8) % limit;
    };
    const letters = "?gGpPmMXcCsSvZzHTDkqQ!R0123456789abcdef,;:=.-+#$}\u0003";
    const starts = ["m1000,", "M1000,4:", "X1000,", "Z0,", "z3,", "vCont;", "qXfer:features:read:", "qRcmd,", "P", "G", "H", "T", "qSupported", "D"];
    for (let round = 0; round < 300; round++) {
      const { client, target, session } = await connect();
      for (let packet = 0; packet < 8; packet++) {
        const start = next(2) === 0 ? starts[next(starts.length)] : "";
        const text = start + Array.from({ length: next(20) }, () => letters[next(letters.length)]).join("");
        if (next(4) === 0) client.raw(text);
        else client.send(escapeBinary(encodeText(text)));
        await new Promise((resolve) => setImmediate(resolve));
        if (target.running) client.raw("\u0003");
      }
      client.leave();
      await session.done;
      expect(target.calls[target.calls.length - 1]).toBe("release true");
      expect(target.breakpoints.size + target.watchpoints.length).toBe(0);
      expect(client.packets).not.toContain("corrupt");
    }
  });
});

describe("the server", () => {
  it("takes one client at a time, and the next one after it", async () => {
    const targets: FakeTarget[] = [];
    const log: string[] = [];
    const server = new GdbServer(
      () => {
        const target = new FakeTarget();
        targets.push(target);
        return target;
      },
      (message) => log.push(message),
    );
    const [first, second, third, fourth] = [new FakeClient(), new FakeClient(), new FakeClient(), new FakeClient()];
    server.accept(first.stream, "first");
    server.accept(second.stream, "second");
    expect([second.closed, server.hasClient]).toEqual([true, true]);
    expect(await first.ask("qC")).toBe("QC1");
    first.leave();
    // Before the first is gone for good.
    server.accept(third.stream, "third");
    server.accept(fourth.stream, "fourth");
    await third.settle();
    expect([third.closed, fourth.closed]).toEqual([false, true]);
    expect(await third.ask("qC")).toBe("QC1");
    await server.close();
    expect(third.closed).toBe(true);
    expect(targets.map(({ calls }) => calls[calls.length - 1])).toEqual(["release true", "release false"]);
    expect(log).toEqual([
      "gdb: first is connected; the machine stands still",
      "gdb: second is refused: first is connected, and one debugger at a time can be",
      "gdb: fourth is refused: first is connected, and one debugger at a time can be",
      "gdb: first has left",
      "gdb: third is connected; the machine stands still",
      "gdb: third has left",
    ]);
    const late = new FakeClient();
    server.accept(late.stream, "late");
    expect([late.closed, server.hasClient]).toEqual([true, false]);
    await server.idle();
  });

  it("survives a client that is gone before it is served", async () => {
    const server = new GdbServer(
      () => new FakeTarget(),
      () => {},
    );
    const { stream } = new FakeClient();
    server.accept({ ...stream, onClose: (fn) => fn() }, "ghost");
    await server.idle();
    expect(server.hasClient).toBe(false);
  });
});
