import type { Mirror } from "../lib/types";

export type Tone = "good" | "busy" | "idle" | "bad";

/** What each state of a mirror is called on the page. */
export const STATES: Record<Mirror["state"], { label: string; tone: Tone }> = {
  waiting: { label: "Waiting", tone: "idle" },
  snapshotting: { label: "Receiving", tone: "busy" },
  upToDate: { label: "Up to date", tone: "good" },
  late: { label: "Late", tone: "bad" },
  stale: { label: "Stale", tone: "bad" },
  paused: { label: "Paused", tone: "idle" },
  failed: { label: "Failed", tone: "bad" },
  removed: { label: "Removed", tone: "idle" },
};
