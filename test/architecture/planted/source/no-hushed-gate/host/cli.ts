// @ts-nocheck
export const cli = 1;
