import { Bench, BenchPciBus } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { bochsVgaPci } from "./index.js";

const plugPci = (config: { "vram-mib"?: number }) => Bench.plug(bochsVgaPci, { deps: { pci: new BenchPciBus(), storage: undefined }, config });

describe("hostile guest", () => {
  it("never makes a handler or the picture throw, nor the picture outgrow its bounds", async () => {
    const bench = await plugPci({ "vram-mib": 1 });
    const ports = [0x3b4, 0x3b5, 0x3ba, 0x3c0, 0x3c2, 0x3c4, 0x3c5, 0x3c6, 0x3c7, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da];
    let seed = 12345;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const modes = new Set<string>();
    for (let step = 0; step < 20_000; step++) {
      const width = ([1, 2, 4] as const)[next(3)];
      bench.out8(ports[next(ports.length)], next(256));
      bench.in8(ports[next(ports.length)]);
      bench.poke(0xa0000 + next(0x1ffff), width, next(1 << 24));
      const read = bench.peek(0xa0000 + next(0x1ffff), width);
      expect(read >= 0 && read < 2 ** (width * 8)).toBe(true);
      if (step % 16 === 0) {
        bench.out16(0x1ce, next(12));
        bench.out16(0x1cf, next(0x10000));
      }
      if (step % 400 > 0) continue;
      bench.out8(0x3c2, 0x67);
      bench.in8(0x3da);
      bench.out8(0x3c0, 0x20);
      bench.out16(0x3c4, 0x0300);
      bench.out16(0x3c4, 0x0001);
      bench.out16(0x3d4, 0x8317);
      bench.out16(0x1ce, 4);
      bench.out16(0x1cf, next(2));
      const { mode, width: dots, height } = bench.role;
      modes.add(mode);
      const picture = bench.role.picture();
      expect(picture.rgba.length).toBe(dots * height * 4);
      expect(dots * height).toBeLessThanOrEqual(256 * 9 * 2 * 2048);
      const text = bench.role.text();
      if (text) expect(text.characters.length).toBe(text.columns * text.rows);
    }
    expect([...modes].sort()).toEqual(["graphics", "text"]);
  });
});
