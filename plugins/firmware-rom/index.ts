export { firmwareFile } from "./firmware-file.js";
export { romFirmware } from "./rom-firmware.js";
