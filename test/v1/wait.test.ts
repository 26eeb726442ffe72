import { noDebt } from "../../src/core/wire/budget.js";
import { packRows } from "../../src/core/wire/packedRows.js";
import { makeFunctionReference } from "convex/server";
import { describe, expect, test } from "vitest";
import type { App } from "../harness.js";
import {
  bodyOf,
  expectRefused,
  Run,
  remove,
  rowsBy,
  setUp,
  start,
  upsert,
  type MirrorName,
} from "./support.js";

/** Waiting until a mirror has come as far as somebody needs: `reached`, over our own protocol. */

setUp();

const reached = makeFunctionReference<"query">("operations:reached");

interface Reached {
  reached: boolean;
  reason: string;
  quarantined: number | null;
  upTo: string | null;
  position: string | null;
}

async function ask(app: App, target: object, mirror: MirrorName = "users"): Promise<Reached> {
  return (await app.t.withIdentity({ role: "viewer" }).query(reached, { mirror, target })) as Reached;
}

/** A user by number. */
const user = (id: number) => upsert({ id, name: `n${String(id)}` });

const T = "2026-01-31T08:00:00.000Z";
const LATER = "2026-01-31T08:00:00.001Z";

describe("a time", () => {
  test("WAIT-1: is reached with the delivery that promises it, not a moment before, and no later one is", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await run.deliver([user(1)], { committedAt: LATER });
    expect(await ask(app, { time: T })).toMatchObject({ reached: false, upTo: null, quarantined: null });
    await run.deliver([user(2)], { upTo: T });
    expect(await ask(app, { time: T })).toMatchObject({ reached: true, upTo: T, quarantined: 0 });
    expect(await ask(app, { time: Date.parse(T) })).toMatchObject({ reached: true });
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: false });
    expect(await ask(app, { time: "2026-01-31T08:00:00.000001Z" })).toMatchObject({ reached: false });
    // A heartbeat says that the source has nothing newer.
    await run.deliver([], { upTo: LATER });
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: true });
  });

  test("is reached with the end of a run that promises it", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await run.deliver([user(1)]);
    await app.send("POST", `/v1/runs/${run.id}/finish`, { outcome: "complete", upTo: T });
    expect(await ask(app, { time: T })).toMatchObject({ reached: true });
  });

  test("WAIT-2: is reached once the last chunk of the delivery is applied", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    const [token] = await app.ledger("tokens");
    const chunk = async (offset: number) => {
      await app.component("ingest:applyChunk", {
        mirror: "users",
        rows: packRows([]),
        bad: [],
        filtered: 1,
        notes: [],
        bytes: 0,
        run: run.id,
        place: { identity: "d", sequence: 1, content: "c", size: 2, offset },
        keylessRefresh: "content",
        reach: { upTo: T },
        token: token!._id,
        settleAfterMs: 60_000,
        budget: { bytesPerSecond: 1_000_000 },
        debt: noDebt,
      });
    };
    await chunk(0);
    expect(await ask(app, { time: T })).toMatchObject({ reached: false });
    await chunk(1);
    expect(await ask(app, { time: T })).toMatchObject({ reached: true });
  });

  test("WAIT-3: of a refresh is reached when the rows missing from the source are deleted", async () => {
    const app = await start();
    const first = await Run.begin(app, "users");
    await first.deliver([user(1), user(2)]);
    await first.complete();

    const refresh = await Run.refresh(app, "users");
    await refresh.deliver([user(2)], { upTo: T });
    expect(await ask(app, { time: T })).toMatchObject({ reached: false });
    await refresh.end("complete");
    expect(await ask(app, { time: T })).toMatchObject({ reached: false });

    // What the next run promises waits for that sweep, too.
    const next = await Run.begin(app, "users");
    await next.deliver([user(3)], { upTo: LATER });
    expect(await ask(app, { time: T })).toMatchObject({ reached: false });
    expect(await rowsBy(app, "users", "id")).toHaveLength(3);
    await app.passTime(1_000);
    expect(await rowsBy(app, "users", "id")).toHaveLength(2);
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: true });
  });

  test("WAIT-4: of an interrupted refresh is never reached", async () => {
    const app = await start();
    const refresh = await Run.refresh(app, "users");
    await refresh.deliver([user(1)], { upTo: T });
    await refresh.end("incomplete");
    await app.passTime(60_000);
    expect(await ask(app, { time: T })).toMatchObject({ reached: false, upTo: null });
  });

  test("of a refresh whose sweep a later one took over is reached with that one", async () => {
    const app = await start();
    const older = await Run.refresh(app, "users");
    await older.deliver([user(1)], { upTo: LATER });
    await older.end("complete");
    const newer = await Run.refresh(app, "users");
    await newer.deliver([user(1)], { upTo: T });
    await newer.end("complete");
    expect(await older.state()).toMatchObject({ state: "complete" });
    expect(await ask(app, { time: T })).toMatchObject({ reached: false });
    expect(await ask(app, { run: older.id })).toMatchObject({ reached: false });
    await app.passTime(1_000);
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: true });
    expect(await ask(app, { run: older.id })).toMatchObject({ reached: true });
  });

  test("WAIT-5: once reached stays reached, whatever is promised afterwards", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await run.deliver([user(1)], { upTo: LATER, position: "0/20" });
    await run.deliver([user(2)], { upTo: T, position: "0/10" });
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: true, upTo: LATER });
    expect(await ask(app, { position: 0x20 })).toMatchObject({ reached: true });
    const refresh = await Run.refresh(app, "users");
    await refresh.deliver([user(1)]);
    expect(await ask(app, { time: LATER })).toMatchObject({ reached: true });
  });

  test("WAIT-6: says how many changes of the mirror are missing because they are quarantined", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await run.deliver([user(1), upsert({ id: 2, name: "n", age: "old" }), remove({ id: 9 })], { upTo: T });
    expect(await ask(app, { time: T })).toMatchObject({ reached: true, quarantined: 1 });
  });
});

describe("a position", () => {
  test("is reached as log sequence numbers and whole numbers order, not as text does", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await run.deliver([user(1)], { position: "A/0" });
    expect(await ask(app, { position: "9/FFFFFFFF" })).toMatchObject({ reached: true });
    expect(await ask(app, { position: "A/0" })).toMatchObject({ reached: true });
    expect(await ask(app, { position: "A/1" })).toMatchObject({ reached: false });
    expect(await ask(app, { position: "10/0" })).toMatchObject({ reached: false });
    expect(await ask(app, { position: "42949672960" })).toMatchObject({ reached: true });
  });

  test("that is none is refused, from senders and from those who wait", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    for (const position of ["mysql-bin.000003", -1, 1.5, true])
      expectRefused(await run.send([user(1)], { position }), 400, "BadJsonBody", /"position" must be/);
    const finish = { outcome: "incomplete", upTo: T };
    expectRefused(
      await app.send("POST", `/v1/runs/${run.id}/finish`, finish),
      400,
      "BadJsonBody",
      /incomplete run has none/,
    );
    await expect(ask(app, { position: "soon" })).rejects.toThrow("BadTarget");
    await expect(ask(app, { time: "soon" })).rejects.toThrow("BadTarget");
  });
});

describe("a run", () => {
  test("WAIT-7: is reached when it is complete, and its deliveries one by one", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    expect(await ask(app, { run: run.id, sequence: 1 })).toMatchObject({ reached: false });
    await run.deliver([user(1)]);
    expect(await ask(app, { run: run.id, sequence: 1 })).toMatchObject({ reached: true });
    expect(await ask(app, { run: run.id, sequence: 2 })).toMatchObject({ reached: false });
    expect(await ask(app, { run: run.id })).toMatchObject({ reached: false });
    await run.complete();
    expect(await ask(app, { run: run.id })).toMatchObject({ reached: true });
  });

  test("that is incomplete or superseded is never reached, and the reason says so", async () => {
    const app = await start();
    const cut = await Run.begin(app, "users");
    await cut.end("incomplete", "The source is gone.");
    expect(await ask(app, { run: cut.id })).toMatchObject({
      reached: false,
      reason: "The run is incomplete: The source is gone.",
    });
    const older = await Run.begin(app, "users");
    await Run.begin(app, "users");
    expect((await ask(app, { run: older.id })).reason).toMatch(/superseded/);
  });

  test("of another mirror, or one that does not exist, is an error", async () => {
    const app = await start();
    const run = await Run.begin(app, "users");
    await expect(ask(app, { run: run.id }, "regions")).rejects.toThrow("UnknownRun");
    await expect(ask(app, { run: "nothing" })).rejects.toThrow("UnknownRun");
    expect(bodyOf(await run.end("complete"))).toMatchObject({ state: "complete" });
  });
});
