import { describe, expect, it } from "vitest";
import { resolve } from "./sdk-resolver.js";

type Next = Parameters<typeof resolve>[2];
const context = { conditions: [], importAttributes: {}, parentURL: "file:///plugin.js" } as unknown as Parameters<typeof resolve>[1];
const absent = Object.assign(new Error("absent"), { code: "ERR_MODULE_NOT_FOUND" });

describe("module resolution for plugins", () => {
  const next =
    (has: (parent: string) => boolean): Next =>
    async (specifier, { parentURL = context.parentURL } = {}) => {
      if (!has(parentURL!)) throw absent;
      return { url: `${specifier} for ${parentURL}`, format: "module" };
    };

  it("prefers the plugin's own copy", async () => {
    expect(
      (
        await resolve(
          "backplane/sdk",
          context,
          next(() => true),
        )
      ).url,
    ).toBe("backplane/sdk for file:///plugin.js");
  });
  it("falls back to the one that loads the plugin", async () => {
    for (const name of ["backplane", "backplane/sdk"]) {
      expect(
        (
          await resolve(
            name,
            context,
            next((parent) => parent !== "file:///plugin.js"),
          )
        ).url,
      ).toMatch(new RegExp(`^${name} for .*/sdk-resolver`));
    }
  });
  it("leaves other packages and other failures alone", async () => {
    await expect(
      resolve(
        "backplane-extra",
        context,
        next((parent) => parent !== "file:///plugin.js"),
      ),
    ).rejects.toBe(absent);
    const broken = new Error("syntax");
    await expect(
      resolve("backplane/sdk", context, async () => {
        throw broken;
      }),
    ).rejects.toBe(broken);
  });
});
