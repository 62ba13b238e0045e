import { Bench } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { debugPort } from "./index.js";

const print = (bench: { out8(port: number, value: number): void }, port: number, text: string) => {
  for (const character of text) bench.out8(port, character.charCodeAt(0));
};

describe("bochs.debug-port", () => {
  it("passes bytes on in order and answers its signature", async () => {
    const bench = await Bench.plug(debugPort);
    let heard = "";
    const disconnect = bench.role.onByte((byte) => {
      heard += String.fromCharCode(byte);
    });
    print(bench, 0xe9, "hello\n");
    expect([heard, bench.in8(0xe9), bench.role.last]).toEqual(["hello\n", 0xe9, 0x0a]);
    disconnect();
    print(bench, 0xe9, "more");
    expect(heard).toBe("hello\n");
    bench.reset();
    expect(bench.role.last).toBe(0);
  });

  it("serves SeaBIOS at 402h and declares that port", async () => {
    const bench = await Bench.plug(debugPort, { config: { port: 0x402 } });
    expect(debugPort.resources(bench.config)).toEqual([{ kind: "ports", base: 0x402, length: 1 }]);
    let heard = "";
    bench.role.onByte((byte) => {
      heard += String.fromCharCode(byte);
    });
    expect([bench.in8(0x402), bench.in8(0xe9)]).toEqual([0xe9, 0xff]);
    print(bench, 0xe9, "lost");
    print(bench, 0x402, "SeaBIOS");
    expect(heard).toBe("SeaBIOS");
  });
});
