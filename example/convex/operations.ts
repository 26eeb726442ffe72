import { dashboardFunctions } from "convex-streaming-import/dashboard";
import { streamingImport } from "./imports.js";

/**
 * How the import is doing, and the operator's hand. Open to everybody, because this board has no sign-in; an app that
 * has one checks here who asks.
 */
export const {
  importStatus,
  mirrorStatus,
  runs,
  samples,
  drift,
  unknownStreams,
  exportReaders,
  reached,
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
} = dashboardFunctions(streamingImport, { authorize: () => true });
