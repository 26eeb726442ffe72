import { rules } from "./rules/index.js";

/** The prefix of the rules in configurations and comments. */
export const NAME = "streaming-import";

/** The plugin without its presets, which refer to it. */
export const plugin = {
  meta: { name: "convex-streaming-import/eslint-plugin", version: "0.1.0", namespace: NAME },
  rules,
};
