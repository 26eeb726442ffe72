/**
 * The ESLint plugin, for `eslint.config.js`.
 *
 * @module eslint
 */
import type { TSESLint } from "@typescript-eslint/utils";
import { createConfigs } from "./configs.js";
import type { RuleName } from "./engine/model.js";
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
const streamingImport: {
  /** How ESLint names the plugin. */
  meta: { name: string; version: string; namespace: string };
  /** The rules by their names. */
  rules: Readonly<Record<RuleName, TSESLint.RuleModule<string, readonly unknown[]>>>;
  /** The presets, for the functions directory of `convex.json`. */
  configs: ReturnType<typeof createConfigs>;
  /** Makes the presets for another functions directory, or with settings. */
  createConfigs: typeof createConfigs;
} = {
  ...plugin,
  configs: createConfigs(),
  createConfigs,
};

export { createConfigs, NAME };
export type { Config, ConfigOptions } from "./configs.js";
export type { RuleName, Specifier } from "./engine/model.js";
export type { PresetName } from "./engine/presets.js";
export type { GuardOptions, ExemptionConfig } from "./engine/options.js";
export default streamingImport;
