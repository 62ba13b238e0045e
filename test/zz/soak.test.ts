import { readdirSync } from "node:fs";
import { conformanceChecks } from "backplane/sdk/testkit";
import { it } from "vitest";
const PLUGINS = new URL("file:///work/main/plugins/");
const from = Number(process.env.FROM ?? 100), to = Number(process.env.TO ?? 103);
for (const folder of readdirSync(PLUGINS)) {
  const m: any = await import(new URL(`${folder}/index.ts`, PLUGINS).href);
  for (const d of Object.values(m) as any[]) if (d.id && !["generic.disk-raw","generic.firmware-file","generic.rom-firmware","linux.direct-boot","generic.disk-memory"].includes(d.id))
    for (let seed = from; seed < to; seed++)
      for (const c of conformanceChecks(d, { seed, accesses: 20000 } as any)) if (/survives|goes on|same thing|comes back|shape|twice/.test(c.name)) it(`${d.id} ${seed} ${c.name}`, c.run, 60000);
}
