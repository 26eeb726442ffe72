import type { RuleName } from "./engine/model.js";
import { createRule } from "./createRule.js";
import { name, version } from "./manifest.js";
import { mirrorSchema } from "./rules/mirror-schema.js";
import { noMirrorFactories, noMirrorTriggers } from "./rules/no-mirror-factories.js";
import { explicitWriteTable, noMirrorWrites, requireKnownTable } from "./rules/no-mirror-writes.js";
import { noRawBuilders } from "./rules/no-raw-builders.js";
import { noRawSyscalls } from "./rules/no-raw-syscalls.js";
import { noUnrecordedWrites } from "./rules/no-unrecorded-writes.js";
import { noUnreasonedDisable } from "./rules/no-unreasoned-disable.js";
import { noWriterEscape } from "./rules/no-writer-escape.js";

/** The rules by their names. */
export const rules: Readonly<Record<RuleName, ReturnType<typeof createRule>>> = {
  "explicit-write-table": createRule(explicitWriteTable),
  "mirror-schema": createRule(mirrorSchema),
  "no-mirror-factories": createRule(noMirrorFactories),
  "no-mirror-triggers": createRule(noMirrorTriggers),
  "no-mirror-writes": createRule(noMirrorWrites),
  "no-raw-builders": createRule(noRawBuilders),
  "no-raw-syscalls": createRule(noRawSyscalls),
  "no-unreasoned-disable": createRule(noUnreasonedDisable),
  "no-unrecorded-writes": createRule(noUnrecordedWrites),
  "no-writer-escape": createRule(noWriterEscape),
  "require-known-table": createRule(requireKnownTable),
};

/** The prefix of the rules in configurations and comments. */
export const NAME = "streaming-import";

/** The plugin without its presets, which refer to it. */
export const plugin = {
  /** How ESLint names the plugin. */
  meta: { name: `${name}/eslint`, version, namespace: NAME },
  /** The rules, which the presets turn on. */
  rules,
};
