export const later = (roll: () => void): unknown => setTimeout(roll, 1);
export const title = (): unknown => document;
export type Timer = NodeJS.Timeout;
export const text = (): Uint8Array => new TextEncoder().encode("dice");
