/**
 * What happens to a row that is not as the mirror's validators expect it, in the words of dlt's schema contracts:
 *
 * | the row has … | `evolve` (default) | `discard_value` | `discard_row` | `freeze` |
 * | --- | --- | --- | --- | --- |
 * | an unknown field | kept in the `overflow` field if there is one, else left out; noted | left out; noted | row to quarantine | delivery refused |
 * | a value of another kind that converts without loss (`5` for a string) | converted; noted | left out; noted¹ | row to quarantine | delivery refused |
 * | a value that cannot be converted | row to quarantine | left out; noted¹ | row to quarantine | delivery refused |
 * | no value for a field that needs one | row to quarantine | row to quarantine | row to quarantine | delivery refused |
 *
 * ¹ Stored as absent or null, where the field's validator admits that and the field is no part of the key and not the
 * version; otherwise the row goes to quarantine.
 *
 * The first line is `unknownFields`, the next two are `types`, the last is `missingFields`. A value inside of an object
 * or array counts for the complete field that it is in; an unknown field inside of an object is never kept in `overflow`.
 * What JSON can write in only one way is no drift: dates and digits as text for `v.number()`, integers for `v.int64()`,
 * base64 for `v.bytes()`. Nor is an absent field that is stored as null: that is noted, whatever the policy.
 *
 * A row that exceeds a limit of Convex (too large, too many fields) goes to quarantine under any policy.
 */
export type DriftPolicy = "evolve" | "freeze" | "discard_row" | "discard_value";

/** The policy of a mirror for each kind of drift. */
export interface DriftPolicies {
  /** For fields that no validator expects. */
  readonly unknownFields: DriftPolicy;
  /** For values of another kind than the field's validator. */
  readonly types: DriftPolicy;
  /** For fields that the row needs and does not have. */
  readonly missingFields: DriftPolicy;
}

/** The policies, in the order in which messages name them. */
export const DRIFT_POLICIES: readonly DriftPolicy[] = ["evolve", "freeze", "discard_row", "discard_value"];

/** What applies where nothing is declared. */
export const EVOLVE: DriftPolicies = { unknownFields: "evolve", types: "evolve", missingFields: "evolve" };
