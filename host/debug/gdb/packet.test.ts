import { describe, expect, it } from "vitest";
import { decodeText, encodeText, escapeBinary, frame, fromHex, MAX_PACKET, PacketReader, parseHex, toHex } from "./packet.js";

const recorder = () => {
  const seen: string[] = [];
  const reader = new PacketReader({
    packet: (payload) => seen.push(`packet ${decodeText(payload)}`),
    interrupt: () => seen.push("interrupt"),
    resend: () => seen.push("resend"),
    corrupt: () => seen.push("corrupt"),
    oversize: () => seen.push("oversize"),
  });
  return { reader, seen, feed: (text: string) => reader.feed(encodeText(text)) };
};

/** Numbers below `limit` from a fixed seed. */
const chance = (seed: number) => {
  let state = seed;
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % limit;
  };
};

describe("packets", () => {
  it("are framed with their sum", () => {
    expect(decodeText(frame("OK"))).toBe("$OK#9a");
    expect(decodeText(frame(""))).toBe("$#00");
  });

  it("are found in a stream cut anywhere", () => {
    const stream = `+${decodeText(frame("qSupported:xmlRegisters=i386"))}\u0003-${decodeText(frame("m10,4"))}`;
    for (let cut = 1; cut < stream.length; cut++) {
      const { feed, seen } = recorder();
      feed(stream.slice(0, cut));
      feed(stream.slice(cut));
      expect(seen).toEqual(["packet qSupported:xmlRegisters=i386", "interrupt", "resend", "packet m10,4"]);
    }
  });

  it("may hold any byte behind an escape; 03h inside is data", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const { reader, seen } = recorder();
    reader.feed(frame(escapeBinary(bytes)));
    expect(seen).toEqual([`packet ${decodeText(bytes)}`]);
  });

  it("with a wrong sum, or digits that are none, are corrupt", () => {
    const { feed, seen } = recorder();
    feed("$OK#9b$OK#9g$OK#  $OK#9A");
    expect(seen).toEqual(["corrupt", "corrupt", "corrupt", "packet OK"]);
  });

  it("begin anew at each dollar sign", () => {
    const { feed, seen, reader } = recorder();
    feed("garbage #00 }x $m1$m2$OK#9a$g");
    expect(seen).toEqual(["packet OK"]);
    expect(reader.inPacket).toBe(true);
    feed("#67");
    expect(reader.inPacket).toBe(false);
  });

  it("are taken up to a length, and no memory is spent on longer ones", () => {
    const { reader, seen } = recorder();
    reader.feed(frame("a".repeat(MAX_PACKET)));
    reader.feed(frame("a".repeat(MAX_PACKET + 1)));
    reader.feed(frame("a".repeat(20 * MAX_PACKET)));
    reader.feed(frame("OK"));
    expect(seen.map((each) => each.slice(0, 9))).toEqual(["packet aa", "oversize", "oversize", "packet OK"]);
    expect(seen[0]).toHaveLength("packet ".length + MAX_PACKET);
  });

  it("are found again behind whatever garbage", () => {
    const next = chance(20);
    for (let round = 0; round < 2000; round++) {
      const { reader, seen } = recorder();
      const special = encodeText("$#}+-\u0003*0aF");
      for (let piece = next(4); piece >= 0; piece--) {
        reader.feed(Uint8Array.from({ length: next(60) }, () => (next(3) === 0 ? special[next(special.length)] : next(256))));
      }
      const payload = escapeBinary(Uint8Array.from({ length: next(40) }, () => next(256)));
      reader.feed(frame(payload));
      const whole = recorder();
      whole.reader.feed(frame(payload));
      expect(seen[seen.length - 1]).toBe(whole.seen[0]);
      expect(reader.inPacket).toBe(false);
    }
  });
});

describe("digits", () => {
  it("are bytes both ways", () => {
    expect(toHex(Uint8Array.of(0, 0x7f, 0xff))).toBe("007fff");
    expect(fromHex("007FfF")).toEqual(Uint8Array.of(0, 0x7f, 0xff));
    expect([fromHex("0"), fromHex("0g"), fromHex("-1")]).toEqual([undefined, undefined, undefined]);
  });

  it("are numbers of 32 bits, whatever sign was put in front", () => {
    expect([parseHex("c1000000"), parseHex("ffffffffc1000000"), parseHex("0")]).toEqual([0xc100_0000, 0xc100_0000, 0]);
    expect([parseHex(""), parseHex("x"), parseHex("1 "), parseHex("1".repeat(17))]).toEqual([undefined, undefined, undefined, undefined]);
  });
});
