import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api";
import schema from "./schema";

export const streamingImport = new StreamingImport(components.streamingImport, schema);

export const { read, write, declare, replayQuarantine } = streamingImport.internalFunctions();
