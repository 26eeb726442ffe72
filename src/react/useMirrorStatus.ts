import { useImportFunctions } from "./ImportProvider.js";
import { useAnswer } from "./useAnswer.js";

/** How one mirror is doing; its value is null when the registry does not know the mirror (yet). */
export function useMirrorStatus(mirror: string) {
  return useAnswer(useImportFunctions().mirrorStatus, { mirror });
}
