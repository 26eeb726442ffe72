// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import type { Schema } from "../../tools/local-convex/mock.js";
import { upsert, type SentChange } from "../core/support/sender.js";
import { World, type Row } from "../core/support/world.js";
import { changeOf, commands, refreshes, type Command } from "./commands.js";
import { BagModel, isReadable, KeyedModel, type ModelRow } from "./model.js";
import { play, type Modelled } from "./play.js";

/** Sequences per mirror; `npm run test:soak` plays many more. */
const RUNS = Number(process.env.SOAK_RUNS ?? 40);
const TIMEOUT_MS = RUNS * 2_000 + 20_000;

/** What the sequences are drawn from, printed with every run; `SEED=… npm run test:soak` plays the same again. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`test/model: SEED=${String(SEED)}, ${String(RUNS)} sequences for each mirror`);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const text = v.union(v.string(), v.null());
const note = v.optional(v.string());
const version = v.optional(v.number());

/** The mirrors with a text that may be null: what a developer deploys who has read the quarantine. */
const mended = defineSchema({
  plain: mirrorTable({ id: v.number(), text, note }, { primaryKey: ["id"] }),
  versioned: mirrorTable({ id: v.number(), text, note, version }, { primaryKey: ["id"], version: "version" }),
  soft: mirrorTable(
    { id: v.number(), text, note, version, deletedAt: v.optional(v.number()) },
    { primaryKey: ["id"], version: "version", onDelete: "soft", deletedField: "deletedAt" },
  ),
  facts: mirrorTable({ text: v.string(), n: v.optional(v.number()) }),
}) as unknown as Schema;

function keyed(mirror: "plain" | "versioned" | "soft", base: SentChange[] = []): Modelled {
  const model = new KeyedModel({ versioned: mirror !== "plain", soft: mirror === "soft" });
  return {
    mirror,
    keyFields: ["id"],
    base,
    model,
    encode: (changes: SentChange[][]) => changes.flat(),
    deliver: (changes: SentChange[][], { refresh }) => model.deliver(changes.flat(), refresh),
    // With versions, an older change of a row that is still to be swept is stale, and news once it is gone.
    whileSwept: (changes: SentChange[][]) =>
      mirror === "plain" ? changes.filter((all) => all.every(({ op }) => op === "upsert")) : [],
    mend: (world) => {
      model.canStoreText = () => true;
      world.poison = null;
      world.deploy({ schema: mended });
    },
    replay: () => {
      model.replay();
    },
    expectSame: async (world) => {
      const rows = (await world.rows(mirror)).map(({ deletedAt, ...row }) =>
        deletedAt === undefined ? row : { ...row, deleted: true },
      );
      const byId = (a: Row | ModelRow, b: Row | ModelRow) => (a.id as number) - (b.id as number);
      expect(rows.sort(byId)).toEqual([...model.rows.values()].sort(byId));
      const waiting = (await world.ledger("quarantine")).map(({ op, key }) => [op, key]);
      expect(waiting).toEqual(
        model.waiting.map(({ change }) => [
          change.op,
          isReadable(change) ? JSON.stringify([change.row.id]) : undefined,
        ]),
      );
      expect((await world.mirror(mirror)).held !== undefined, "held").toBe(model.held);
    },
  };
}

function bag(): Modelled {
  const model = new BagModel();
  return {
    mirror: "facts",
    keyFields: ["mirrorKey"],
    base: [],
    model,
    encode: (texts: string[]) => texts.map((letter) => upsert({ text: letter })),
    deliver: (texts: string[], { overwrite }) => model.deliver(texts, overwrite),
    whileSwept: (texts: string[]) => texts,
    mend: () => undefined,
    replay: () => undefined,
    expectSame: async (world) => {
      const rows = (await world.rows("facts")).map((row) => row.text as string).sort();
      expect(rows).toEqual(
        [...model.rows].flatMap(([letter, times]) => Array<string>(times).fill(letter)).sort(),
      );
    },
  };
}

async function holds<Change>(
  change: fc.Arbitrary<Change>,
  start: (world: World) => Modelled,
  sequences: fc.Arbitrary<Command<Change>[]> = commands(change),
): Promise<void> {
  const property = fc.asyncProperty(sequences, async (all: Command<Change>[]) => {
    const world = await World.start();
    await play(world, start(world), all);
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
}

describe("whatever is sent, resent, reordered, taken over and cut off, a mirror is what its model is", () => {
  test(
    "MODEL-1: with a key, ordered by arrival, with rows that cannot be converted",
    { timeout: TIMEOUT_MS },
    async () => {
      await holds(changeOf(null, false), () => keyed("plain"));
    },
  );

  test(
    "MODEL-2: with a key and a version, with rows that fail in the app's transaction",
    { timeout: TIMEOUT_MS },
    async () => {
      await holds(changeOf("poison", true), (world) => {
        world.poison = ({ row }) => ((row as Row | undefined)?.text === "poison" ? "No." : null);
        return keyed("versioned");
      });
    },
  );

  test("MODEL-3: with a key, a version and soft deletes", { timeout: TIMEOUT_MS }, async () => {
    await holds(changeOf(null, true), () => keyed("soft"));
  });

  test(
    "MODEL-5: with so many rows that a refresh may shrink it too far",
    { timeout: TIMEOUT_MS },
    async () => {
      const base = Array.from({ length: 120 }, (_, i) => upsert({ id: 100 + i, text: "a" }));
      await holds(changeOf(null, false), () => keyed("plain", base));
    },
  );

  test("MODEL-6: with refreshes that other senders number", { timeout: TIMEOUT_MS }, async () => {
    const change = changeOf(null, false);
    await holds(change, () => keyed("plain"), refreshes(change));
  });

  test("MODEL-4: without a key", { timeout: TIMEOUT_MS }, async () => {
    await holds(fc.constantFrom("a", "b", "c"), () => bag());
  });
});
