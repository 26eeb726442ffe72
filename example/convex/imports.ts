import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api.js";
import schema from "./schema.js";

export const streamingImport = new StreamingImport(components.streamingImport, schema, {
  // Airbyte's stock connector does not say when a sync ends: a silence does. The demo's source never pauses this long.
  settleAfterMs: 3_000,
});

export const {
  apply,
  page,
  remove,
  clear,
  copy,
  createToken,
  rotateToken,
  revokeToken,
  listTokens,
  declare,
  status,
  budget,
  unknownStreams,
  runs,
  pause,
  resume,
  sweep,
  clearMirror,
  listQuarantine,
  replayQuarantine,
  discardQuarantine,
  drift,
  audit,
  auditReport,
  repair,
} = streamingImport.internalFunctions();
