import { componentsGeneric } from "convex/server";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { StreamingImport } from "../../../src/client/index.js";
import schema from "./schema.js";

const components = componentsGeneric() as unknown as { streamingImport: ComponentApi };

export const streamingImport = new StreamingImport(components.streamingImport, schema);

export const { read, write, rows, declare, replayQuarantine } = streamingImport.internalFunctions();
