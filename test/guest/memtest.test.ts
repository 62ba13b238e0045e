/** memtest86+ is a guest that looks at every address in every way it knows. */
import { expect, it } from "vitest";
import { packageFiles, seaBios } from "./files.js";
import { withGuest } from "./guest.js";

/** Titles that stay long enough to be seen; the test after them takes as long as all of these. */
const TESTS = ["#0  [Address test", "#3  [Moving inversions, 1s & 0s]", "#4  [Moving inversions, 8 bit pattern]", "#5  [Moving inversions, random pattern]", "#6  ["];

it("memtest86+ passes its first tests", async () => {
  const [cd] = await packageFiles("memtest86+", "usr/lib/memtest86+/memtest86+ia32.iso");
  await withGuest({ ...(await seaBios()), memory: 8, cdrom: "cd", boot: ["cdrom"], files: { cd } }, async (guest) => {
    for (const title of TESTS) {
      const screen = await guest.untilScreen(`Test ${title}`, 30);
      expect(screen).toContain("Backplane Virtual Processor");
      expect(screen).toMatch(/Memory {2}: +8MB/);
      expect(screen).toMatch(/Errors: 0 *$/m);
    }
  });
});
