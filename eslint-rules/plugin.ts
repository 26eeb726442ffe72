import { name, version } from "./manifest.js";
import { rules } from "./indexOld.js";

/** The prefix of the rules in configurations and comments. */
export const NAME = "streaming-import";

/** The plugin without its presets, which refer to it. */
export const plugin = {
  meta: { name: `${name}/eslint`, version, namespace: NAME },
  rules,
};
