import { makeFunctionReference, mutationGeneric, type GenericDataModel } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../convex/_generated/component.js";
import type { TableMirrors } from "../client/tables/tableMirrors.js";
import type { Gate } from "./authorize.js";

const vMirror = { mirror: v.string() };

/** The operator's hand on a page. All need the app's consent to operate. */
export function dashboardMutations<DataModel extends GenericDataModel>(
  component: ComponentApi,
  mirrors: TableMirrors,
  gate: Gate<DataModel>,
  module: string,
) {
  return {
    /**
     * Tries the quarantined changes of a mirror again, with the schema as it is deployed now, in the background: what
     * can be applied leaves the quarantine; for the rest, the reason is updated. With a `reason`, only those that wait
     * for it.
     */
    replay: mutationGeneric({
      args: { ...vMirror, reason: v.optional(v.string()) },
      returns: v.null(),
      handler: async (ctx, { mirror, reason }) => {
        await gate.pass(ctx, "operate", mirror);
        const { name } = mirrors.get(mirror);
        // Conversion takes longer than a mutation may: the importer's own action does it.
        const action = makeFunctionReference<"action", { mirror: string; reason?: string }>(
          `${module}:replayQuarantine`,
        );
        await ctx.scheduler.runAfter(0, action, { mirror: name, ...(reason !== undefined && { reason }) });
        return null;
      },
    }),

    /**
     * Gives up quarantined changes of a mirror: those named, at most a page of 32; or all with a reason, of which the
     * first page at once and the others in the background. Returns how many at once.
     */
    discard: mutationGeneric({
      args: { ...vMirror, ids: v.optional(v.array(v.string())), reason: v.optional(v.string()) },
      returns: v.number(),
      handler: async (ctx, { mirror, ids = [], reason }) => {
        await gate.pass(ctx, "operate", mirror);
        return reason === undefined
          ? await ctx.runMutation(component.quarantine.discard, { mirror, ids })
          : await ctx.runMutation(component.quarantine.discardReason, { mirror, reason });
      },
    }),

    /** Refuses deliveries for a mirror until it is resumed. What it holds stays readable. */
    pause: mutationGeneric({
      args: { ...vMirror, reason: v.optional(v.string()) },
      returns: v.null(),
      handler: async (ctx, { mirror, reason }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.registry.pause, { mirror, reason });
      },
    }),

    /** Accepts deliveries for a mirror again. */
    resume: mutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.registry.resume, { mirror });
      },
    }),

    /**
     * Lets a held sweep delete the rows that its refresh did not deliver. Returns whether one was held.
     */
    sweep: mutationGeneric({
      args: vMirror,
      returns: v.boolean(),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.runs.sweep, { mirror });
      },
    }),

    /**
     * Resets the count of generations, for a sender that numbers its refreshes and has started again at 1. Its next
     * refresh is applied as a new one.
     */
    resetGeneration: mutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.runs.resetGeneration, { mirror });
      },
    }),

    /** Starts to look for rows that were written past the importer. `auditReport` has the result. */
    audit: mutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.audit.start, { mirror });
      },
    }),

    /**
     * Repairs what the last audit found: asks the source for edited and removed rows, and removes rows that were added,
     * if `removeAdded` is true.
     */
    repair: mutationGeneric({
      args: { ...vMirror, removeAdded: v.optional(v.boolean()) },
      returns: v.object({ askedAgain: v.number(), removed: v.number(), left: v.number() }),
      handler: async (ctx, { mirror, removeAdded }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.audit.repair, { mirror, removeAdded });
      },
    }),

    /** Forgets the recorded drift of a mirror: the schema declares it now, or it does not matter. */
    forgetDrift: mutationGeneric({
      args: vMirror,
      returns: v.null(),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runMutation(component.write.drift.forget, { mirror });
      },
    }),

    /** Forgets a stream that no mirror is declared for, until it is sent again. */
    forgetStream: mutationGeneric({
      args: { stream: v.string() },
      returns: v.null(),
      handler: async (ctx, { stream }) => {
        await gate.pass(ctx, "operate", null);
        return await ctx.runMutation(component.unknownStreams.forgetStream, { stream });
      },
    }),
  };
}
