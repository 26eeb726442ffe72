import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api.js";
import schema from "./schema.js";

export const streamingImport = new StreamingImport(components.streamingImport, schema);

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
