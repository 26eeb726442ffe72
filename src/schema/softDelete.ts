import type { GenericValidator } from "convex/values";
import type { MirrorContract } from "./contract.js";
import { leafKinds, ownField, type Fields, refuse, shown } from "./fields.js";

/** What marks a row as deleted: true, milliseconds since 1970, or an ISO 8601 date-time. */
export type MarkerKind = "boolean" | "float64" | "string";

const MARKER_KINDS: readonly string[] = ["boolean", "float64", "string"] satisfies MarkerKind[];

const EXAMPLE = 'deletedAt: v.optional(v.number()), and deletedField: "deletedAt"';

/** Refuses deletion options that contradict each other or the fields. */
export function checkDeletion(
  fields: Fields,
  options: { onDelete?: unknown; deletedField?: unknown; primaryKey?: unknown },
): Pick<MirrorContract, "onDelete" | "deletedField"> {
  const { onDelete = "hard", deletedField } = options;
  if (onDelete !== "hard" && onDelete !== "soft") {
    refuse(`"onDelete" is ${shown(onDelete)}; write "hard" (deleted rows go) or "soft" (they stay, marked).`);
  }
  if (onDelete === "hard") {
    if (deletedField === undefined) return { onDelete, deletedField: null };
    refuse('"deletedField" is for soft deletes; add onDelete: "soft", or leave it out.');
  }
  if (options.primaryKey === undefined) {
    refuse(
      'onDelete: "soft" needs a primaryKey: without one, a deleted row cannot be found again to be marked.',
    );
  }
  if (deletedField === undefined) {
    refuse(`onDelete: "soft" needs a field to mark deleted rows in; declare ${EXAMPLE}.`);
  }
  checkMarker(ownField(fields, deletedField, "deletedField"), deletedField as string);
  return { onDelete, deletedField: deletedField as string };
}

function checkMarker(validator: GenericValidator, name: string): void {
  const kinds = leafKinds(validator);
  const marks = new Set(kinds.filter((kind) => kind !== "null"));
  if (marks.size !== 1 || !MARKER_KINDS.includes([...marks][0]!)) {
    refuse(
      `the deletedField "${name}" must be a boolean (true), a number (milliseconds) or a string (ISO 8601), and optional; declare ${EXAMPLE}.`,
    );
  }
  const admitsNothing = validator.isOptional === "optional" || kinds.includes("null") || marks.has("boolean");
  if (!admitsNothing) {
    refuse(
      `the deletedField "${name}" has no value for rows that are not deleted; wrap its validator in v.optional(…).`,
    );
  }
}

/** The kind of value that marks deleted rows in a field that `checkDeletion` has passed. */
export function markerKind(validator: GenericValidator): MarkerKind {
  return leafKinds(validator).find((kind) => kind !== "null") as MarkerKind;
}
