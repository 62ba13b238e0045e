/**
 * `node tools/api-report.mjs [--update]`: the surface of the sdk, printed from the build, against docs/api/*.api.md.
 * A change to it shows in a review as a change to those files; `--update` writes them.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { ROOT } from "./prepare.mjs";

/** The entry points of package.json's "exports" that are for plugins. */
const REPORTS = [
  { name: "sdk", entry: "dist/sdk/index.d.ts" },
  { name: "testkit", entry: "dist/sdk/testkit/index.d.ts" },
];

const update = process.argv.includes("--update");
const configPath = join(ROOT, "api-extractor.json");

/** The first lines of `now` that are not as they were. */
const firstDifference = (/** @type {string} */ before, /** @type {string} */ now) => {
  const [old, fresh] = [before.split("\n"), now.split("\n")];
  const at = fresh.findIndex((line, index) => line !== old[index]);
  const line = at < 0 ? fresh.length : at;
  return [`  line ${line + 1}`, `  - ${old[line] ?? "(end)"}`, `  + ${fresh[line] ?? "(end)"}`].join("\n");
};

for (const { name, entry } of REPORTS) {
  const configObject = ExtractorConfig.loadFile(configPath);
  configObject.mainEntryPointFilePath = join(ROOT, entry);
  // What the test kit shares with the sdk is exported there.
  if (name !== "sdk") Object.assign(configObject.messages?.extractorMessageReporting ?? {}, { "ae-forgotten-export": { logLevel: "none" } });
  configObject.apiReport = { enabled: true, ...configObject.apiReport, reportFileName: name };
  const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: configPath, packageJsonFullPath: join(ROOT, "package.json") });
  for (const folder of [config.reportFolder, config.reportTempFolder]) mkdirSync(folder, { recursive: true });

  /** @type {string[]} */
  const complaints = [];
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      // News of the run itself: the compiler it brings along, the report's being written.
      if (message.category === "console") message.handled = true;
      else if (message.logLevel === "error" || message.logLevel === "warning") {
        complaints.push(message.formatMessageWithLocation(ROOT));
        message.handled = true;
      }
    },
  });
  const report = `docs/api/${name}.api.md`;
  const now = readFileSync(config.reportTempFilePath, "utf8");
  if (!now.includes("export ")) complaints.push(`${report}: the sdk exports nothing`);
  for (const complaint of complaints) console.error(complaint);
  if (update) console.log(`${report}: ${apiReportChanged ? "written" : "as it was"}`);
  else if (apiReportChanged || !existsSync(config.reportFilePath)) {
    const before = existsSync(config.reportFilePath) ? readFileSync(config.reportFilePath, "utf8") : "";
    console.error(`${report} differs from the build:\n${firstDifference(before, now)}\nIf the change is meant: npm test -- --only api --update`);
    process.exitCode = 1;
  }
  if (complaints.length > 0) process.exitCode = 1;
}
