/**
 * What waits in quarantine for the keys of a chunk. Deletes from `quarantine` what the chunk supersedes. Chunks look
 * up only their own keys, and none while the quarantine is empty.
 */
import { convexToJson, getDocumentSize, type Value } from "convex/values";
import { keyText } from "../../src/core/proof/keyText.js";
import type { Doc } from "../_generated/dataModel.js";
import { type MutationCtx } from "../_generated/server.js";
import { replaceAt, splitPath, type Tree } from "../../src/core/rows/paths.js";
import { UNAVAILABLE } from "../../src/core/rows/unavailable.js";
import { isLower } from "../../src/core/rows/versions.js";
import type { BadRow, RowChange } from "../../src/core/wire/changes.js";
import { type PackedRows, packRows, unpackRows } from "../../src/core/wire/packedRows.js";
import { now } from "../../src/core/time.js";
import { countReasons, reasonOf } from "./countReasons.js";

/** Entries on one page of a listing or of a replay. */
const PAGE = 32;

/** Bytes of the entries of a page: a transaction reads up to 16 MiB, and to delete an entry reads it once more. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** The first documents of a query: as many as a transaction can read and delete, at least one. */
export async function pageOf<Entry extends Doc<"quarantine" | "resends">>(
  entries: AsyncIterable<Entry>,
  limit = PAGE,
): Promise<{ page: Entry[]; isLast: boolean }> {
  const page: Entry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    page.push(entry);
    bytes += getDocumentSize(entry);
    if (page.length === limit || bytes >= PAGE_BYTES) return { page, isLast: false };
  }
  return { page, isLast: true };
}

/** What waits for a key. */
interface Waits {
  entries: readonly Doc<"quarantine">[];
  /** More waits than one transaction takes, or than was asked for. */
  more: boolean;
}

/** What to do with the changes of a chunk once the quarantine has been asked about their keys. */
interface Screened {
  /** Changes to apply. */
  rows: PackedRows;
  /** Partial changes of rows with quarantined changes: they are quarantined behind them. */
  held: BadRow[];
  /** Changes of this chunk that would be quarantined if later changes in it did not replace them. */
  superseded: Set<BadRow>;
}

/**
 * Checks the keys of a chunk against the quarantine, so that no change overtakes a quarantined one unnoticed: a full
 * row or a deletion replaces the quarantined changes of its key (unless its version is older), even if it is
 * quarantined itself; a partial change is quarantined behind them. Also returns the number of entries that left the
 * quarantine.
 */
export async function screen(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  packed: PackedRows,
  bad: readonly BadRow[],
): Promise<Screened & { released: number }> {
  if (mirror.quarantined === 0 && bad.length === 0)
    return { rows: packed, held: [], superseded: new Set(), released: 0 };
  const rows = unpackRows(packed);
  const waiting = mirror.quarantined === 0 ? noEntries : await waitingFor(ctx, mirror, [...rows, ...bad]);
  const { obsolete, ...screened } = passBy(waiting, rows, bad, mirror);
  for (const { _id } of obsolete) await ctx.db.delete("quarantine", _id);
  await countReasons(ctx, mirror.name, { left: obsolete });
  return { ...screened, released: obsolete.length };
}

const noEntries: ReadonlyMap<bigint, Waits> = new Map();

/** Lets changes pass by what waits for their keys, in order, where nothing waits but changes of the same chunk. */
export function screenBehind(bad: readonly BadRow[], rows: readonly RowChange[]): Screened {
  return passBy(noEntries, rows, bad);
}

function passBy(
  waiting: ReadonlyMap<bigint, Waits>,
  rows: readonly RowChange[],
  bad: readonly BadRow[],
  mirror?: Doc<"mirrors">,
): Screened & { obsolete: Doc<"quarantine">[] } {
  const passed: RowChange[] = [];
  const superseded = new Set<BadRow>();
  const obsolete: Doc<"quarantine">[] = [];
  const stored = new Map(waiting);
  /** Changes of this chunk that wait, by key. */
  const behind = new Map<bigint, { change: BadRow; held: boolean }[]>();
  const isBad = new Set<RowChange | BadRow>(bad);
  for (const change of [...rows, ...bad].sort((a, b) => a.position - b.position)) {
    const { keyHash } = change;
    if (keyHash === undefined) continue;
    if (change.op !== "update") {
      // A full row without a version is older than one with; a deletion has none where only its key was sent.
      const version = change.version as Value | undefined;
      const hasOrder = (version ?? null) !== null || change.op === "upsert";
      const isOlder = (waits: Value | undefined) => hasOrder && isLower(version, waits);
      const [gone, stay] = partition(
        stored.get(keyHash)?.entries ?? [],
        (entry) => !isOlder(entry.version as Value),
      );
      const [dropped, left] = partition(
        behind.get(keyHash) ?? [],
        (one) => !isOlder(one.change.version as Value),
      );
      obsolete.push(...gone);
      for (const one of dropped) superseded.add(one.change);
      const more = stored.get(keyHash)?.more === true;
      stored.set(keyHash, { entries: stay, more });
      behind.set(keyHash, left);
    }
    const waits = behind.get(keyHash) ?? [];
    const before = stored.get(keyHash);
    // What replaces more than one transaction can delete waits behind the rest, which the next change of the key goes on
    // to delete.
    const isHeld =
      change.op === "update" ? waits.length + (before?.entries.length ?? 0) > 0 : before?.more === true;
    if (isBad.has(change)) {
      behind.set(keyHash, [...waits, { change: change as BadRow, held: false }]);
    } else if (isHeld) {
      behind.set(keyHash, [...waits, { change: deferred(change as RowChange, mirror), held: true }]);
    } else {
      passed.push(change as RowChange);
    }
  }
  const held = [...behind.values()].flat().flatMap((one) => (one.held ? one.change : []));
  return { rows: packRows(passed), held, superseded, obsolete };
}

function partition<T>(all: readonly T[], matches: (one: T) => boolean): [matching: T[], others: T[]] {
  return [all.filter(matches), all.filter((one) => !matches(one))];
}

async function waitingFor(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  changes: readonly (RowChange | BadRow)[],
) {
  const keys = [...new Set(changes.flatMap(({ keyHash }) => keyHash ?? []))];
  // Only what replaces the entries needs them all; to others it matters whether there are any.
  const replaced = new Set(changes.flatMap(({ op, keyHash }) => (op === "update" ? [] : (keyHash ?? []))));
  const found = await Promise.all(
    keys.map(async (keyHash) => {
      const entries = ctx.db
        .query("quarantine")
        .withIndex("by_key", (q) => q.eq("mirror", mirror.name).eq("keyHash", keyHash));
      const { page, isLast } = await pageOf(entries, replaced.has(keyHash) ? MAX_REPLACED : 1);
      return [keyHash, { entries: page, more: !isLast }] as const;
    }),
  );
  return new Map(found.filter(([, { entries }]) => entries.length > 0));
}

/** Entries of one key that a change replaces at once, where they are small. */
const MAX_REPLACED = 1_000;

function deferred(row: RowChange, mirror: Doc<"mirrors"> | undefined): BadRow {
  return quarantineChange(
    row,
    "HeldBehind",
    "An earlier change of the same row is in quarantine; this one waits for it.",
    mirror,
  );
}

/** A converted change on its way to quarantine, for reasons that only the transaction knows. */
export function quarantineChange(
  row: RowChange,
  code: string,
  message: string,
  mirror?: Doc<"mirrors">,
): BadRow {
  let fields = (row.row ?? {}) as Tree<Value>;
  for (const path of row.unset ?? []) fields = replaceAt(fields, splitPath(path), null);
  // Read again, they stand for what the source did not send.
  for (const field of row.kept ?? []) fields = { ...fields, [field]: UNAVAILABLE };
  if (row.op === "delete" && mirror?.keyed === true) {
    // A deletion has no row: what replays it needs its key, and its version.
    mirror.primaryKey.split(", ").forEach((path, i) => {
      fields = replaceAt(fields, splitPath(path), row.key[i] as Value);
    });
    if (mirror.version !== undefined && row.version !== undefined)
      fields = replaceAt(fields, splitPath(mirror.version), row.version);
  }
  return {
    position: row.position,
    code,
    message,
    op: row.op,
    payload: JSON.stringify(convexToJson(fields)),
    whole: true,
    encoding: "stored",
    keyHash: row.keyHash,
    key: keyText(row.key),
    version: row.version as Value,
  };
}

/** Puts changes into quarantine. */
export async function storeInQuarantine(
  ctx: MutationCtx,
  run: Doc<"runs">,
  delivery: string | undefined,
  bad: readonly BadRow[],
): Promise<void> {
  const receivedAt = now();
  // In the order in which they came, for that is the order of a replay.
  for (const { position: _position, ...row } of [...bad].sort((a, b) => a.position - b.position)) {
    await ctx.db.insert("quarantine", {
      mirror: run.mirror,
      ...row,
      reason: reasonOf(row).reason,
      run: run._id,
      ...(row.keyHash === undefined && { unreadableIn: run.generation }),
      delivery,
      receivedAt,
    });
  }
  await countReasons(ctx, run.mirror, { entered: bad });
}
