import type { Doc } from "../_generated/dataModel.js";
import { now } from "../../src/core/time.js";

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
