import { queryGeneric, type GenericDataModel } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { vSample } from "../core/wire/validators.js";
import {
  vAuditReport,
  vDriftEntry,
  vMirrorStatus,
  vQuarantineEntry,
  vQuarantineReason,
  vReached,
  vReaderStatus,
  vRunSummary,
  vUnknownStream,
} from "../core/wire/views.js";
import { withoutRows } from "../core/wire/senderStatus.js";
import { admittingSnippet, driftSnippet, unsettled } from "../schema/driftSnippet.js";
import type { TableMirrors } from "../client/tables/tableMirrors.js";
import type { Gate } from "./authorize.js";
import { toTarget, vTarget } from "./target.js";

/** Runs on a page of history: by default, and at most. */
const DEFAULT_RUNS = 20;
const MAX_RUNS = 100;

const vMirror = { mirror: v.string() };

/** What status pages read. */
export function dashboardQueries<DataModel extends GenericDataModel>(
  component: ComponentApi,
  mirrors: TableMirrors,
  gate: Gate<DataModel>,
) {
  return {
    /** All mirrors, the number of streams without one, and whether the caller may operate. */
    importStatus: queryGeneric({
      args: {},
      returns: v.object({
        mirrors: v.array(vMirrorStatus),
        unknownStreams: v.number(),
        mayOperate: v.boolean(),
      }),
      handler: async (ctx) => {
        await gate.pass(ctx, "view", null);
        const mayOperate = await gate.mayOperate(ctx, null);
        const [all, streams] = await Promise.all([
          ctx.runQuery(component.registry.list, {}),
          ctx.runQuery(component.unknownStreams.list, {}),
        ]);
        const shown = mayOperate ? all : all.map(withoutRows);
        return { mirrors: shown, unknownStreams: streams.length, mayOperate };
      },
    }),

    /** One mirror; null when the registry does not know it (yet). */
    mirrorStatus: queryGeneric({
      args: vMirror,
      returns: v.union(v.null(), vMirrorStatus),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "view", mirror);
        const status = await ctx.runQuery(component.registry.get, { mirror });
        return status === null || (await gate.mayOperate(ctx, mirror)) ? status : withoutRows(status);
      },
    }),

    /** Runs of a mirror, newest first: `limit` (20, at most 100) of those before the epoch `before`, or the newest. */
    runs: queryGeneric({
      args: { ...vMirror, limit: v.optional(v.number()), before: v.optional(v.number()) },
      returns: v.array(vRunSummary),
      handler: async (ctx, { mirror, limit, before }) => {
        await gate.pass(ctx, "view", mirror);
        const bounded = Math.min(Math.max(1, Math.trunc(limit ?? DEFAULT_RUNS)), MAX_RUNS);
        return await ctx.runQuery(component.runs.history, { mirror, limit: bounded, before });
      },
    }),

    /** How a mirror grew: at most a sample a minute, oldest first. */
    samples: queryGeneric({
      args: vMirror,
      returns: v.array(vSample),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "view", mirror);
        return await ctx.runQuery(component.mirror.samples.list, { mirror });
      },
    }),

    /** What the source of a mirror sends that its schema does not expect, and the lines to paste into schema.ts. */
    drift: queryGeneric({
      args: vMirror,
      // A sample is a part of a row.
      returns: v.object({ entries: v.array(vDriftEntry.omit("sample")), snippet: v.string() }),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "view", mirror);
        const onRecord = await ctx.runQuery(component.write.drift.list, { mirror });
        const declared = mirrors.all.find(({ name }) => name === mirror);
        const found =
          declared === undefined
            ? onRecord
            : unsettled(onRecord, { fields: declared.fields, columns: declared.contract.columns });
        return { entries: found.map(({ sample: _, ...entry }) => entry), snippet: driftSnippet(found) };
      },
    }),

    /** Streams that connectors send and no mirror is declared for, with the code to add to schema.ts. */
    unknownStreams: queryGeneric({
      args: {},
      returns: v.array(vUnknownStream),
      handler: async (ctx) => {
        await gate.pass(ctx, "view", null);
        return await ctx.runQuery(component.unknownStreams.list, {});
      },
    }),

    /** Who reads the export, how far each has come, and whether it is about to lose changes. */
    exportReaders: queryGeneric({
      args: {},
      returns: v.array(vReaderStatus),
      handler: async (ctx) => {
        await gate.pass(ctx, "view", null);
        return await ctx.runQuery(component.readers.list, {});
      },
    }),

    /**
     * Whether a mirror has come as far as `target` says. See docs/SPEC.md, WAIT.
     * @throws Error for a mirror that the schema does not declare; UnknownRun; BadTarget
     */
    reached: queryGeneric({
      args: { ...vMirror, target: vTarget },
      returns: vReached,
      handler: async (ctx, { mirror, target }) => {
        await gate.pass(ctx, "view", mirror);
        const { name } = mirrors.get(mirror);
        return await ctx.runQuery(component.mirror.watermark.reached, {
          mirror: name,
          target: toTarget(target),
        });
      },
    }),

    /**
     * Quarantined changes of a mirror, complete, oldest first: a page of at most 32, or 4 MiB, after the `cursor` of the
     * last one of the page before (`after`); an empty page is the end. For operators.
     */
    quarantine: queryGeneric({
      args: { ...vMirror, after: v.optional(v.string()), reason: v.optional(v.string()) },
      returns: v.array(vQuarantineEntry),
      handler: async (ctx, { mirror, after, reason }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runQuery(component.quarantine.list, { mirror, after, reason });
      },
    }),

    /**
     * Why changes of a mirror are in quarantine, and how many of each reason; the most first. `fix` is the line of
     * schema.ts with which they fit; null where there is no such line.
     */
    quarantineReasons: queryGeneric({
      args: vMirror,
      returns: v.array(vQuarantineReason.extend({ fix: v.union(v.string(), v.null()) })),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "view", mirror);
        const reasons = await ctx.runQuery(component.write.reasons.list, { mirror });
        const declared = mirrors.all.find(({ name }) => name === mirror);
        return reasons.map((reason) => ({
          ...reason,
          fix: declared === undefined ? null : admittingSnippet(reason, declared),
        }));
      },
    }),

    /** What the last audit of a mirror found, with the keys of the rows; null when there was none. For operators. */
    auditReport: queryGeneric({
      args: vMirror,
      returns: v.union(v.null(), vAuditReport),
      handler: async (ctx, { mirror }) => {
        await gate.pass(ctx, "operate", mirror);
        return await ctx.runQuery(component.audit.report, { mirror });
      },
    }),
  };
}
