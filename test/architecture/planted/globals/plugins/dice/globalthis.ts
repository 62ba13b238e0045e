export const value = () => globalThis;
