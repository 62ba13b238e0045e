#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/host/cli/main.js", import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  // The guest's terminal and sockets may hold handles that would keep the process.
  process.exit(await main(process.argv.slice(2)));
} else {
  process.stderr.write("backplane: it has not been built yet; run: npm install && npm run build\n");
  process.exit(2);
}
