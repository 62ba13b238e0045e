import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { Platform } from "../api/platform.js";
import { tuneEngine } from "./engine.js";
import { nodeStorage } from "./storage.js";
import { nodeTime } from "./time.js";

tuneEngine();

export const nodePlatform: Platform = {
  time: nodeTime,
  storage: nodeStorage,
  epochMs: () => Date.now(),
  seed: () => randomBytes(4).readUInt32LE(),
  deflate: (bytes) => deflateSync(bytes),
};
