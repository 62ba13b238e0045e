import { describe, expect, it } from "vitest";
import { Machine } from "../../kernel/machine/index.js";
import { FakeCpu } from "../../kernel/machine/testing/fake-cpu.js";
import { FakeHostTime } from "../../kernel/machine/testing/fake-host.js";
import type { BusHandler } from "../../sdk/contract/board.js";
import { defineDevice, Standalone } from "../../sdk/define/device.js";
import { ProfileBuilder } from "../../sdk/define/profile.js";
import { type PortAccess, tapPorts } from "./port-tap.js";

const part = (handler: BusHandler) =>
  defineDevice({
    id: "test.part",
    summary: "Eight ports",
    provides: Standalone,
    resources: () => [{ kind: "ports", base: 0x300, length: 8 }],
    create({ board }) {
      board.ports(0x300, 8, handler);
      return { role: {}, reset() {} };
    },
  });

const make = async (handler: BusHandler, first: number, last?: number) => {
  const seen: string[] = [];
  const onAccess = ({ port, direction, width, value, path }: PortAccess) => void seen.push(`${path} ${direction}${width} ${port.toString(16)}=${value.toString(16)}`);
  const machine = await Machine.assemble(ProfileBuilder.named("bench").memory(1).add("/part", part(handler)).build(), {
    hostTime: new FakeHostTime(),
    createCpu: (space, ports) => new FakeCpu(space, ports),
    apply: (hooks) => tapPorts(hooks, { first, onAccess, ...(last === undefined ? {} : { last }) }),
  });
  return { ports: machine.ports, seen, machine };
};

describe("port tap", () => {
  it("sees accesses as the device does", async () => {
    const written: number[] = [];
    const { ports, seen } = await make({ read8: (offset) => offset, write8: (_offset, value) => void written.push(value) }, 0x300, 0x307);
    ports.write16(0x302, 0xbbaa);
    expect(ports.read8(0x305)).toBe(5);
    expect(seen).toEqual(["/part write8 302=aa", "/part write8 303=bb", "/part read8 305=5"]);
    expect(written).toEqual([0xaa, 0xbb]);
  });

  it("keeps within its range, wide accesses that reach into it included", async () => {
    const { ports, seen } = await make({ read8: () => 1, read32: () => 0x1234_5678, write32: () => {} }, 0x302, 0x304);
    ports.read8(0x301);
    ports.read8(0x305);
    ports.write32(0x304, 7);
    expect(ports.read32(0x300)).toBe(0x1234_5678);
    ports.read8(0x302);
    expect(seen).toEqual(["/part write32 304=7", "/part read32 300=12345678", "/part read8 302=1"]);
  });

  it("keeps `this` of a handler that is an object with methods", async () => {
    class Latch {
      value = 3;
      read8(): number {
        return this.value;
      }
      write8(_offset: number, value: number): void {
        this.value = value;
      }
    }
    const { ports } = await make(new Latch(), 0x300);
    ports.write8(0x300, 9);
    expect(ports.read8(0x300)).toBe(9);
  });

  it("leaves other ranges untouched", async () => {
    const handler: BusHandler = { read8: () => 1, read16: () => 1, read32: () => 1, write8() {}, write16() {}, write32() {} };
    const { ports } = await make(handler, 0x308, 0x30f);
    expect(ports.slots[0x300].handler).toBe(handler);
  });
});
