import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { Counts } from "../../core/wire/changes.js";
import { addCounts, noCounts } from "../../core/wire/counts.js";
import { packRows } from "../../core/wire/packedRows.js";
import type { Change, RowEncoding } from "../../core/rows/change.js";
import type { JsonObject } from "../../core/rows/values.js";
import { parseJson } from "../../core/rows/json.js";
import { prepareRow } from "../../core/rows/row.js";
import type { AppMirror, RunsFunctions } from "../mirrors.js";
import { retryConflicts } from "./retry.js";

/** What became of the changes that waited. */
export interface Replayed {
  /** Changes that left the quarantine, and what became of them. */
  applied: number;
  /** The sum over these changes. */
  counts: Counts;
  /** Changes that still cannot be applied; their reasons are up to date. */
  waiting: number;
}

/**
 * Tries the quarantined changes of a mirror again, oldest first, with the schema as it is now. A change that still
 * cannot be applied holds back the later ones of its row, and no others.
 *
 * @param options.reason Only changes that wait for this reason, and what waits behind them. The others hold back the
 *   later ones of their rows.
 */
export async function replayQuarantine(
  ctx: RunsFunctions,
  component: ComponentApi,
  mirror: AppMirror,
  { budget, reason }: { budget: { bytesPerSecond: number }; reason: string | undefined },
): Promise<Replayed> {
  const replayed: Replayed = { applied: 0, counts: noCounts, waiting: 0 };
  const blocked = new Set<string>();
  let after: string | null = null;
  for (;;) {
    const page: Entry[] = await ctx.runQuery(component.quarantine.list, {
      mirror: mirror.name,
      ...(after !== null && { after }),
    });
    for (const entry of page) {
      const isHeldBack = entry.key !== null && blocked.has(entry.key);
      // What waits behind a change of this reason goes with it.
      const isWanted = reason === undefined || entry.reason === reason || entry.code === "HeldBehind";
      const counts =
        isHeldBack || !isWanted ? null : await replayEntry(ctx, component, mirror, entry, budget);
      if (counts === null) {
        replayed.waiting += 1;
        if (entry.key !== null) blocked.add(entry.key);
      } else {
        replayed.applied += 1;
        replayed.counts = addCounts(replayed.counts, counts);
      }
    }
    const last = page.at(-1);
    if (last === undefined) return replayed;
    after = last.cursor;
  }
}

interface Entry {
  id: string;
  code: string;
  reason: string;
  cursor: string;
  key: string | null;
  op: string;
  payload: string;
  whole: boolean;
  encoding: RowEncoding;
}

/** What became of one waiting change; null when it has to wait on. */
async function replayEntry(
  ctx: RunsFunctions,
  component: ComponentApi,
  mirror: AppMirror,
  entry: Entry,
  budget: { bytesPerSecond: number },
): Promise<Counts | null> {
  if (!entry.whole) return null;
  const change = { op: entry.op, row: parseJson(entry.payload) as JsonObject } as Change;
  const prepared = prepareRow(mirror.compiled, change, entry.encoding, { redacted: true });
  if ("problem" in prepared) {
    const { code, message } = prepared.problem;
    await ctx.runMutation(component.quarantine.refuseAgain, { id: entry.id, code, message });
    return null;
  }
  if (prepared.op === "filtered") {
    await ctx.runMutation(component.quarantine.discard, { mirror: mirror.name, ids: [entry.id] });
    return { ...noCounts, ignored: 1 };
  }
  const match = mirror.contract.primaryKey === null ? "append" : "key";
  return await retryConflicts(async () =>
    ctx.runMutation(component.quarantine.replay, {
      id: entry.id,
      rows: packRows([{ ...prepared, position: 0 }]),
      match,
      budget,
    }),
  );
}
