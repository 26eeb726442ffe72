import { useImportFunctions } from "./ImportProvider.js";
import { useAnswer } from "./useAnswer.js";

/**
 * How all imports are doing: `{ status: "ready", value: { mirrors, unknownStreams, mayOperate } }` once it is known,
 * `{ status: "failed", message }` when the app's check refuses.
 */
export function useImportStatus() {
  return useAnswer(useImportFunctions().importStatus, {});
}
