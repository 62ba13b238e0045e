import { SyncHook } from "tapable";

export const hook = SyncHook;
