/** Waiting until a mirror has read its source up to a point. Writes nothing: see `advanceWatermark.ts`. */
import { v } from "convex/values";
import { query, type QueryCtx } from "../_generated/server.js";
import { ledgerError } from "../../src/core/wire/errors.js";
import { findWatermark } from "./advanceWatermark.js";
import { getMirror } from "./mirrors.js";
import { vReached } from "../../src/core/wire/views.js";

/** What a caller waits for. */
export const vTarget = v.union(
  /** Everything that the source committed up to that time (ISO 8601, by the source's clock). */
  v.object({ time: v.string() }),
  /** Everything up to that place in the source's log, as 16 hexadecimal digits. */
  v.object({ position: v.string() }),
  /** The run being complete, or its first `sequence` deliveries being applied. */
  v.object({ run: v.string(), sequence: v.optional(v.number()) }),
);

/**
 * Whether a mirror has reached a target: true once everything up to it is applied or quarantined, and true from then
 * on. Reads two documents, however large the mirror is.
 *
 * @throws UnknownMirror; UnknownRun when the mirror has no such run, or the run is too old to be kept.
 */
export const reached = query({
  args: { mirror: v.string(), target: vTarget },
  returns: vReached,
  handler: async (ctx, { mirror, target }) => {
    const known = await findWatermark(ctx, mirror);
    const { upTo = null, position = null } = known ?? {};
    const { reached, reason } =
      "run" in target
        ? await judgeRun(ctx, mirror, target)
        : "time" in target
          ? judgeMark(upTo, target.time, "read its source up to a time")
          : judgeMark(position, target.position, "told a position of its source");
    // Read last, because the mirror's document changes with every chunk and would re-run every waiting query.
    const quarantined = reached ? (await getMirror(ctx, mirror)).quarantined : null;
    return { reached, reason, quarantined, upTo, position };
  },
});

function judgeMark(mark: string | null, wanted: string, what: string): { reached: boolean; reason: string } {
  if (mark === null)
    return { reached: false, reason: `The sender has not reported yet that it has ${what}.` };
  if (mark >= wanted) return { reached: true, reason: "Everything up to there has been received." };
  return { reached: false, reason: `The mirror has reached ${mark}.` };
}

async function judgeRun(
  ctx: QueryCtx,
  mirror: string,
  { run: id, sequence }: { run: string; sequence?: number },
): Promise<{ reached: boolean; reason: string }> {
  const runId = ctx.db.normalizeId("runs", id);
  const run = runId === null ? null : await ctx.db.get("runs", runId);
  if (run?.mirror !== mirror) {
    throw ledgerError(
      "UnknownRun",
      `There is no run "${id}" of the mirror "${mirror}", or it is too old to be kept.`,
    );
  }
  if (sequence !== undefined) {
    const applied = `${String(run.sequence)} deliveries of the run are applied.`;
    return { reached: run.sequence >= sequence, reason: applied };
  }
  let last = run;
  while (last.sweptBy !== undefined) {
    const successor = await ctx.db.get("runs", last.sweptBy);
    if (successor === null) break;
    last = successor;
  }
  // A held sweep waits for a person, as rows in quarantine do: who waits for the rows of the run does not.
  return {
    reached: last.state === "complete" || last.state === "held",
    reason: `The run is ${last.state}: ${last.reason}`,
  };
}
