// biome-ignore lint/style/noRestrictedGlobals: only once
export const now = () => Date.now();
