import explicitWriteTable from "./rules/explicit-write-table.js";
import mirrorSchema from "./rules/mirror-schema.js";
import noMirrorFactories from "./rules/no-mirror-factories.js";
import noMirrorTriggers from "./rules/no-mirror-triggers.js";
import noMirrorWrites from "./rules/no-mirror-writes.js";
import noRawBuilders from "./rules/no-raw-builders.js";
import noRawSyscalls from "./rules/no-raw-syscalls.js";
import noUnreasonedDisable from "./rules/no-unreasoned-disable.js";
import noWriterEscape from "./rules/no-writer-escape.js";
import requireKnownTable from "./rules/require-known-table.js";

/** The rules by their names. */
export const rules = {
  "explicit-write-table": explicitWriteTable,
  "mirror-schema": mirrorSchema,
  "no-mirror-factories": noMirrorFactories,
  "no-mirror-triggers": noMirrorTriggers,
  "no-mirror-writes": noMirrorWrites,
  "no-raw-builders": noRawBuilders,
  "no-raw-syscalls": noRawSyscalls,
  "no-unreasoned-disable": noUnreasonedDisable,
  "no-writer-escape": noWriterEscape,
  "require-known-table": requireKnownTable,
};
