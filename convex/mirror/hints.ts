import type { MirrorState } from "../../src/core/wire/validators.js";

/** What an operator can do about a mirror's state, for the dashboard and status pages. */
export function hintOf(mirror: string, state: MirrorState): string {
  switch (state) {
    case "waiting":
      return "Start a sync in the connector, with a token that may write this mirror.";
    case "snapshotting":
      return "Nothing to do. The mirror is up to date when everything has arrived.";
    case "upToDate":
      return "Nothing to do.";
    case "late":
    case "stale":
      return "Check the connector's log: it sends nothing, not even heartbeats.";
    case "paused":
      return `Resume it: npx convex run imports:resume '{"mirror":"${mirror}"}'`;
    case "failed":
      return "Fix the cause in the reason, then start the sync again in the connector.";
    case "removed":
      return "Delete the table's rows, or declare the mirror again in schema.ts.";
  }
}

/** The same for a refusal, whose code has a page of its own. */
export function hintOfCode(code: string): string {
  return `See ${code} in docs/errors.md, then start the sync again in the connector.`;
}
