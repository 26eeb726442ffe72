/** The mirrors of the app, each with its model. */
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { expect } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import type { Schema } from "../../tools/local-convex/mock.js";
import { upsert, type SentChange } from "../core/support/sender.js";
import type { Row } from "../core/support/world.js";
import { BagModel, isReadable, KeyedModel, type ModelRow } from "./model.js";
import type { Modelled } from "./play.js";

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

/** A mirror with a key. @param name Of one that is like it, unless it is itself. */
export function keyed(
  mirror: "plain" | "versioned" | "soft",
  base: SentChange[] = [],
  name: string = mirror,
): Modelled {
  const model = new KeyedModel({ versioned: mirror !== "plain", soft: mirror === "soft" });
  return {
    mirror: name,
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
      const rows = (await world.rows(name)).map(({ deletedAt, ...row }) =>
        deletedAt === undefined ? row : { ...row, deleted: true },
      );
      const byId = (a: Row | ModelRow, b: Row | ModelRow) => (a.id as number) - (b.id as number);
      expect(rows.sort(byId)).toEqual([...model.rows.values()].sort(byId));
      const waiting = (await world.ledger("quarantine")).filter((entry) => entry.mirror === name);
      expect(waiting.map(({ op, key }) => [op, key])).toEqual(
        model.waiting.map(({ change }) => [
          change.op,
          isReadable(change) ? JSON.stringify([change.row.id]) : undefined,
        ]),
      );
      expect((await world.mirror(name)).held !== undefined, "held").toBe(model.held);
    },
  };
}

/** A mirror without a key. */
export function bag(): Modelled {
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
