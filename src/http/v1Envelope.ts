import type { Change, Json, JsonObject } from "../changes/change.js";
import { cleanFields } from "../changes/identifiers.js";
import { HttpError } from "./errors.js";
import type { Mirror, SyncMode } from "./importer.js";
import { badJson, isObject, parse } from "./request.js";

/** The most changes in one delivery: five transactions' worth; a reply should not take minutes. */
const MAX_CHANGES = 5_000;

/** The longest name of a delivery, in characters. */
const MAX_IDENTITY = 200;

/** The body of `POST /v1/runs`, checked. */
export interface RunRequest {
  mirror: string;
  syncMode: SyncMode;
  /** Null for an incremental run. */
  refresh: { generation: number | null } | null;
  silenceMs?: number;
}

/** @throws HttpError 400 */
export function readRun(body: JsonObject): RunRequest {
  const { mirror, syncMode } = body;
  if (typeof mirror !== "string") throw badJson('"mirror" must be the name of a mirror');
  if (syncMode !== "append" && syncMode !== "append_dedup" && syncMode !== "overwrite") {
    throw badJson('"syncMode" must be "append", "append_dedup" or "overwrite"');
  }
  const generation = wholeNumber(body, "generation");
  const minimum = wholeNumber(body, "minimumGeneration") ?? 0;
  if (minimum !== 0 && minimum !== generation) {
    throw badJson('"minimumGeneration" must be 0 or equal to "generation"');
  }
  const silenceSeconds = wholeNumber(body, "silenceSeconds");
  const isRefresh = syncMode === "overwrite" || minimum > 0;
  return {
    mirror,
    syncMode,
    refresh: isRefresh ? { generation } : null,
    ...(silenceSeconds !== null && { silenceMs: silenceSeconds * 1000 }),
  };
}

/** A delivery of changes, checked; its rows are not converted yet. */
export interface DeliveryRequest {
  run: string;
  identity: string;
  sequence: number;
  /** When the source committed the newest of the changes, in milliseconds. */
  committedAt?: number;
  changes: Json[];
}

/** A delivery as JSON, or as NDJSON: its head on the first line, a change on each of the others. @throws HttpError 400 */
export function readDelivery(text: string, contentType: string): DeliveryRequest {
  const ndjson = /\bx-ndjson\b|\bjsonl\b/i.test(contentType);
  const [head, changes] = ndjson ? splitLines(text) : splitObject(text);
  const { run, delivery, committedAt } = head;
  if (typeof run !== "string") throw badJson('"run" must be the id that POST /v1/runs returned');
  if (typeof delivery !== "string" || delivery === "" || delivery.length > MAX_IDENTITY) {
    throw badJson(`"delivery" must name the delivery, in 1 to ${String(MAX_IDENTITY)} characters`);
  }
  const sequence = wholeNumber(head, "sequence");
  if (sequence === null || sequence < 1) throw badJson('"sequence" must be a whole number from 1');
  if (changes.length > MAX_CHANGES) {
    throw new HttpError(
      413,
      "BodyTooLarge",
      `The delivery has ${String(changes.length)} changes; at most ${String(MAX_CHANGES)} are accepted. Send them as several deliveries.`,
    );
  }
  return {
    run,
    identity: delivery,
    sequence,
    changes,
    ...(committedAt !== undefined && committedAt !== null && { committedAt: readTime(committedAt) }),
  };
}

function splitObject(text: string): [JsonObject, Json[]] {
  const body = parse(text);
  if (!isObject(body)) throw badJson("the body must be a JSON object");
  const { changes, ...head } = body;
  if (!Array.isArray(changes)) throw badJson('"changes" must be an array');
  return [head, changes];
}

function splitLines(text: string): [JsonObject, Json[]] {
  const [head, ...changes] = text.split("\n").filter((line) => line.trim() !== "");
  const parsed = head === undefined ? null : parse(head);
  if (!isObject(parsed)) throw badJson("the first line must be the delivery's head, a JSON object");
  return [parsed, changes.map(parse)];
}

function readTime(time: Json): number {
  const ms = typeof time === "string" ? Date.parse(time) : time;
  if (typeof ms !== "number" || !Number.isFinite(ms)) {
    throw badJson('"committedAt" must be an ISO 8601 time or milliseconds since 1970');
  }
  return ms;
}

/**
 * One change of a delivery, as changes of rows: a change that tells of a new primary key (`previousKey`) is a deletion
 * of the old row and an upsert of the new one.
 * @throws HttpError 400 BadJsonBody
 */
export function readChange(mirror: Mirror, json: Json, position: number): Change[] {
  if (!isObject(json)) throw badJson(`changes[${String(position)}] must be an object`);
  const { op, row, version, previousKey } = json;
  if (op !== "upsert" && op !== "update" && op !== "delete") {
    throw badJson(`changes[${String(position)}].op must be "upsert", "update" or "delete"`);
  }
  if (!isObject(row)) throw badJson(`changes[${String(position)}].row must be an object`);
  const change: Change = { op, row: withVersion(mirror, cleanFields(row, "convex"), version) };
  if (previousKey === undefined || previousKey === null) return [change];
  if (!isObject(previousKey)) throw badJson(`changes[${String(position)}].previousKey must be an object`);
  return [{ op: "delete", row: withVersion(mirror, cleanFields(previousKey, "convex"), version) }, change];
}

/** A version beside the row counts as the value of the mirror's version field, when the row does not tell it. */
function withVersion({ contract }: Mirror, row: JsonObject, version: Json | undefined): JsonObject {
  const field = contract.version;
  if (version === undefined || version === null || field === null || field.includes(".") || field in row) return row;
  return { ...row, [field]: version };
}

/** The digest of a source: 64 buckets of [count, sum as 16 hexadecimal digits]. @throws HttpError 400 */
export function readBuckets(buckets: Json | undefined): { count: number; sum: bigint }[] {
  if (!Array.isArray(buckets) || buckets.length !== 64) throw badJson('"buckets" must be an array of 64 buckets');
  return buckets.map((bucket, i) => {
    const [count, sum] = Array.isArray(bucket) ? bucket : [];
    if (typeof count !== "number" || typeof sum !== "string" || !/^[0-9a-f]{16}$/i.test(sum)) {
      throw badJson(`buckets[${String(i)}] must be [count, sum], the sum as 16 hexadecimal digits`);
    }
    return { count, sum: BigInt(`0x${sum}`) };
  });
}

function wholeNumber(body: JsonObject, name: string): number | null {
  const value = body[name] ?? null;
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw badJson(`"${name}" must be a whole number`);
  }
  return value;
}
