import { describe, expect, test } from "vitest";
import type { App } from "../harness.js";
import {
  digestOf,
  expectRefused,
  ok,
  remove,
  Run,
  setUp,
  start,
  statusOf,
  upsert,
  type Delivered,
  type MirrorName,
  type Status,
} from "./support.js";

setUp();

type Buckets = [number, string][];

async function digest(
  app: App,
  mirror: MirrorName,
): Promise<{ mirror: string; rows: number; buckets: Buckets }> {
  return ok(await app.send("GET", `/v1/digest?mirror=${mirror}`));
}

async function verify(app: App, mirror: MirrorName, buckets: Buckets) {
  const body = { mirror, buckets };
  return ok<{ mirror: string; equal: boolean; rows: number; differingBuckets: number[] }>(
    await app.send("POST", "/v1/verify", body),
  );
}

describe("GET /v1/status", () => {
  test("says what every mirror is doing, before the first row too", async () => {
    const app = await start(["conformance_plain", "conformance_keyless"]);
    const { mirrors } = ok<{ mirrors: Status[] }>(await app.send("GET", "/v1/status"));
    expect(mirrors.map(({ name, state }) => [name, state])).toEqual([
      ["conformance_keyless", "waiting"],
      ["conformance_plain", "waiting"],
    ]);
    const run = await Run.refresh(app, "conformance_plain", { generation: 7 });
    await run.deliver([upsert({ id: "a" }), upsert({ id: "b", n: "x" })], { committedAt: Date.now() - 100 });
    expect(await statusOf(app, "conformance_plain")).toEqual({
      name: "conformance_plain",
      source: "conformance_plain",
      owner: null,
      state: "snapshotting",
      reason: "Full refresh 7: 2 rows received so far.",
      primaryKey: "id",
      syncMode: "overwrite",
      rows: 1,
      quarantined: 1,
      total: {
        received: 2,
        inserted: 1,
        updated: 0,
        unchanged: 0,
        deleted: 0,
        stale: 0,
        ignored: 0,
        quarantined: 1,
      },
      removed: 0,
      copied: 0,
      generation: 7,
      epoch: 1,
      running: true,
      lagMs: 100,
      lastAppliedAt: expect.any(String) as string,
      lastHeardAt: expect.any(String) as string,
      lastError: null,
    });
  });
});

describe("GET /v1/mirrors", () => {
  test("describes what a sender has to know", async () => {
    const app = await start(["conformance_names"]);
    expect(ok(await app.send("GET", "/v1/mirrors"))).toEqual({
      mirrors: [
        {
          name: "conformance_names",
          source: "conformance_names",
          primaryKey: ["id"],
          version: null,
          fields: {
            id: { fieldType: { type: "string" }, optional: false },
            source_id: { fieldType: { type: "string" }, optional: true },
            source_uber: { fieldType: { type: "string" }, optional: true },
            source_proto: { fieldType: { type: "string" }, optional: true },
            grossUs: { fieldType: { type: "number" }, optional: true },
            json: { fieldType: { type: "any" }, optional: true },
          },
          columns: { grossUs: "US Gross ($)" },
          drop: [],
          hash: [],
          filtered: false,
          overflow: null,
          drift: { unknownFields: "evolve", types: "evolve", missingFields: "evolve" },
          onDelete: "hard",
          deletedField: null,
          expectEveryMs: null,
          owner: null,
          access: "write",
        },
      ],
    });
  });

  test("says when the token may only read", async () => {
    const app = await start();
    app.token = (await app.call("createToken", {
      name: "reader",
      mirrors: ["conformance_plain"],
      access: "read",
    })) as string;
    expect(ok(await app.send("GET", "/v1/mirrors"))).toMatchObject({ mirrors: [{ access: "read" }] });
  });

  test("leaves out the field that the importer adds to mirrors without a key", async () => {
    const app = await start(["conformance_keyless"]);
    const { mirrors } = ok<{ mirrors: { primaryKey: unknown; fields: object }[] }>(
      await app.send("GET", "/v1/mirrors"),
    );
    expect(mirrors[0]).toMatchObject({ primaryKey: null });
    expect(Object.keys(mirrors[0]!.fields)).toEqual(["text", "n"]);
  });
});

describe("the digest", () => {
  test("of an empty mirror is 64 times nothing", async () => {
    const app = await start();
    expect(await digest(app, "conformance_plain")).toEqual({
      mirror: "conformance_plain",
      rows: 0,
      buckets: Array.from({ length: 64 }, () => [0, "0000000000000000"]),
    });
  });

  test("is that of the rows, whatever happened to them", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver(Array.from({ length: 50 }, (_, n) => upsert({ id: String(n), n })));
    await run.deliver([remove({ id: "7" }), upsert({ id: "8", text: "other" }), remove({ id: "nobody" })]);
    const { rows, buckets } = await digest(app, "conformance_plain");
    expect(rows).toBe(49);
    expect(buckets).toEqual(digestOf("conformance_plain", await app.rows("conformance_plain")));
  });

  test("of a mirror without a key has each copy of a row", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    await run.deliver([upsert({ text: "a" }), upsert({ text: "a" }), upsert({ text: "b" })]);
    const { rows, buckets } = await digest(app, "conformance_keyless");
    expect(rows).toBe(3);
    expect(
      buckets
        .map(([count]) => count)
        .filter((count) => count > 0)
        .sort(),
    ).toEqual([1, 2]);
  });

  test.each([
    ["?mirror=nobody", 404, "UnknownMirror", /no mirror "nobody".*mirrorTable/],
    ["", 404, "UnknownMirror", /no mirror of that name, which is not a string; this token opens/],
  ])("of %j is refused", async (query, status, code, message) => {
    const app = await start();
    expectRefused(await app.send("GET", `/v1/digest${query}`), status, code, message);
  });
});

describe("POST /v1/verify", () => {
  test("tells that a mirror equals its source, and where it does not", async () => {
    const app = await start();
    const rows = Array.from({ length: 30 }, (_, n) => ({ id: String(n), text: "x" }));
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver(rows.map((row) => upsert(row)));
    expect(await verify(app, "conformance_plain", digestOf("conformance_plain", rows))).toEqual({
      mirror: "conformance_plain",
      equal: true,
      rows: 30,
      differingBuckets: [],
    });
    const changed = digestOf("conformance_plain", [{ id: "0", text: "other" }, ...rows.slice(1)]);
    const lacking = digestOf("conformance_plain", rows.slice(1));
    const edited = await verify(app, "conformance_plain", changed);
    expect(edited).toMatchObject({ equal: false, rows: 30 });
    expect(edited.differingBuckets).toHaveLength(1);
    expect((await verify(app, "conformance_plain", lacking)).differingBuckets).toEqual(
      edited.differingBuckets,
    );
  });

  test("takes what GET /v1/digest gives, in capitals too", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert({ id: "a" })]);
    const { buckets } = await digest(app, "conformance_plain");
    expect(await verify(app, "conformance_plain", buckets)).toMatchObject({ equal: true });
    const capitals = buckets.map(([count, sum]) => [count, sum.toUpperCase()] satisfies [number, string]);
    expect(await verify(app, "conformance_plain", capitals)).toMatchObject({ equal: true });
  });

  test.each([
    ["nothing", undefined, /array of 64 buckets/],
    ["63 buckets", Array(63).fill([0, "0".repeat(16)]), /array of 64 buckets/],
    ["a bucket that is none", Array(64).fill(0), /buckets\[0\] must be \[count, sum\]/],
    ["a sum that is short", Array(64).fill([0, "0"]), /16 hexadecimal digits/],
    ["a sum that is a number", Array(64).fill([0, 0]), /16 hexadecimal digits/],
    ["a negative count", Array(64).fill([-1, "0".repeat(16)]), /buckets\[0\]/],
    ["half a row", Array(64).fill([0.5, "0".repeat(16)]), /buckets\[0\]/],
    ["three things in a bucket", Array(64).fill([0, "0".repeat(16), 0]), /buckets\[0\]/],
  ])("is refused with %s", async (_, buckets, message) => {
    const app = await start();
    const body = { mirror: "conformance_plain", buckets };
    expectRefused(await app.send("POST", "/v1/verify", body), 400, "BadJsonBody", message);
  });

  test("is refused with a property that nobody reads", async () => {
    const app = await start();
    const body = { mirror: "conformance_plain", digest: [] };
    expectRefused(
      await app.send("POST", "/v1/verify", body),
      400,
      "BadJsonBody",
      /no property "digest".*mirror, buckets/,
    );
  });
});

test("rows that were changed past the importer are asked for again, until they arrive", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  await run.deliver([
    upsert({ id: "a", text: "x" }),
    upsert({ id: "b", text: "x" }),
    upsert({ id: "c", text: "x" }),
  ]);
  await run.complete();
  await app.t.run(async (ctx) => {
    const rows = await ctx.db.query("conformance_plain").collect();
    await ctx.db.patch("conformance_plain", rows.find(({ id }) => id === "a")!._id, { text: "edited" });
    await ctx.db.delete("conformance_plain", rows.find(({ id }) => id === "b")!._id);
  });
  await app.call("audit", { mirror: "conformance_plain" });
  await app.passTime(1_000);
  await app.call("repair", { mirror: "conformance_plain" });
  const next = await Run.begin(app, "conformance_plain");
  expect(next.begun.resend).toHaveLength(2);
  expect(next.begun.resend).toEqual(expect.arrayContaining([["a"], ["b"]]));
  const delivered: Delivered = await next.deliver([upsert({ id: "a", text: "x" })]);
  expect(delivered.counts).toMatchObject({ updated: 1 });
  expect((await Run.begin(app, "conformance_plain")).begun.resend).toEqual([["b"]]);
  const last = await Run.begin(app, "conformance_plain");
  await last.deliver([upsert({ id: "b", text: "x" })]);
  expect((await Run.begin(app, "conformance_plain")).begun.resend).toEqual([]);
});
