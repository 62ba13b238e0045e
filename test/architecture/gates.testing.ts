/** Trees for gates that go by paths: they are run where the tree is the whole repository. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../../tools/prepare.mjs";

/** A folder of its own that goes with the test, holding `files` of the repository and a planted tree if there is one. */
export const scratchTree = (files: readonly string[], planted?: string): string => {
  const root = mkdtempSync(join(tmpdir(), "backplane-gate-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const file of files) cpSync(join(ROOT, file), join(root, file), { recursive: true });
  if (planted) cpSync(join(ROOT, "test/architecture/planted", planted), root, { recursive: true });
  return root;
};
