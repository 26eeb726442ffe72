import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api.js";
import schema from "./schema.js";

export const streamingImport = new StreamingImport(components.streamingImport, schema, {
  // Airbyte's stock connector does not say when a sync ends: a silence does. The demo's source never pauses this long.
  settleAfterMs: 3_000,
});

export const { read, write, rows, declare, replayQuarantine } = streamingImport.internalFunctions();
