import { defineSchema } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { StreamingImport } from "../../client/index.js";
import { mirrorTable } from "../../schema/index.js";

/** Without these the component cannot reach the app's tables. */
export const REQUIRED_FUNCTIONS = ["apply", "page", "remove", "clear", "copy"] as const;

/** What `internalFunctions()` returns in this version of the package, in its order. */
export function importerFunctions(): string[] {
  const schema = defineSchema({ any: mirrorTable({ id: v.string() }, { primaryKey: ["id"] }) });
  // The functions reach for the component when they are called, which they are not.
  return Object.keys(new StreamingImport({} as ComponentApi, schema).internalFunctions());
}
