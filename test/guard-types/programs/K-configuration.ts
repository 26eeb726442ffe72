// Definitions that would leave a guard that protects nothing are refused where the guard is built.
import { guard } from "convex-streaming-import/guard";
import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema, defineTable, mutationGeneric, type SchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { mutation, query } from "./app/_generated/server.js";
import schema from "./app/schema.js";

const mirror = mirrorTable({ id: v.string() }, { primaryKey: ["id"] });
const builders = { mutation: mutationGeneric };

// case K01 schema-any (bad)
// expect: error TS2353 "The schema is typed any, so no table is known to be a mirror."
guard(schema as any, { mutation });

// case K02 loose-table-names (bad)
// expect: error TS2345|TS2741 "The schema has strictTableNameTypes: false"
guard(defineSchema({ mirror }, { strictTableNameTypes: false }), builders);

// case K03 no-mirror (bad)
// expect: error TS2345|TS2741 "The schema declares no mirror. Declare a mirror with mirrorTable in schema.ts"
guard(defineSchema({ notes: defineTable({}) }), builders);

// case K04 tables-any (bad)
// expect: error TS2345|TS2741 "The names of the schema's tables are not known to TypeScript."
guard(defineSchema({ mirror } as any), builders);

// case K05 tables-record (bad)
// expect: error TS2345|TS2741 "The names of the schema's tables are not known to TypeScript."
guard(defineSchema({ mirror } as Record<string, typeof mirror>), builders);

// case K06 schema-definition-any (bad)
// expect: error TS2345|TS2741 "The names of the schema's tables are not known to TypeScript."
guard(schema as SchemaDefinition<any, true>, builders);

// case K07 no-schema (bad)
// expect: error TS2345 "This is not a schema. Pass what defineSchema returns."
guard(undefined, builders);

// case K08 query-builder (bad)
// expect: error TS2322 "is not assignable to type 'MutationBuilder<"
guard(schema, { mutation: query });

// case K09 table-typed-any (bad)
const partlyAny = guard(defineSchema({ mirror, loose: mirror as any, notes: defineTable({}) }), builders);
export const k09 = partlyAny.mutation(async (ctx) => {
  // expect: error TS2345 "Table 'loose' is a mirror"
  await ctx.db.insert("loose", {});
  await ctx.db.insert("notes", {});
});

// case K10 only-mirrors (bad)
const only = guard(defineSchema({ mirror }), builders);
export const k10 = only.mutation(async (ctx) => {
  // expect: error TS2345 "Table 'mirror' is a mirror"
  await ctx.db.insert("mirror", { id: "" });
});

// case K11 generic-builder (bad)
export const k11 = guard(schema, builders).mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", { id: 1n, email: "" });
});

// case K12 own-names (clean)
const own = guard(schema, { adminMutation: mutation });
export const k12 = own.adminMutation({
  args: { label: v.string() },
  returns: v.id("tags"),
  handler: async (ctx, args) => await ctx.db.insert("tags", args),
});
