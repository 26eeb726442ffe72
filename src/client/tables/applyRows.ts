import type { GenericDatabaseWriter, GenericDataModel, GenericDocument } from "convex/server";
import type { GenericId, Value } from "convex/values";
import type { Changed } from "../../core/wire/exports.js";
import type { Applied, vTombstone } from "../../core/wire/applied.js";
import type { Counts, RowChange } from "../../core/wire/changes.js";
import { noCounts } from "../../core/wire/counts.js";
import { hashToInt64, rowHash as hashOf } from "../../core/proof/hash.js";
import { keyText } from "../../core/proof/keyText.js";
import { measureDocument } from "../../core/rows/limits.js";
import { isSame } from "../../core/rows/sameValue.js";
import { isLower } from "../../core/rows/versions.js";
import { isTree, removeAt, splitPath, type Tree, valueAt } from "../../core/rows/paths.js";
import type { TableMirror } from "./tableMirrors.js";
import { isSoftDeleted, softDeleted } from "./softDelete.js";
import { deltaOf, sumsOf, type ChangedItem, type DigestDelta, type Sums } from "../../core/proof/delta.js";

type Db = GenericDatabaseWriter<GenericDataModel>;
type Row = Record<string, Value>;
type StoredRow = GenericDocument & { _id: GenericId<string>; _creationTime: number };
type Tombstone = (typeof vTombstone)["type"];

/** What `applyRows` is to do. */
export interface Batch {
  rows: readonly RowChange[];
  match: "key" | "append" | "content";
  tombstones: readonly Tombstone[];
  /** Now, in milliseconds: what a soft delete writes into its marker. */
  at: number;
}

/** A row of the mirror while the changes of a chunk pass over it. */
interface Slot {
  keyHash: bigint;
  /** See `keyText`. */
  name: string;
  /** As stored before the chunk; more than one when somebody wrote duplicates of a key past the importer. */
  stored: StoredRow[];
  /** As it was before the chunk, without system fields; null when there was none. */
  before: Row | null;
  /** As it will be after the chunk; null when there is none. The same object as `before` until a change differs. */
  current: Row | null;
  /** The version at which the row was deleted. */
  deletedAt: Value | undefined;
}

/**
 * Applies the changes of one chunk to a mirror, in order.
 *
 * Keys are looked up together, then the changes are played over the rows in memory, and each row that ends up
 * different is written once: two changes of one row cost one write, and a row that ends as it was costs none (so no
 * subscription re-runs).
 */
export async function applyRows(db: Db, mirror: TableMirror, batch: Batch): Promise<Applied> {
  const table = new Table(db, mirror);
  if (batch.match === "append") await append(table, batch.rows);
  else if (batch.match === "content") await addContent(table, batch.rows);
  else await applyByKey(table, batch);
  return table.applied(batch.rows.length);
}

/** The mirror's table in one transaction: every write passes here, so the digest cannot forget one. */
class Table {
  readonly counts: Counts = { ...noCounts };
  readonly tombstones: Tombstone[] = [];
  readonly #inserted: bigint[] = [];
  readonly #digest = new DigestChange();
  readonly #changed: Changed = { written: [], deleted: [] };
  #rowsDelta = 0;
  #written = 0;

  constructor(
    private readonly db: Db,
    readonly mirror: TableMirror,
  ) {}

  find(key: readonly Value[], limit: number): Promise<StoredRow[]> {
    const { name, keyIndex, keyFields } = this.mirror;
    return this.db
      .query(name)
      .withIndex(keyIndex, (q) => {
        // The builder's type changes with each field; over a key of unknown length it cannot be followed.
        let range = q as unknown as { eq(field: string, value: Value): never };
        keyFields.forEach((field, i) => {
          range = range.eq(field, key[i]!);
        });
        return range as never;
      })
      .take(limit) as Promise<StoredRow[]>;
  }

  async insert(row: Row, name: string, keyHash: bigint): Promise<GenericId<string>> {
    const id = await this.db.insert(this.mirror.name, row);
    this.#changed.written.push(id);
    this.#digest.add(name, keyHash, row);
    this.#rowsDelta += 1;
    this.#written += 1;
    return id;
  }

  /**
   * A row did not exist, or was marked as deleted, when its change arrived, even if it is deleted again at the end:
   * these may be older than its deletion.
   */
  noteInserted(keyHash: bigint): void {
    if (this.mirror.contract.version !== null) this.#inserted.push(keyHash);
  }

  /** @param before The stored row without system fields. */
  async replace({ _id }: StoredRow, before: Row, row: Row, name: string, keyHash: bigint): Promise<void> {
    await this.db.replace(this.mirror.name, _id, row);
    this.#changed.written.push(_id);
    this.#digest.remove(name, keyHash, before);
    this.#digest.add(name, keyHash, row);
    this.#written += 1;
  }

  async delete(stored: StoredRow, name: string, keyHash: bigint): Promise<void> {
    await this.db.delete(this.mirror.name, stored._id);
    this.#changed.deleted.push(stored._id);
    this.#digest.remove(name, keyHash, withoutSystemFields(stored));
    this.#rowsDelta -= 1;
  }

  applied(received: number): Applied {
    return {
      counts: { ...this.counts, received },
      rowsDelta: this.#rowsDelta,
      written: this.#written,
      delta: this.#digest.encode(),
      inserted: this.#inserted,
      tombstones: this.tombstones,
      ...(this.mirror.exported && { changed: this.#changed }),
    };
  }
}

async function append(table: Table, rows: readonly RowChange[]): Promise<void> {
  const deletions = new Map<bigint, number>();
  for (const { op, keyHash } of rows)
    if (op === "delete") deletions.set(keyHash, (deletions.get(keyHash) ?? 0) + 1);
  /** Copies of the rows that are deleted; they are equal. Read at once: a read passes over what is deleted already. */
  const copies = new Map<bigint, StoredRow[]>();
  for (const { op, row, key, keyHash } of rows) {
    if (op === "delete") {
      let left = copies.get(keyHash);
      if (left === undefined) {
        left = await table.find(key, deletions.get(keyHash)!);
        copies.set(keyHash, left);
      }
      const copy = left.pop();
      if (copy !== undefined) await table.delete(copy, keyText(key), keyHash);
      table.counts[copy === undefined ? "ignored" : "deleted"] += 1;
    } else {
      const _id = await table.insert(row!, keyText(key), keyHash);
      copies.get(keyHash)?.push({ ...row!, _id, _creationTime: 0 });
      table.counts.inserted += 1;
    }
  }
}

/**
 * Adds the rows of a refresh of a mirror without a key: as many copies of a row as the chunk has, less those that are
 * there. What a refresh delivers over several chunks is settled when it completes (see sweep.ts in the component). It
 * has no deletions: rows that it does not deliver are deleted.
 */
async function addContent(table: Table, rows: readonly RowChange[]): Promise<void> {
  const copies = new Map<bigint, RowChange[]>();
  for (const row of rows) {
    if (row.op === "delete") table.counts.ignored += 1;
    else {
      const same = copies.get(row.keyHash);
      if (same === undefined) copies.set(row.keyHash, [row]);
      else same.push(row);
    }
  }
  await Promise.all(
    [...copies.values()].map(async (same) => {
      const [first] = same;
      const present = await table.find(first!.key, same.length);
      table.counts.unchanged += present.length;
      for (const { row, key, keyHash } of same.slice(present.length)) {
        await table.insert(row!, keyText(key), keyHash);
        table.counts.inserted += 1;
      }
    }),
  );
}

async function applyByKey(table: Table, { rows, tombstones, at }: Batch): Promise<void> {
  const slots = new Map<string, Slot>();
  const lookUps: Promise<void>[] = [];
  const slotOf = rows.map(({ key, keyHash }) => {
    const name = keyText(key);
    let slot = slots.get(name);
    if (slot === undefined) {
      slot = { keyHash, name, stored: [], before: null, current: null, deletedAt: undefined };
      slots.set(name, slot);
      lookUps.push(lookUp(table, key, slot));
    }
    return slot;
  });
  await Promise.all(lookUps);
  for (const { keyHash, version } of tombstones) {
    for (const slot of slots.values()) if (slot.keyHash === keyHash) rememberDeletion(slot, version as Value);
  }
  rows.forEach((change, i) => {
    table.counts[play(table, change, slotOf[i]!, at)] += 1;
  });
  const writes: Promise<void>[] = [];
  for (const slot of slots.values()) if (mayDiffer(slot)) writes.push(write(table, slot));
  await Promise.all(writes);
}

/** Duplicates of a key that are found, and collapsed, at once. There are none unless a write went past the importer. */
const MAX_DUPLICATES = 16;

async function lookUp(table: Table, key: readonly Value[], slot: Slot): Promise<void> {
  slot.stored = await table.find(key, MAX_DUPLICATES);
  const [first] = slot.stored;
  if (first !== undefined) slot.before = slot.current = withoutSystemFields(first);
}

/** Plays one change over its row, and says what became of it. */
function play(table: Table, change: RowChange, slot: Slot, at: number): Exclude<keyof Counts, "received"> {
  const { contract } = table.mirror;
  if (change.op === "delete") return playDelete(table, change, slot, at);
  /** A part of a row that may make no row. */
  const isPart = change.op === "update" && change.kept === undefined;
  if (slot.current === null) {
    if (isPart) return "ignored";
    const row = change.row!;
    if (isDeletedAfter(slot, versionOf(row, contract.version))) return "stale";
    if (change.kept !== undefined && !isRow(table.mirror, change)) return "ignored";
    slot.current = row;
    table.noteInserted(change.keyHash);
    return "inserted";
  }
  const marked = isSoftDeleted(table.mirror, slot.current);
  if (isPart && marked) return "ignored";
  const next = change.op === "update" ? merge(table.mirror, slot.current, change) : change.row!;
  const version = versionOf(next, contract.version);
  // Equal versions are no order: the later arrival is applied.
  if (isLower(version, versionOf(slot.current, contract.version))) return "stale";
  if (marked && isDeletedAfter(slot, version)) return "stale";
  if (isSame(next, slot.current)) return "unchanged";
  // A part of a row cannot be filtered before it is one; merged, it may have left the mirror.
  if (change.op === "update" && contract.where?.(next) === false) return playDelete(table, change, slot, at);
  slot.current = next;
  if (marked) table.noteInserted(change.keyHash);
  return "updated";
}

function playDelete(
  table: Table,
  change: RowChange,
  slot: Slot,
  at: number,
): "deleted" | "stale" | "ignored" {
  const { contract } = table.mirror;
  // Many sources send a deleted row's key alone: a deletion without a version is one of the version that is stored.
  const version = change.version ?? undefined;
  if (slot.current === null) {
    layTombstone(table, slot, version);
    return "ignored";
  }
  const stored = versionOf(slot.current, contract.version);
  if (version !== undefined && isLower(version, stored)) return "stale";
  layTombstone(table, slot, version ?? stored);
  if (isSoftDeleted(table.mirror, slot.current)) return "ignored";
  if (contract.deletedField !== null) {
    slot.current = softDeleted(table.mirror, slot.current, at, version);
    return "deleted";
  }
  slot.current = null;
  return "deleted";
}

function layTombstone(table: Table, slot: Slot, version: Value | undefined): void {
  if (table.mirror.contract.version === null || version === undefined || version === null) return;
  rememberDeletion(slot, version);
  table.tombstones.push({ keyHash: slot.keyHash, version });
}

/** The highest version counts: a late deletion does not shorten the memory of a later one. */
function rememberDeletion(slot: Slot, version: Value): void {
  if (isLower(slot.deletedAt, version)) slot.deletedAt = version;
}

/**
 * Whether a full row of which some values were not sent belongs to a mirror that does not have it yet.
 * @throws Error when the mirror cannot store it without these values: it waits for them in quarantine
 */
function isRow({ contract }: TableMirror, { row, kept, storable }: RowChange): boolean {
  if (storable !== true)
    throw new Error(
      `The source did not send ${kept!.join(", ")}, and the mirror has no row to keep it from. A full refresh brings the row.`,
    );
  return contract.where?.(row!) !== false;
}

/** The stored row with an update applied. @throws Error when the result is more than Convex can store */
function merge({ contract }: TableMirror, current: Row, change: RowChange): Row {
  // Unknown fields are parts of the row like any other: those that are not named stay.
  const merged = contract.overflow === null ? contract.merged : [contract.overflow, ...contract.merged];
  let row: Tree<Value> =
    change.storable === true ? keptIn(current, change) : mergeInto(current, change.row!, merged);
  for (const path of change.unset ?? []) row = removeAt(row, splitPath(path));
  const bytes = measureDocument(row);
  if (typeof bytes !== "number") throw new Error(bytes.message);
  return row;
}

/** The row of a change with the stored values of fields that it keeps. */
function keptIn(current: Row, { row, kept }: RowChange): Row {
  const isKept = (entry: [string, Value]) => kept!.includes(entry[0]);
  const others = Object.entries(row!).filter((entry) => !isKept(entry));
  return Object.fromEntries([...others, ...Object.entries(current).filter(isKept)]);
}

/** An object with the fields of another; objects at the paths `merged` keep those of their fields that are not named. */
function mergeInto(current: Tree<Value>, part: Tree<Value>, merged: readonly string[], prefix = ""): Row {
  const row: Row = { ...current, ...part };
  for (const name of Object.keys(part)) {
    const [before, after] = [current[name], part[name]];
    if (merged.includes(prefix + name) && isTree<Value>(before) && isTree<Value>(after))
      row[name] = mergeInto(before, after, merged, `${prefix}${name}.`);
  }
  return row;
}

function versionOf(row: Row, path: string | null): Value | undefined {
  return path === null ? undefined : valueAt(row, path);
}

/** True when the row was deleted at this version or a later one. */
function isDeletedAfter({ deletedAt }: Slot, version: Value | undefined): boolean {
  return deletedAt !== undefined && !isLower(deletedAt, version);
}

/** Whether a slot may have something to write: most rows of a refresh have not. */
function mayDiffer({ stored, before, current }: Slot): boolean {
  return current !== before || stored.length > 1;
}

/** Writes a slot's result to the table. */
async function write(table: Table, { stored, before, current, name, keyHash }: Slot): Promise<void> {
  const [first, ...duplicates] = stored;
  for (const duplicate of duplicates) await table.delete(duplicate, name, keyHash);
  if (first === undefined || before === null) {
    if (current !== null) await table.insert(current, name, keyHash);
  } else if (current === null) {
    await table.delete(first, name, keyHash);
  } else if (current !== before && !isSame(current, before)) {
    await table.replace(first, before, current, name, keyHash);
  }
}

/** The row as its source knows it. */
export function withoutSystemFields(row: GenericDocument): Row {
  const { _id, _creationTime, ...fields } = row as StoredRow;
  return fields;
}

/** What the writes of one transaction do to the digest and the sketch of a mirror. Hashes of keys are signed. */
export class DigestChange {
  readonly #items: ChangedItem[] = [];

  /**
   * A row that is there now.
   * @param name See `keyText`.
   */
  add(name: string, keyHash: bigint, row: Record<string, Value>): void {
    this.#note(1, name, keyHash, row);
  }

  /** A row as it was before. */
  remove(name: string, keyHash: bigint, row: Record<string, Value>): void {
    this.#note(-1, name, keyHash, row);
  }

  #note(sign: 1 | -1, key: string, keyHash: bigint, row: Record<string, Value>): void {
    this.#items.push({ sign, keyHash, rowHash: hashToInt64(hashOf(row)), key });
  }

  encode(): DigestDelta {
    return deltaOf(this.#items);
  }

  /** As sums, however few they are: for who compares them. */
  sums(): Sums {
    return sumsOf({ items: this.#items });
  }
}
