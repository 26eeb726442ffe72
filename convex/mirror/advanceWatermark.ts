/**
 * How far a mirror has read its source. Writes `watermarks`: one document per mirror, apart from `mirrors`, so that
 * chunks do not re-run the queries that wait for it. It only advances (WAIT-5), so the order of writers does not
 * matter. To `runs` it writes what the end of the run will promise.
 */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Watermark } from "../../src/core/wire/changes.js";

/** The higher of two watermarks, per field. */
export function further(a: Watermark, b: Watermark): Watermark {
  return { upTo: later(a.upTo, b.upTo), position: later(a.position, b.position) };
}

/** Times and positions are written so that they sort as text. */
function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

/** Advances a mirror's watermark. It never moves back. */
export async function advanceWatermark(
  ctx: MutationCtx,
  mirror: string,
  reach: Watermark | undefined,
): Promise<void> {
  if (reach?.upTo === undefined && reach?.position === undefined) return;
  const known = await findWatermark(ctx, mirror);
  if (known === null) {
    await ctx.db.insert("watermarks", { mirror, ...reach });
    return;
  }
  const next = further(known, reach);
  if (next.upTo !== known.upTo || next.position !== known.position)
    await ctx.db.patch("watermarks", known._id, next);
}

/**
 * Records a sender's watermark. While a sweep has rows to delete, the watermark waits with that refresh; a held one has
 * none until a person agrees.
 */
export async function promiseWatermark(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  run: Doc<"runs">,
  reach: Watermark | undefined,
): Promise<void> {
  if (reach === undefined) return;
  const sweeping = mirror.held === undefined ? mirror.sweeping : undefined;
  const waitsFor = run.generation === undefined ? sweeping : run._id;
  const refresh = waitsFor === undefined ? null : await ctx.db.get("runs", waitsFor);
  if (refresh === null) await advanceWatermark(ctx, mirror.name, reach);
  else await ctx.db.patch("runs", refresh._id, { reach: further(refresh.reach ?? {}, reach) });
}

/** How far a mirror has read its source, if its sender says so. */
export async function findWatermark(ctx: QueryCtx, mirror: string): Promise<Doc<"watermarks"> | null> {
  return await ctx.db
    .query("watermarks")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .unique();
}
