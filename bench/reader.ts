/** How fast a reader gets the rows of a table from the local server, against the plain paginated query of the same rows. */
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference, type PaginationResult } from "convex/server";
import type { Value } from "convex/values";
import { DeployedProject } from "../test/cli/support/deployed.js";
import { UserProject } from "../test/cli/support/projects.js";

/** Rows of a page, of both, and of a mutation that fills the table. */
const PAGE = 1_000;

const FILES = {
  "convex/convex.config.ts": `import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config";
const app = defineApp();
app.use(streamingImport);
export default app;`,
  "convex/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { exportTable } from "convex-streaming-import/schema";
export default defineSchema({
  orders: exportTable(defineTable({ n: v.int64(), customer: v.string(), email: v.string(), total: v.number() })),
});`,
  "convex/imports.ts": `import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api.js";
import schema from "./schema.js";
export const streamingImport = new StreamingImport(components.streamingImport, schema);
export const { read, write, rows, declare, replayQuarantine } = streamingImport.internalFunctions();`,
  "convex/http.ts": `import { httpRouter } from "convex/server";
import { streamingImport } from "./imports.js";
const http = httpRouter();
streamingImport.registerRoutes(http);
export default http;`,
  "convex/functions.ts": `import { guard } from "convex-streaming-import/guard";
import { components } from "./_generated/api.js";
import { mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";
export const { mutation } = guard(schema, { mutation: rawMutation }, components.streamingImport);`,
  "convex/orders.ts": `import { components } from "./_generated/api.js";
import { mutation as rawMutation, query } from "./_generated/server.js";
import { mutation } from "./functions.js";
export const add = mutation(async (ctx, { from, count }) => {
  for (let n = from; n < from + count; n++)
    await ctx.db.insert("orders", { n: BigInt(n), customer: "Customer number " + n, email: "customer-" + n + "@example.com", total: n / 7 });
});
export const page = query(async (ctx, { paginationOpts }) => await ctx.db.query("orders").paginate(paginationOpts));
export const token = rawMutation(async (ctx) =>
  await ctx.runMutation(components.streamingImport.tokens.create, { name: "bench", mirrors: ["orders"], access: "export" }));`,
};

export interface ReaderSpeed {
  rows: number;
  readerSeconds: number;
  querySeconds: number;
  /** How much longer the reader takes. */
  ratio: number;
}

export async function measureReader(rows: number): Promise<ReaderSpeed> {
  const deployed = await DeployedProject.start(UserProject.fresh(FILES));
  try {
    await deployed.run("imports:declare");
    const token = (await deployed.run("orders:token")) as string;
    const client = new ConvexHttpClient(deployed.server.url);
    const add = makeFunctionReference<"mutation">("orders:add");
    for (let from = 0; from < rows; from += PAGE)
      await client.mutation(add, { from, count: Math.min(PAGE, rows - from) });
    // Both once before it counts.
    await byQuery(client, PAGE);
    await byReader(deployed.server.siteUrl, token, PAGE);
    const querySeconds = await secondsOf(async () => byQuery(client, rows));
    const readerSeconds = await secondsOf(async () => byReader(deployed.server.siteUrl, token, rows));
    return { rows, readerSeconds, querySeconds, ratio: readerSeconds / querySeconds };
  } finally {
    await deployed.close();
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

/** Reads at least so many rows. */
async function byQuery(client: ConvexHttpClient, rows: number): Promise<void> {
  const page = makeFunctionReference<"query", Record<string, Value>, PaginationResult<unknown>>(
    "orders:page",
  );
  let cursor: string | null = null;
  for (let read = 0; read < rows;) {
    const found: PaginationResult<unknown> = await client.query(page, {
      paginationOpts: { numItems: PAGE, cursor },
    });
    read += found.page.length;
    if (read < rows && found.isDone)
      throw new Error(`The query has ${String(read)} of ${String(rows)} rows.`);
    cursor = found.continueCursor;
  }
}

async function byReader(siteUrl: string, token: string, rows: number): Promise<void> {
  let cursor: string | null = null;
  for (let read = 0; read < rows;) {
    const response = await fetch(`${siteUrl}/api/list_snapshot`, {
      method: "POST",
      headers: { Authorization: `Convex ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ tableName: "orders", format: "json", cursor }),
    });
    const found = (await response.json()) as { values: unknown[]; cursor: string | null; hasMore: boolean };
    read += found.values.length;
    if (read < rows && !found.hasMore)
      throw new Error(`The reader has ${String(read)} of ${String(rows)} rows.`);
    cursor = found.cursor;
  }
}
