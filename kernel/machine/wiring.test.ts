import { describe, expect, it } from "vitest";
import type { AnyDefinition } from "../../sdk/contract/device.js";
import { every, optional, role } from "../../sdk/contract/role.js";
import { failure, plain, profileOf } from "./testing/devices.js";
import { planWiring, type WiringOptions } from "./wiring.js";

const Bus = role<object>("test-bus");
const Image = role<object>("test-image");
const Clock = role<object>("test-clock");

const bus = plain("acme.bus", { provides: Bus });
const card = plain("acme.card", { needs: { bus: Bus } });
const image = plain("acme.image", { provides: Image });
const overlay = plain("acme.overlay", { provides: Image, needs: { base: Image } });
const disk = plain("acme.disk", { needs: { image: Image } });
const cdrom = plain("acme.cdrom", { needs: { image: optional(Image) } });
const collector = plain("acme.collector", { needs: { all: every(Image) } });

const none: WiringOptions = { hasService: () => false };
const plan = (slots: Parameters<typeof profileOf>, options: WiringOptions = none) => planWiring(profileOf(...slots).slots, options);
const fillingOf = (slots: Parameters<typeof profileOf>, path: string, need: string, options: WiringOptions = none) =>
  plan(slots, options).find((each) => each.slot.path === path)!.fillings[need];
const slot = (path: string) => ({ from: "slot", path });

describe("wiring", () => {
  it("prefers the provider below, then above, then the only one, then a service", () => {
    const hasService = () => true;
    expect(
      fillingOf(
        [
          ["/a", disk],
          ["/a/image", image],
          ["/image", image],
        ],
        "/a",
        "image",
      ),
    ).toEqual(slot("/a/image"));
    expect(
      fillingOf(
        [
          ["/pci", bus],
          ["/pci/1", bus],
          ["/pci/1/2/3", card],
          ["/other", bus],
        ],
        "/pci/1/2/3",
        "bus",
      ),
    ).toEqual(slot("/pci/1"));
    expect(
      fillingOf(
        [
          ["/card", card],
          ["/bus", bus],
        ],
        "/card",
        "bus",
        { hasService },
      ),
    ).toEqual(slot("/bus"));
    expect(fillingOf([["/card", card]], "/card", "bus", { hasService })).toEqual({ from: "service", role: Bus });
  });

  it("takes the fewest path parts below", () => {
    const slots: Parameters<typeof profileOf> = [
      ["/d", disk],
      ["/d/image", overlay],
      ["/d/image/base", image],
    ];
    expect(fillingOf(slots, "/d", "image")).toEqual(slot("/d/image"));
    expect(fillingOf(slots, "/d/image", "base")).toEqual(slot("/d/image/base"));
  });

  it("creates providers first and keeps the profile's order otherwise", () => {
    const order = plan([
      ["/card", card],
      ["/z", image],
      ["/bus", bus],
      ["/a", image],
    ]).map((each) => each.slot.path);
    expect(order).toEqual(["/bus", "/card", "/z", "/a"]);
  });

  it("names both candidates of an ambiguous need", async () => {
    const { code, message, details } = await failure(() =>
      plan([
        ["/card", card],
        ["/bus/a", bus],
        ["/bus/b", bus],
      ]),
    );
    expect(code).toBe("NEED_AMBIGUOUS");
    expect(message).toBe(
      '"acme.card" at /card (bench) needs "bus" (role "test-bus"), which both "acme.bus" at /bus/a (bench) and "acme.bus" at /bus/b (bench) provide; choose one with "wires": { "bus": "/bus/a" }',
    );
    expect(details["candidates"]).toEqual(["/bus/a", "/bus/b"]);
    expect(
      (
        await failure(() =>
          plan([
            ["/d", disk],
            ["/d/a", image],
            ["/d/b", image],
          ]),
        )
      ).code,
    ).toBe("NEED_AMBIGUOUS");
  });

  it("says what would fill an unmet need", async () => {
    const { code, message } = await failure(() => plan([["/card", card]], { ...none, definitions: [bus, image] as AnyDefinition[] }));
    expect(code).toBe("NEED_UNMET");
    expect(message).toBe('"acme.card" at /card (bench) needs "bus" (role "test-bus"), which nothing in the machine provides; add one of acme.bus');
  });

  it("does not lend one drive's image to another", async () => {
    const hardDisk: Parameters<typeof profileOf> = [
      ["/ide/0", disk],
      ["/ide/0/image", image],
    ];
    expect(fillingOf([...hardDisk, ["/ide/1", cdrom]], "/ide/1", "image")).toEqual({ from: "nothing" });
    const { code, message } = await failure(() => plan([...hardDisk, ["/ide/1", disk]]));
    expect(code).toBe("NEED_UNMET");
    expect(message).toContain('/ide/0/image provides it but belongs to /ide/0: share it with "wires": { "image": "/ide/0/image" }');
    expect(fillingOf([...hardDisk, ["/ide/1", disk, {}, { image: "/ide/0/image" }]], "/ide/1", "image")).toEqual(slot("/ide/0/image"));
  });

  it("gives an optional need what stands on its own", () => {
    expect(
      fillingOf(
        [
          ["/cd", cdrom],
          ["/images/dvd", image],
        ],
        "/cd",
        "image",
      ),
    ).toEqual(slot("/images/dvd"));
    expect(fillingOf([["/cd", cdrom]], "/cd", "image")).toEqual({ from: "nothing" });
  });

  it("gives every provider in profile order", () => {
    expect(
      fillingOf(
        [
          ["/all", collector],
          ["/b", image],
          ["/a", image],
        ],
        "/all",
        "all",
      ),
    ).toEqual({ from: "slots", paths: ["/b", "/a"] });
    expect(fillingOf([["/all", collector]], "/all", "all")).toEqual({ from: "slots", paths: [] });
  });

  it("names the way around a cycle", async () => {
    const a = plain("acme.a", { provides: Bus, needs: { clock: Clock } });
    const b = plain("acme.b", { provides: Clock, needs: { picture: Image } });
    const c = plain("acme.c", { provides: Image, needs: { bus: Bus } });
    const { code, message, details } = await failure(() =>
      plan([
        ["/x", card],
        ["/a", a],
        ["/b", b],
        ["/c", c],
      ]),
    );
    expect(code).toBe("NEED_CYCLE");
    expect(message).toBe('no device of this circle can be created first: /a needs "clock" from /b needs "picture" from /c needs "bus" from /a');
    expect(details["paths"]).toEqual(["/a", "/b", "/c"]);
  });

  it.each([
    [{ buss: "/bus" }, "WIRE_UNKNOWN_NEED", 'has no need "buss" to wire; did you mean "bus"?'],
    [{ bus: "/bug" }, "WIRE_UNKNOWN_PATH", 'wires "bus" to /bug, where no device is; did you mean "/bus"?'],
    [{ bus: "/image" }, "WIRE_ROLE_MISMATCH", '"acme.image" there provides "test-image", not "test-bus"'],
  ])("refuses the wires %j", async (wires, code, expected) => {
    const error = await failure(() =>
      plan([
        ["/card", card, {}, wires as Record<string, string>],
        ["/bus", bus],
        ["/image", image],
      ]),
    );
    expect(error.code).toBe(code);
    expect(error.message).toContain(expected);
  });
});
