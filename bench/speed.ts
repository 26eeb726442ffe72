/**
 * Our path beside a plain upsert, in one run: `npm run bench -- speed`. On the local server with fresh contexts, where
 * each call evaluates its bundle again, as on Convex's backend. Rows of about 300 bytes, one sender. What counts are
 * ratios: the database is a stand-in, and slower than a real one.
 */
import { call, type Deployed, post, withApp } from "./project.js";

const FILES: Record<string, string> = {
  "convex/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
const fields = { id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() };
export default defineSchema({
  mirrored: mirrorTable(fields, { primaryKey: ["id"] }),
  plain: defineTable(fields).index("by_key", ["id"]),
});`,
  "convex/plain.ts": `import { mutationGeneric } from "convex/server";
import { v } from "convex/values";
const row = v.object({ id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() });
export const upsert = mutationGeneric({
  args: { rows: v.array(row) },
  returns: v.null(),
  handler: async ({ db }, { rows }) => {
    await Promise.all(rows.map(async (row) => {
      const stored = await db.query("plain").withIndex("by_key", (q) => q.eq("id", row.id)).unique();
      if (stored === null) await db.insert("plain", row);
      else if (Object.keys(row).some((name) => row[name] !== stored[name])) await db.replace(stored._id, row);
    }));
    return null;
  },
});`,
};

/** Milliseconds of one way to write so many rows. */
export interface Speed {
  rows: number;
  /** What becomes of them. */
  work: "insert" | "unchanged" | "changed";
  plainMs: number;
  oursMs: number;
  /** Our rows per second, over those of the plain mutation. */
  ratio: number;
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
      const [plainMs, oursMs] = [
        median(measured.get(`${work} plain`)!),
        median(measured.get(`${work} ours`)!),
      ];
      speeds.push({ rows, work, plainMs, oursMs, ratio: plainMs / oursMs });
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
