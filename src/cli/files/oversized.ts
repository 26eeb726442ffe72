import type { JsonObject } from "../../core/rows/values.js";
import { writeJson } from "../../core/rows/json.js";

/** A row beyond this is cut before it is sent. A request has at most 20 MiB, a document of Convex 1 MiB. */
export const MAX_ROW_BYTES = 12 * 1024 * 1024;

/** What is left of a value that is cut: more than a document may have, so that the row is still refused. */
const KEPT_CHARACTERS = 1.5 * 1024 * 1024;

/**
 * A row that a request can carry. One that is larger could not be stored anyway: its largest values are cut, so that the
 * importer refuses the row for its size, and it waits in quarantine with its key, as any other row that does not fit.
 */
export function fitted(row: JsonObject): JsonObject {
  const sizes = Object.entries(row).map(([name, value]) => ({ name, text: writeJson(value) }));
  let bytes = sizes.reduce(
    (sum, { name, text }) => sum + Buffer.byteLength(name) + Buffer.byteLength(text),
    0,
  );
  if (bytes <= MAX_ROW_BYTES) return row;
  const cut = { ...row };
  for (const { name, text } of sizes.sort((a, b) => b.text.length - a.text.length)) {
    if (bytes <= MAX_ROW_BYTES || text.length <= KEPT_CHARACTERS) break;
    const value = row[name];
    const kept = (typeof value === "string" ? value : text).slice(0, KEPT_CHARACTERS);
    cut[name] = kept.replace(/[\uD800-\uDBFF]$/, "");
    bytes -= Buffer.byteLength(text) - Buffer.byteLength(kept);
  }
  return cut;
}
