/** Where on the cable a drive sits. */

export const UNITS = ["by-path", "0:0", "0:1", "1:0", "1:1"] as const;

/** What `IdeBus.attach` is given: a path, or a unit that overrides it. */
export const unitOf = (path: string, unit: (typeof UNITS)[number]): string => (unit === "by-path" ? path : `${path}/${unit}`);
