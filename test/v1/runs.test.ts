import { describe, expect, test } from "vitest";
import { expectRefused, ok, rowsBy, Run, setUp, start, statusOf, upsert } from "./support.js";

setUp();

const A = { id: "a", text: "first" };

test("a run begins with an epoch of its own, and its first delivery has the sequence 1", async () => {
  const app = await start();
  const first = await Run.begin(app, "conformance_plain");
  expect(first.begun).toEqual({
    mirror: "conformance_plain",
    run: first.id,
    epoch: 1,
    generation: null,
    continued: false,
    nextSequence: 1,
    resend: [],
  });
  const second = await Run.begin(app, "conformance_plain");
  expect(second.begun).toMatchObject({ epoch: 2, nextSequence: 1 });
  expect(second.id).not.toBe(first.id);
});

test("a new run fences the old one: it writes nothing more, and is told so", async () => {
  const app = await start();
  const old = await Run.begin(app, "conformance_plain");
  await old.deliver([upsert(A)]);
  const successor = await Run.begin(app, "conformance_plain");
  const before = await statusOf(app, "conformance_plain");
  expectRefused(
    await old.send([upsert({ id: "a", text: "late" })]),
    409,
    "StaleRun",
    /no longer owns.*Begin a new run/,
  );
  expect(await statusOf(app, "conformance_plain")).toEqual(before);
  expect(await app.rows("conformance_plain")).toEqual([A]);
  await successor.deliver([upsert({ id: "a", text: "second" })]);
  expect(await app.rows("conformance_plain")).toEqual([{ id: "a", text: "second" }]);
  expect(await old.state()).toMatchObject({ state: "superseded" });
});

test("a fenced sender does not make the mirror look broken", async () => {
  const app = await start();
  const old = await Run.begin(app, "conformance_plain");
  const successor = await Run.begin(app, "conformance_plain");
  await successor.deliver([upsert(A)]);
  await successor.complete();
  await old.send([upsert(A)]);
  expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "upToDate", lastError: null });
});

describe("the epoch at the beginning of a run", () => {
  test("is that of the mirror, or the run does not begin", async () => {
    const app = await start();
    const owner = await Run.begin(app, "conformance_plain");
    const body = { mirror: "conformance_plain", syncMode: "append_dedup" };
    const refusal = await app.send("POST", "/v1/runs", { ...body, epoch: 0 });
    expect(expectRefused(refusal, 409, "StaleRun", /at epoch 1, not 0.*another run/)).toEqual({
      expected: 1,
    });
    // It took nothing over.
    await owner.deliver([upsert(A)]);
    const { epoch } = await statusOf(app, "conformance_plain");
    expect(ok(await app.send("POST", "/v1/runs", { ...body, epoch }))).toMatchObject({ epoch: 2 });
    expectRefused(await owner.send([upsert(A)]), 409, "StaleRun", /no longer owns/);
  });

  test("lets one of two senders that begin at once win", async () => {
    const app = await start();
    const body = { mirror: "conformance_plain", syncMode: "append_dedup", epoch: 0 };
    const answers = [await app.send("POST", "/v1/runs", body), await app.send("POST", "/v1/runs", body)];
    expect(answers.map(({ status }) => status)).toEqual([200, 409]);
  });
});

describe("the end of a run", () => {
  test("as complete leaves the mirror up to date, and nothing can be delivered any more", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    expect(ok(await run.end("complete"))).toMatchObject({
      run: run.id,
      state: "complete",
      counts: { inserted: 1 },
    });
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "upToDate", running: false });
    expectRefused(await run.send([upsert(A)]), 409, "StaleRun", /finished.*Begin a new run/);
  });

  test("as incomplete keeps what arrived, and shows people why", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    expect(ok(await run.end("incomplete", "The source went away."))).toMatchObject({ state: "incomplete" });
    expect(await app.rows("conformance_plain")).toEqual([A]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("The source went away.") as string,
    });
    await (await Run.begin(app, "conformance_plain")).deliver([]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "upToDate" });
  });

  test.each(["complete", "incomplete"])("as %s can be said twice, with one answer", async (outcome) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    const first = ok(await run.end(outcome));
    await app.passTime(1_000);
    expect(ok(await run.end(outcome))).toEqual(first);
  });

  test.each([
    ["complete", "incomplete"],
    ["incomplete", "complete"],
  ])("as %s cannot become %s", async (first, second) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    ok(await run.end(first));
    expectRefused(await run.end(second), 409, "StaleRun", new RegExp(`ended otherwise, as ${first}`));
  });

  test("is refused to one that was superseded", async () => {
    const app = await start();
    const old = await Run.begin(app, "conformance_plain");
    const successor = await Run.begin(app, "conformance_plain");
    expectRefused(await old.end("complete"), 409, "StaleRun", /superseded.*took over/);
    expectRefused(await old.end("incomplete"), 409, "StaleRun", /superseded.*took over/);
    await successor.deliver([upsert(A)]);
  });

  test.each([
    ["another word", { outcome: "done" }, /"outcome" must be "complete" or "incomplete"/],
    ["nothing", {}, /"outcome"/],
    [
      "a misspelt reason",
      { outcome: "complete", raeson: "x" },
      /no property "raeson"; its properties are outcome, reason/,
    ],
    ["a reason that is no text", { outcome: "complete", reason: 7 }, /"reason" must be a text of 1 to 500/],
    ["a reason without end", { outcome: "complete", reason: "x".repeat(501) }, /1 to 500/],
  ])("is refused as %s", async (_, body, message) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    expectRefused(await app.send("POST", `/v1/runs/${run.id}/finish`, body), 400, "BadJsonBody", message);
    await run.deliver([upsert(A)]);
  });
});

describe("a run that nobody knows", () => {
  test.each([
    "/v1/runs/nobody/finish",
    "/v1/runs/%E0%A4%A/finish",
    "/v1/runs/nobody",
    "/v1/runs/",
    "/v1/runs/a/b/finish",
  ])("has nothing at %s", async (path) => {
    const app = await start();
    expectRefused(
      await app.send("POST", path, { outcome: "complete" }),
      404,
      "UnknownRun",
      /POST \/v1\/runs/,
    );
  });

  test.each(["nobody", "x".repeat(200)])("takes no delivery", async (run) => {
    const app = await start();
    const body = { run, delivery: "d", sequence: 1, changes: [] };
    expectRefused(
      await app.send("POST", "/v1/deliveries", body),
      404,
      "UnknownRun",
      /Begin one with POST \/v1\/runs/,
    );
  });

  test("may be one of a mirror that is no longer declared", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await app.inLedger(async (ctx) => {
      const [doc] = await ctx.db.query("runs").collect();
      await ctx.db.patch("runs", doc!._id, { mirror: "formerly" });
    });
    expectRefused(await run.send([]), 404, "UnknownMirror", /"formerly".*no longer in schema.ts/);
  });
});

test.each([
  [
    "a mirror that nobody declares",
    { mirror: "nobody" },
    404,
    "UnknownMirror",
    /"nobody".*conformance_plain.*mirrorTable/,
  ],
  ["no mirror", { mirror: undefined }, 400, "BadJsonBody", /"mirror".*GET \/v1\/mirrors/],
  ["a mirror that is no text", { mirror: ["a"] }, 400, "BadJsonBody", /"mirror"/],
  [
    "another sync mode",
    { syncMode: "upsert" },
    400,
    "BadJsonBody",
    /"append" or "append_dedup" or "overwrite"/,
  ],
  [
    "a misspelt property",
    { minGeneration: 1 },
    400,
    "BadJsonBody",
    /no property "minGeneration".*minimumGeneration/,
  ],
  ["a negative generation", { generation: -1 }, 400, "BadJsonBody", /"generation" must be an integer from 0/],
  ["half a generation", { generation: 1.5 }, 400, "BadJsonBody", /"generation"/],
  ["a generation as text", { generation: "1" }, 400, "BadJsonBody", /"generation"/],
  [
    "no patience",
    { silenceSeconds: 0 },
    400,
    "BadJsonBody",
    /"silenceSeconds" must be an integer from 1 to 86400/,
  ],
  ["endless patience", { silenceSeconds: 86_401 }, 400, "BadJsonBody", /1 to 86400/],
  [
    "deduplication without a key",
    { mirror: "conformance_keyless" },
    400,
    "PrimaryKeyMismatch",
    /no primary key.*"append"/,
  ],
])("a run does not begin with %s", async (_, options, status, code, message) => {
  const app = await start();
  const body = { mirror: "conformance_plain", syncMode: "append_dedup", ...options };
  expectRefused(await app.send("POST", "/v1/runs", body), status, code, message);
  expect(await app.ledger("runs")).toEqual([]);
});

describe("the watchdog", () => {
  test("marks a run whose sender died, and what it delivered stays", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    await app.passTime(30 * 60_000 - 1);
    expect(await run.state()).toMatchObject({ state: "running" });
    // Uses of a token are noted to ten seconds.
    await app.passTime(10_001);
    expect(await run.state()).toMatchObject({
      state: "incomplete",
      reason: expect.stringMatching(/silent/) as string,
    });
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "failed", running: false });
    expectRefused(await run.send([upsert(A)]), 409, "StaleRun", /Begin a new run/);
    expectRefused(await run.end("complete"), 409, "StaleRun", /as incomplete.*silent/);
    expect(await app.rows("conformance_plain")).toEqual([A]);
  });

  test("takes a heartbeat for life", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain", { silenceSeconds: 60 });
    for (let i = 0; i < 5; i++) {
      await app.passTime(50_000);
      expect((await run.deliver([])).counts.received).toBe(0);
    }
    await run.deliver([upsert(A)]);
    await app.passTime(59_999);
    expect(await run.state()).toMatchObject({ state: "running" });
    await app.passTime(10_001);
    expect(await run.state()).toMatchObject({ state: "incomplete" });
  });
});

test("the history of runs is bounded, and so is that of their deliveries", async () => {
  const app = await start();
  for (let i = 0; i < 305; i++) {
    const run = await Run.begin(app, "conformance_plain");
    if (i < 10) await run.deliver([upsert({ id: String(i) })]);
  }
  const runs = (await app.call("runs", { mirror: "conformance_plain", limit: 1_000 })) as { epoch: number }[];
  expect(runs.length).toBeLessThanOrEqual(301);
  expect(runs[0]).toMatchObject({ epoch: 305 });
  const kept = new Set((await app.ledger("runs")).map(({ _id }) => _id));
  expect((await app.ledger("deliveries")).every(({ run }) => kept.has(run))).toBe(true);
  expect(await rowsBy(app, "conformance_plain", "id")).toHaveLength(10);
});
