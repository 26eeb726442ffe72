import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { ledgerError } from "../../src/core/wire/errors.js";
import { now } from "../../src/core/time.js";

/** The registry's row of a mirror, or null. */
export async function findMirror(ctx: QueryCtx, name: string): Promise<Doc<"mirrors"> | null> {
  return await ctx.db
    .query("mirrors")
    .withIndex("by_name", (q) => q.eq("name", name))
    .unique();
}

/** The registry's row of a mirror. @throws UnknownMirror */
export async function getMirror(ctx: QueryCtx, name: string): Promise<Doc<"mirrors">> {
  const mirror = await findMirror(ctx, name);
  if (mirror === null) {
    throw ledgerError(
      "UnknownMirror",
      `There is no mirror "${name}" in the registry. Declare it with mirrorTable in schema.ts and deploy.`,
    );
  }
  return mirror;
}

/** How the component reaches the app. @throws NotDeclared before the first declaration. */
export async function getHandles(ctx: QueryCtx): Promise<Doc<"app">["handles"]> {
  return (await getApp(ctx)).handles;
}

/** What the app has declared beside its mirrors. @throws NotDeclared */
export async function getApp(ctx: QueryCtx): Promise<Doc<"app">> {
  const app = await ctx.db.query("app").first();
  if (app === null) {
    throw ledgerError("NotDeclared", "The registry is empty. Run `npx convex run imports:declare` once.");
  }
  return app;
}

/** What its sender calls the newest refresh of a mirror; 0 before the first, and after a reset. */
export function numberOf({ generation, numbered, counted }: Doc<"mirrors">): number {
  return [numbered, counted].find((each) => each?.generation === generation)?.number ?? 0;
}

/** The newest run of a mirror in words, for its registry row: "3: complete at 2026-…". Nothing for an older run. */
export function lastRun(
  mirror: Pick<Doc<"mirrors">, "epoch">,
  run: Pick<Doc<"runs">, "epoch">,
  state: Doc<"runs">["state"],
): { lastRun?: string } {
  if (run.epoch !== mirror.epoch) return {};
  const since = state === "running" || state === "sweeping" ? "since" : "at";
  return { lastRun: `${String(run.epoch)}: ${state} ${since} ${now()}` };
}

/** How long a sender should leave a paused mirror alone, in milliseconds. */
const PAUSED_RETRY_MS = 60_000;

/** The refusal of anything that would write to a paused mirror. */
export function pausedError(mirror: Doc<"mirrors">) {
  return ledgerError(
    "MirrorPaused",
    `The mirror "${mirror.name}" is paused: ${mirror.reason} Resume it with \`npx streaming-import resume ${mirror.name}\`.`,
    { retryAfterMs: PAUSED_RETRY_MS },
  );
}

/** The run of that id. @throws UnknownRun */
export async function getRun(ctx: QueryCtx, run: string): Promise<Doc<"runs">> {
  const id = ctx.db.normalizeId("runs", run);
  const doc = id === null ? null : await ctx.db.get("runs", id);
  if (doc === null)
    throw ledgerError("UnknownRun", `There is no run "${run}". Begin one with POST /v1/runs.`);
  return doc;
}
