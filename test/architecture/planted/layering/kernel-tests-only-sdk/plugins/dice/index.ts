export const dice = 1;
