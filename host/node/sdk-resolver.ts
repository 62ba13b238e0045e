/**
 * A module resolution hook: a plugin that has no `backplane` of its own (a lone file, a folder without node_modules) gets
 * the one that loads it. A plugin's own copy comes first.
 */
import type { ResolveHook } from "node:module";

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier !== "backplane" && !specifier.startsWith("backplane/")) return next(specifier, context);
  try {
    return await next(specifier, context);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    // Within its own package, the name resolves to the package's exports.
    return next(specifier, { ...context, parentURL: import.meta.url });
  }
};
