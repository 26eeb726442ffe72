import type { MirrorStatus } from "../../core/wire/views.js";

/**
 * A mirror's status for people who may not see rows: the message of a refusal quotes the value that was refused, so
 * that only its code is left. The code stands behind the time in `lastError`.
 */
export function forViewers(status: MirrorStatus): MirrorStatus {
  const { state, reason, lastError } = status;
  if (lastError === null) return status;
  const [, head = "", code = "", message = ""] = /^(\S+ (\w+)): ([^]*)$/.exec(lastError) ?? [];
  const isQuoted = state === "failed" && reason === message;
  return {
    ...status,
    lastError: head,
    reason: isQuoted ? `The last request was refused: ${code}. Those who operate imports see why.` : reason,
  };
}
