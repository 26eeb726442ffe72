import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api";
import schema from "./schema";

export const streamingImport = new StreamingImport(components.streamingImport, schema, {
  // Long enough for two requests in a row on a busy machine, short enough to wait for.
  settleAfterMs: 3_000,
});

export const { read, write, declare, replayQuarantine } = streamingImport.internalFunctions();
