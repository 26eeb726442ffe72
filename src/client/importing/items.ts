import type { BadRow, RowChange } from "../../core/wire/changes.js";
import type { Change, RowEncoding } from "../../core/rows/change.js";
import type { JsonObject } from "../../core/rows/values.js";
import { keyText } from "../../core/proof/keyText.js";
import { writeJson } from "../../core/rows/json.js";
import { beginningOf } from "../../core/rows/text.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Note, Problem, ProblemCode } from "../../core/rows/problem.js";
import { prepareRow, redactRow, type Refused } from "../../core/rows/row.js";
import type { AppMirror } from "../mirrors.js";
import { type ErrorCode, HttpError } from "../../http/errors.js";

/** A change of a delivery as far as it can be decided without the database. */
export interface Item {
  /** What its transaction is charged with, in bytes. */
  bytes: number;
  notes: readonly Note[];
  /** The change to apply, or the one to quarantine; none if the mirror's filter excludes the row. */
  row?: RowChange;
  bad?: BadRow;
  /** The next change belongs into the same transaction. */
  moves?: boolean;
}

/**
 * The largest row that the quarantine keeps, in bytes of JSON: 256 KiB. A larger one is kept in part, so that
 * a person can recognise it; the source has to send it again.
 */
const MAX_PAYLOAD = 256 * 1024;

/** What a person needs to recognise a row that is too large to keep. */
const PARTIAL_PAYLOAD = 2_000;

/**
 * Converts the changes of a delivery.
 * @param refuseBad Throw at the first change that cannot be stored, instead of putting it aside.
 * @throws HttpError 400 when the mirror's drift policy is to freeze, or `refuseBad` says so.
 */
export function toItems(
  mirror: AppMirror,
  changes: readonly Change[],
  encoding: RowEncoding,
  refuseBad: boolean,
): Item[] {
  const items = changes.map((change, position): Item => {
    const prepared = prepareRow(mirror.compiled, change, encoding);
    if ("problem" in prepared) {
      if (refuseBad || prepared.refuse)
        throw refusalOf(prepared.problem, mirror.name, position, prepared.refuse);
      return toQuarantined(mirror, change, encoding, position, prepared);
    }
    if (prepared.op === "filtered") return { bytes: 0, notes: prepared.notes };
    const moves = change.op === "delete" && change.moves === true;
    const { op, key, keyHash, row, unset, kept, storable, version, bytes, notes } = prepared;
    return { bytes, notes, row: { op, key, keyHash, position, row, unset, kept, storable, version }, moves };
  });
  // Many sources send the previous key with every change. The same key again is no change of it.
  return items.filter((item, i) => item.moves !== true || keyHashOf(item) !== keyHashOf(items[i + 1]!));
}

function keyHashOf({ row, bad }: Item): bigint | undefined {
  return row?.keyHash ?? bad?.keyHash;
}

function toQuarantined(
  mirror: AppMirror,
  change: Change,
  encoding: RowEncoding,
  position: number,
  { problem, key, keyHash, version, notes }: Refused,
): Item {
  const redacted = redactRow(mirror.compiled, change.row, encoding);
  const text = textOf(redacted.row);
  const whole = text !== null && text.length <= MAX_PAYLOAD && utf8ToBytes(text).length <= MAX_PAYLOAD;
  const payload = text === null ? "" : whole ? text : beginningOf(text, PARTIAL_PAYLOAD);
  return {
    bytes: utf8ToBytes(payload).length,
    notes,
    bad: {
      position,
      code: problem.code,
      message: problem.message,
      op: change.op,
      payload,
      whole,
      encoding: redacted.encoding,
      ...(key !== undefined && { key: keyText(key) }),
      ...(keyHash !== undefined && { keyHash }),
      ...(version !== undefined && { version }),
    },
  };
}

/** A row as JSON text; null when it is nested so deep that writing it down overflows the stack. */
function textOf(row: JsonObject): string | null {
  try {
    return writeJson(row);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The codes that the Convex backend gives for the same situation, so that existing alerts keep their meaning. */
const CODES: Record<ProblemCode, ErrorCode> = {
  MissingPrimaryKeyValue: "MissingPrimaryKeyValue",
  MissingField: "SchemaEnforcementError",
  TypeMismatch: "SchemaEnforcementError",
  NumberNotExact: "SchemaEnforcementError",
  NumberOutOfRange: "SchemaEnforcementError",
  InvalidBytes: "SchemaEnforcementError",
  InvalidString: "BadJsonBody",
  InvalidFieldName: "BadJsonBody",
  ValueTooLarge: "ValueTooLargeError",
  ArrayTooLong: "ArrayTooLong",
  TooManyFields: "TooManyFieldsError",
  TooNested: "TooNestedError",
  UnknownField: "SchemaDrift",
  FilterFailed: "SchemaEnforcementError",
};

/** The refusal of a request because of one of its rows. */
function refusalOf(problem: Problem, mirror: string, position: number, frozen: boolean): HttpError {
  return new HttpError(
    400,
    frozen ? "SchemaDrift" : CODES[problem.code],
    `Record ${String(position + 1)} of this request for "${mirror}" cannot be stored: ${problem.message}`,
  );
}
