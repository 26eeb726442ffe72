import { describe, expect, test } from "vitest";
import { expectRefused, happened, ok, Run, setUp, start, statusOf, upsert } from "./support.js";

setUp();

const A = { id: "a", text: "first" };

describe("a paused mirror", () => {
  test("takes nothing, and says when to come back and what a person can do", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    await app.call("pause", { mirror: "conformance_plain", reason: "The source is being moved." });
    const begin = { mirror: "conformance_plain", syncMode: "append_dedup" };
    for (const answer of [await run.send([upsert({ id: "b" })]), await app.send("POST", "/v1/runs", begin)]) {
      const details = expectRefused(
        answer,
        503,
        "MirrorPaused",
        /is paused: The source is being moved\..*streaming-import resume/,
      );
      expect(details).toEqual({ retryAfterMs: 60_000 });
      expect(answer.headers.get("Retry-After")).toBe("60");
    }
    expect(await app.rows("conformance_plain")).toEqual([A]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "paused", lastError: null });
  });

  test("goes on where it was when it is resumed: the same delivery is sent again", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await app.call("pause", { mirror: "conformance_plain" });
    expect((await run.send([upsert(A)])).status).toBe(503);
    await app.call("resume", { mirror: "conformance_plain" });
    expect(await run.deliver([upsert(A)])).toMatchObject({ sequence: 1, replayed: false });
  });
});

describe("the write budget", () => {
  // 2 MiB a second, a capacity of as much, and a credit of five seconds for live changes.
  const heavy = (n: number) =>
    Array.from({ length: n }, (_, i) => upsert({ text: "x".repeat(900_000), n: i }));

  test("refuses what is too much, says when to send the same again, and goes on where it stopped", async () => {
    const app = await start();
    const other = await Run.begin(app, "events", { syncMode: "append" });
    await other.deliver(Array.from({ length: 12 }, (_, at) => upsert({ kind: "x".repeat(900_000), at })));
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    const changes = heavy(16);
    let waits = 0;
    for (;;) {
      const answer = await run.send(changes);
      if (answer.status === 200) {
        expect(happened(ok<{ counts: never }>(answer).counts)).toEqual({ inserted: 16 });
        break;
      }
      const { retryAfterMs } = expectRefused(
        answer,
        429,
        "OverBudget",
        /2097152 bytes per second is spent.*Send the same again/,
      );
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(Number(answer.headers.get("Retry-After"))).toBe(Math.ceil((retryAfterMs as number) / 1000));
      waits += 1;
      await app.passTime(Number(answer.headers.get("Retry-After")) * 1000);
      expect(waits).toBeLessThan(20);
    }
    expect(waits).toBeGreaterThan(0);
    // Rows without a key would show it if any were applied twice.
    expect(await app.rows("conformance_keyless")).toHaveLength(16);
    expect(await statusOf(app, "conformance_keyless")).toMatchObject({
      state: "snapshotting",
      lastError: null,
    });
  });

  test("holds refreshes back before live changes", async () => {
    const app = await start();
    const refresh = await Run.refresh(app, "conformance_keyless");
    const live = await Run.begin(app, "conformance_plain");
    await refresh.deliver(heavy(5));
    const more = [upsert({ text: "a row that has to be written" })];
    expectRefused(await refresh.send(more), 429, "OverBudget", /Send the same again/);
    await live.deliver([upsert(A)]);
    await app.passTime(3_000);
    await refresh.deliver(more);
  });

  test("does not hold back what is as it was: it writes nothing", async () => {
    const app = await start();
    const refresh = await Run.refresh(app, "conformance_keyless");
    await refresh.deliver(heavy(5));
    const { counts } = await refresh.deliver(heavy(1));
    expect(counts).toMatchObject({ received: 1, unchanged: 1 });
  });

  test("is not asked about a sign of life", async () => {
    const app = await start();
    const run = await Run.refresh(app, "conformance_keyless");
    await run.deliver(heavy(5));
    expect((await run.send([upsert({ text: "a" })])).status).toBe(429);
    await run.deliver([]);
  });

  test("keeps a run from being finished as complete while a delivery is applied in part", async () => {
    const app = await start();
    const run = await Run.refresh(app, "conformance_keyless");
    const changes = heavy(10);
    expect((await run.send(changes)).status).toBe(429);
    const refusal = expectRefused(
      await run.end("complete"),
      409,
      "OutOfSequence",
      /Of the delivery "d1", \d of 10 changes are applied.*finish it as incomplete/,
    );
    expect(refusal).toEqual({ expected: 1 });
    expectRefused(
      await run.send([upsert({ text: "a" })], { delivery: "other" }),
      409,
      "OutOfSequence",
      /waits for the rest of "d1"/,
    );
    await app.passTime(10_000);
    while ((await run.send(changes)).status === 429) await app.passTime(5_000);
    await run.complete();
    expect(await app.rows("conformance_keyless")).toHaveLength(10);
  });

  test("lets a run with a delivery applied in part be finished as incomplete", async () => {
    const app = await start();
    const run = await Run.refresh(app, "conformance_keyless");
    expect((await run.send(heavy(10))).status).toBe(429);
    expect(ok(await run.end("incomplete"))).toMatchObject({ state: "incomplete" });
  });
});
