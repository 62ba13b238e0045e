/**
 * `npm start [-- ARGUMENTS]`: installs and builds what is missing, then is the command line: `npm start -- devices` is
 * `backplane devices`. Without a command, `run`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare, ROOT, reported } from "./prepare.mjs";

const OF_ITS_OWN = ["--help", "-h", "--version"];

await reported(() => prepare());
const given = process.argv.slice(2);
const isCommand = given.length > 0 && (!given[0].startsWith("-") || OF_ITS_OWN.includes(given[0]));
const command = join(ROOT, "bin", "backplane.js");
process.argv = [process.execPath, command, ...(isCommand ? given : ["run", ...given])];
await import(pathToFileURL(command).href);
