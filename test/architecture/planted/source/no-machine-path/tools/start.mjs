export const ROOT = "/work/main";
