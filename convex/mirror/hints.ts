import type { MirrorState } from "../../src/core/wire/validators.js";

/** What a person can do about the state of a mirror, for the dashboard and status pages. */
export function hintOf(mirror: string, state: MirrorState): string {
  switch (state) {
    case "waiting":
      return "Start a sync in the connector, with a token that opens this mirror.";
    case "snapshotting":
      return "Nothing to do: it is up to date when everything has arrived.";
    case "upToDate":
      return "Nothing to do.";
    case "late":
    case "stale":
      return "Look at the connector's own log: it has not sent anything, not even that it is idle.";
    case "paused":
      return `Resume it: npx convex run imports:resume '{"mirror":"${mirror}"}'`;
    case "failed":
      return "Mend what the reason says, then start the sync again in the connector.";
    case "removed":
      return "Delete the table's rows if nobody needs them, or declare the mirror again in schema.ts.";
  }
}

/** The same for a refusal, whose code has a page of its own. */
export function hintOfCode(code: string): string {
  return `See ${code} in docs/errors.md, then start the sync again in the connector.`;
}
