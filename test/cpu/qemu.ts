/** The same scenario under qemu-system-i386, on request: CPU_QEMU=1. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as S from "../../kernel/cpu/state.js";
import { type BootState, bootRom } from "./boot-rom.js";

const WANTED = Boolean(process.env["CPU_QEMU"]);
const LOW_BYTES = 0xa_0000;
const HIGH = 0x10_0000;
/** Arithmetic flags and the ones that control; QEMU leaves RF to itself. */
const FLAGS = 0x3e_7fd5;

const NAMES = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
const SEGMENT_LINES = ["ES ", "CS ", "SS ", "DS ", "FS ", "GS ", "LDT", "TR "];

const hex = (value: number): string => (value >>> 0).toString(16);

/** @throws Error that lists what differs */
export const compareWithQemu = (state: BootState, initial: Uint8Array, words: Int32Array, ram: Uint8Array, shutdown: boolean): void => {
  if (!WANTED) return;
  const folder = mkdtempSync(join(tmpdir(), "cpu-qemu-"));
  try {
    const file = (name: string, data: Uint8Array): string => {
      writeFileSync(join(folder, name), data);
      return join(folder, name);
    };
    const loader = (path: string, at: number): string[] => ["-device", `loader,file=${path},addr=${at},force-raw=on`];
    const dump = join(folder, "dump");
    const args = [
      ["-M", "pc", "-accel", "tcg", "-m", "4", "-nodefaults", "-display", "none", "-no-reboot", "-action", "shutdown=pause"],
      ["-bios", file("rom", bootRom(state)), "-monitor", "stdio"],
      loader(file("low", initial.subarray(0, LOW_BYTES)), 0),
      loader(file("high", initial.subarray(HIGH)), HIGH),
    ].flat();
    // the monitor reads its commands faster than the guest runs; a shell's sleep lets it end
    const attempt = (seconds: number) => {
      const commands = `(sleep ${seconds}; echo 'info registers'; echo 'pmemsave 0 ${initial.length} "${dump}"'; sleep 0.05; echo quit)`;
      return spawnSync("sh", ["-c", `${commands} | qemu-system-i386 "$@"`, "sh", ...args], { encoding: "utf8", timeout: 20_000 });
    };
    let run = attempt(0.25);
    if (!run.stdout.includes("HLT=1")) run = attempt(1.5);
    const text = run.stdout;
    const number = (pattern: RegExp): number => {
      const found = pattern.exec(text);
      if (!found) throw new Error(`QEMU says nothing about ${pattern}: ${text} ${run.stderr}`);
      return Number.parseInt(found[1], 16);
    };
    if (shutdown) {
      if (!/paused|shutdown|guest-panicked/.test(text) && number(/HLT=(\d)/) === 1) throw new Error("QEMU does not shut down");
      return;
    }
    const differences: string[] = [];
    const check = (name: string, ours: number, theirs: number): void => {
      if (ours >>> 0 !== theirs >>> 0) differences.push(`${name} ${hex(ours)}, QEMU ${hex(theirs)}`);
    };
    if (number(/HLT=(\d)/) !== 1) differences.push("QEMU has not halted");
    NAMES.forEach((name, index) => {
      check(name, words[index], number(new RegExp(`${name}=([0-9a-f]+)`)));
    });
    check("EIP", words[S.EIP], number(/EIP=([0-9a-f]+)/));
    check("EFLAGS", words[S.FLAGS] & FLAGS, number(/EFL=([0-9a-f]+)/) & FLAGS);
    SEGMENT_LINES.forEach((name, index) => {
      const found = new RegExp(`^${name}=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)`, "m").exec(text);
      if (!found) throw new Error(`QEMU says nothing about ${name}: ${text}`);
      check(name, words[S.SEL + index], Number.parseInt(found[1], 16));
      if (words[S.ATTR + index] === 0) return;
      check(`${name} base`, words[S.BASE + index], Number.parseInt(found[2], 16));
      check(`${name} limit`, words[S.LIMIT + index], Number.parseInt(found[3], 16));
    });
    for (const [name, word] of [
      ["CR0", S.CR0],
      ["CR2", S.CR2],
      ["CR3", S.CR3],
      ["CR4", S.CR4],
    ] as const)
      check(name, words[word], number(new RegExp(`${name}=([0-9a-f]+)`)));
    const memory = readFileSync(dump);
    let listed = 0;
    for (let at = 0; at < memory.length && listed < 12; at++) {
      if ((at >= LOW_BYTES && at < HIGH) || memory[at] === ram[at]) continue;
      // QEMU does not set RF in the flags that a fault pushes (SDM volume 3, 17.3.1.1)
      if (at % 4 === 2 && ram[at] === memory[at] + 1) continue;
      differences.push(`memory ${hex(at)}: ${hex(ram[at])}, QEMU ${hex(memory[at])}`);
      listed++;
    }
    if (differences.length > 0) throw new Error(`QEMU ends differently:\n  ${differences.join("\n  ")}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
