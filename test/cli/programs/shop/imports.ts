import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api";
import schema from "./schema";

export const streamingImport = new StreamingImport(components.streamingImport, schema);

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
