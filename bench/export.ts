/** What export costs: recording in mutations and imports, and what readers read. */
import {
  componentsGeneric,
  defineSchema,
  defineTable,
  mutationGeneric,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
} from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../convex/_generated/component.js";
import { guard } from "../src/guard/index.js";
import { exportTable, mirrorTable } from "../src/schema/index.js";
import { Sender, upsert } from "../test/core/support/sender.js";
import { World } from "../test/core/support/world.js";
import type { Schema } from "../tools/local-convex/mock.js";
import { Meter, type Cost } from "./count.js";

/** Rows of a page of changes that is measured. */
const CHANGED = 1_000;
/** Rows of one mutation that fills the table. */
const AT_ONCE = 1_000;

const customer = { id: v.number(), name: v.string() };
const note = { text: v.string() };

const tables = {
  customers: mirrorTable(customer, { primaryKey: ["id"], export: true }),
  plainCustomers: mirrorTable(customer, { primaryKey: ["id"] }),
  notes: exportTable(defineTable(note)),
  tags: exportTable(defineTable(note)),
  plain: defineTable(note),
};
const declared = defineSchema(tables);
const { streamingImport } = componentsGeneric() as unknown as { streamingImport: ComponentApi };
const rawMutation = mutationGeneric as MutationBuilder<
  DataModelFromSchemaDefinition<typeof declared>,
  "public"
>;
const { mutation } = guard(declared, { mutation: rawMutation }, streamingImport);

const vCount = { count: v.number() };

const app = {
  addNotes: mutation({
    args: vCount,
    handler: async ({ db }, { count }) => {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push(await db.insert("notes", { text: String(i) }));
      return ids;
    },
  }),
  addNotesAndTags: mutation({
    args: vCount,
    handler: async ({ db }, { count }) => {
      for (let i = 0; i < count; i++) {
        await db.insert("notes", { text: String(i) });
        await db.insert("tags", { text: String(i) });
      }
    },
  }),
  addPlain: mutation({
    args: vCount,
    handler: async ({ db }, { count }) => {
      for (let i = 0; i < count; i++) await db.insert("plain", { text: String(i) });
    },
  }),
  change: mutation({
    args: { ids: v.array(v.id("notes")) },
    handler: async ({ db }, { ids }) => {
      for (const id of ids) await db.patch("notes", id, { text: "changed" });
    },
  }),
};

async function start(): Promise<World> {
  const world = await World.start({
    schema: declared as unknown as Schema,
    options: { writeBudget: { bytesPerSecond: 1e12 } },
    modules: { app },
  });
  await world.call("declare");
  return world;
}

export type ExportCosts = Record<string, Pick<Cost, "ledgerWrites" | "ranges" | "documentsRead">>;

/** Documents that recording adds to one mutation, and to each delivery of 1,000 rows, which is one chunk. */
export async function measureRecording(): Promise<ExportCosts> {
  const world = await start();
  const meter = new Meter(world);
  const costs: ExportCosts = {};
  const measure = async (name: string, work: () => Promise<unknown>) => {
    const { ledgerWrites, ranges, documentsRead } = await meter.of(work);
    costs[name] = { ledgerWrites, ranges, documentsRead };
  };
  await measure("mutation, 100 rows of one exported table", () =>
    world.callApp("app:addNotes", { count: 100 }),
  );
  await measure("mutation, 100 rows of two", () => world.callApp("app:addNotesAndTags", { count: 100 }));
  await measure("mutation, 100 rows of none", () => world.callApp("app:addPlain", { count: 100 }));
  for (const [name, mirror] of [
    ["delivery, mirror that is not exported", "plainCustomers"],
    ["delivery, exported mirror", "customers"],
  ] as const) {
    const sender = await Sender.begin(world, mirror, { silenceSeconds: 86_400 });
    // The first delivery of a run finds things as the run before left them.
    await sender.deliver(upsert({ id: 0, name: "0" }));
    const rows = Array.from({ length: 1_000 }, (_, i) => upsert({ id: i + 1, name: String(i) }));
    await measure(name, () => sender.deliver(...rows));
  }
  return costs;
}

/** What a page of `document_deltas` reads of a table of that size: 1,000 rows, changed by one transaction or by each. */
export async function measureDeltas(size: number): Promise<ExportCosts> {
  const world = await start();
  const meter = new Meter(world);
  const ids: string[] = [];
  for (let from = 0; from < size; from += AT_ONCE)
    ids.push(
      ...((await world.callApp("app:addNotes", { count: Math.min(AT_ONCE, size - from) })) as string[]),
    );
  const costs: ExportCosts = {};
  for (const transactions of [1, 10, CHANGED]) {
    const { snapshot } = (await world.component("exportReaders:snapshotPage", {
      table: null,
      cursor: null,
      snapshot: null,
      limit: 1,
      maxBytes: 1,
    })) as { snapshot: bigint };
    const share = CHANGED / transactions;
    for (let from = 0; from < CHANGED; from += share)
      await world.callApp("app:change", { ids: ids.slice(from, from + share) });
    let found = 0;
    const { ledgerWrites, ranges, documentsRead } = await meter.of(async () => {
      const page = await world.component("exportReaders:changes", {
        tables: ["notes"],
        cursor: snapshot,
        limit: CHANGED,
        maxBytes: 4 * 1024 * 1024,
      });
      found = (page as { changes: unknown[] }).changes.length;
    });
    if (found !== CHANGED) throw new Error(`${String(found)} of ${String(CHANGED)} changes are on the page.`);
    const name = `1,000 changes of ${String(transactions)} transactions`;
    costs[name] = { ledgerWrites, ranges, documentsRead };
  }
  return costs;
}
