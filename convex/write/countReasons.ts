/**
 * How many changes of a mirror are in quarantine, by reason: what a person reads first when 2,000 rows fail alike.
 * Written in the transactions that write the quarantine, and in no other; so the sums are those of its entries.
 *
 * Writes `quarantineReasons`: one document per mirror and reason. Two chunks of a mirror do not run at the same time,
 * and a person decides seldom.
 */
import type { MutationCtx } from "../_generated/server.js";
import { now } from "../../src/core/time.js";

/** Why a change is in quarantine, and its code and top field. */
interface Refused {
  code: string;
  message: string;
}

/** The reason of a change: its code, the top field where the message names one, and the kind of value found there. */
export function reasonOf({ code, message }: Refused): Reason {
  const field = /^The field "([^".]+)/.exec(message)?.[1];
  const found = /^The field "[^".]+": found (?:an? )?(\w+)/.exec(message)?.[1];
  return { reason: field === undefined ? code : `${code} ${field}`, field, found };
}

interface Reason {
  reason: string;
  field: string | undefined;
  found: string | undefined;
}

/** Counts changes that enter and leave the quarantine of a mirror. */
export async function countReasons(
  ctx: MutationCtx,
  mirror: string,
  { entered = [], left = [] }: { entered?: readonly Refused[]; left?: readonly Refused[] },
): Promise<void> {
  const deltas = new Map<string, Omit<Reason, "reason"> & { code: string; by: number }>();
  const add = (refused: Refused, by: number) => {
    const { reason, field, found } = reasonOf(refused);
    const delta = deltas.get(reason) ?? { code: refused.code, field, found, by: 0 };
    deltas.set(reason, { ...delta, by: delta.by + by });
  };
  for (const refused of entered) add(refused, 1);
  for (const refused of left) add(refused, -1);
  for (const [reason, { code, field, found, by }] of deltas) {
    if (by === 0) continue;
    const known = await ctx.db
      .query("quarantineReasons")
      .withIndex("by_reason", (q) => q.eq("mirror", mirror).eq("reason", reason))
      .unique();
    const changes = (known?.changes ?? 0) + by;
    if (known === null) {
      if (changes > 0)
        await ctx.db.insert("quarantineReasons", {
          mirror,
          reason,
          code,
          field,
          found,
          changes,
          firstAt: now(),
        });
    } else if (changes > 0) await ctx.db.patch("quarantineReasons", known._id, { changes });
    else await ctx.db.delete("quarantineReasons", known._id);
  }
}
