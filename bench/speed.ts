/**
 * Our path beside two others, in one run: `npm run bench -- speed`. On the local server with fresh contexts, where each
 * call evaluates its bundle again, as on Convex's backend. Rows of about 300 bytes, one sender. What counts are ratios:
 * the database is a stand-in, and slower than a real one.
 *
 * - plain: a mutation that upserts the rows, called by a client.
 * - relay: the same mutation, called the way a component that receives requests has to call it: an action parses the
 *   JSON, looks a token up in the component and hands the rows to it, and the component hands them to the app. It checks
 *   and records nothing: no component that serves connectors can cost less.
 */
import { call, type Deployed, post, withApp } from "./project.js";

const upsertOf = (table: string) => `import { mutationGeneric } from "convex/server";
import { v } from "convex/values";
const row = v.object({ id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() });
export const upsert = mutationGeneric({
  args: { rows: v.array(row) },
  returns: v.null(),
  handler: async ({ db }, { rows }) => {
    await Promise.all(rows.map(async (row) => {
      const stored = await db.query("${table}").withIndex("by_key", (q) => q.eq("id", row.id)).unique();
      if (stored === null) await db.insert("${table}", row);
      else if (Object.keys(row).some((name) => row[name] !== stored[name])) await db.replace(stored._id, row);
    }));
    return null;
  },
});`;

const FILES: Record<string, string> = {
  "convex/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
const fields = { id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() };
export default defineSchema({
  mirrored: mirrorTable(fields, { primaryKey: ["id"] }),
  plain: defineTable(fields).index("by_key", ["id"]),
  relayed: defineTable(fields).index("by_key", ["id"]),
});`,
  "convex/convex.config.ts": `import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config";
import relay from "./relay/convex.config";
const app = defineApp();
app.use(streamingImport);
app.use(relay);
export default app;`,
  "convex/plain.ts": upsertOf("plain"),
  "convex/relayed.ts": upsertOf("relayed"),
  "convex/receive.ts": `import { actionGeneric, componentsGeneric, createFunctionHandle, makeFunctionReference } from "convex/server";
import { v } from "convex/values";
const { relay } = componentsGeneric();
export const receive = actionGeneric({
  args: { token: v.string(), body: v.string() },
  returns: v.null(),
  handler: async (ctx, { token, body }) => {
    if ((await ctx.runQuery(relay.tokens.find, { token })) !== null) throw new Error("A token that nobody made.");
    const write = await createFunctionHandle(makeFunctionReference("relayed:upsert"));
    await ctx.runMutation(relay.hand.over, { write, rows: JSON.parse(body) });
    return null;
  },
});`,
  "convex/relay/convex.config.ts": `import { defineComponent } from "convex/server";
export default defineComponent("relay");`,
  "convex/relay/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ tokens: defineTable({ token: v.string() }).index("by_token", ["token"]) });`,
  "convex/relay/tokens.ts": `import { queryGeneric } from "convex/server";
import { v } from "convex/values";
export const find = queryGeneric({
  args: { token: v.string() },
  returns: v.union(v.null(), v.string()),
  handler: async ({ db }, { token }) => {
    const found = await db.query("tokens").withIndex("by_token", (q) => q.eq("token", token)).unique();
    return found === null ? null : found._id;
  },
});`,
  "convex/relay/hand.ts": `import { mutationGeneric } from "convex/server";
import { v } from "convex/values";
export const over = mutationGeneric({
  args: { write: v.string(), rows: v.array(v.any()) },
  returns: v.null(),
  handler: async (ctx, { write, rows }) => await ctx.runMutation(write, { rows }),
});`,
};

/** Milliseconds of one way to write so many rows. */
export interface Speed {
  rows: number;
  /** What becomes of them. */
  work: "insert" | "unchanged" | "changed";
  plainMs: number;
  relayMs: number;
  oursMs: number;
  /** Our rows per second, over those of the plain mutation. */
  ratio: number;
  /** Our rows per second, over those of the relay. */
  ofRelay: number;
}

/** @param repeats Measurements of which the median counts, by the number of rows. */
export async function measureSpeed(repeats: ReadonlyMap<number, number>): Promise<Speed[]> {
  return await withApp(FILES, { freshContext: true }, async (deployed) => measure(deployed, repeats));
}

async function measure({ server, token }: Deployed, repeats: ReadonlyMap<number, number>): Promise<Speed[]> {
  const ways = {
    plain: async (rows: readonly object[]) => {
      await call(server, "mutation", "plain:upsert", { rows });
    },
    relay: async (rows: readonly object[]) => {
      await call(server, "action", "receive:receive", { token: "none", body: JSON.stringify(rows) });
    },
    ours: async (rows: readonly object[]) => {
      await post(`${server.siteUrl}/api/streaming_import/import_airbyte_records`, token, {
        tables: { mirrored: { jsonSchema: {}, syncMode: "deduplicate", primaryKey: [["id"]] } },
        messages: rows.map((data) => ({ tableName: "mirrored", data })),
      });
    },
  };
  const speeds: Speed[] = [];
  let firstId = 0;
  for (const [rows, times] of repeats) {
    const measured = new Map<string, number[]>();
    // The first round warms up, and is not counted.
    for (let round = 0; round <= times; round++) {
      const ids = Array.from({ length: rows }, () => firstId++);
      for (const work of ["insert", "unchanged", "changed"] as const) {
        const version = work === "changed" ? 2 : 1;
        const batch = ids.map((id) => rowOf(id, version));
        for (const [way, send] of Object.entries(ways)) {
          const startedAt = performance.now();
          await send(batch);
          const ms = performance.now() - startedAt;
          const key = `${work} ${way}`;
          if (round > 0) measured.set(key, [...(measured.get(key) ?? []), ms]);
        }
      }
    }
    for (const work of ["insert", "unchanged", "changed"] as const) {
      const medianOf = (way: keyof typeof ways) => median(measured.get(`${work} ${way}`)!);
      const [plainMs, relayMs, oursMs] = [medianOf("plain"), medianOf("relay"), medianOf("ours")];
      speeds.push({
        rows,
        work,
        plainMs,
        relayMs,
        oursMs,
        ratio: plainMs / oursMs,
        ofRelay: relayMs / oursMs,
      });
    }
  }
  return speeds;
}

function rowOf(id: number, version: number): object {
  return {
    id,
    name: `Customer ${String(id)}`,
    note: "x".repeat(220),
    at: 1_700_000_000_000 + version,
    open: version === 1,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
