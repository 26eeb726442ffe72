// @vitest-environment node
import fc from "fast-check";
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved, expectDigestInStep, sorted } from "./support/checks.js";
import { refresh, remove, Sender, upsert, type SentChange } from "./support/sender.js";
import { World, type AppVersion, type Row } from "./support/world.js";

/** A row is deleted only when it is known that the source has it no more. */

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const row = (id: number, text = "t") => ({ id, text });
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, i) => row(from + i));
const unreadable = upsert({ ID: 1, text: "its key has another name" });
const overwrite = { syncMode: "overwrite" } as const;

async function ids(world: World, mirror = "plain"): Promise<unknown[]> {
  return sorted(await world.rows(mirror)).map(({ id }) => id);
}

/** A full refresh of these changes, complete; what it does about the other rows is done by then. */
async function complete(
  world: World,
  mirror: string,
  changes: SentChange[],
  more: Row = {},
): Promise<Sender> {
  const sender = await Sender.begin(world, mirror, overwrite);
  for (let from = 0; from < changes.length; from += 1_000)
    await sender.deliver(...changes.slice(from, from + 1_000));
  const answer = await world.send("POST", `/v1/runs/${sender.run}/finish`, { outcome: "complete", ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  await world.passTime(1_000);
  return sender;
}

describe("a refresh with rows whose key cannot be read", () => {
  test("SURE-1: deletes nothing, says so, and is still so a month later", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    await complete(world, "plain", [upsert(row(2)), unreadable]);
    const held = /Refresh 2 is complete, but rows of it wait in quarantine whose key cannot be read/;
    for (const days of [0, 31]) {
      await world.passTime(days * DAY_MS);
      await world.component("maintenance:prune");
      expect(await ids(world)).toEqual([0, 1, 2]);
      expect(await world.mirror("plain")).toMatchObject({
        state: "sweepHeld",
        reason: expect.stringMatching(held) as unknown,
        hint: expect.stringContaining("streaming-import sweep plain") as unknown,
      });
      expect(await world.run("plain")).toMatchObject({ state: "held", swept: 0 });
    }
    const answer = await world.send("GET", "/v1/status");
    const status = (answer.body.mirrors as Row[]).find(({ name }) => name === "plain");
    expect(status).toMatchObject({ state: "sweepHeld", reason: expect.stringMatching(held) as unknown });
    await expectConserved(world, "plain");
  });

  test("SURE-1: deletes nothing in a mirror without a key, where any row may be the one that waits", async () => {
    const world = await World.start();
    await refresh(world, "facts", [{ text: "a" }, { text: "b" }]);
    await complete(world, "facts", [upsert({ text: "a" }), upsert({ text: null as never })]);
    expect(await world.rows("facts")).toHaveLength(2);
    expect(await world.mirror("facts")).toMatchObject({ state: "sweepHeld", quarantined: 1 });
  });

  test("SURE-1: answers its sender that the sweep is held, again and again", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    const sender = await complete(world, "plain", [unreadable]);
    const finished = await sender.finish();
    expect(finished).toMatchObject({
      state: "held",
      reason: expect.stringContaining("cannot be read") as unknown,
    });
    expect(await sender.finish()).toEqual(finished);
  });

  test("SURE-2: sweeps when the last of them is discarded, and not before", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    await complete(world, "plain", [
      upsert(row(2)),
      unreadable,
      unreadable,
      upsert({ id: 1, text: null as never }),
    ]);
    const waiting = await world.ledger("quarantine");
    const discard = async (which: typeof waiting) => {
      await world.call("discardQuarantine", { mirror: "plain", ids: which.map(({ _id }) => _id) });
      await world.passTime(1_000);
    };
    await discard(waiting.slice(0, 1));
    expect(await ids(world)).toEqual([0, 1, 2]);
    await discard(waiting.slice(1, 2));
    // The row 1 is known to be at the source: its change waits, with its key.
    expect(await ids(world)).toEqual([1, 2]);
    expect(await world.mirror("plain")).toMatchObject({ state: "rowsWaiting", quarantined: 1 });
    expect((await world.mirror("plain")).held).toBeUndefined();
    expect(await world.run("plain")).toMatchObject({ state: "complete", swept: 1 });
    await expectConserved(world, "plain");
    await expectDigestInStep(world, "plain", ["id"]);
  });

  test("SURE-2: sweeps when a person says so, once", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    await complete(world, "plain", [upsert(row(2)), unreadable]);
    expect(await world.call("sweep", { mirror: "plain" })).toBe(true);
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([2]);
    expect(await world.call("sweep", { mirror: "plain" })).toBe(false);
    expect(await world.mirror("plain")).toMatchObject({ state: "rowsWaiting" });
  });

  test("SURE-2: gives way to the next refresh: one that is readable sweeps, one that is not is held", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    const first = await complete(world, "plain", [upsert(row(2)), unreadable]);
    await complete(world, "plain", [upsert(row(1)), upsert(row(2)), unreadable]);
    expect(await ids(world)).toEqual([0, 1, 2]);
    // What waited for the first has arrived anew.
    expect(await world.mirror("plain")).toMatchObject({ state: "sweepHeld", quarantined: 1 });
    expect(await first.finish()).toMatchObject({ state: "complete" });
    await complete(world, "plain", [upsert(row(1)), upsert(row(2))]);
    expect(await ids(world)).toEqual([1, 2]);
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate", quarantined: 0 });
    expect(await world.ledger("manifests")).toEqual([]);
  });

  test("SURE-2: stays held while a later refresh is interrupted", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    await complete(world, "plain", [upsert(row(2)), unreadable]);
    const later = await Sender.begin(world, "plain", overwrite);
    await later.deliver(upsert(row(1)));
    await later.finish("incomplete");
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([0, 1, 2]);
    expect((await world.mirror("plain")).held).toBeDefined();
    await world.call("sweep", { mirror: "plain" });
    await world.passTime(1_000);
    // Row 1 has arrived since.
    expect(await ids(world)).toEqual([1, 2]);
  });

  test("SURE-3: counts a row as delivered that a replay makes readable", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(3));
    await complete(world, "plain", [upsert(row(2)), unreadable]);
    world.deploy({
      schema: defineSchema({
        plain: mirrorTable(
          { id: v.number(), text: v.string(), note: v.optional(v.string()) },
          { primaryKey: ["id"], columns: { id: "ID" } },
        ),
      }),
    } as unknown as AppVersion);
    await world.call("declare");
    await world.call("replayQuarantine", { mirror: "plain" });
    await world.passTime(1_000);
    expect(sorted(await world.rows("plain"))).toEqual([
      { id: 1, text: "its key has another name" },
      { id: 2, text: "t" },
    ]);
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate", rows: 2 });
    await expectConserved(world, "plain");
  });

  test("SURE-4: keeps rows that arrive while its sweep is held, and deletions too", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(4));
    await complete(world, "plain", [upsert(row(2)), unreadable]);
    const live = await Sender.begin(world, "plain");
    await live.deliver(upsert(row(0, "new")), upsert(row(7)), remove({ id: 2 }));
    await world.call("sweep", { mirror: "plain" });
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([0, 7]);
    await expectConserved(world, "plain");
  });
});

describe("a refresh that shrinks its mirror", () => {
  test.each([
    [100, 50, "complete"],
    [100, 49, "held"],
    [99, 1, "complete"],
    [250, 0, "held"],
    [99, 0, "complete"],
  ])("SURE-5: of %d rows to %d is %s", async (before, after, state) => {
    const world = await World.start();
    await refresh(world, "plain", rows(before));
    const sender = await complete(world, "plain", rows(after).map(upsert));
    expect(await ids(world)).toHaveLength(state === "held" ? before : after);
    expect(await sender.finish()).toMatchObject({ state });
    if (state === "held") {
      expect(await world.mirror("plain")).toMatchObject({
        state: "sweepHeld",
        reason: expect.stringContaining(`only ${String(after)} of ${String(before)} rows`) as unknown,
      });
    }
    expect(await world.mirror("plain")).toMatchObject({ rows: state === "held" ? before : after });
  });

  test("SURE-5: counts the rows that stay, not the changes that were sent", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(200));
    // Each of ten rows ten times over, and ninety whose values do not fit; their stored rows stay.
    const often = Array.from({ length: 100 }, (_, i) => upsert(row(i % 10)));
    const bad = Array.from({ length: 89 }, (_, i) => upsert({ id: 50 + i, text: null as never }));
    await complete(world, "plain", [...often, ...bad]);
    expect(await ids(world)).toHaveLength(200);
    expect((await world.mirror("plain")).reason).toContain("only 99 of 200 rows");
    await complete(world, "plain", [...often, ...bad, upsert({ id: 199, text: null as never })]);
    expect(await ids(world)).toHaveLength(100);
  });

  test("SURE-5: is not one that replaces all rows by as many others", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(150));
    await complete(world, "plain", rows(150, 1_000).map(upsert));
    expect(await ids(world)).toHaveLength(150);
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate" });
  });

  test("SURE-5: holds the sweep of a mirror without a key, by its copies", async () => {
    const world = await World.start();
    const facts = (count: number) => Array.from({ length: count }, (_, i) => ({ text: String(i % 7) }));
    await refresh(world, "facts", facts(120));
    await complete(world, "facts", facts(59).map(upsert));
    expect(await world.rows("facts")).toHaveLength(120);
    await complete(world, "facts", facts(60).map(upsert));
    expect(await world.rows("facts")).toHaveLength(60);
  });

  test("SURE-5: does not count rows that are marked as deleted", async () => {
    const world = await World.start();
    const marked = (id: number) => ({ ...row(id), version: 1 });
    await refresh(
      world,
      "soft",
      Array.from({ length: 200 }, (_, id) => marked(id)),
    );
    await complete(
      world,
      "soft",
      Array.from({ length: 110 }, (_, id) => upsert(marked(id))),
    );
    await complete(
      world,
      "soft",
      Array.from({ length: 60 }, (_, id) => upsert(marked(id))),
    );
    const live = (await world.rows("soft")).filter(({ deletedAt }) => deletedAt === undefined);
    expect(live).toHaveLength(60);
    expect(await world.mirror("soft")).toMatchObject({ state: "upToDate", rows: 200 });
  });

  test.each([
    [0.9, 20, 19],
    [0, 200, 199],
    [false, 0, null],
  ] as const)("SURE-6: may declare another limit: %s", async (shrinkLimit, enough, few) => {
    const world = await World.start({
      schema: defineSchema({
        plain: mirrorTable({ id: v.number(), text: v.string() }, { primaryKey: ["id"], shrinkLimit }),
      }),
    } as unknown as AppVersion);
    await refresh(world, "plain", rows(200));
    if (few !== null) {
      await complete(world, "plain", rows(few).map(upsert));
      expect(await ids(world)).toHaveLength(200);
    }
    await complete(world, "plain", rows(enough).map(upsert));
    expect(await ids(world)).toHaveLength(enough);
  });

  test("SURE-7: goes on when its sender or a person agrees", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(200));
    await complete(world, "plain", rows(10).map(upsert));
    expect(await ids(world)).toHaveLength(200);
    await world.call("sweep", { mirror: "plain" });
    await world.passTime(1_000);
    expect(await ids(world)).toHaveLength(10);
    await refresh(world, "plain", rows(200));
    await complete(world, "plain", rows(10).map(upsert), { allowShrink: true });
    expect(await ids(world)).toHaveLength(10);
    await expectConserved(world, "plain");
    await expectDigestInStep(world, "plain", ["id"]);
  });

  test("SURE-7: asks for both: rows that are discarded do not make a shrinking refresh go on", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(200));
    await complete(world, "plain", [...rows(10).map(upsert), unreadable]);
    await world.call("discardQuarantine", { mirror: "plain" });
    await world.passTime(1_000);
    expect(await ids(world)).toHaveLength(200);
    expect((await world.mirror("plain")).reason).toContain("only 10 of 200 rows");
  });
});

describe("rows that somebody else wrote", () => {
  test("SURE-8: never make the number of rows negative, and a sweep or an audit puts it right", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(5));
    const insert = async (from: number, count: number) =>
      world.inApp(async (ctx) => {
        for (const one of rows(count, from)) await ctx.db.insert("plain" as never, one as never);
      });
    await insert(100, 20);
    await complete(world, "plain", rows(3).map(upsert));
    expect(await ids(world)).toEqual([0, 1, 2]);
    expect(await world.mirror("plain")).toMatchObject({ rows: 3 });
    await insert(100, 4);
    // The importer deletes more than it has written.
    const live = await Sender.begin(world, "plain");
    await live.deliver(...[0, 1, 2, 100, 101].map((id) => remove({ id })));
    await world.passTime(2_000);
    expect((await world.mirror("plain")).rows).toBe(0);
    await world.call("audit", { mirror: "plain" });
    await world.passTime(2_000);
    expect(await world.mirror("plain")).toMatchObject({ rows: 2 });
    await expectConserved(world, "plain");
    expect(await world.call("clearMirror", { mirror: "plain" })).toBe(2);
    expect(await world.mirror("plain")).toMatchObject({ rows: 0 });
    await expectConserved(world, "plain");
  });
});

describe("rows that wait", () => {
  test("SURE-9: are the state of their mirror until they leave", async () => {
    const world = await World.start();
    const live = await Sender.begin(world, "plain");
    await live.deliver(upsert(row(1)), upsert({ id: 2, text: null as never }), unreadable);
    await live.finish();
    const words = "2 rows wait in quarantine. Everything else received is applied.";
    expect(await world.mirror("plain")).toMatchObject({
      state: "rowsWaiting",
      reason: words,
      hint: expect.stringContaining("streaming-import quarantine list plain") as unknown,
    });
    const [first, second] = await world.ledger("quarantine");
    await world.call("discardQuarantine", { mirror: "plain", ids: [first!._id] });
    expect(await world.mirror("plain")).toMatchObject({
      state: "rowsWaiting",
      reason: expect.stringMatching(/^1 row waits/) as unknown,
    });
    await world.call("pause", { mirror: "plain" });
    await world.call("resume", { mirror: "plain" });
    expect(await world.mirror("plain")).toMatchObject({ state: "rowsWaiting" });
    await world.call("discardQuarantine", { mirror: "plain", ids: [second!._id] });
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate" });
  });

  test("SURE-9: are in no report of a mirror that says that there is nothing to do", async () => {
    const world = await World.start();
    await refresh(world, "plain", [row(1)]);
    await complete(world, "plain", [upsert(row(1)), upsert({ id: 2, text: null as never })]);
    expect(await world.mirror("plain")).toMatchObject({ state: "rowsWaiting", quarantined: 1 });
    const live = await Sender.begin(world, "plain");
    await live.deliver(upsert({ id: 2, text: "mended" }));
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate", quarantined: 0 });
  });
});

describe("whatever is refreshed", () => {
  const RUNS = Number(process.env.SOAK_RUNS ?? 60);

  test(
    "SURE-10: no row is deleted that the source still has, however many of its keys cannot be read",
    { timeout: 20_000 + RUNS * 1_000 },
    async () => {
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            type: fc.constant("refresh" as const),
            /** Which rows the source has, and which of them it sends with a key that cannot be read. */
            source: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 6 }),
            unreadable: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 2 }),
            isCut: fc.boolean(),
            resumes: fc.boolean(),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ type: fc.constant("time" as const), days: fc.nat({ max: 40 }) }),
        },
      );
      const property = fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const world = await World.start();
        let generation = 0;
        let isOpen = false;
        for (const one of steps) {
          if (one.type === "time") {
            await world.passTime(one.days * DAY_MS);
            await world.component("maintenance:prune");
            continue;
          }
          const stored = new Set(await ids(world));
          const source = new Set(one.source);
          if (!(one.resumes && isOpen)) generation += 1;
          const sender = await Sender.begin(world, "plain", { ...overwrite, generation });
          await sender.deliver(
            ...one.source.map((id) =>
              one.unreadable.includes(id) ? upsert({ text: String(id) }) : upsert(row(id)),
            ),
          );
          await sender.finish(one.isCut ? "incomplete" : "complete");
          isOpen = one.isCut;
          await world.passTime(1_000);
          const left = new Set(await ids(world));
          for (const id of stored) if (source.has(id as number)) expect(left).toContain(id);
          const sent = one.source.filter((id) => !one.unreadable.includes(id));
          for (const id of sent) expect(left).toContain(id);
          if (!one.isCut && !one.resumes && sent.length === one.source.length)
            expect(sorted(await world.rows("plain")).map(({ id }) => id)).toEqual([...one.source].sort());
          await expectConserved(world, "plain");
        }
      });
      await fc.assert(property, { numRuns: RUNS });
    },
  );
});
