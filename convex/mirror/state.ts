/**
 * The state of a mirror. Writes it to `mirrors`, in the transaction that changes what the state follows from.
 */
import { pageOf } from "../../src/core/docs.js";
import { count } from "../../src/core/words.js";
import type { FunctionHandle } from "convex/server";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { shorten } from "../../src/core/rows/text.js";
import { now } from "../../src/core/time.js";
import type { MirrorState } from "../../src/core/wire/validators.js";
import type { StateChange } from "../../src/core/wire/views.js";

/** The longest reason or error that is kept, in characters: names in it are of any length. */
export const MAX_REASON = 2_000;

/**
 * The new state of a mirror, to be merged into the patch of its registry document. A change is logged as one line of
 * JSON and passed to the app's `onStateChange`. A paused mirror stays paused until it is resumed, a removed one until
 * it is declared again.
 */
export async function stateChange(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  state: MirrorState,
  reason: string,
): Promise<Described | Record<string, never>> {
  if (mirror.state === "paused" || mirror.state === "removed") return {};
  await announce(ctx, mirror, state, reason);
  return described(mirror.name, state, reason);
}

/** What the state of a mirror follows from while nothing is loaded into it. */
type Settled = Pick<Doc<"mirrors">, "held" | "quarantined">;

/**
 * The state of a mirror into which nothing is being loaded: what waits for a person comes first. `why` says why
 * it is so now, where there is something to say.
 */
export function settled(
  { held, quarantined }: Settled,
  why?: string,
): { state: MirrorState; reason: string } {
  if (held !== undefined) return { state: "sweepHeld", reason: held.reason };
  if (quarantined === 0) return { state: "upToDate", reason: why ?? "Everything received is applied." };
  const rows = `${count(quarantined, "row")} ${quarantined === 1 ? "waits" : "wait"}`;
  return {
    state: "rowsWaiting",
    reason: `${rows} in quarantine. ${why ?? "Everything else received is applied."}`,
  };
}

/**
 * Writes to a mirror what its state follows from, and the state, unless it says something else: that a load runs, or
 * that the connector is late.
 */
export async function patchSettled(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  patch: Partial<Doc<"mirrors">>,
): Promise<void> {
  const { state, reason } = settled({ ...mirror, ...patch });
  const isSettled = ["upToDate", "rowsWaiting", "sweepHeld"].includes(mirror.state);
  await ctx.db.patch("mirrors", mirror._id, {
    ...patch,
    ...(isSettled && (await stateChange(ctx, mirror, state, reason))),
  });
}

/** A mirror's state with its reason, and what to do about it. */
type Described = { state: MirrorState; reason: string; hint: string };

/** The fields that show a mirror's state. */
export function described(mirror: string, state: MirrorState, reason: string): Described {
  return { state, reason: shorten(reason, MAX_REASON), hint: hintOf(mirror, state) };
}

/** Logs a change of state and notifies the app. */
export async function announce(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  to: MirrorState,
  reason: string,
): Promise<void> {
  if (mirror.state === to) return;
  const change: StateChange = {
    mirror: mirror.name,
    from: mirror.state,
    to,
    reason: shorten(reason, MAX_REASON),
    at: now(),
  };
  console.log(JSON.stringify({ event: "streamingImport.state", ...change }));
  const app = await ctx.db.query("app").first();
  const callback = app?.handles.onStateChange;
  if (callback !== undefined) {
    await ctx.scheduler.runAfter(0, callback as FunctionHandle<"mutation", StateChange, null>, change);
  }
}

/** What an operator can do about a mirror's state, for the dashboard and status pages. */
export function hintOf(mirror: string, state: MirrorState): string {
  switch (state) {
    case "waiting":
      return "Start a sync in the connector, with a token that may write this mirror.";
    case "snapshotting":
      return "Nothing to do. The mirror is up to date when everything has arrived.";
    case "upToDate":
      return "Nothing to do.";
    case "rowsWaiting":
      return `See why: npx streaming-import quarantine list ${mirror}. Then replay or discard them; a later sync of the rows replaces them too.`;
    case "sweepHeld":
      return `If the rows that the refresh did not deliver are to go: npx streaming-import sweep ${mirror}. Otherwise replay or discard what waits in quarantine, or refresh again.`;
    case "late":
    case "stale":
      return "Check the connector's log: it sends nothing, not even heartbeats.";
    case "paused":
      return `Resume it: npx streaming-import resume ${mirror}`;
    case "failed":
      return "Fix the cause in the reason, then start the sync again in the connector.";
    case "removed":
      return "Delete the table's rows, or declare the mirror again in schema.ts.";
  }
}

/** The same for a refusal, whose code has a page of its own. */
export function hintOfCode(code: string): string {
  return `See ${pageOf(code)}, then start the sync again in the connector.`;
}
