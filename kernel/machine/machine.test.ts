import { describe, expect, it } from "vitest";
import { every, optional, role } from "../../sdk/contract/role.js";
import type { MachineState } from "./options.js";
import { HostServices } from "./plugin-host.js";
import { assemble, failure, Line, line, Pic, pic, plain, profileOf, Ticker, ticker, Work, Worker, worker } from "./testing/devices.js";
import type { FakeCpu } from "./testing/fake-cpu.js";
import { turn } from "./testing/fake-host.js";

const board = profileOf(["/pic", pic], ["/isa/timer", ticker], ["/isa/line", line]);
const workService = (begin: () => Promise<number>): HostServices => new HostServices().provide(Work, { begin });

describe("assembly", () => {
  it("creates in order of needs, resets, and disposes in reverse", async () => {
    const log: string[] = [];
    const Bus = role<string>("bus");
    const logged = (id: string, parts: object) =>
      plain(id, {
        ...parts,
        create: async ({ board: { path }, deps }: { board: { path: string }; deps: object }) => {
          await turn();
          log.push(`create ${path} ${JSON.stringify(deps)}`);
          return {
            role: id,
            reset: (kind: string) => void log.push(`${kind} ${path}`),
            dispose: async () => {
              await turn();
              log.push(`dispose ${path}`);
            },
          };
        },
      } as never);
    const { machine } = await assemble(
      profileOf(["/card", logged("a.card", { needs: { bus: Bus, other: optional(role("absent")), all: every(Bus) } })], ["/bus", logged("a.bus", { provides: Bus })]),
    );
    await Promise.all([machine.dispose(), machine.dispose()]);
    expect(log).toEqual(["create /bus {}", 'create /card {"bus":"a.bus","all":["a.bus"]}', "power-on /bus", "power-on /card", "dispose /card", "dispose /bus"]);
    expect(await machine.exit).toEqual({ kind: "stopped" });
    expect(machine.state).toBe("stopped");
  });

  it("disposes of what was made when a device fails, and names the slot", async () => {
    const disposed: string[] = [];
    const good = plain("a.good", { create: () => ({ role: {}, reset: () => {}, dispose: () => void disposed.push("good") }) });
    const bad = plain("a.bad", { create: () => Promise.reject(new Error("no such file")) });
    const { code, message, details } = await failure(() => assemble(profileOf(["/good", good], ["/bad", bad])));
    expect(code).toBe("CREATE_FAILED");
    expect(message).toBe('bench: cannot create "a.bad" at /bad: no such file');
    expect(details).toMatchObject({ path: "/bad", id: "a.bad", origin: "bench" });
    expect(disposed).toEqual(["good"]);
  });

  it("disposes of all devices although one fails", async () => {
    const disposed: string[] = [];
    const device = (id: string, fails: boolean) =>
      plain(id, {
        create: () => ({
          role: {},
          reset: () => {},
          dispose: () => {
            disposed.push(id);
            if (fails) throw new Error("stuck");
          },
        }),
      });
    const { machine } = await assemble(profileOf(["/a", device("a.a", false)], ["/b", device("a.b", true)], ["/c", device("a.c", true)]));
    const { code, message } = await failure(() => machine.dispose());
    expect(code).toBe("DISPOSE_FAILED");
    expect(message).toBe('bench: cannot dispose of "a.c" at /c: stuck (also /b)');
    expect(disposed).toEqual(["a.c", "a.b", "a.a"]);
  });

  it("runs taps in order: the host's, the definitions', then configure", async () => {
    const seen: string[] = [];
    const tapping = plain("a.tapping", {
      apply: (hooks) => {
        seen.push("apply");
        hooks.attach.tap("tapping", (path) => void seen.push(`attach ${path}`));
      },
    });
    const { machine } = await assemble(profileOf(["/a", tapping], ["/b", tapping]), {
      apply: (hooks) => {
        seen.push("host");
        hooks.configure.tap("host", (profile) => ({ ...profile, memoryMiB: 2, slots: profile.slots.slice(0, 1) }));
      },
    });
    expect(seen).toEqual(["host", "apply", "attach /a"]);
    expect(machine.memory.ramBytes).toBe(2 << 20);
    expect(Object.isFrozen(machine.hooks)).toBe(true);
    await machine.dispose();
  });

  it("names the tap that threw", async () => {
    const { code, message } = await failure(() =>
      assemble(board, {
        apply: (hooks) =>
          hooks.configure.tap("picky", () => {
            throw new Error("not today");
          }),
      }),
    );
    expect(code).toBe("HOOK_FAILED");
    expect(message).toBe('tap "picky" of hook configure: not today');
  });

  it("refuses a path used twice and a wrong memory size", async () => {
    const [slot] = board.slots;
    expect((await failure(() => assemble({ ...board, slots: [slot, slot] }))).message).toBe('/pic: "test.pic" (bench) and "test.pic" (bench) want the same place');
    expect((await failure(() => assemble({ ...board, memoryMiB: 0 }))).code).toBe("MEMORY_SIZE");
  });

  it("keeps the services of machines apart", async () => {
    const first = await assemble(profileOf(["/w", worker]), { services: workService(() => Promise.resolve(1)) });
    const second = await assemble(profileOf(["/w", worker]), { services: workService(() => Promise.resolve(2)) });
    first.machine.ports.write8(0x300, 0);
    second.machine.ports.write8(0x300, 0);
    await first.machine.runFor(10_000);
    await second.machine.runFor(10_000);
    expect(first.machine.get(Worker).results).toEqual([1]);
    expect(second.machine.get(Worker).results).toEqual([2]);
    expect((await failure(() => new HostServices().provide(Work, { begin: () => Promise.resolve(0) }).provide(Work, { begin: () => Promise.resolve(0) }))).code).toBe(
      "SERVICE_TAKEN",
    );
    await Promise.all([first.machine.dispose(), second.machine.dispose()]);
  });

  it("finds providers by role and path", async () => {
    const { machine } = await assemble(profileOf(["/a", line], ["/b", line, { irq: 3 }], ["/pic", pic]));
    expect(machine.get(Pic)).toBe(machine.find(Pic)[0].value);
    expect(machine.get(Line, "/b")).toBe(machine.find(Line)[1].value);
    expect((await failure(() => machine.get(Line))).message).toBe('several devices provide "test-line": /a, /b; name one');
    expect((await failure(() => machine.get(Ticker))).message).toBe('nothing in machine "bench" provides "test-ticker"');
    expect((await failure(() => machine.get(Line, "/pic"))).code).toBe("ROLE_ABSENT");
    await machine.dispose();
  });
});

describe("life of a machine", () => {
  it("starts, pauses, resumes and tells its states", async () => {
    const { machine } = await assemble(board);
    const states: MachineState[] = [];
    machine.events.on("state", (state) => states.push(state));
    const hooks: string[] = [];
    machine.hooks.start.tapPromise("test", async () => void hooks.push(`start in ${machine.state}`));
    machine.hooks.pause.tapPromise("test", async () => void hooks.push(`pause in ${machine.state}`));
    await machine.start();
    await turn();
    await machine.pause();
    const executed = machine.cpu.instructionCount;
    expect(executed).toBeGreaterThan(0);
    await turn();
    expect(machine.cpu.instructionCount).toBe(executed);
    machine.resume();
    await turn();
    await turn();
    expect(machine.cpu.instructionCount).toBeGreaterThan(executed);
    machine.powerOff("enough");
    expect(await machine.exit).toEqual({ kind: "power-off", reason: "enough" });
    expect(states).toEqual(["running", "paused", "running", "stopped"]);
    expect(hooks).toEqual(["start in off", "pause in paused"]);
    await machine.dispose();
  });

  it("has one driver at a time", async () => {
    const { machine } = await assemble(board);
    const run = machine.runFor(1000);
    expect((await failure(() => machine.runFor(1))).message).toBe("cannot run: the machine is running; pause it first");
    expect(await run).toBe(true);
    expect((await failure(() => machine.start())).message).toBe("cannot start: the machine is paused");
    machine.resume();
    expect((await failure(() => machine.step())).code).toBe("MACHINE_STATE");
    await machine.pause();
    await machine.dispose();
    expect((await failure(() => machine.runFor(1))).message).toBe("cannot run: the machine is stopped");
  });

  it("steps exactly", async () => {
    const { machine, cpu } = await assemble(board);
    await machine.step();
    await machine.step(99);
    expect(cpu.instructionCount).toBe(100);
    expect(machine.state).toBe("paused");
    await machine.dispose();
  });

  it("resets at the next boundary, devices after the processor, memory kept", async () => {
    const { machine, cpu } = await assemble(board);
    const reasons: string[] = [];
    machine.events.on("reset", (reason) => reasons.push(reason));
    machine.memory.write8(0x500, 0x5a);
    cpu.program = () => {
      if (cpu.instructionCount === 150_000) machine.reset("button");
    };
    await machine.runFor(200_000);
    expect(reasons).toEqual(["button"]);
    expect(cpu.resets).toBe(2);
    expect(machine.memory.read8(0x500)).toBe(0x5a);
    expect(machine.get(Ticker).ticks).toBe(0);
    machine.reset("while paused");
    expect(reasons).toEqual(["button", "while paused"]);
    await machine.dispose();
  });

  it("lowers lines and cancels timers before a reset", async () => {
    const { machine } = await assemble(profileOf(["/w", worker], ["/pic", pic]), { services: workService(() => Promise.resolve(1)) });
    machine.ports.write8(0x300, 0);
    await machine.runFor(10_000);
    const [, { board: slot }] = machine.devices.map((each) => each).sort((a, b) => (a.slot.path < b.slot.path ? -1 : 1));
    expect(slot.save().lines).toEqual(["5"]);
    machine.reset("test");
    expect(slot.save().lines).toEqual([]);
    await machine.dispose();
  });

  it("stops with a dump at a triple fault, or resets", async () => {
    const fault = (cpu: FakeCpu) => void (cpu.resets === 1 && cpu.instructionCount === 10 && (cpu.shutdown = true));
    const first = await assemble(board);
    first.cpu.program = fault;
    const dumps: string[] = [];
    first.machine.events.on("triple-fault", (dump) => dumps.push(dump));
    expect(await first.machine.runFor(100)).toBe(false);
    expect(await first.machine.exit).toEqual({ kind: "triple-fault", dump: "fake processor after 10 instructions" });
    expect(dumps).toHaveLength(1);

    const second = await assemble(board, { tripleFault: "reset" });
    second.cpu.program = fault;
    expect(await second.machine.runFor(100)).toBe(true);
    expect(second.cpu.resets).toBe(2);
    await Promise.all([first.machine.dispose(), second.machine.dispose()]);
  });

  it("stops with the error of a device", async () => {
    const { machine, cpu } = await assemble(board);
    cpu.program = () => {
      throw new Error("broken device");
    };
    await machine.start();
    expect(await machine.exit).toMatchObject({ kind: "error", error: { message: "broken device" } });
    await machine.dispose();
  });

  it("runs until a condition or a time", async () => {
    const { machine, cpu } = await assemble(board);
    expect(await machine.runUntil(() => machine.get(Ticker).ticks >= 3)).toBe(true);
    expect(machine.clock.nowNs).toBeLessThan(4e6);
    expect(await machine.runUntil(10e6)).toBe(true);
    expect(machine.clock.nowNs).toBe(10e6);
    expect(await machine.runUntil(() => false, { withinNs: 5e6 })).toBe(false);
    expect(machine.clock.nowNs).toBe(15e6);
    cpu.program = () => machine.powerOff("done");
    expect(await machine.runUntil(1e9)).toBe(false);
    await machine.dispose();
  });

  it("changes media through the hook", async () => {
    const inserted: unknown[] = [];
    const drive = plain("a.drive", { create: () => ({ role: { insert: (medium: unknown) => void inserted.push(medium) }, reset: () => {} }) });
    const { machine } = await assemble(profileOf(["/drive", drive], ["/pic", pic]));
    const told: unknown[] = [];
    machine.events.on("media", (path, label) => told.push([path, label]));
    machine.hooks.mediaChange.tapPromise("guard", async (path, label) => {
      if (label === "forbidden.iso") throw new Error(`${path} is watched`);
    });
    const medium = { label: "boot.iso" };
    await machine.insert("/drive", medium);
    await machine.insert("/drive", undefined);
    expect((await failure(() => machine.insert("/drive", { label: "forbidden.iso" }))).message).toBe('tap "guard" of hook mediaChange: /drive is watched');
    expect(inserted).toEqual([medium, undefined]);
    expect(told).toEqual([
      ["/drive", "boot.iso"],
      ["/drive", null],
    ]);
    expect((await failure(() => machine.insert("/pic", medium))).message).toBe("there is no drive for removable media at /pic; known drives: /drive");
    await machine.dispose();
  });
});
