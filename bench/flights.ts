/** 200,000 flights without a key, 6,073 of them copies of another: a refresh has to keep every one and touch none. */
import { readFileSync } from "node:fs";
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "../src/schema/index.js";
import { Sender, upsert } from "../test/core/support/sender.js";
import { World, type Row } from "../test/core/support/world.js";
import type { Schema } from "../tools/local-convex/mock.js";
import type { Costs } from "./cases.js";
import { Meter, per1000 } from "./count.js";

const DELIVERY_ROWS = 5_000;

/** A file of vega-datasets, as text. */
export function datasetText(name: string): string {
  return readFileSync(new URL(`../node_modules/vega-datasets/data/${name}`, import.meta.url), "utf8");
}

/** A table of vega-datasets. */
export function dataset(name: string): Row[] {
  return JSON.parse(datasetText(name)) as Row[];
}

export const flightsSchema = defineSchema({
  flights: mirrorTable({ delay: v.number(), distance: v.number(), time: v.number() }),
}) as unknown as Schema;

/** A whole refresh of `flights`. */
export async function refreshFlights(world: World, rows: readonly Row[]): Promise<number> {
  const sender = await Sender.begin(world, "flights", { syncMode: "overwrite", silenceSeconds: 86_400 });
  let requests = 2;
  for (let from = 0; from < rows.length; from += DELIVERY_ROWS) {
    await sender.deliver(...rows.slice(from, from + DELIVERY_ROWS).map(upsert));
    requests += 1;
  }
  await sender.finish();
  await world.passTime(60_000);
  return requests;
}

export async function measureFlights(): Promise<Costs> {
  const rows = dataset("flights-200k.json");
  const world = await World.start({
    schema: flightsSchema,
    options: { writeBudget: { bytesPerSecond: 1e12 } },
  });
  const meter = new Meter(world);
  const costs: Costs = {};
  for (const name of ["first load", "refresh, unchanged"]) {
    let requests = 0;
    const cost = await meter.of(async () => {
      requests = await refreshFlights(world, rows);
    });
    costs[name] = per1000({ ...cost, calls: cost.calls + requests }, rows.length);
    const { rows: kept } = await world.mirror("flights");
    if (kept !== rows.length) throw new Error(`${String(kept)} of ${String(rows.length)} rows are there.`);
  }
  return costs;
}
