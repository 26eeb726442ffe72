import type { MirrorStatus } from "../core/wire/views.js";

/** How far a load or a refresh has come. */
export interface Progress {
  received: number;
  /** From 0 to 1, guessed from the rows that the mirror has. Null for a first load: nobody knows how much there is. */
  share: number | null;
  phase: "receiving" | "sweeping";
}

/** A refresh is not done before its end, however many rows came. */
const MOST = 0.99;

/** How far the load or the refresh of a mirror has come; null when none is under way. */
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
