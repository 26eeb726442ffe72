import explicitWriteTable from "./explicit-write-table.js";
import mirrorSchema from "./mirror-schema.js";
import noMirrorFactories from "./no-mirror-factories.js";
import noMirrorTriggers from "./no-mirror-triggers.js";
import noMirrorWrites from "./no-mirror-writes.js";
import noRawBuilders from "./no-raw-builders.js";
import noRawSyscalls from "./no-raw-syscalls.js";
import noUnreasonedDisable from "./no-unreasoned-disable.js";
import noWriterEscape from "./no-writer-escape.js";
import requireKnownTable from "./require-known-table.js";

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
