import type { MirrorStatus } from "../core/wire/views.js";

/** The colour of a state. The label says the same, so that colour is never the only sign. */
export type Tone = "good" | "busy" | "idle" | "warn" | "bad";

/** The label and colour of each state. */
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

/** The progress of a load or a refresh. */
export interface Progress {
  received: number;
  /** From 0 to 1, estimated from the rows of the mirror. Null for a first load: the size of the source is unknown. */
  share: number | null;
  phase: "receiving" | "sweeping";
}

/** The largest share of a refresh that is not finished. */
const MOST = 0.99;

/** The progress of a mirror's load or refresh; null when none is running. */
export function progressOf({
  state,
  run,
  rows,
  total,
}: Pick<MirrorStatus, "state" | "run" | "rows" | "total">): Progress | null {
  if (run === null) return null;
  const { received, generation } = run;
  if (run.state === "sweeping") return { received, share: 1, phase: "sweeping" };
  if (generation === null && state !== "snapshotting") return null;
  const isFirst = generation === null || rows === 0 || total.received === received;
  return { received, share: isFirst ? null : Math.min(MOST, received / rows), phase: "receiving" };
}
