/** What of a mirror's status is for whom. Not in views.ts, whose validators no delivery needs. */
import type { MirrorStatus } from "./views.js";

/** A mirror's status as `GET /v1/status` answers it: without what is for the people who run the deployment. */
export type SenderStatus = ReturnType<typeof forSenders>;

export function forSenders({
  hint: _hint,
  held: _held,
  policy: _policy,
  deletes: _deletes,
  resending: _resending,
  drift: _drift,
  expectEveryMs: _expectEveryMs,
  run: _run,
  lastRun: _lastRun,
  ...status
}: MirrorStatus) {
  return status;
}

/** A status for those who may not see rows: of the last error, the message may quote one; its time and code may not. */
export function withoutRows<Status extends { lastError: string | null }>(status: Status): Status {
  return { ...status, lastError: /^\S+ \w+/.exec(status.lastError ?? "")?.[0] ?? null };
}
