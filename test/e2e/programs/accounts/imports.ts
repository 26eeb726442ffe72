import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api";
import schema from "./schema";

export const streamingImport = new StreamingImport(components.streamingImport, schema, {
  // Long enough for a slow machine's two requests in a row, short enough to wait for.
  settleAfterMs: 1_000,
});

export const {
  apply,
  page,
  remove,
  clear,
  declare,
  createToken,
  revokeToken,
  listTokens,
  status,
  clearMirror,
} = streamingImport.internalFunctions();
