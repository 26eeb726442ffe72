import { componentsGeneric, internalMutationGeneric } from "convex/server";
import { v, type GenericId } from "convex/values";
import type { ComponentApi } from "../../convex/_generated/component.js";

const components = componentsGeneric() as unknown as { streamingImport: ComponentApi };

/** Writes the app's own table, and records what it wrote as the guarded builders do. */
export const edit = internalMutationGeneric({
  args: {
    insert: v.array(v.object({ text: v.string(), secret: v.optional(v.string()) })),
    patch: v.array(v.object({ id: v.string(), text: v.string() })),
    remove: v.array(v.string()),
  },
  handler: async (ctx, { insert, patch, remove }) => {
    const inserted: string[] = [];
    for (const note of insert) inserted.push(await ctx.db.insert("notes", note));
    for (const { id, text } of patch) await ctx.db.patch("notes", id as GenericId<"notes">, { text });
    for (const id of remove) await ctx.db.delete("notes", id as GenericId<"notes">);
    await ctx.runMutation(components.streamingImport.changeFeed.record, {
      changes: [{ table: "notes", written: [...inserted, ...patch.map(({ id }) => id)], deleted: remove }],
    });
    return inserted;
  },
});
