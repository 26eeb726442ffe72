import { guard } from "convex-streaming-import/guard";
import { components } from "./_generated/api.js";
import { internalMutation as rawInternalMutation, mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";

/**
 * The mutation builders of this app: their `ctx.db` reads every table and writes every table but the mirrors. Import
 * them from here, not from `_generated/server`.
 */
export const { mutation, internalMutation } = guard(
  schema,
  { mutation: rawMutation, internalMutation: rawInternalMutation },
  // Changes of the tables that are exported are recorded there.
  components.streamingImport,
);
