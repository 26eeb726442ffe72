/**
 * A simulator of what Convex's own Fivetran source, version 2.0.2, makes of the answers that it gets: it refuses what the
 * connector's Rust types refuse. `fivetranSource.test.ts` compares it with recordings of the connector itself.
 */
import { isLosslessNumber, parse, type LosslessNumber } from "lossless-json";

/** A row, or the end of one, as it reaches the destination. Values are the connector's, by column. */
export interface SourceRecord {
  schema: string;
  table: string;
  op: "UPSERT" | "DELETE";
  row: Record<string, unknown>;
}

type Fields = Record<string, unknown>;

const UNREADABLE = "Failed to deserialize query result";

/** `Test`: the body is exactly `null`. @throws Error with the connector's words */
export function readTest(status: number, text: string): void {
  if (readJson(status, text) !== null) throw new Error(UNREADABLE);
}

/** `Schema`: schemas of the destination with their tables and columns. */
export function readSchema(status: number, text: string): Record<string, Record<string, string[]>> {
  const { byComponent } = fieldsOf(readJson(status, text));
  const schemas: Record<string, Record<string, string[]>> = {};
  for (const [component, tables] of Object.entries(fieldsOf(byComponent))) {
    if (component === "app") throw new Error("Your Convex deployment contains a component named `app`.");
    const known = (schemas[component === "" ? "app" : component] = {} as Record<string, string[]>);
    for (const table of arrayOf(tables)) {
      const { name, columns } = fieldsOf(table);
      known[textOf(name)] = arrayOf(columns).map(textOf);
    }
  }
  return schemas;
}

/** A page of `list_snapshot`. */
export function readSnapshot(status: number, text: string) {
  const { values, snapshot, cursor = null, hasMore } = fieldsOf(readJson(status, text));
  const page = {
    records: arrayOf(values).map((value) => recordOf(value, false)),
    snapshot: int64Of(snapshot),
    cursor: cursor === null ? null : textOf(cursor),
    hasMore: flagOf(hasMore),
  };
  if (page.hasMore && page.cursor === null) throw new Error("Missing cursor when has_more was set");
  return page;
}

/** A page of `document_deltas`. */
export function readDeltas(status: number, text: string) {
  const { values, cursor, hasMore } = fieldsOf(readJson(status, text));
  const records = arrayOf(values).map((value) => recordOf(value, true));
  return { records, cursor: int64Of(cursor), hasMore: flagOf(hasMore) };
}

function readJson(status: number, text: string): unknown {
  if (status < 200 || status > 299)
    throw new Error(`returned an unsuccessful response (${String(status)}): ${text}`);
  try {
    return parse(text);
  } catch {
    throw new Error(UNREADABLE);
  }
}

const OWN = ["_component", "_table", "_ts", "_deleted"];

function recordOf(value: unknown, isDelta: boolean): SourceRecord {
  const fields = fieldsOf(value);
  const component = textOf(fields._component);
  int64Of(fields._ts);
  const deleted = isDelta && flagOf(fields._deleted);
  const row: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (OWN.includes(name)) continue;
    if (name === "_creationTime" && !isLosslessNumber(field))
      throw new Error("Unexpected _creationTime value");
    row[name] = valueOf(field);
  }
  const schema = component === "" ? "app" : component;
  return { schema, table: textOf(fields._table), op: deleted ? "DELETE" : "UPSERT", row };
}

/** A top-level value: those that JSON cannot say come in an object with one key. */
function valueOf(value: unknown): unknown {
  if (isLosslessNumber(value)) return Number(value.value);
  if (typeof value !== "object" || value === null) return value;
  const special = specialOf(value);
  return special === undefined ? JSON.stringify(cleanOf(value)) : special;
}

/** The clean form of what is inside an object or array. */
function cleanOf(value: unknown): unknown {
  if (isLosslessNumber(value)) return Number(value.value);
  if (typeof value !== "object" || value === null) return value;
  const special = specialOf(value);
  if (typeof special === "bigint" || typeof special === "number") return String(special);
  if (special !== undefined) return Buffer.from(special).toString("base64");
  if (Array.isArray(value)) return value.map(cleanOf);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cleanOf(inner)]));
}

function specialOf(value: object): bigint | number | Uint8Array | undefined {
  const [entry, ...others] = Object.entries(value) as [string, unknown][];
  if (entry === undefined || others.length > 0) return undefined;
  const [kind, encoded] = entry;
  if (!["$integer", "$float", "$bytes"].includes(kind)) return undefined;
  if (typeof encoded !== "string") throw new Error("Invalid Convex value");
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) throw new Error("Invalid Convex value");
  if (kind === "$bytes") return bytes;
  if (bytes.length !== 8) throw new Error("Invalid Convex value");
  if (kind === "$integer") return bytes.readBigInt64LE();
  const float = bytes.readDoubleLE();
  if (Number.isFinite(float) && !Object.is(float, -0)) throw new Error("Invalid Convex value");
  return float;
}

/** A bare integer of 64 bits: no point, no exponent. */
function int64Of(value: unknown): bigint {
  const text = isLosslessNumber(value) ? (value as LosslessNumber).value : "";
  const integer = /^-?\d+$/.test(text) ? BigInt(text) : null;
  if (integer === null || BigInt.asIntN(64, integer) !== integer) throw new Error(UNREADABLE);
  return integer;
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isLosslessNumber(value))
    throw new Error(UNREADABLE);
  return value as Fields;
}

function arrayOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(UNREADABLE);
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new Error(UNREADABLE);
  return value;
}

function flagOf(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error(UNREADABLE);
  return value;
}
