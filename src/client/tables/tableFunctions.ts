import {
  internalMutationGeneric,
  internalQueryGeneric,
  type GenericDataModel,
  type GenericDatabaseReader,
  type GenericDocument,
  type GenericDatabaseWriter,
  type MutationBuilder,
  type QueryBuilder,
} from "convex/server";
import { getConvexSize, getDocumentSize, type GenericId, type Infer, type Value } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { ledgerError } from "../../core/wire/errors.js";
import type { Changed } from "../../core/wire/exports.js";
import { unpackRows } from "../../core/wire/packedRows.js";
import { vReadArgs, vPage, vWriteArgs, vWritten, type vBelow } from "../../core/wire/port.js";
import { keyHash } from "../../core/proof/hash.js";
import { keyText } from "../../core/proof/keyText.js";
import { keyOf, valueAt } from "../../core/rows/paths.js";
import { applyRows, withoutSystemFields, DigestChange } from "./applyRows.js";
import { importersOwn } from "./importersOwn.js";
import { isSoftDeleted, softDeleted } from "./softDelete.js";
import type { TableMirror, TableMirrors } from "./tableMirrors.js";

/** Bytes that one page of a walk may read: half of the 16 MiB of a transaction, for a row may be 1 MiB. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Bytes of rows that one transaction deletes, marks or copies: to delete or to replace a row reads it once more. */
const WRITE_BYTES = 4 * 1024 * 1024;

const IMPORTER_ONLY =
  "Only the import writes mirrors: this function is for the component, which calls it itself. Write a table of your own, or change the row at its source.";

// Any mirror of any app: documents are typed as "some fields", not as `any`.
const internalMutation: MutationBuilder<GenericDataModel, "internal"> = internalMutationGeneric;
const internalQuery: QueryBuilder<GenericDataModel, "internal"> = internalQueryGeneric;

/**
 * The app's side of the component's port: the only functions of an app that write mirror tables. The component calls
 * them by function handle, inside its own transactions. `write` refuses every other caller: it asks the component, in the
 * same transaction, whether the secret that it was given is the component's.
 */
export function tableFunctions(component: ComponentApi, mirrors: TableMirrors) {
  return {
    /** Reads a page of a mirror: ids and key hashes, in the order in which a sweep walks it. */
    read: internalQuery({
      args: vReadArgs,
      returns: vPage,
      // The validator's type has no name of its own, so that an app with `declaration: true` can write it down.
      handler: async (ctx, { table, cursor, limit, hashed, keys: wanted }): Promise<Infer<typeof vPage>> => {
        const mirror = mirrors.get(table);
        const page = await walk(ctx.db, mirror).paginate({
          cursor,
          numItems: limit,
          maximumBytesRead: PAGE_BYTES,
        });
        // A sweep has nothing to do with rows that are marked already, however many they have become.
        const rows = hashed ? page.page : page.page.filter((row) => !isSoftDeleted(mirror, row));
        const keys = rows.map((row) => identify(mirror, row));
        return {
          ids: rows.map((row) => row._id as string),
          rows: page.page.length,
          keyHashes: BigInt64Array.from(keys, (key) => key.hash).buffer,
          delta: hashed ? digestOf(rows, keys) : null,
          ...(wanted !== undefined && {
            keys: keys.flatMap(({ key }, i) => (isBelow(rows[i]!, wanted.below) ? [key] : [])),
          }),
          cursor: page.isDone ? null : page.continueCursor,
        };
      },
    }),

    /** Writes a mirror: applies changes, or removes, clears or copies rows. */
    write: importersOwn(
      internalMutation({
        args: vWriteArgs,
        returns: vWritten,
        handler: async (
          ctx,
          { secret, table, apply, remove, clear, copy },
        ): Promise<Infer<typeof vWritten>> => {
          if (secret === undefined || !(await ctx.runQuery(component.capability.check, { secret })))
            throw ledgerError("ImporterOnly", IMPORTER_ONLY);
          const { db } = ctx;
          const mirror = mirrors.get(table);
          if (apply !== undefined)
            return await applyRows(db, mirror, { ...apply, rows: unpackRows(apply.rows) });
          if (remove !== undefined) return await removeRows(db, mirror, remove);
          if (clear !== undefined) return await clearRows(db, mirror, clear);
          if (copy !== undefined) return await copyRows(db, mirror, copy);
          throw new Error("write: say what to do: apply, remove, clear or copy.");
        },
      }),
    ),
  };
}

type Writer = GenericDatabaseWriter<GenericDataModel>;

/** Deletes rows of a mirror by id, or marks them with `onDelete: "soft"`. A missing row is no error. */
async function removeRows(db: Writer, mirror: TableMirror, { ids, at }: { ids: string[]; at: number }) {
  const present: GenericDocument[] = [];
  let read = 0;
  for (let bytes = 0, together = 1; read < ids.length && bytes < WRITE_BYTES;) {
    const next = ids.slice(read, read + together);
    const found = await Promise.all(next.map((id) => db.get(mirror.name, id as GenericId<string>)));
    read += next.length;
    for (const row of found) {
      if (row === null) continue;
      present.push(row);
      bytes += getDocumentSize(row);
    }
    // As many more as there is room for, if they are like the others; a few rows say little.
    together = Math.max(1, Math.min(read, Math.floor((WRITE_BYTES - bytes) * (read / (bytes + 1)))));
  }
  if (mirror.contract.deletedField !== null) return { read, ...(await markRows(db, mirror, present, at)) };
  return { read, ...(await deleteRows(db, mirror, present)), marked: 0 };
}

/** Deletes the first rows of a mirror. */
async function clearRows(db: Writer, mirror: TableMirror, { limit }: { limit: number }) {
  const { page } = await db
    .query(mirror.name)
    .paginate({ cursor: null, numItems: limit, maximumBytesRead: WRITE_BYTES });
  return await deleteRows(db, mirror, page);
}

/** Inserts further copies of rows, for mirrors without a key. */
async function copyRows(
  db: Writer,
  mirror: TableMirror,
  { copies }: { copies: { id: string; times: number }[] },
) {
  const change = new DigestChange();
  const copied: string[] = [];
  let made = 0;
  let written = 0;
  let read = 0;
  for (const { id, times } of copies) {
    if (written + read >= WRITE_BYTES) break;
    const original = await db.get(mirror.name, id as GenericId<string>);
    if (original === null) {
      made += times;
      continue;
    }
    const row = withoutSystemFields(original);
    const size = getConvexSize(row);
    const { key, hash } = identify(mirror, original);
    read += size;
    for (let i = 0; i < times && (i === 0 || written + read < WRITE_BYTES); i++) {
      copied.push(await db.insert(mirror.name, row));
      change.add(keyText(key), hash, row);
      written += size;
      made += 1;
    }
  }
  const changed = changedIn(mirror, { written: copied });
  return { made, added: copied.length, delta: change.encode(), ...changed };
}

/** Copies of a row without a key must follow each other; otherwise any order will do, and this is the order of creation. */
function walk(db: GenericDatabaseReader<GenericDataModel>, { name, contract, keyIndex }: TableMirror) {
  return contract.primaryKey === null ? db.query(name).withIndex(keyIndex) : db.query(name);
}

/** Whether a row has a lower number at the path. What is no number is not known to be lower. */
function isBelow(row: GenericDocument, below: Infer<typeof vBelow> | undefined): boolean {
  if (below === undefined) return true;
  const value = valueAt(row as Record<string, Value>, below.path);
  return typeof value === "number" && value < below.value;
}

interface Identity {
  key: Value[];
  hash: bigint;
}

/** A row without its key was not written by the importer: it gets the empty key, which no source can send. */
function identify({ keyFields }: TableMirror, row: GenericDocument): Identity {
  const key = keyOf(row, keyFields);
  const known = Array.isArray(key) ? key : [];
  return { key: known, hash: BigInt.asIntN(64, keyHash(known)) };
}

function digestOf(rows: readonly GenericDocument[], keys: readonly Identity[]) {
  const change = new DigestChange();
  rows.forEach((row, i) => {
    change.add(keyText(keys[i]!.key), keys[i]!.hash, withoutSystemFields(row));
  });
  return change.sums();
}

async function deleteRows(db: Writer, mirror: TableMirror, rows: GenericDocument[]) {
  const change = new DigestChange();
  await Promise.all(
    rows.map(async (row) => {
      await db.delete(mirror.name, row._id as GenericId<string>);
      const { key, hash } = identify(mirror, row);
      change.remove(keyText(key), hash, withoutSystemFields(row));
    }),
  );
  const changed = changedIn(mirror, { deleted: rows.map(({ _id }) => _id as string) });
  return { gone: rows.length, delta: change.encode(), ...changed };
}

/** Marks rows as deleted. Their version stays: a refresh without a row does not say when the source deleted it. */
async function markRows(db: Writer, mirror: TableMirror, rows: GenericDocument[], at: number) {
  const change = new DigestChange();
  const unmarked = rows.filter((row) => !isSoftDeleted(mirror, row));
  await Promise.all(
    unmarked.map(async (row) => {
      const before = withoutSystemFields(row);
      const after = softDeleted(mirror, before, at, undefined);
      await db.replace(mirror.name, row._id as GenericId<string>, after);
      const { key, hash } = identify(mirror, row);
      change.remove(keyText(key), hash, before);
      change.add(keyText(key), hash, after);
    }),
  );
  const changed = changedIn(mirror, { written: unmarked.map(({ _id }) => _id as string) });
  return { gone: 0, marked: unmarked.length, delta: change.encode(), ...changed };
}

/** What the change feed needs to know of a write, if the mirror is exported. */
function changedIn({ exported }: TableMirror, { written = [], deleted = [] }: Partial<Changed>) {
  return exported ? { changed: { written, deleted } } : {};
}
