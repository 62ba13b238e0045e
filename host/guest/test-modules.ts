/** The smallest ELF file `readModuleInfo` takes: a null section, .modinfo and .shstrtab. For tests. */
export const makeModule = (info: readonly string[]): Uint8Array => {
  const encoder = new TextEncoder();
  const modinfo = encoder.encode(info.map((entry) => `${entry}\0`).join(""));
  const names = encoder.encode("\0.modinfo\0.shstrtab\0");
  const headers = 52 + modinfo.length + names.length;
  const elf = new Uint8Array(headers + 3 * 40);
  const view = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint32(32, headers, true);
  view.setUint16(46, 40, true);
  view.setUint16(48, 3, true);
  view.setUint16(50, 2, true);
  elf.set(modinfo, 52);
  elf.set(names, 52 + modinfo.length);
  const section = (index: number, name: number, offset: number, size: number) => {
    view.setUint32(headers + index * 40, name, true);
    view.setUint32(headers + index * 40 + 16, offset, true);
    view.setUint32(headers + index * 40 + 20, size, true);
  };
  section(1, 1, 52, modinfo.length);
  section(2, 10, 52 + modinfo.length, names.length);
  return elf;
};

/** Appends what the kernel's build does to a signed module; the signature itself is made up. */
export const sign = (module: Uint8Array, signatureLength: number): Uint8Array => {
  const trailer = new Uint8Array(signatureLength + 12);
  trailer.fill(0xaa, 0, signatureLength);
  new DataView(trailer.buffer).setUint32(signatureLength + 8, signatureLength);
  const marker = new TextEncoder().encode("~Module signature appended~\n");
  return Uint8Array.from([...module, ...trailer, ...marker]);
};
