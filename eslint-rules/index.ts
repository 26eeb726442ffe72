import { createConfigs } from "./configs.js";
import { NAME, plugin } from "./plugin.js";

/**
 * The ESLint plugin of convex-streaming-import (flat config, ESLint 9 and 10):
 *
 * ```js
 * import streamingImport from "convex-streaming-import/eslint";
 * export default [...streamingImport.configs.recommended];
 * ```
 *
 * The presets match the functions directory of `convex.json`; `streamingImport.createConfigs({ functionsDir })` makes
 * them for another one.
 */
const streamingImport = {
  ...plugin,
  configs: createConfigs(),
  createConfigs,
};

export { createConfigs, NAME };
export type { Specifier } from "./engine/model.js";
export type { GuardOptions, ExemptionConfig } from "./engine/options.js";
export default streamingImport;
