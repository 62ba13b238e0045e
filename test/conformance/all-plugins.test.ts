/**
 * The conformance suite over every definition that a folder in plugins/ exports: a new plugin is covered by being there.
 * Options are for what hardware is like, each with its reason.
 */
import { readdirSync } from "node:fs";
import type { AnyDefinition } from "backplane/sdk";
import { type ConformanceOptions, conformanceChecks } from "backplane/sdk/testkit";
import { describe, expect, it } from "vitest";

type Options = ConformanceOptions<never, never, never>;

const PLUGINS = new URL("../../plugins/", import.meta.url);

const OPTIONS: Readonly<Record<string, Options>> = {};

const isDefinition = (value: unknown): value is AnyDefinition =>
  typeof value === "object" && value !== null && "id" in value && "provides" in value && typeof (value as AnyDefinition).create === "function";

const folders = readdirSync(PLUGINS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

for (const folder of folders) {
  const exported: Record<string, unknown> = await import(new URL(`${folder}/index.ts`, PLUGINS).href);
  const definitions = Object.values(exported).filter(isDefinition);
  describe(`plugins/${folder}`, () => {
    it("exports a definition", () => expect(definitions.length).toBeGreaterThan(0));
    for (const definition of definitions) {
      describe(definition.id, () => {
        for (const check of conformanceChecks(definition, OPTIONS[definition.id] as object)) it(check.name, check.run);
      });
    }
  });
}
