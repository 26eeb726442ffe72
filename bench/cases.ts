/** What is measured: deliveries and refreshes over mirrors of different sizes, and what others do in their place. */
import {
  defineSchema,
  defineTable,
  internalMutationGeneric,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
} from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "../src/schema/index.js";
import { remove, Sender, upsert, type SentChange } from "../test/core/support/sender.js";
import { World, type Row } from "../test/core/support/world.js";
import type { Schema } from "../tools/local-convex/mock.js";
import { Meter, per1000, type Cost } from "./count.js";

/** Rows of one delivery. The protocol allows more; two transactions' worth is what the targets are set for. */
export const DELIVERY_ROWS = 2_000;

const fields = {
  id: v.number(),
  email: v.string(),
  name: v.string(),
  balance: v.number(),
  version: v.number(),
};

const declared = defineSchema({
  customers: mirrorTable(fields, { primaryKey: ["id"], version: "version" }),
  /** What baselines write to. */
  copies: defineTable(fields).index("by_key", ["id"]),
  checkpoints: defineTable({ cursor: v.number() }),
});
const schema = declared as unknown as Schema;
const internalMutation: MutationBuilder<
  DataModelFromSchemaDefinition<typeof declared>,
  "internal"
> = internalMutationGeneric;

/** A row of the usual size. */
function row(id: number, version = 1): Row {
  return {
    id,
    email: `customer-${String(id)}@example.com`,
    name: `Customer number ${String(id)}`,
    balance: id * 100,
    version,
  };
}

const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);

function* slices<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += DELIVERY_ROWS) yield all.slice(from, from + DELIVERY_ROWS);
}

/** An app whose deliveries are never held up by the write budget, which is measured elsewhere. */
async function start(modules: Record<string, Record<string, unknown>> = {}): Promise<World> {
  const budget = { bytesPerSecond: 1e12 };
  return await World.start({ schema, options: { writeBudget: budget }, modules });
}

async function deliver(world: World, changes: SentChange[]): Promise<number> {
  const sender = await Sender.begin(world, "customers", { silenceSeconds: 86_400 });
  return await deliverTo(sender, changes);
}

async function deliverTo(sender: Sender, changes: SentChange[]): Promise<number> {
  let requests = 0;
  for (const slice of slices(changes)) {
    await sender.deliver(...slice);
    requests += 1;
  }
  return requests;
}

export type Costs = Record<string, Cost>;

/** What it costs to keep a mirror that has this many rows already, per 1,000 rows sent. */
export async function measureMirror(size: number): Promise<Costs> {
  const world = await start();
  const meter = new Meter(world);
  const ids = range(0, size);
  await deliver(
    world,
    ids.map((id) => upsert(row(id))),
  );

  const sender = await Sender.begin(world, "customers", { silenceSeconds: 86_400 });
  // The first delivery of a run finds things as the run before left them.
  await sender.deliver(upsert(row(0)));
  const costs: Costs = {};
  const fresh = range(size, DELIVERY_ROWS);
  const measure = async (name: string, changes: SentChange[]) => {
    let requests = 0;
    const cost = await meter.of(async () => {
      requests = await deliverTo(sender, changes);
    });
    costs[name] = per1000({ ...cost, calls: cost.calls + requests }, changes.length);
  };
  await measure(
    "insert",
    fresh.map((id) => upsert(row(id))),
  );
  await measure(
    "changed",
    fresh.map((id) => upsert(row(id, 2))),
  );
  await measure(
    "unchanged",
    fresh.map((id) => upsert(row(id, 2))),
  );
  await measure(
    "delete",
    fresh.map((id) => remove({ id, version: 3 })),
  );
  await sender.finish();
  await world.passTime(1_000);
  // Whatever else is due, such as the look at a run that fell silent, is not the refresh's.
  await world.passTime(2 * 86_400_000);

  const measureRefresh = async (name: string, versionOf: (id: number) => number) => {
    let requests = 2;
    const cost = await meter.of(async () => {
      const whole = await Sender.begin(world, "customers", { syncMode: "overwrite", silenceSeconds: 86_400 });
      requests += await deliverTo(
        whole,
        ids.map((id) => upsert(row(id, versionOf(id)))),
      );
      await whole.finish();
      await world.passTime(60_000);
    });
    costs[name] = per1000({ ...cost, calls: cost.calls + requests }, size);
  };
  await measureRefresh("refresh, unchanged", () => 1);
  await measureRefresh("refresh, 1 % changed", (id) => (id % 100 === 0 ? 2 : 1));
  return costs;
}

const vRows = v.array(v.object(fields));

/** (a) As webhook mirrors do: an HTTP request and a mutation for each row, which patches what it finds. */
const upsertOne = internalMutation({
  args: { row: v.object(fields) },
  handler: async (ctx, { row: sent }) => {
    const found = await ctx.db
      .query("copies")
      .withIndex("by_key", (q) => q.eq("id", sent.id))
      .unique();
    if (found === null) await ctx.db.insert("copies", sent);
    else await ctx.db.patch("copies", found._id, sent);
  },
});

/** (b) As a plain importer does: chunks of 1,000 rows, and the checkpoint in a mutation of its own. */
const upsertMany = internalMutation({
  args: { rows: vRows },
  handler: async (ctx, { rows }) => {
    for (const sent of rows) {
      const found = await ctx.db
        .query("copies")
        .withIndex("by_key", (q) => q.eq("id", sent.id))
        .unique();
      if (found === null) await ctx.db.insert("copies", sent);
      else await ctx.db.patch("copies", found._id, sent);
    }
  },
});

const saveCheckpoint = internalMutation({
  args: { cursor: v.number() },
  handler: async (ctx, { cursor }) => {
    const saved = await ctx.db.query("checkpoints").first();
    if (saved === null) await ctx.db.insert("checkpoints", { cursor });
    else await ctx.db.patch("checkpoints", saved._id, { cursor });
  },
});

/** What others' ways cost, per 1,000 rows sent to a table that has this many. */
export async function measureBaselines(size: number): Promise<Costs> {
  const world = await start({ baseline: { upsertOne, upsertMany, saveCheckpoint } });
  const meter = new Meter(world);
  const chunk = async (ids: number[], version: number) => {
    for (let from = 0; from < ids.length; from += 1_000) {
      const rows = ids.slice(from, from + 1_000).map((id) => row(id, version));
      await world.callApp("baseline:upsertMany", { rows });
      await world.callApp("baseline:saveCheckpoint", { cursor: from });
    }
  };
  await chunk(range(0, size), 1);
  const costs: Costs = {};
  for (const [name, from, version] of [
    ["insert", size, 1],
    ["changed", size, 2],
    ["unchanged", size, 2],
  ] as const) {
    const one = await meter.of(async () => {
      for (const id of range(from, 1_000))
        await world.callApp("baseline:upsertOne", { row: row(id, version) });
    });
    // The HTTP action and its mutation.
    costs[`(a) one by one, ${name}`] = per1000({ ...one, calls: 2_000 }, 1_000);
    const many = await meter.of(async () => {
      await chunk(range(from + 1_000, 1_000), version);
    });
    costs[`(b) plain chunks, ${name}`] = per1000({ ...many, calls: 3 }, 1_000);
  }
  return costs;
}
