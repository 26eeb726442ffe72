import type { GenericDatabaseWriter, GenericDataModel, GenericDocument } from "convex/server";
import { compareValues, convexToJson, type GenericId, type Value } from "convex/values";
import { noCounts, type Counts, type RowChange } from "../../convex/validators.js";
import { valueAt } from "../changes/paths.js";
import type { AppMirror } from "./mirrors.js";

type Db = GenericDatabaseWriter<GenericDataModel>;
type Row = Record<string, Value>;
type StoredRow = GenericDocument & { _id: GenericId<string>; _creationTime: number };

/** A row of the mirror while the changes of a chunk pass over it. */
interface Slot {
  /** As stored before the chunk; more than one when an append left duplicates of a key behind. */
  stored: StoredRow[];
  /** As it will be after the chunk, without system fields; null when there is none. */
  current: Row | null;
}

/**
 * Applies the changes of one chunk to a mirror, in order.
 *
 * Keys are looked up together, then the changes are played over the rows in memory, and each row that ends up
 * different is written once: two changes of one row cost one write, and a row that ends as it was costs none (so no
 * subscription re-runs).
 */
export async function applyRows(
  db: Db,
  mirror: AppMirror,
  changes: readonly RowChange[],
  append: boolean,
): Promise<{ counts: Counts; rowsDelta: number }> {
  if (append) return await appendRows(db, mirror, changes);
  const slots = await lookUp(db, mirror, changes);
  const counts: Counts = { ...noCounts, received: changes.length };
  for (const change of changes) counts[play(change, slots.get(slotName(change.key as Value[]))!, mirror)] += 1;
  const deltas = await Promise.all([...slots.values()].map((slot) => write(db, mirror.name, slot)));
  return { counts, rowsDelta: deltas.reduce((sum, delta) => sum + delta, 0) };
}

async function appendRows(db: Db, mirror: AppMirror, changes: readonly RowChange[]) {
  for (const change of changes) await db.insert(mirror.name, change.row as Row);
  return {
    counts: { ...noCounts, received: changes.length, inserted: changes.length },
    rowsDelta: changes.length,
  };
}

async function lookUp(db: Db, mirror: AppMirror, changes: readonly RowChange[]): Promise<Map<string, Slot>> {
  const keys = new Map(changes.map(({ key }) => [slotName(key as Value[]), key as Value[]]));
  const slots = await Promise.all(
    [...keys].map(async ([name, key]): Promise<[string, Slot]> => {
      const stored = (await db
        .query(mirror.name)
        .withIndex(mirror.keyIndex, (q) => {
          // The builder's type changes with each field; over a key of unknown length it cannot be followed.
          let range = q as unknown as { eq(field: string, value: Value): never };
          mirror.keyFields.forEach((field, i) => {
            range = range.eq(field, key[i]!);
          });
          return range as never;
        })
        .collect()) as StoredRow[];
      return [name, { stored, current: stored[0] === undefined ? null : withoutSystemFields(stored[0]) }];
    }),
  );
  return new Map(slots);
}

/** Plays one change over its row, and says what became of it. */
function play(change: RowChange, slot: Slot, mirror: AppMirror): Exclude<keyof Counts, "received"> {
  if (slot.current === null) {
    if (change.op !== "upsert") return "ignored";
    slot.current = change.row as Row;
    return "inserted";
  }
  const { version } = mirror.contract;
  if (change.op === "delete") {
    if (isOlder(change.version as Value | undefined, slot.current, version)) return "stale";
    slot.current = null;
    return "deleted";
  }
  const next = change.op === "update" ? merge(slot.current, change) : (change.row as Row);
  if (isOlder(version === null ? undefined : valueAt(next, version), slot.current, version)) return "stale";
  if (compareValues(next, slot.current) === 0) return "unchanged";
  slot.current = next;
  return "updated";
}

function merge(current: Row, change: RowChange): Row {
  const merged = { ...current, ...(change.row as Row) };
  const unset = change.unset ?? [];
  return unset.length === 0
    ? merged
    : Object.fromEntries(Object.entries(merged).filter(([field]) => !unset.includes(field)));
}

/** True when both have a version and the change's is lower. Equal ones are taken for the same news. */
function isOlder(mine: Value | undefined, stored: Row, version: string | null): boolean {
  if (version === null || mine === undefined || mine === null) return false;
  const theirs = valueAt(stored, version);
  return theirs !== undefined && theirs !== null && compareValues(mine, theirs) < 0;
}

/** Brings the table to what a slot says. Returns how many rows it has more than before. */
async function write(db: Db, table: string, { stored, current }: Slot): Promise<number> {
  const [first, ...duplicates] = stored;
  for (const duplicate of duplicates) await db.delete(table, duplicate._id);
  if (first === undefined) {
    if (current === null) return 0;
    await db.insert(table, current);
    return 1;
  }
  if (current === null) await db.delete(table, first._id);
  else if (compareValues(current, withoutSystemFields(first)) !== 0) await db.replace(table, first._id, current);
  return (current === null ? 0 : 1) - stored.length;
}

function withoutSystemFields({ _id, _creationTime, ...row }: StoredRow): Row {
  return row;
}

/** A name for a key's slot that two keys share only when they are equal. */
function slotName(key: readonly Value[]): string {
  return JSON.stringify(key.map((value) => convexToJson(value)));
}
