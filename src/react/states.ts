import type { MirrorStatus } from "../core/wire/views.js";

/** What colour a state has. The words say the same: colour is never all there is. */
export type Tone = "good" | "busy" | "idle" | "warn" | "bad";

/** What each state of a mirror is called, and how it looks. */
export const STATES: Record<MirrorStatus["state"], { label: string; tone: Tone }> = {
  waiting: { label: "Waiting", tone: "idle" },
  snapshotting: { label: "Loading", tone: "busy" },
  upToDate: { label: "Up to date", tone: "good" },
  late: { label: "Late", tone: "warn" },
  stale: { label: "Stale", tone: "bad" },
  paused: { label: "Paused", tone: "idle" },
  failed: { label: "Failed", tone: "bad" },
  removed: { label: "Removed", tone: "idle" },
};
