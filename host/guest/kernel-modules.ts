// What depmod would say of a set of Linux modules, read from the modules themselves.
// Source: ELF32 (Tool Interface Standard 1.2); modules' .modinfo section of NUL-ended key=value strings; depmod(8),
// modules.dep(5).
import { BackplaneError } from "../../sdk/contract/errors.js";

export interface ModuleInfo {
  /** With `_` for `-`, as the kernel compares names. */
  readonly name: string;
  readonly depends: readonly string[];
  readonly aliases: readonly string[];
}

/** A module and its path under /lib/modules/RELEASE. */
export interface LocatedModule extends ModuleInfo {
  readonly path: string;
}

export const moduleName = (fileOrName: string): string =>
  fileOrName
    .slice(fileOrName.lastIndexOf("/") + 1)
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");

const ELFCLASS32 = 1;
const ELFDATA2LSB = 1;
const EHDR_BYTES = 52;
const SHDR_BYTES = 40;

const malformed = (path: string): BackplaneError => new BackplaneError("MODULE_MALFORMED", `${path} is not a 32-bit kernel module`, { path });

/** The bytes of one section, undefined where the file has none of that name. */
const elfSection = (path: string, elf: Uint8Array, wanted: string): Uint8Array | undefined => {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const isElf32 = elf.length >= EHDR_BYTES && view.getUint32(0) === 0x7f454c46 && elf[4] === ELFCLASS32 && elf[5] === ELFDATA2LSB;
  if (!isElf32) throw malformed(path);
  const shoff = view.getUint32(32, true);
  const shentsize = view.getUint16(46, true);
  const shnum = view.getUint16(48, true);
  const shstrndx = view.getUint16(50, true);
  if (shentsize < SHDR_BYTES || shstrndx >= shnum || shoff + shnum * shentsize > elf.length) throw malformed(path);
  const contents = (index: number): Uint8Array => {
    const header = shoff + index * shentsize;
    const offset = view.getUint32(header + 16, true);
    const size = view.getUint32(header + 20, true);
    if (offset + size > elf.length) throw malformed(path);
    return elf.subarray(offset, offset + size);
  };
  const names = contents(shstrndx);
  const expected = new TextEncoder().encode(`${wanted}\0`);
  for (let index = 1; index < shnum; index++) {
    const at = view.getUint32(shoff + index * shentsize, true);
    if (expected.every((byte, offset) => names[at + offset] === byte)) return contents(index);
  }
  return undefined;
};

export const readModuleInfo = (path: string, elf: Uint8Array): ModuleInfo => {
  const section = elfSection(path, elf, ".modinfo");
  if (!section) throw malformed(path);
  const depends: string[] = [];
  const aliases: string[] = [];
  for (const entry of new TextDecoder("latin1").decode(section).split("\0")) {
    const equals = entry.indexOf("=");
    const value = entry.slice(equals + 1);
    const key = entry.slice(0, equals);
    if (key === "depends") depends.push(...value.split(",").filter(Boolean).map(moduleName));
    else if (key === "alias") aliases.push(value);
  }
  return { name: moduleName(path), depends, aliases };
};

/** `roots` and everything they need, each after what it depends on. Roots the kernel has no module for are left out. */
export const moduleClosure = (roots: readonly string[], known: ReadonlyMap<string, LocatedModule>): LocatedModule[] => {
  const ordered = new Set<LocatedModule>();
  const visiting = new Set<string>();
  const visit = (name: string, neededBy: string | undefined): void => {
    const found = known.get(name);
    if (!found) {
      if (neededBy === undefined) return;
      throw new BackplaneError("MODULE_MISSING", `the kernel module ${neededBy} needs ${name}, which its package does not have`, { module: neededBy, needs: name });
    }
    if (ordered.has(found) || visiting.has(name)) return;
    visiting.add(name);
    for (const dependency of found.depends) visit(dependency, name);
    visiting.delete(name);
    ordered.add(found);
  };
  for (const root of roots) visit(moduleName(root), undefined);
  return [...ordered];
};

/** modules.dep: each module with all it needs, directly or not, nearest first. */
export const modulesDep = (modules: readonly LocatedModule[]): string => {
  const byName = new Map(modules.map((module) => [module.name, module]));
  return modules.map((module) => `${module.path}: ${dependenciesOf(module, byName).join(" ")}`.trimEnd() + "\n").join("");
};

/** modprobe loads the line from right to left, so what is needed by others stands further right. */
const dependenciesOf = (module: LocatedModule, byName: ReadonlyMap<string, LocatedModule>): string[] =>
  moduleClosure(module.depends, byName)
    .map(({ path }) => path)
    .reverse();

export const modulesAlias = (modules: readonly LocatedModule[]): string => modules.flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`)).join("");
