import { dashboardFunctions } from "../../src/dashboard/index.js";
import { streamingImport } from "./imports.js";

/** Everybody who is signed in may see; operators may operate. */
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
} = dashboardFunctions(streamingImport, {
  authorize: async (ctx, { access }) => {
    const user = await ctx.auth.getUserIdentity();
    return user !== null && (access === "view" || user.role === "operator");
  },
});
