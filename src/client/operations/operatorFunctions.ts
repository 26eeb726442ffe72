import { internalActionGeneric, internalMutationGeneric, internalQueryGeneric } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { budgetUse } from "../importing/budget.js";
import type { Declaration } from "../importing/declaration.js";
import type { AppMirrors } from "../mirrors.js";
import { replayQuarantine } from "../importing/replay.js";
import { clearMirror } from "../importing/session.js";

/** Runs that `runs` shows by default. */
const DEFAULT_RUNS = 20;

const vMirror = { mirror: v.string() };

/** The operator's hand: functions for people, by `npx convex run imports:<name> '{"mirror": "…"}'`. */
export function operatorFunctions(
  component: ComponentApi,
  mirrors: AppMirrors,
  declaration: Declaration,
  budget: { bytesPerSecond: number },
) {
  return {
    /** Updates the registry from the schema. The first request after a deploy does the same. */
    declare: internalMutationGeneric({
      args: {},
      returns: v.null(),
      handler: async (ctx) => {
        await declaration.send(ctx, component);
        return null;
      },
    }),

    /** Every mirror with its state, its reason and its counts. */
    status: internalQueryGeneric({
      args: {},
      handler: async (ctx) => await ctx.runQuery(component.registry.list, { exact: true }),
    }),

    /** The write budget of all mirrors together, in bytes per second, and which share of it is in use now. */
    budget: internalQueryGeneric({
      args: {},
      returns: v.object({ bytesPerSecond: v.number(), usedShare: v.number() }),
      handler: async (ctx) => await budgetUse(ctx, component, budget),
    }),

    /** Streams that connectors sent and no mirror is declared for, with the code to add. */
    unknownStreams: internalQueryGeneric({
      args: {},
      handler: async (ctx) => await ctx.runQuery(component.unknownStreams.list, {}),
    }),

    /** The newest runs of a mirror, 20 or as many as `limit` says. */
    runs: internalQueryGeneric({
      args: { ...vMirror, limit: v.optional(v.number()) },
      handler: async (ctx, { mirror, limit }) =>
        await ctx.runQuery(component.runs.history, { mirror, limit: limit ?? DEFAULT_RUNS }),
    }),

    /** Refuses deliveries for a mirror until it is resumed. What it holds stays readable. */
    pause: internalMutationGeneric({
      args: { ...vMirror, reason: v.optional(v.string()) },
      returns: v.null(),
      handler: async (ctx, { mirror, reason }) =>
        await ctx.runMutation(component.registry.pause, {
          mirror,
          reason: reason ?? "Paused by an operator.",
        }),
    }),

    /** Accepts deliveries for a mirror again. */
    resume: internalMutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => await ctx.runMutation(component.registry.resume, { mirror }),
    }),

    /** Lets a held sweep delete the rows that its refresh did not deliver. Returns whether one was held. */
    sweep: internalMutationGeneric({
      args: vMirror,
      returns: v.boolean(),
      handler: async (ctx, { mirror }) => await ctx.runMutation(component.runs.sweep, { mirror }),
    }),

    /** Deletes every row of a mirror. For a source that is really empty: a refresh without rows deletes none. */
    clearMirror: internalActionGeneric({
      args: vMirror,
      returns: v.number(),
      handler: async (ctx, { mirror }) => await clearMirror(ctx, component, mirrors.get(mirror).name),
    }),

    /** Changes of a mirror that wait in quarantine, oldest first, a page at a time: `after` is the last id of a page. */
    listQuarantine: internalQueryGeneric({
      args: { ...vMirror, after: v.optional(v.string()) },
      handler: async (ctx, { mirror, after }) =>
        await ctx.runQuery(component.quarantine.list, { mirror, after: after ?? null }),
    }),

    /** Tries the quarantined changes of a mirror again, with the schema as it is deployed now. */
    replayQuarantine: internalActionGeneric({
      args: vMirror,
      handler: async (ctx, { mirror }) => await replayQuarantine(ctx, component, mirrors.get(mirror), budget),
    }),

    /** Gives up quarantined changes of a mirror: those of `ids`, or all. Returns how many. */
    discardQuarantine: internalActionGeneric({
      args: { ...vMirror, ids: v.optional(v.array(v.string())) },
      returns: v.number(),
      handler: async (ctx, { mirror, ids }) => {
        let total = 0;
        for (;;) {
          const gone: number = await ctx.runMutation(component.quarantine.discard, { mirror, ids });
          total += gone;
          if (gone === 0 || ids !== undefined) return total;
        }
      },
    }),

    /** What the source of a mirror sent that its schema does not expect. */
    drift: internalQueryGeneric({
      args: vMirror,
      handler: async (ctx, { mirror }) => await ctx.runQuery(component.write.drift.list, { mirror }),
    }),

    /** Starts to look for rows that were written past the importer. `auditReport` has the result. */
    audit: internalMutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => await ctx.runMutation(component.audit.start, { mirror }),
    }),

    /** What the last audit of a mirror found, or null. */
    auditReport: internalQueryGeneric({
      args: vMirror,
      handler: async (ctx, { mirror }) => await ctx.runQuery(component.audit.report, { mirror }),
    }),

    /**
     * Repairs what the last audit found: asks the source for edited and removed rows, and removes rows that were added,
     * if `removeAdded` is true.
     */
    repair: internalMutationGeneric({
      args: { ...vMirror, removeAdded: v.optional(v.boolean()) },
      handler: async (ctx, { mirror, removeAdded }) =>
        await ctx.runMutation(component.audit.repair, { mirror, removeAdded: removeAdded ?? false, budget }),
    }),
  };
}
