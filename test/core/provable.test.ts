// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addRow, emptyDigest } from "../../src/core/proof/digest.js";
import { hashToHex, keyHash, rowHash } from "../../src/core/proof/hash.js";
import type { Value } from "convex/values";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { expectOk, refresh, remove, Sender, update, upsert } from "./support/sender.js";
import { World, type Row } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const rows = Array.from({ length: 30 }, (_, id) => ({ id, text: "t" }));

async function withRows(): Promise<World> {
  const world = await World.start();
  await refresh(world, "plain", rows);
  return world;
}

/** Writes as somebody does who edits the table in the dashboard. */
async function tamper(world: World): Promise<void> {
  const documents = await world.documents("plain");
  await world.inApp(async (ctx) => {
    const idOf = (id: number) => documents.find((row) => row.id === id)!._id as never;
    await ctx.db.patch(idOf(3), { text: "edited" } as never);
    await ctx.db.delete(idOf(5));
    await ctx.db.insert("plain" as never, { id: 77, text: "added" } as never);
  });
}

interface Report {
  state: string;
  findings: { kind: string; key: string | null }[];
  differingBuckets: number[];
  rows: number;
  all: boolean;
}

async function audit(world: World): Promise<Report> {
  await world.call("audit", { mirror: "plain" });
  await world.passTime(1_000);
  return (await world.call("auditReport", { mirror: "plain" })) as Report;
}

const found = ({ findings }: Report) => findings.map(({ kind, key }) => `${kind} ${String(key)}`).sort();

test("PROVE-1: after every commit the stored digest, and the sketch, are those of the rows", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "versioned");
  for (const change of [
    upsert({ id: 1, text: "a", version: 1 }),
    update({ id: 1, note: "n", version: 2 }),
    upsert({ id: 2, text: "b", version: 1 }),
    remove({ id: 1, version: 3 }),
    upsert({ id: 1, text: "late", version: 2 }),
  ]) {
    await sender.deliver(change);
    await expectDigestInStep(world, "versioned", ["id"]);
  }
});

test("PROVE-2: an audit of rows that only the importer wrote finds nothing", async () => {
  const world = await withRows();
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 30, findings: [], differingBuckets: [] });
});

test("PROVE-3: an audit names the rows that were edited, added and removed past the importer, with their keys", async () => {
  const world = await withRows();
  await tamper(world);
  const report = await audit(world);
  expect(report).toMatchObject({ state: "differs", all: true });
  expect(found(report)).toEqual(["added [77]", "edited [3]", "removed [5]"]);
});

test("PROVE-4: a repair asks the source for what was edited or removed, takes away what was added, and is proved by the next audit", async () => {
  const world = await withRows();
  await tamper(world);
  await audit(world);
  expect(await world.call("repair", { mirror: "plain", removeAdded: true })).toEqual({
    askedAgain: 2,
    removed: 1,
    left: 0,
  });
  await expectDigestInStep(world, "plain", ["id"]);
  await expectConserved(world, "plain");
  const sender = await Sender.begin(world, "plain");
  expect((sender.begun.resend as unknown[]).sort()).toEqual([[3], [5]]);
  await sender.deliver(upsert({ id: 3, text: "t" }), upsert({ id: 5, text: "t" }));
  expect(await world.ledger("resends")).toEqual([]);
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 30 });
  await expectConserved(world, "plain");
});

test("PROVE-5: a repair without removal keeps added rows, and counts them from then on", async () => {
  const world = await withRows();
  await tamper(world);
  await audit(world);
  expect(await world.call("repair", { mirror: "plain" })).toEqual({ askedAgain: 2, removed: 0, left: 1 });
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 30 });
  await expectConserved(world, "plain");
});

test("PROVE-6: a repair of findings that an import has overtaken is refused", async () => {
  const world = await withRows();
  await tamper(world);
  await audit(world);
  await (await Sender.begin(world, "plain")).deliver(upsert({ id: 3, text: "new" }));
  await expect(world.call("repair", { mirror: "plain" })).rejects.toMatchObject({
    data: { code: "AuditOutdated" },
  });
});

test("PROVE-7: an audit that an import disturbs walks again, and never accuses rows that the import wrote", async () => {
  const world = await withRows();
  const sender = await Sender.begin(world, "plain");
  let disturbances = 0;
  world.faults.plan = async ({ kind }) => {
    if (kind === "mutation" && disturbances < 1) {
      disturbances += 1;
      world.faults.plan = () => null;
      await sender.deliver(upsert({ id: 99, text: "during" }));
    }
    return null;
  };
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 31 });
  expect(disturbances).toBe(1);
});

test("PROVE-8: verify tells a source whose rows are the mirror's from one whose are not, and where they differ", async () => {
  const world = await withRows();
  const digestOf = (all: Row[]) => {
    const digest = emptyDigest();
    for (const row of all) addRow(digest, keyHash([row.id as Value]), rowHash(row as Record<string, Value>));
    return Array.from(digest.counts, (count, i) => [count, hashToHex(digest.sums[i]!)]);
  };
  const verify = async (all: Row[]) => {
    const answer = await world.send("POST", "/v1/verify", { mirror: "plain", buckets: digestOf(all) });
    expectOk(answer);
    return answer.body;
  };
  expect(await verify(rows)).toMatchObject({ equal: true, rows: 30, differingBuckets: [] });
  const other = await verify([...rows.slice(1), { id: 0, text: "other" }]);
  expect(other).toMatchObject({ equal: false, rows: 30 });
  expect(other.differingBuckets).toHaveLength(1);
});

test("PROVE-9: more differences than a sketch can name are still found, bucket by bucket, and reported as incomplete", async () => {
  const world = await World.start();
  const many = Array.from({ length: 400 }, (_, id) => ({ id, text: "t" }));
  await refresh(world, "plain", many);
  const documents = await world.documents("plain");
  await world.inApp(async (ctx) => {
    for (const { _id } of documents) await ctx.db.patch(_id as never, { text: "edited" } as never);
  });
  const report = await audit(world);
  expect(report).toMatchObject({ state: "differs", all: false });
  expect(report.differingBuckets.length).toBeGreaterThan(50);
});

test("PROVE-10: a row that a repair has removed leaves no memory that could keep out the source's own of that key", async () => {
  const world = await World.start();
  await refresh(world, "versioned", [{ id: 1, text: "a", version: 1 }]);
  await world.inApp(async (ctx) =>
    ctx.db.insert("versioned" as never, { id: 2, text: "added", version: 99 } as never),
  );
  await world.call("audit", { mirror: "versioned" });
  await world.passTime(1_000);
  await world.call("repair", { mirror: "versioned", removeAdded: true });
  await expectConserved(world, "versioned");
  const sender = await Sender.begin(world, "versioned");
  await sender.deliver(upsert({ id: 2, text: "of the source", version: 1 }));
  expect(await world.rows("versioned")).toHaveLength(2);
  await expectConserved(world, "versioned");
  await expectDigestInStep(world, "versioned", ["id"]);
});

test("PROVE-11: a row of the source that goes along with an added one of its key is asked of the source again", async () => {
  const world = await withRows();
  await world.inApp(async (ctx) => ctx.db.insert("plain" as never, { id: 4, text: "twin" } as never));
  await audit(world);
  expect(await world.call("repair", { mirror: "plain", removeAdded: true })).toMatchObject({
    askedAgain: 1,
    removed: 1,
  });
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
  const sender = await Sender.begin(world, "plain");
  expect(sender.begun.resend).toEqual([[4]]);
  await sender.deliver(upsert({ id: 4, text: "t" }));
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 30 });
});

test("PROVE-12: rows that were wiped past the importer and refreshed, more than can be named, are in step again after a repair", async () => {
  const world = await World.start();
  const many = Array.from({ length: 400 }, (_, id) => ({ id, text: "t" }));
  await refresh(world, "plain", many);
  const documents = await world.documents("plain");
  await world.inApp(async (ctx) => {
    for (const { _id } of documents) await ctx.db.delete(_id as never);
  });
  await refresh(world, "plain", many);
  const [newest] = (await world.call("runs", { mirror: "plain", limit: 1 })) as { reason: string }[];
  expect(newest!.reason).toContain("streaming-import audit plain --repair");
  expect(await audit(world)).toMatchObject({ state: "differs", all: false, rows: 400 });
  await world.call("repair", { mirror: "plain" });
  await expectDigestInStep(world, "plain", ["id"]);
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 400 });
  await expectConserved(world, "plain");
});

test("PROVE-13: a repair leaves a report, and the mirror says that rows are requested until they arrive or a refresh completes", async () => {
  const world = await withRows();
  const isResending = async () =>
    ((await world.call("status")) as { name: string; resending: boolean }[]).find(
      ({ name }) => name === "plain",
    )!.resending;
  await tamper(world);
  await audit(world);
  expect(await isResending()).toBe(false);
  await world.call("repair", { mirror: "plain" });
  expect(await isResending()).toBe(true);
  const report = (await world.call("auditReport", { mirror: "plain" })) as Report & { reason: string };
  expect(report.state).toBe("repaired");
  expect(report.reason).toMatch(
    /^Not repaired yet\. 2 rows requested from the source\. .* push its file again/,
  );
  expect(found(report)).toEqual(["added [77]", "edited [3]", "removed [5]"]);
  expect(await world.call("repair", { mirror: "plain" })).toEqual({ askedAgain: 0, removed: 0, left: 0 });
  await world.passTime(1_000);
  // The source no longer has row 5.
  await refresh(
    world,
    "plain",
    rows.filter(({ id }) => id !== 5),
  );
  expect(await isResending()).toBe(false);
  expect(await world.ledger("resends")).toEqual([]);
  expect(await audit(world)).toMatchObject({ state: "equal", rows: 29 });
});
