// @ts-check
import { Bench, conformanceChecks } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";
import { helloPort } from "./index.js";

describe("hello port", () => {
  it("spells its greeting, one letter a port, and takes another until the reset", async () => {
    const bench = await Bench.plug(helloPort);
    const spelt = () => String.fromCharCode(...Array.from({ length: 5 }, (_, at) => bench.in8(0x300 + at)));
    expect(spelt()).toBe("Hello");
    bench.out8(0x301, "a".charCodeAt(0));
    expect(spelt()).toBe("Hallo");
    bench.reset();
    expect(spelt()).toBe("Hello");
  });

  for (const { name, run } of conformanceChecks(helloPort)) it(name, run);
});
