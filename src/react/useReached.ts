import type { ReachTarget } from "../client/operations/target.js";
import { useImportFunctions } from "./ImportProvider.js";
import { useAnswer } from "./useAnswer.js";

/**
 * Waits until a mirror has come as far as `target` says: `{ time }`, `{ position }` or `{ run, sequence? }`. With null
 * it waits for nothing. `reached` turns true once, and stays so.
 *
 * ```tsx
 * const saved = useReached("orders", { position: lsn });
 * if (saved.status === "ready" && saved.value.reached) …
 * ```
 */
export function useReached(mirror: string, target: ReachTarget | null) {
  return useAnswer(useImportFunctions().reached, target === null ? null : { mirror, target });
}
