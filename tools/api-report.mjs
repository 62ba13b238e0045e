/**
 * `node tools/api-report.mjs [--update]`: the surface of the sdk, printed from the build, against docs/api/*.api.md.
 * A change to it shows in a review as a change to those files; `--update` writes them.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { ROOT } from "./prepare.mjs";

/** The entry points of package.json's "exports" that are for plugins. */
const REPORTS = [
  { name: "sdk", entry: "dist/sdk/index.d.ts" },
  { name: "testkit", entry: "dist/sdk/testkit/index.d.ts" },
];

/** The first lines of `now` that are not as they were. */
const firstDifference = (/** @type {string} */ before, /** @type {string} */ now) => {
  const [old, fresh] = [before.split("\n"), now.split("\n")];
  const at = fresh.findIndex((line, index) => line !== old[index]);
  const line = at < 0 ? fresh.length : at;
  return [`  line ${line + 1}`, `  - ${old[line] ?? "(end)"}`, `  + ${fresh[line] ?? "(end)"}`].join("\n");
};

/**
 * What is wrong with the reports of the tree at `root`; with `update` they are written instead.
 * @param {string} root
 * @param {boolean} update
 * @returns {string[]}
 */
export const apiProblems = (root, update) =>
  REPORTS.flatMap(({ name, entry }) => {
    const configPath = join(root, "api-extractor.json");
    const configObject = ExtractorConfig.loadFile(configPath);
    configObject.mainEntryPointFilePath = join(root, entry);
    // What the test kit shares with the sdk is exported there.
    if (name !== "sdk") Object.assign(configObject.messages?.extractorMessageReporting ?? {}, { "ae-forgotten-export": { logLevel: "none" } });
    configObject.apiReport = { enabled: true, ...configObject.apiReport, reportFileName: name };
    const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: configPath, packageJsonFullPath: join(root, "package.json") });
    for (const folder of [config.reportFolder, config.reportTempFolder]) mkdirSync(folder, { recursive: true });

    /** @type {string[]} */
    const problems = [];
    const report = `docs/api/${name}.api.md`;
    const before = existsSync(config.reportFilePath) ? readFileSync(config.reportFilePath, "utf8") : "";
    Extractor.invoke(config, {
      localBuild: update,
      messageCallback: (message) => {
        // Messages of the console are about the run itself: the compiler it brings along, the report it writes.
        if (message.category !== "console" && (message.logLevel === "error" || message.logLevel === "warning")) problems.push(message.formatMessageWithLocation(root));
        message.handled = true;
      },
    });
    const now = readFileSync(config.reportTempFilePath, "utf8");
    if (!/^export /m.test(now)) problems.push(`${report}: ${entry} exports nothing`);
    if (!update && before !== now) problems.push(`${report} differs from the build:\n${firstDifference(before, now)}\nIf the change is meant: npm test -- --only api --update`);
    return problems;
  });

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = apiProblems(ROOT, process.argv.includes("--update"));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
