import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { catalogue } from "../../profiles/catalogue.js";
import { readProfileFile } from "./profile-file.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backplane-profile-"));
});
afterAll(() => rm(directory, { recursive: true }));

it("resolves file names from the profile's folder", async () => {
  const file = join(directory, "lab.json");
  await writeFile(
    file,
    JSON.stringify({ name: "lab", extends: "minimal-pc", add: { "/firmware": { use: "linux.direct-boot", config: { kernel: "boot/vmlinuz", append: "quiet" } } } }),
  );
  const profile = await readProfileFile(file, catalogue);
  expect(profile.slots.at(-1)?.config).toEqual({ kernel: join(directory, "boot/vmlinuz"), append: "quiet" });
  expect(profile.slots.at(-1)?.origin).toBe(file);
});

it("says what is wrong with a file", async () => {
  await expect(readProfileFile(join(directory, "absent.json"), catalogue)).rejects.toMatchObject({
    code: "PROFILE_UNREADABLE",
    message: expect.stringContaining("there is no such file"),
  });
  await expect(readProfileFile(directory, catalogue)).rejects.toMatchObject({ code: "PROFILE_UNREADABLE", message: expect.stringContaining("is a directory") });
});
