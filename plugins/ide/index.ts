export { ataDisk } from "./ata-disk.js";
export { atapiCdrom } from "./atapi-cdrom.js";
export { piix4Ide } from "./controller.js";
