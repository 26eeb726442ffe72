import type { Watermark } from "../../core/wire/changes.js";
import type { Refresh } from "../../core/wire/validators.js";
import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";
import { HttpError } from "../errors.js";
import type { SyncMode } from "../importer.js";
import { badJson, parse, tooMany } from "../request.js";
import {
  checkNames,
  oneOf,
  optionalBoolean,
  REACH_NAMES,
  readWatermark,
  shortText,
  time,
  wholeNumber,
} from "./fields.js";

/** The most changes in one delivery: five transactions' worth; a reply should not take minutes. */
const MAX_CHANGES = 5_000;

/** The longest name of a delivery, in characters. */
const MAX_IDENTITY = 200;

/** The longest reason for the end of a run, in characters: people read it in the dashboard. */
const MAX_REASON = 500;

/** The longest silence after which a run counts as died, in seconds: a day. */
const MAX_SILENCE_S = 86_400;

/** The highest number of a generation: one that leaves room for those that follow, and for microseconds since 1970. */
const MAX_GENERATION = 2 ** 52;

const RUN_NAMES = [
  "mirror",
  "syncMode",
  "generation",
  "minimumGeneration",
  "counter",
  "again",
  "epoch",
  "silenceSeconds",
];
const FINISH_NAMES = ["outcome", "reason", "allowShrink", ...REACH_NAMES];
const HEAD_NAMES = ["run", "mirror", "delivery", "sequence", "committedAt", ...REACH_NAMES];
const SYNC_MODES: readonly SyncMode[] = ["append", "append_dedup", "overwrite"];
const OUTCOMES = ["complete", "incomplete"] as const;

/** The body of `POST /v1/runs`, checked. */
export interface RunRequest {
  mirror: string;
  syncMode: SyncMode;
  /** Null for an incremental run. */
  refresh: Refresh | null;
  /** The mirror's epoch as the sender knows it; the run begins only if that is true. */
  epoch?: number;
  silenceMs?: number;
}

/** @throws HttpError 400 */
export function readRun(body: JsonObject): RunRequest {
  checkNames(body, RUN_NAMES, "the beginning of a run");
  const mirror = shortText(body, "mirror", MAX_IDENTITY);
  if (mirror === null) throw badJson('"mirror" must be the name of a mirror; GET /v1/mirrors lists them');
  const syncMode = oneOf(body, "syncMode", SYNC_MODES);
  const generation = wholeNumber(body, "generation", { max: MAX_GENERATION });
  const counter = shortText(body, "counter", MAX_IDENTITY);
  if (counter !== null && generation === null)
    throw badJson('"counter" says whose number "generation" is; send that too');
  const again = optionalBoolean(body, "again");
  const minimum = wholeNumber(body, "minimumGeneration") ?? 0;
  if (minimum !== 0 && minimum !== generation) {
    throw badJson(
      `"minimumGeneration" must be 0 (keep all rows) or equal to "generation" (keep only the rows of this generation), not ${String(minimum)}; a mirror does not know which of several older generations a row is of`,
    );
  }
  const epoch = wholeNumber(body, "epoch");
  const silenceSeconds = wholeNumber(body, "silenceSeconds", { min: 1, max: MAX_SILENCE_S });
  const isRefresh = syncMode === "overwrite" || minimum > 0;
  return {
    mirror,
    syncMode,
    refresh: isRefresh ? { generation, ...(counter !== null && { counter }), ...(again && { again }) } : null,
    ...(epoch !== null && { epoch }),
    ...(silenceSeconds !== null && { silenceMs: silenceSeconds * 1000 }),
  };
}

/** The body of `POST /v1/runs/{id}/finish`, checked. */
export interface FinishRequest {
  outcome: "complete" | "incomplete";
  reason: string;
  reach: Watermark | undefined;
  /** The sender knows that the refresh deletes more than the mirror's limit allows. */
  allowShrink: boolean;
}

/** @throws HttpError 400 */
export function readFinish(body: JsonObject): FinishRequest {
  checkNames(body, FINISH_NAMES, "the end of a run");
  const outcome = oneOf(body, "outcome", OUTCOMES);
  const reach = readWatermark(body);
  if (outcome === "incomplete" && reach !== undefined)
    throw badJson('"upTo" and "position" promise that everything was sent: an incomplete run has none');
  const reason = shortText(body, "reason", MAX_REASON) ?? `The sender says: ${outcome}.`;
  const allowShrink = optionalBoolean(body, "allowShrink");
  return { outcome, reason, reach, allowShrink };
}

/** A delivery of changes, checked; its changes are not read yet. */
export interface DeliveryRequest {
  run: string;
  /** The mirror of the run, when the sender says it. */
  mirror?: string;
  identity: string;
  sequence: number;
  /** When the source committed the newest of the changes, in milliseconds. */
  committedAt?: number;
  /** How far the sender has read its source with this delivery. */
  reach: Watermark | undefined;
  changes: Json[];
}

/** A delivery as JSON, or as NDJSON: its head on the first line, a change on each of the others. @throws HttpError 400 */
export function readDelivery(text: string, contentType: string): DeliveryRequest {
  const [head, changes] = isNdjson(contentType) ? splitLines(text) : splitObject(text);
  checkNames(head, HEAD_NAMES, "the head of a delivery");
  const run = shortText(head, "run", MAX_IDENTITY);
  if (run === null) throw badJson('"run" must be the id that POST /v1/runs returned');
  const identity = shortText(head, "delivery", MAX_IDENTITY);
  if (identity === null) {
    throw badJson('"delivery" must name the delivery: a name of its own, and the same when it is sent again');
  }
  const sequence = wholeNumber(head, "sequence", { min: 1 });
  if (sequence === null) throw badJson('"sequence" must be the number of the delivery in its run, from 1');
  const mirror = shortText(head, "mirror", MAX_IDENTITY);
  const committedAt = time(head, "committedAt");
  const reach = readWatermark(head);
  return {
    run,
    identity,
    sequence,
    changes,
    reach,
    ...(mirror !== null && { mirror }),
    ...(committedAt !== null && { committedAt }),
  };
}

/** The media types that are in use for JSON by lines; none is registered. */
function isNdjson(contentType: string): boolean {
  return /\b(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)\b/i.test(contentType);
}

function splitObject(text: string): [JsonObject, Json[]] {
  const body = parse(text);
  if (!isObject(body)) throw badJson("the body must be a JSON object");
  const { changes, ...head } = body;
  if (!Array.isArray(changes))
    throw badJson('"changes" must be an array; an empty one says that all is well');
  checkSize(changes.length);
  return [head, changes];
}

function splitLines(text: string): [JsonObject, Json[]] {
  const { lines, count } = linesOf(text);
  const [first, ...rest] = lines;
  const head = first === undefined ? null : parseLine(first);
  if (!isObject(head) || "op" in head) {
    throw badJson(
      "the first line must be the head of the delivery: an object with run, delivery and sequence",
    );
  }
  checkSize(count - 1);
  return [head, rest.map(parseLine)];
}

/**
 * The lines that are not blank, with their numbers: as many as a delivery may have, and how many there are. A body may
 * have millions, so those that are blank or too many take no memory.
 */
function linesOf(text: string): { lines: { line: string; number: number }[]; count: number } {
  const lines: { line: string; number: number }[] = [];
  let count = 0;
  let number = 0;
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    number++;
    const line = end === start ? "" : text.slice(start, end);
    if (line.trim() !== "" && ++count <= MAX_CHANGES + 1) lines.push({ line, number });
    start = end + 1;
  }
  return { lines, count };
}

function parseLine({ line, number }: { line: string; number: number }): Json {
  try {
    return parse(line);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new HttpError(error.status, error.code, `Line ${String(number)}: ${error.message}`);
  }
}

function checkSize(changes: number): void {
  if (changes > MAX_CHANGES) throw tooMany(changes, MAX_CHANGES, "changes", "deliveries");
}
