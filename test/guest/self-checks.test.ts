/**
 * Linux looks at its processor while it boots, works around the faults it knows and says so: here it finds none. Each
 * model that Debian's kernel runs on; what it takes the processor to have is what the model has. A program of
 * floating-point arithmetic prints the bits of a real processor, run twice at once so that the registers go to and fro.
 */
import { describe, expect, it } from "vitest";
import { type CpuFeature, cpuModel } from "../../kernel/cpu/models.js";
import { program } from "../programs/build.mjs";
import { expectedOn, sections } from "../programs/expected.js";
import { linux, packageFiles } from "./files.js";
import { type Guest, withGuest } from "./guest.js";
import { withFiles } from "./initramfs.js";

const MEMORY = 64;
const BOOT_SECONDS = 90;
/** Debian's kernel for 32-bit PCs needs CMOV. */
const MODELS = ["pentium-pro", "pentium3", "pentium4"];

/** What Linux prints of a processor that does not do as it should, or of an exception it did not expect. */
const COMPLAINTS: readonly RegExp[] = [
  /FDIV bug|F00F|\bcoma\b|Hmm|math error|CPU bug|lying|bogus/i,
  /FPU.*(bug|bad|fail|error|emulat|not|no )/i,
  /WARNING|BUG:|\bOops|Call Trace|unchecked MSR|invalid opcode|general protection|double fault|divide error|segfault|\btrap /,
  /soft lockup|stuck|Spurious|Firmware Bug|mismatch|inconsistent|unsupported.*CPU|CPU.*(unsupported|wrong|disabl)/i,
  /alternatives.*(fail|bad)|signal.*frame.*(bad|small)/i,
];
/** Names in /proc/cpuinfo, where they are not the model's own. */
const LINUX_NAMES: Partial<Record<CpuFeature, string>> = { clfsh: "clflush", sse3: "pni" };
/** What Linux lists from what it knows itself. */
const LINUX_OWN = ["cpuid", "constant_tsc"];
/** An erratum of Pentium III processors has Linux leave page attributes alone on them all. */
const UNUSED: Readonly<Record<string, readonly CpuFeature[]>> = { pentium3: ["pat"] };
/**
 * Linux since 5.14 restores the state it has saved with FNSAVE, a pending exception with it, and the FRSTOR of the task
 * switched to then raises #MF in the kernel, as the manual has it and processors do: without FXSR there are no sections
 * with exceptions that are not masked.
 */
const WITH_PENDING = ["x87-exceptions", "x87-environment"];
/** No model has performance counters. */
const ABSENT = /Performance Events: unsupported Netburst/;

const complaints = (log: string): string[] => log.split("\n").filter((line) => COMPLAINTS.some((pattern) => pattern.test(line)) && !ABSENT.test(line));

const cpuInfo = async (guest: Guest): Promise<Map<string, string>> =>
  new Map(
    (await guest.run("cat /proc/cpuinfo"))
      .trim()
      .split("\n")
      .map((line) => line.split(/\s*:\s*/, 2) as [string, string]),
  );

const boot = async (model: string, files: Readonly<Record<string, Uint8Array | string>>, use: (guest: Guest, log: string) => Promise<void>): Promise<void> => {
  const guestFiles = await linux();
  const { kernel, append } = guestFiles;
  const initrd = await withFiles(guestFiles, files);
  await withGuest({ kernel, initrd: "initrd", append, memory: MEMORY, cpu: model, files: { initrd } }, async (guest) => {
    await guest.untilShell(BOOT_SECONDS);
    await use(guest, await guest.run("dmesg"));
  });
};

describe.each(MODELS)("Linux on a %s", (model) => {
  it("has nothing to say against the processor, and gets the floating-point bits of a real one", async () => {
    const chosen = sections().filter(({ name }) => cpuModel(model).features.has("fxsr") || !WITH_PENDING.includes(name));
    const expected = expectedOn(model, chosen);
    const command = ["./float-torture", ...chosen.map(({ name }) => name)].join(" ");
    await boot(model, { "root/float-torture": program(), "root/torture": command, "root/expected": expected }, async (guest, log) => {
      expect(log.split("\n").length).toBeGreaterThan(150);
      expect(complaints(log)).toEqual([]);
      const { features, family, model: number, stepping } = cpuModel(model);
      expect(log).toMatch(features.has("fxsr") ? /x86\/fpu: x87 FPU will use FXSAVE/ : /x86\/fpu: x87 FPU will use FSAVE/);
      const info = await cpuInfo(guest);
      const told = ["vendor_id", "cpu family", "model", "stepping", "fdiv_bug", "f00f_bug", "coma_bug", "fpu", "fpu_exception", "wp"].map((key) => info.get(key));
      expect(told).toEqual(["GenuineIntel", `${family}`, `${number}`, `${stepping}`, "no", "no", "no", "yes", "yes", "yes"]);
      const flags = (info.get("flags") ?? "").split(" ").filter((flag) => !LINUX_OWN.includes(flag));
      const wanted = [...features].filter((feature) => !UNUSED[model]?.includes(feature)).map((feature) => LINUX_NAMES[feature] ?? feature);
      expect(flags.sort()).toEqual(wanted.sort());

      await guest.run("(sh torture > first; echo $? >> ended) & (sh torture > second; echo $? >> ended) & wait", 240);
      expect(await guest.run("cat ended")).toBe("0\n0\n");
      expect(await guest.sh("diff expected first | head -40; diff expected second | head -40")).toEqual({ output: "", status: 0 });
      expect(complaints(await guest.run("dmesg"))).toEqual([]);
    });
  });
});

/** Of Debian's kernel package, with what each needs before it. */
const VECTOR_MODULES = ["lib/raid6/raid6_pq", "crypto/xor", "crypto/cryptd", "crypto/crypto_simd", "crypto/serpent_generic", "arch/x86/crypto/serpent-sse2-i586"];

it("Linux's own SSE2 code passes its self-tests on a pentium4", async () => {
  const { kernelVersion } = await linux();
  const paths = VECTOR_MODULES.map((path) => `lib/modules/${kernelVersion}/kernel/${path}.ko`);
  const contents = await packageFiles(`linux-image-${kernelVersion}`, ...paths);
  const names = VECTOR_MODULES.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const files = Object.fromEntries(names.map((name, index) => [`root/${name}.ko`, contents[index]]));
  await boot("pentium4", files, async (guest) => {
    // the guest's command line leaves self-tests out; what is registered from here on is tested
    await guest.run("echo N > /sys/module/cryptomgr/parameters/notests");
    for (const name of names) await guest.run(`insmod ${name}.ko`, 300);
    const log = await guest.run("dmesg");
    expect(log).toMatch(/raid6: sse2x2 +gen\(\)/);
    expect(log).toMatch(/raid6: using algorithm sse2x\d gen\(\)/);
    expect(log).toMatch(/xor: automatically using best checksumming function +\w+|xor: measuring software checksum speed[\s\S]*xor: using function: \w+/);
    await guest.run("for try in 1 2 3 4 5 6 7 8 9; do grep -q 'selftest *: unknown' /proc/crypto || break; sleep 1; done", 120);
    const algorithms = (await guest.run("cat /proc/crypto")).split("\n\n").filter((each) => /serpent/.test(each));
    const drivers = algorithms.map((each) => /driver *: (\S+)/.exec(each)?.[1] ?? "");
    expect(drivers.some((driver) => /serpent.*sse2/.test(driver))).toBe(true);
    for (const each of algorithms) expect(each).toMatch(/selftest *: passed/);
    expect(complaints(log)).toEqual([]);
    expect(await guest.run("dmesg | grep -ci 'alg: .*fail' || true")).toBe("0\n");
  });
});
