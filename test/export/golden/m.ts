import {
  componentsGeneric,
  mutationGeneric,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
} from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { guard } from "../../../src/guard/index.js";
import schema from "./schema.js";

const components = componentsGeneric() as unknown as { streamingImport: ComponentApi };

const rawMutation = mutationGeneric as MutationBuilder<
  DataModelFromSchemaDefinition<typeof schema>,
  "public"
>;
const { mutation } = guard(schema, { mutation: rawMutation }, components.streamingImport);

const base = { b: true, z: null, l: "red" as const };

/** The mutations of the recorded app, word for word, but for the row in a component of its own. */
export const fill = mutation({
  args: {},
  handler: async (ctx) => {
    const first = await ctx.db.insert("things", {
      ...base,
      n: 1,
      i: 9007199254740993n,
      s: "naïve \u0000 😀",
      y: new Uint8Array([0, 255, 16]).buffer,
      a: [1, "two", 2.5],
      o: { x: 1, q: -1n },
      r: { k: 3 },
      any: { deep: [null, true, 1n, NaN] },
    });
    await ctx.db.insert("things", {
      ...base,
      l: "blue",
      n: NaN,
      i: -9223372036854775808n,
      s: "",
      y: new ArrayBuffer(0),
      a: [],
      o: { x: -0 },
      r: {},
      any: [],
      ref: first,
    });
    await ctx.db.insert("things", {
      ...base,
      n: Infinity,
      i: 0n,
      s: "1e21",
      y: new ArrayBuffer(1),
      a: [1e21, 1e-7],
      o: { x: -Infinity },
      r: { "a b": 0.1 },
      any: "text",
    });
    return null;
  },
});

export const change = mutation({
  args: { step: v.string() },
  handler: async (ctx, { step }) => {
    const all = await ctx.db.query("things").collect();
    if (step === "patch") await ctx.db.patch("things", all[0]!._id, { s: "patched" });
    if (step === "same") await ctx.db.patch("things", all[0]!._id, {});
    if (step === "two") {
      await ctx.db.patch("things", all[0]!._id, { n: 2 });
      await ctx.db.patch("things", all[0]!._id, { n: 3 });
      await ctx.db.patch("things", all[1]!._id, { n: 4 });
    }
    if (step === "delete") await ctx.db.delete("things", all[2]!._id);
    if (step === "insertDelete") {
      const row = { ...base, n: 9, i: 9n, s: "x", y: new ArrayBuffer(0), a: [], o: { x: 0 }, r: {}, any: 0 };
      const id = await ctx.db.insert("things", row);
      await ctx.db.delete("things", id);
    }
    return null;
  },
});
