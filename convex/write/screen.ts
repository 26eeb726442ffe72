import { convexToJson, type Value } from "convex/values";
import { keyText } from "../../src/core/proof/hash.js";
import type { Doc } from "../_generated/dataModel.js";
import { type MutationCtx } from "../_generated/server.js";
import { replaceAt, splitPath, type Tree } from "../../src/core/rows/paths.js";
import { isLower } from "../../src/core/rows/versions.js";
import type { BadRow, RowChange } from "../../src/core/wire/validators.js";
import { countReasons } from "./reasons.js";

/** Entries on one page of a listing or of a replay: payloads are up to 256 KiB each, and a query reads up to 16 MiB. */
export const PAGE = 32;

/** What to do with the changes of a chunk once the quarantine has been asked about their keys. */
interface Screened {
  /** Changes to apply. */
  rows: RowChange[];
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
  rows: readonly RowChange[],
  bad: readonly BadRow[],
): Promise<Screened & { released: number }> {
  const waiting = mirror.quarantined === 0 ? noEntries : await waitingFor(ctx, mirror, [...rows, ...bad]);
  const { obsolete, ...screened } = passBy(waiting, rows, bad);
  for (const { _id } of obsolete) await ctx.db.delete("quarantine", _id);
  await countReasons(ctx, mirror.name, { left: obsolete });
  return { ...screened, released: obsolete.length };
}

const noEntries: ReadonlyMap<bigint, Doc<"quarantine">[]> = new Map();

/** Lets changes pass by what waits for their keys, in order, where nothing waits but changes of the same chunk. */
export function screenBehind(bad: readonly BadRow[], rows: readonly RowChange[]): Screened {
  return passBy(noEntries, rows, bad);
}

function passBy(
  waiting: ReadonlyMap<bigint, Doc<"quarantine">[]>,
  rows: readonly RowChange[],
  bad: readonly BadRow[],
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
      const [gone, stay] = partition(stored.get(keyHash) ?? [], (entry) => !isOlder(entry.version as Value));
      const [dropped, left] = partition(
        behind.get(keyHash) ?? [],
        (one) => !isOlder(one.change.version as Value),
      );
      obsolete.push(...gone);
      for (const one of dropped) superseded.add(one.change);
      stored.set(keyHash, stay);
      behind.set(keyHash, left);
    }
    const waits = behind.get(keyHash) ?? [];
    if (isBad.has(change)) {
      behind.set(keyHash, [...waits, { change: change as BadRow, held: false }]);
    } else if (change.op === "update" && waits.length + (stored.get(keyHash)?.length ?? 0) > 0) {
      behind.set(keyHash, [...waits, { change: deferred(change as RowChange), held: true }]);
    } else {
      passed.push(change as RowChange);
    }
  }
  const held = [...behind.values()].flat().flatMap((one) => (one.held ? one.change : []));
  return { rows: passed, held, superseded, obsolete };
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
  const found = await Promise.all(
    keys.map(async (keyHash) => {
      const entries = await ctx.db
        .query("quarantine")
        .withIndex("by_key", (q) => q.eq("mirror", mirror.name).eq("keyHash", keyHash))
        .take(PAGE);
      return [keyHash, entries] as const;
    }),
  );
  return new Map(found.filter(([, entries]) => entries.length > 0));
}

function deferred(row: RowChange): BadRow {
  return quarantineChange(
    row,
    "HeldBehind",
    "An earlier change of the same row is in quarantine; this one waits for it.",
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
  if (row.op === "delete" && mirror?.keyed === true) {
    // A deletion has no row: what replays it needs its key, and its version.
    mirror.primaryKey.split(", ").forEach((path, i) => {
      fields = replaceAt(fields, splitPath(path), row.key[i] as Value);
    });
    if (mirror.version !== undefined && row.version !== undefined)
      fields = replaceAt(fields, splitPath(mirror.version), row.version as Value);
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
    key: keyText(row.key as Value[]),
    version: row.version as Value,
  };
}
