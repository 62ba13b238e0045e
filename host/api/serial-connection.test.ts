import { describe, expect, it } from "vitest";
import { FakeSerialPort, fakeWaiter, until } from "../testing/fakes.js";
import { SerialConnection } from "./serial-connection.js";

const make = () => {
  const port = new FakeSerialPort();
  const waiter = fakeWaiter();
  return { port, waiter, serial: new SerialConnection("/isa/com1", port, waiter) };
};

describe("serial connection", () => {
  it("gathers bytes into chunks until the host has its turn", async () => {
    const { port, serial } = make();
    const chunks: string[] = [];
    const stop = serial.onData((bytes) => chunks.push(new TextDecoder().decode(bytes)));
    port.transmit("one ");
    port.transmit("two");
    expect(chunks).toEqual([]);
    await Promise.resolve();
    port.transmit("three");
    await Promise.resolve();
    expect(chunks).toEqual(["one two", "three"]);
    stop();
    port.transmit("four");
    await Promise.resolve();
    expect(chunks).toHaveLength(2);
    expect(serial.transcript).toBe("one twothreefour");
  });

  it("decodes characters that arrive in parts", () => {
    const { port, serial } = make();
    const [first, second] = new TextEncoder().encode("ü");
    port.transmitBytes(first);
    expect(serial.transcript).toBe("");
    port.transmitBytes(second);
    expect(serial.transcript).toBe("ü");
  });

  it("waits for one prompt after the other", async () => {
    const { port, serial } = make();
    port.transmit("boot\r\n# ");
    expect(await serial.waitForText("# ")).toBe("boot\r\n# ");
    const second = serial.waitForText(/# $/);
    setTimeout(() => port.transmit("ls\r\nbin\r\n# "), 30);
    expect(await second).toBe("ls\r\nbin\r\n# ");
    await expect(serial.waitForText("# ", { timeoutMs: 20 })).rejects.toMatchObject({ code: "WAIT_TIMEOUT" });
  });

  it("sends text as UTF-8", () => {
    const { port, serial } = make();
    serial.write("é\r");
    expect(port.received).toEqual([0xc3, 0xa9, 13]);
  });

  it("takes input no faster than the guest does", async () => {
    const { port, serial } = make();
    const input = (async function* () {
      for (let chunk = 0; chunk < 4; chunk++) yield new Uint8Array(1000).fill(chunk);
    })();
    serial.attach({ input });
    await until(() => port.pending >= 2000, "the first chunks");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(port.pending).toBe(2000);
    port.received.length = 0;
    await until(() => port.pending === 2000, "the rest");
    expect(port.received[0]).toBe(2);
  });

  it("keeps a transcript of bounded size, from which waiting goes on", async () => {
    const { port, serial } = make();
    port.transmit("start\n");
    await serial.waitForText("start");
    for (let times = 0; times < 40; times++) port.transmit(`${"x".repeat(65_535)}\n`);
    expect(serial.transcript.length).toBeLessThan(1_200_000);
    port.transmit("end");
    expect((await serial.waitForText("end")).endsWith("\nend")).toBe(true);
  });
});
