import { afterEach, describe, expect, it } from "vitest";
import { createMachine, type MachineDescription, type PortAccess, type RunOptions, type VirtualMachine } from "../index.js";
import { echoOnce, forEver, guestRom, outByte, powerOff, print, tripleFault } from "../testing/guest-rom.js";

let machines: VirtualMachine[] = [];
const make = async (code: (readonly number[])[], description: MachineDescription & RunOptions = {}): Promise<VirtualMachine> => {
  const vm = await createMachine({ profile: "virtual-server-2005", memory: 4, bios: "rom", files: { rom: guestRom(...code) }, clock: "deterministic", ...description });
  machines.push(vm);
  return vm;
};
afterEach(async () => {
  await Promise.all(machines.map((vm) => vm.dispose()));
  machines = [];
});

describe("virtual machine", () => {
  it("talks over its serial port and powers off", async () => {
    const vm = await make([print("Hello\r\n"), echoOnce, echoOnce, powerOff]);
    const serial = vm.serial();
    expect([vm.state, serial.path]).toEqual(["off", "/isa/com1"]);
    await vm.start();
    expect(await vm.waitForText("serial", /H[^\n]*\n/)).toBe("Hello\r\n");
    serial.write("ok");
    await serial.waitForText("ok");
    expect(await vm.exit).toMatchObject({ kind: "power-off" });
    expect(vm.state).toBe("stopped");
  });

  it("reports a triple fault with a dump", async () => {
    const vm = await make([tripleFault]);
    const dumps: string[] = [];
    const stop = vm.on("triple-fault", (dump) => dumps.push(dump));
    await vm.start();
    const exit = await vm.exit;
    expect(exit.kind).toBe("triple-fault");
    expect(dumps[0]).toContain("EIP=");
    stop();
  });

  it("pauses, steps, shows and changes registers and memory", async () => {
    const vm = await make([
      [0xb8, 0x34, 0x12],
      [0xb9, 0x78, 0x56],
    ]);
    await vm.step(3);
    expect(vm.state).toBe("paused");
    expect([vm.registers.eax, vm.registers.ecx & 0xffff, vm.registers.eip]).toEqual([0x1234, 0x5678, 6]);
    vm.setRegister("eip", 0);
    vm.setRegister("eax", 0);
    await vm.step(1);
    expect([vm.registers.eax, vm.registers.eip]).toEqual([0x1234, 3]);
    vm.writeMemory(0x7c00, Uint8Array.of(1, 2, 3));
    expect([...vm.readMemory(0x7bff, 5)]).toEqual([0, 1, 2, 3, 0]);
    expect([...vm.readMemory(0xf_fff0, 1)]).toEqual([0xea]);
    expect(() => vm.readMemory(2 ** 32 - 1, 2)).toThrow(/4 GiB/);
    expect(() => vm.writeMemory(-1, new Uint8Array(1))).toThrow(/4 GiB/);
    expect(vm.dump()).toContain("EAX=00001234");
  });

  it("goes on where a saved state was", async () => {
    const code = [print("A"), echoOnce, print("B"), powerOff];
    const vm = await make(code);
    vm.serial();
    await vm.start();
    await vm.waitForText(0, "A");
    const state = await vm.saveState();
    const twin = await make(code);
    const states: string[] = [];
    twin.on("state", (now) => states.push(now));
    twin.serial();
    await twin.loadState(state);
    expect(twin.state).toBe("paused");
    await twin.start();
    twin.serial().write("x");
    expect(await twin.waitForText("serial", "B")).toBe("xB");
    expect(await twin.exit).toMatchObject({ kind: "power-off" });
    expect(states).toEqual(["paused", "running", "stopped"]);
  });

  it("taps ports that were named before assembly, and no others", async () => {
    const seen: PortAccess[] = [];
    const vm = await make([outByte(0x80, 0x42), outByte(0x3fb, 0x03), outByte(0x3ff, 0x11), [0xec]], {
      taps: [
        { first: 0x80, onAccess: (access) => seen.push(access) },
        { first: 0x3fc, last: 0x3ff, onAccess: (access) => seen.push(access) },
      ],
    });
    await vm.machine.runFor(40);
    expect(seen).toEqual([
      { port: 0x80, direction: "write", width: 8, value: 0x42, path: "/isa/post" },
      { port: 0x3ff, direction: "write", width: 8, value: 0x11, path: "/isa/com1" },
      { port: 0x3ff, direction: "read", width: 8, value: 0x11, path: "/isa/com1" },
    ]);
    await expect(make([], { taps: [{ first: 9, last: 8, onAccess: () => {} }] })).rejects.toMatchObject({ code: "PORT_RANGE" });
  });

  it("hears debug ports", async () => {
    const vm = await make([outByte(0xe9, 0x58)]);
    const bytes: number[] = [];
    expect(vm.debugPorts).toEqual(["/isa/post", "/isa/debug"]);
    vm.onDebugByte("/isa/debug", (byte) => bytes.push(byte));
    await vm.machine.runFor(20);
    expect(bytes).toEqual([0x58]);
  });

  it("delivers keys to the controller and starts over at reset", async () => {
    const vm = await make([print("A"), forEver([0x90])]);
    const keyboard = vm.keyboard;
    vm.serial();
    await vm.start();
    await vm.waitForText("serial", "A");
    vm.reset();
    await vm.waitForText("serial", "A");
    expect(vm.keyboard).toBe(keyboard);
    vm.powerOff();
    expect(await vm.exit).toMatchObject({ kind: "power-off" });
  });

  it("does the same twice with the deterministic clock, and not with another seed or date", async () => {
    const hash = async (options: RunOptions) => {
      const vm = await make([print("A"), forEver([0x90])], options);
      await vm.machine.runFor(100_000);
      return vm.machine.stateHash();
    };
    expect(await hash({})).toBe(await hash({}));
    expect(await hash({ epochMs: 0 })).not.toBe(await hash({}));
  });

  it("names what is missing", async () => {
    const vm = await make([], { profile: "minimal-pc" });
    expect(() => vm.serial(4)).toThrow('machine "minimal-pc" has no serial port 4; it has 0 at /isa/com1');
    expect(vm.pressPowerButton()).toBe(false);
    expect(vm.hasScreen).toBe(true);
    expect(vm.screen.describe()).toBe("blank");
    expect(vm.screen.picture()).toMatchObject({ width: 720, height: 400 });
    expect(() => vm.serial("/isa/com9")).toThrow(/\/isa\/com9/);
  });

  it("lets go of everything when a device cannot be created", async () => {
    await expect(make([], { files: { rom: new Uint8Array(10) } })).rejects.toMatchObject({ code: "FIRMWARE_SIZE" });
    await expect(createMachine({ kernel: "vmlinuz", files: { vmlinuz: new Uint8Array(600) } })).rejects.toThrow(/neither a Linux bzImage/);
  });
});
