export const guest = 1;
