import { afterEach, describe, expect, it } from "vitest";
import { createMachine, type DebugStop, type VirtualMachine } from "../index.js";
import { until } from "../testing/fakes.js";
import { forEver, guestRom } from "../testing/guest-rom.js";

/** Where the ROM's code begins, linear. */
const ROM = 0xf_0000;
let vm: VirtualMachine;
const make = async (): Promise<VirtualMachine> => {
  // `inc ax; mov [1234h], ax` and round again
  const files = { rom: guestRom(forEver([0x40, 0xa3, 0x34, 0x12])) };
  vm = await createMachine({ profile: "virtual-server-2005", memory: 4, bios: "rom", files, clock: "deterministic" });
  return vm;
};
afterEach(() => vm.dispose());

describe("the debugger of a virtual machine", () => {
  it("stops it at breakpoints until they are gone", async () => {
    const { debug } = await make();
    const stops: DebugStop[] = [];
    const forget = debug.onStop((stop) => stops.push(stop));
    expect([debug.setBreakpoint(ROM + 1), debug.setBreakpoint(ROM + 1)]).toEqual([true, false]);
    expect(debug.holds).toBe(false);
    await vm.start();
    await until(() => stops.length === 1, "the breakpoint");
    expect([vm.state, debug.holds, vm.registers.eip]).toEqual(["paused", true, 1]);
    expect(debug.stopped).toEqual({ kind: "breakpoint", address: ROM + 1 });
    await debug.continue();
    await until(() => stops.length === 2, "the breakpoint");
    expect(vm.registers.eax).toBe(2);
    expect([debug.clearBreakpoint(ROM + 1), debug.clearBreakpoint(ROM + 1)]).toEqual([true, false]);
    forget();
    await debug.continue();
    expect([vm.state, debug.holds]).toEqual(["running", false]);
    await debug.continue();
    await debug.pause();
    expect([vm.state, debug.holds, stops.length]).toEqual(["paused", true, 2]);
    expect(debug.cancelStep()).toBe(false);
  });

  it("steps, and reads and writes what the processor sees", async () => {
    const { debug } = await make();
    for (let step = 0; step < 3; step++) await debug.stepInstruction();
    expect([vm.registers.eip, vm.state]).toEqual([4, "paused"]);
    expect([...debug.readLinear(0x1234, 2)]).toEqual([1, 0]);
    expect(debug.writeLinear(0x1234, Uint8Array.of(9))).toBe(true);
    expect([...debug.readLinear(0x1234, 2)]).toEqual([9, 0]);
    expect([...debug.readLinear(0x9fffe, 4)]).toEqual([0, 0]);
    expect(debug.writeLinear(0x9ffff, Uint8Array.of(1, 1))).toBe(false);
    expect([...debug.readLinear(0x9ffff, 1)]).toEqual([0]);
    expect([...debug.readLinear(0xffff_fff0, 1)]).toEqual([0xea]);
    expect(debug.readLinear(0xd000_0000, 4)).toHaveLength(0);
  });

  it("refuses what cannot be watched", async () => {
    const { debug } = await make();
    const watch = (address: number, length: number) => () => debug.setWatchpoint({ address, length, on: "write" });
    for (const bad of [watch(-1, 1), watch(0, 0), watch(0, 4097), watch(0.5, 1), watch(2 ** 32 - 1, 2)]) expect(bad).toThrow(/cannot watch/);
    for (const address of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => debug.setBreakpoint(address)).toThrow(/no linear address/);
    expect([watch(0x1234, 2)(), watch(0x1234, 2)()]).toEqual([true, false]);
    const point = { address: 0x1234, length: 2, on: "write" } as const;
    expect([debug.clearWatchpoint({ ...point, on: "access" }), debug.clearWatchpoint(point), debug.clearWatchpoint(point)]).toEqual([false, true, false]);
    for (let each = 0; each < 1024; each++) debug.setBreakpoint(each);
    expect(() => debug.setBreakpoint(1024)).toThrow(/clear some/);
  });
});
