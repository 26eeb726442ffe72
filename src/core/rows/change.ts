import type { JsonObject } from "./values.js";

/**
 * How values of a change are written: `json` is plain JSON (Airbyte, webhooks, the CLI); `convex` is Convex's encoded
 * JSON, where `{"$integer": …}`, `{"$bytes": …}` and `{"$float": …}` stand for values that JSON has no notation for
 * (Fivetran).
 */
export type Encoding = "json" | "convex";

/**
 * How the values of a row are written that is to be prepared: as a source writes them, or `stored`: converted before,
 * under the names of the mirror's fields, in Convex's encoded JSON. So a change waits in quarantine that could be
 * converted and not applied.
 */
export type RowEncoding = Encoding | "stored";

/** The full row: fields that it lacks disappear from the stored row. */
interface Upsert {
  op: "upsert";
  row: JsonObject;
}

/** A part of a row, at least its key fields: fields that are named replace, fields that are not named stay. */
interface Update {
  op: "update";
  row: JsonObject;
}

/** A deleted row. `row` has at least its key fields; the others do not matter. */
interface Delete {
  op: "delete";
  row: JsonObject;
  /**
   * The next change is the same row under its new key. Both apply in one transaction, so readers always see one of
   * them.
   */
  moves?: boolean;
}

/**
 * One change as an adapter reads it from an envelope: names cleaned, values not yet converted. It never says which
 * connector spoke.
 */
export type Change = Upsert | Update | Delete;

/** What a change does to its row. */
export type ChangeOp = Change["op"];
