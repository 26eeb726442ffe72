import { dashboardFunctions } from "convex-streaming-import/dashboard";
import { streamingImport } from "./imports";

/** What the page shows of the imports, and an operator's actions. */
export const {
  importStatus,
  mirrorStatus,
  runs,
  samples,
  drift,
  unknownStreams,
  exportReaders,
  quarantine,
  quarantineReasons,
  auditReport,
  replay,
  discard,
  pause,
  resume,
  sweep,
  resetGeneration,
  audit,
  repair,
  forgetDrift,
  forgetStream,
} = dashboardFunctions(streamingImport, {
  // Everybody may do everything. Ask who is signed in before you deploy to production.
  authorize: () => true,
});
