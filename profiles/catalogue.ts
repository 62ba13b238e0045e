/** Everything this distribution knows by name: device definitions by id, profiles by name. */
import type { AnyDefinition, Profile } from "backplane/sdk";
import * as chipset from "../plugins/chipset-440bx/index.js";
import * as debugPort from "../plugins/debug-port/index.js";
import * as diskRaw from "../plugins/disk-raw/index.js";
import * as dma from "../plugins/dma-8237/index.js";
import * as firmwareRom from "../plugins/firmware-rom/index.js";
import * as floppy from "../plugins/floppy-82077/index.js";
import * as fwCfg from "../plugins/fw-cfg/index.js";
import * as ide from "../plugins/ide/index.js";
import * as linuxBoot from "../plugins/linux-boot/index.js";
import * as lpt from "../plugins/lpt/index.js";
import * as pic from "../plugins/pic-8259/index.js";
import * as piix4 from "../plugins/piix4/index.js";
import * as pit from "../plugins/pit-8254/index.js";
import * as ps2 from "../plugins/ps2-8042/index.js";
import * as rtc from "../plugins/rtc-mc146818/index.js";
import * as systemPorts from "../plugins/system-ports/index.js";
import * as uart from "../plugins/uart-16550/index.js";
import * as vga from "../plugins/vga/index.js";
import { minimalPc } from "./minimal-pc.js";
import { seabiosPc } from "./seabios-pc.js";
import { virtualServer2005 } from "./virtual-server-2005.js";

const plugins: readonly Readonly<Record<string, AnyDefinition>>[] = [
  chipset,
  debugPort,
  diskRaw,
  dma,
  firmwareRom,
  floppy,
  fwCfg,
  ide,
  linuxBoot,
  lpt,
  pic,
  piix4,
  pit,
  ps2,
  rtc,
  systemPorts,
  uart,
  vga,
];

/** By id, in alphabetical order. */
export const definitions: readonly AnyDefinition[] = plugins.flatMap((plugin) => Object.values(plugin)).sort((a, b) => (a.id < b.id ? -1 : 1));

export const profiles: readonly Profile[] = [virtualServer2005, minimalPc, seabiosPc];

/** For `parseProfile` and `profileSchema`. */
export const catalogue = { definitions, profiles };
