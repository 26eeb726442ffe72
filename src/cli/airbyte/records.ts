import type { JsonObject } from "../../core/rows/values.js";
import { parseJson, writeJson } from "../../core/rows/json.js";
import { UNAVAILABLE } from "../../core/rows/unavailable.js";
import { fitted, MAX_ROW_BYTES } from "../files/oversized.js";
import { DeliveryBody, type Op } from "../files/body.js";
import { eachMember, startsWith } from "../files/jsonSpan.js";
import type { Lane } from "./lane.js";
import type { RecordMessage } from "./protocol.js";

/** Change-data-capture columns: they steer the import and are no part of the row. */
const CDC_PREFIX = "_ab_cdc";
const CDC_PREFIX_BYTES = Buffer.from(CDC_PREFIX);
const CDC_DELETED_AT = "_ab_cdc_deleted_at";
const CDC_UPDATED_AT = "_ab_cdc_updated_at";

const OPEN = Buffer.from("{");
const CLOSE = Buffer.from("}");
const COMMA = Buffer.from(",");

/**
 * Adds a record to the body that its lane builds. The row is copied as it stands in the line, so that no number is
 * rounded and nothing is written twice; `record` is what JSON.parse reads there.
 */
export function addRecord(
  body: DeliveryBody,
  lane: Lane,
  record: RecordMessage,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const { data } = record;
  const hasCdc = hasCdcColumns(data);
  let op: Op = "upsert";
  if (hasCdc) {
    // A mirror without a key cannot find the row to delete: there, such a record is a row like any other.
    if (lane.keyed && (data[CDC_DELETED_AT] ?? null) !== null) op = "delete";
    const updatedAt = data[CDC_UPDATED_AT];
    if (typeof updatedAt === "string") lane.committed = updatedAt;
  }
  const nulled = op === "delete" ? [] : nulledFields(record);
  if (nulled.length > 0 || end - start > MAX_ROW_BYTES) {
    body.changeOfText(op, rowText(bytes.toString("utf8", start, end), lane, nulled));
    return;
  }
  const span = lane.shape.find(record, bytes, start, end);
  if (span === null) {
    body.changeOfText(op, rowText(bytes.toString("utf8", start, end), lane));
  } else if (hasCdc) {
    body.begin(op);
    copyWithoutCdc(body, lane, bytes, span.start, span.end);
    body.finish();
  } else {
    body.change(op, bytes, span.start, span.end);
  }
}

function hasCdcColumns(data: Record<string, unknown>): boolean {
  for (const name in data) if (name.startsWith(CDC_PREFIX)) return true;
  return false;
}

function copyWithoutCdc(body: DeliveryBody, lane: Lane, bytes: Buffer, start: number, end: number): void {
  let first = true;
  body.copy(OPEN, 0, 1);
  eachMember(bytes, start, end, (keyStart, keyEnd, _valueStart, valueEnd) => {
    if (
      startsWith(bytes, keyStart, keyEnd, CDC_PREFIX_BYTES) &&
      !isKept(lane, bytes.toString("latin1", keyStart, keyEnd))
    )
      return;
    if (!first) body.copy(COMMA, 0, 1);
    first = false;
    body.copy(bytes, keyStart - 1, valueEnd);
  });
  body.copy(CLOSE, 0, 1);
}

function isKept(lane: Lane, name: string): boolean {
  return lane.keptCdcColumns.has(name);
}

/**
 * The columns whose values the source, or something on the way, has replaced by NULL because it could not send them: what
 * is stored of them stays.
 */
function nulledFields({ meta, data }: RecordMessage): string[] {
  const changes = meta?.changes;
  if (!Array.isArray(changes)) return [];
  return changes.flatMap(({ field, change }) =>
    change === "NULLED" && typeof field === "string" && data[field] === null ? field : [],
  );
}

/** Read and written without loss: the row of a record whose keys have escapes, which is to be changed, or is large. */
function rowText(line: string, lane: Lane, nulled: readonly string[] = []): string {
  const { record } = parseJson(line) as { record: { data: JsonObject } };
  const row = Object.fromEntries(
    Object.entries(record.data).filter(([name]) => !name.startsWith(CDC_PREFIX) || isKept(lane, name)),
  );
  for (const name of nulled) row[name] = UNAVAILABLE;
  return writeJson(fitted(row));
}
