import { defineSchema } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { StreamingImport } from "../../client/index.js";
import { mirrorTable } from "../../schema/index.js";

/** What earlier versions exported besides: functions of the component today, or parts of `read` and `write`. */
export const FORMER_FUNCTIONS: ReadonlySet<string> = new Set([
  ...["apply", "page", "remove", "clear", "copy", "createToken", "rotateToken", "revokeToken", "listTokens"],
  ...["status", "budget", "unknownStreams", "runs", "pause", "resume", "clearMirror", "listQuarantine"],
  ...["discardQuarantine", "drift", "audit", "auditReport", "repair"],
]);

/**
 * What `internalFunctions()` returns in this version of the package, in its order.
 * @param exports whether the schema exports a table, which takes one more function
 */
export function importerFunctions(exports: boolean): string[] {
  const schema = defineSchema({
    any: mirrorTable({ id: v.string() }, { primaryKey: ["id"], export: exports }),
  });
  // The functions reach for the component when they are called, which they are not.
  return Object.keys(new StreamingImport({} as ComponentApi, schema).internalFunctions());
}
