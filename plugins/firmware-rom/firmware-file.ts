/** A host file handed to firmware by name through the firmware configuration device: a video BIOS, an option ROM, a table. */
import { BackplaneError, defineDevice, FirmwareFile, file, Storage, text } from "backplane/sdk";

const MAX_BYTES = 64 << 20;
/** As much as a directory entry of the firmware configuration device holds. */
const NAME_MAX = 55;

export const firmwareFile = defineDevice({
  id: "generic.firmware-file",
  summary: "A host file for firmware, by name: vgaroms/..., genroms/..., etc/...",
  provides: FirmwareFile,
  needs: { storage: Storage },
  config: {
    name: text("", "name that firmware looks for, for instance vgaroms/vgabios.bin", NAME_MAX),
    file: file("the file's contents"),
  },
  async create({ board: { path }, config, deps }) {
    if (config.name === "") throw new BackplaneError("FIRMWARE_FILE_NAME", `${path}: no name; set "name" to what firmware looks for, for instance vgaroms/vgabios.bin`, { path });
    if (config.file === "") throw new BackplaneError("FIRMWARE_MISSING", `${path}: no contents for "${config.name}"; set "file" to a file`, { path, name: config.name });
    const bytes = await deps.storage.readAll(config.file, MAX_BYTES);
    if (bytes.length === 0) throw new BackplaneError("FIRMWARE_SIZE", `firmware file ${config.file} is empty; copy it again`, { path, name: config.file });
    return { role: { name: config.name, bytes }, reset: () => {} };
  },
});
