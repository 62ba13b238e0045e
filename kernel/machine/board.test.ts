import { describe, expect, it } from "vitest";
import type { Board } from "../../sdk/contract/board.js";
import type { Resource } from "../../sdk/contract/resource.js";
import { assemble, failure, plain, profileOf } from "./testing/devices.js";

const resources: Resource[] = [
  { kind: "ports", base: 0x300, length: 4 },
  { kind: "mmio", base: 0xe000_0000, length: 0x1000 },
  { kind: "irq", line: 3 },
  { kind: "memory", name: "vram", bytes: 0x2000 },
];
const onBoard = async (use: (board: Board) => void, options: Parameters<typeof assemble>[1] = {}) => {
  const device = plain("acme.card", {
    resources: () => resources,
    create: ({ board }: { board: Board }) => {
      use(board);
      return { role: {}, reset: () => {} };
    },
  } as never);
  return assemble(profileOf(["/isa/card", device]), options);
};

describe("board", () => {
  it.each<[string, (board: Board) => void, string]>([
    ["ports", (board) => board.ports(0x302, 4, {}), "claims ports 302h-305h but declares ports 300h-303h"],
    ["memory", (board) => board.mmio(0xe000_0800, 0x1000, {}), "claims memory E0000800h-E00017FFh"],
    ["an interrupt", (board) => board.irq(5), "claims IRQ 5 but declares IRQ 3"],
    ["a block", (board) => board.block("rom"), 'memory block "rom"'],
  ])("refuses undeclared %s, naming the slot", async (_what, use, expected) => {
    const { code, message } = await failure(() => onBoard(use));
    expect(code).toBe("RESOURCE_UNDECLARED");
    expect(message).toContain('bench: cannot create "acme.card" at /isa/card: ');
    expect(message).toContain(expected);
  });

  it("lets BARs and routed interrupts be anywhere", async () => {
    const { machine } = await onBoard((board) => {
      board.ports(0xc000, 16, { read8: (offset) => offset }, { relocatable: true });
      board.mmio(0xf000_0000, 16, { read8: (offset) => offset }, { relocatable: true });
      board.irq(11, { routed: true }).set(true);
    });
    expect(machine.ports.read8(0xc005)).toBe(5);
    expect(machine.memory.read8(0xf000_0006)).toBe(6);
    expect((await failure(() => onBoard((board) => board.irq(16, { routed: true })))).code).toBe("RESOURCE_INVALID");
    await machine.dispose();
    expect(machine.ports.read8(0xc005)).toBe(0xff);
    expect(machine.memory.read8(0xf000_0006)).toBe(0xff);
  });

  it("passes each mapping through the hooks once", async () => {
    const seen: object[] = [];
    let reads = 0;
    const { machine } = await onBoard(
      (board) => {
        board.ports(0x300, 4, { read8: (offset) => offset + 1 });
        board.mmio(0xe000_0000, 0x1000, { read8: () => 7 });
      },
      {
        apply: (hooks) => {
          hooks.mapPorts.tap("trace", (handler, where) => {
            seen.push(where);
            return {
              ...handler,
              read8: (offset) => {
                reads++;
                return handler.read8!(offset);
              },
            };
          });
          hooks.mapMmio.tap("trace", (_handler, where) => void seen.push(where));
        },
      },
    );
    expect(machine.ports.read8(0x302)).toBe(3);
    expect(machine.ports.read16(0x300)).toBe(0x201);
    expect(machine.memory.read8(0xe000_0001)).toBe(7);
    expect(reads).toBe(3);
    expect(seen).toEqual([
      { path: "/isa/card", base: 0x300, length: 4 },
      { path: "/isa/card", base: 0xe000_0000, length: 0x1000 },
    ]);
    await machine.dispose();
  });

  it("shows memory blocks where they are mapped", async () => {
    let slot!: Board;
    const { machine } = await onBoard((board) => {
      slot = board;
    });
    const block = slot.block("vram");
    expect(slot.block("vram")).toBe(block);
    const mapping = block.map(0xd000_0000, { from: 0x1000, length: 0x1000, writable: true });
    machine.memory.write8(0xd000_0004, 0x5a);
    expect(block.bytes[0x1004]).toBe(0x5a);
    mapping.unmap();
    expect(machine.memory.read8(0xd000_0004)).toBe(0xff);
    for (const [base, options] of [
      [0xd000_0001, {}],
      [0xd000_0000, { from: 0x800 }],
      [0xd000_0000, { from: 0x1000, length: 0x2000 }],
      [0xd000_0000, { length: 0 }],
      [0xffff_f000, {}],
    ] as const) {
      expect((await failure(() => block.map(base, options))).code).toBe("BLOCK_RANGE");
    }
    await machine.dispose();
  });

  it("refuses two timers of one name, and forwards the log", async () => {
    expect(
      (
        await failure(() =>
          onBoard((board) => {
            board.clock.timer("tick", () => {});
            board.clock.timer("tick", () => {});
          }),
        )
      ).message,
    ).toContain('/isa/card makes two timers named "tick"');
    let slot!: Board;
    const { machine } = await onBoard((board) => {
      slot = board;
    });
    const messages: string[][] = [];
    machine.events.on("log", (...message) => messages.push(message));
    slot.log.warn("hot");
    slot.log.debug("cold");
    expect(messages).toEqual([
      ["warn", "/isa/card", "hot"],
      ["debug", "/isa/card", "cold"],
    ]);
    slot.machine.powerOff("guest");
    expect(await machine.exit).toEqual({ kind: "power-off", reason: "guest" });
    await machine.dispose();
  });

  it("keeps two sources of a device on one line apart", async () => {
    let slot!: Board;
    const { machine } = await onBoard((board) => {
      slot = board;
    });
    const [a, b] = [slot.irq(3), slot.irq(3)];
    a.set(true);
    b.set(true);
    a.set(false);
    expect(machine.devices[0].board.save().lines).toEqual(["3#1"]);
    await machine.dispose();
  });
});
