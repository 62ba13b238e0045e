/** `npm run bench -- [SUITE...]`: installs and builds what is missing, then measures (bench/index.ts). */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare, ROOT, reported } from "./prepare.mjs";

await reported(() => prepare());
await import(pathToFileURL(join(ROOT, "dist", "bench", "index.js")).href);
