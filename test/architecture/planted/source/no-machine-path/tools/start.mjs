export const ROOT = "/home/somebody/backplane";
