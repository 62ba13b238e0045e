export { linuxDirectBoot } from "./direct-boot.js";
