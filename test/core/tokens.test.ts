// @vitest-environment node
import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Meter } from "../../bench/count.js";
import { expectOk, expectRefused, Sender, upsert } from "./support/sender.js";
import { routesUnder } from "../../src/http/routes.js";
import { World, type Row } from "./support/world.js";

const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const body = { mirror: "plain", syncMode: "append_dedup" };
const begin = async (world: World, mirror = "plain") =>
  await world.send("POST", "/v1/runs", { ...body, mirror });

test("TOKEN-1: a token opens the mirrors that it names, and no other, for writing as for reading", async () => {
  const world = await World.start();
  world.token = await world.createToken("narrow", { mirrors: ["plain"] });
  expectOk(await begin(world));
  expectRefused(await begin(world, "versioned"), 403, "OperationNotPermitted");
  expectRefused(await world.send("GET", "/v1/digest?mirror=versioned"), 403, "OperationNotPermitted");
  const { mirrors } = (await world.send("GET", "/v1/status")).body as { mirrors: Row[] };
  expect(mirrors.map(({ name }) => name)).toEqual(["plain"]);
});

test("TOKEN-2: a token for reading writes nothing: no run, no delivery, no end of one", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  world.token = await world.createToken("reader", { access: "read" });
  expectRefused(await begin(world), 403, "OperationNotPermitted");
  expectRefused(await sender.tryDeliver([upsert({ id: 1, text: "a" })]), 403, "OperationNotPermitted");
  expectRefused(await sender.tryFinish(), 403, "OperationNotPermitted");
  expectOk(await world.send("GET", "/v1/status"));
  expect(await world.rows("plain")).toEqual([]);
});

test("TOKEN-3: a token is stored as its hash alone", async () => {
  const world = await World.start();
  const token = await world.createToken("secret", { signed: true });
  const stored = JSON.stringify(await world.ledger("tokens"));
  expect(stored).not.toContain(token);
  expect(stored).toContain(createHash("sha256").update(token).digest("hex"));
  expect(JSON.stringify(await world.call("listTokens"))).not.toContain(token.slice(12));
});

test("OPERATE-11: the name of a token has a bound", async () => {
  const world = await World.start();
  await expect(world.createToken("流".repeat(300_000))).rejects.toThrow("1 to 200 characters");
  await expect(world.createToken("")).rejects.toThrow("1 to 200 characters");
  await world.createToken("流".repeat(200));
});

test("TOKEN-4: a rotated token goes on working for the overlap, and not a moment longer", async () => {
  const world = await World.start();
  const old = await world.createToken("rotating");
  const fresh = (await world.call("rotateToken", { name: "rotating", overlapHours: 2 })) as string;
  for (const token of [old, fresh]) {
    world.token = token;
    expectOk(await begin(world));
  }
  await world.passTime(2 * HOUR_MS);
  world.token = old;
  expectRefused(await begin(world), 401, "BadAdminKey");
  world.token = fresh;
  expectOk(await begin(world));
});

test("TOKEN-5: a token ends when it expires, and at once when it is revoked", async () => {
  const world = await World.start();
  world.token = await world.createToken("short", { expiresInDays: 1 });
  expectOk(await begin(world));
  await world.passTime(24 * HOUR_MS);
  expectRefused(await begin(world), 401, "BadAdminKey");
  world.token = await world.createToken("long");
  expectOk(await begin(world));
  expect(await world.call("revokeToken", { name: "long" })).toBe(1);
  expectRefused(await begin(world), 401, "BadAdminKey");
});

test("TOKEN-6: a token that demands signed bodies takes no body that is not signed with its key", async () => {
  const world = await World.start();
  const token = await world.createToken("signed", { signed: true });
  world.token = token;
  const text = JSON.stringify(body);
  expect((await world.send("POST", "/v1/runs", text)).status).toBe(403);
  const key = createHash("sha256").update(`signing:${token}`).digest("hex");
  const seconds = String(Math.floor(Date.now() / 1_000));
  const signature = (signed: string) =>
    createHmac("sha256", Buffer.from(key, "hex")).update(`${seconds}.${signed}`).digest("hex");
  const header = (signed: string) => ({ "X-Signature": `t=${seconds},v1=${signature(signed)}` });
  expect((await world.send("POST", "/v1/runs", text, header(`POST /v1/runs.${text} `))).status).toBe(403);
  expectOk(await world.send("POST", "/v1/runs", text, header(`POST /v1/runs.${text}`)));
});

test("TOKEN-10: a recorded signature opens no other route, run or query than the one that was signed", async () => {
  const world = await World.start();
  const token = await world.createToken("signed", { signed: true });
  world.token = token;
  const key = createHash("sha256").update(`signing:${token}`).digest();
  const seconds = String(Math.floor(Date.now() / 1_000));
  const sign = (signed: string) => ({
    "X-Signature": `t=${seconds},v1=${createHmac("sha256", key).update(`${seconds}.${signed}`).digest("hex")}`,
  });
  const recorded = async (text: string) =>
    (await world.send("POST", "/v1/runs", text, sign(`POST /v1/runs.${text}`))).body as { run: string };
  const [first, second] = [await recorded(JSON.stringify(body)), await recorded(JSON.stringify(body))];
  const end = JSON.stringify({ outcome: "incomplete" });
  const signature = sign(`POST /v1/runs/${first.run}/finish.${end}`);
  expectRefused(
    await world.send("POST", `/v1/runs/${second.run}/finish`, end, signature),
    403,
    "InvalidSignature",
  );
  const get = sign("GET /v1/digest?mirror=plain.");
  expect((await world.send("GET", "/v1/digest?mirror=plain", undefined, get)).status).toBe(200);
  for (const path of ["/v1/digest?mirror=simple", "/v1/digest", "/v1/status", "/v1/mirrors"]) {
    expectRefused(await world.send("GET", path, undefined, get), 403, "InvalidSignature");
  }
});

test("TOKEN-9: the successor of a token that demands signed bodies demands them, too", async () => {
  const world = await World.start();
  await world.createToken("signed", { signed: true });
  await world.createToken("plain");
  world.token = (await world.call("rotateToken", { name: "signed" })) as string;
  expectRefused(await begin(world), 403, "InvalidSignature");
  world.token = (await world.call("rotateToken", { name: "plain" })) as string;
  expectOk(await begin(world));
  world.token = (await world.call("rotateToken", { name: "plain", signed: true })) as string;
  expectRefused(await begin(world), 403, "InvalidSignature");
});

test("TOKEN-7: a token shows when it was last used, to within ten seconds", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  const lastUsed = async () => ((await world.call("listTokens")) as Row[])[0]!.lastUsedAt;
  const first = new Date().toISOString();
  expect(await lastUsed()).toBe(first);
  await world.passTime(9_000);
  await sender.deliver(upsert({ id: 2, text: "b" }));
  expect(await lastUsed()).toBe(first);
  await world.passTime(1_000);
  await sender.deliver(upsert({ id: 3, text: "c" }));
  expect(await lastUsed()).toBe(new Date().toISOString());
});

test("TOKEN-7: every kind of request shows it, those that only read and those that write no row", async () => {
  const world = await World.start();
  world.token = await world.createToken("reader", { access: "read" });
  const lastUsed = async () =>
    ((await world.call("listTokens")) as Row[]).find(({ name }) => name === "reader")!.lastUsedAt;
  const key = { buckets: Array.from({ length: 64 }, () => [0, "0".repeat(16)]), mirror: "plain" };
  for (const [method, path, sent] of [
    ["GET", "/v1/status", undefined],
    ["GET", "/v1/mirrors", undefined],
    ["GET", "/v1/digest?mirror=plain", undefined],
    ["POST", "/v1/verify", key],
    ["GET", "/api/streaming_import/primary_key_indexes_ready", undefined],
    ["PUT", "/api/streaming_import/add_primary_key_indexes", { indexes: {} }],
  ] as const) {
    await world.passTime(60_000);
    await world.send(method, path, sent);
    expect(await lastUsed(), path).toBe(new Date().toISOString());
  }
});

test("TOKEN-11: a request that may not write leaves nothing behind: no heartbeat, no unknown stream", async () => {
  const world = await World.start();
  const writer = world.token;
  const send = async (tables: object, messages: object[] = []) =>
    await world.send("POST", "/api/streaming_import/import_airbyte_records", { tables, messages });
  const mentions = { punctual: { jsonSchema: {}, primaryKey: [["id"]] } };
  await send(mentions, [{ tableName: "punctual", data: { id: 1, text: "a" } }]);
  await world.passTime(10 * 60_000);
  const late = await world.mirror("punctual");
  expect(late.state).toMatch(/late|stale/);
  for (const options of [
    { mirrors: ["plain"], access: "read" },
    { mirrors: ["punctual"], access: "read" },
    { mirrors: ["plain"] },
  ]) {
    world.token = await world.createToken(JSON.stringify(options), options);
    await send(mentions);
    if (!("access" in options)) continue;
    const unknown = await send({ nowhere: { jsonSchema: {} } }, [{ tableName: "nowhere", data: { id: 1 } }]);
    expectRefused(unknown, 403, "OperationNotPermitted");
  }
  const { state, lastHeardAt } = await world.mirror("punctual");
  expect({ state, lastHeardAt }).toEqual({ state: late.state, lastHeardAt: late.lastHeardAt });
  expect(await world.ledger("unknownStreams")).toEqual([]);
  world.token = writer;
  await send(mentions);
  expect((await world.mirror("punctual")).state).toBe("upToDate");
});

test("TOKEN-8: nobody gets in without a token", async () => {
  const world = await World.start();
  for (const token of ["csi_", `csi_${"0".repeat(64)}`, "null"]) {
    world.token = token;
    expect((await begin(world)).status).toBe(401);
  }
});

const badSignature = { "X-Signature": `t=1,v1=${"0".repeat(64)}` };
test.each([
  ["no header", "", {}, { calls: 0, ranges: 0, documentsRead: 0 }],
  ["no token in it", "", { Authorization: "Basic eDp5" }, { calls: 0, ranges: 0, documentsRead: 0 }],
  ["a malformed token", "", { Authorization: "Bearer csi_0" }, { calls: 0, ranges: 0, documentsRead: 0 }],
  ["an unknown token", `csi_${"0".repeat(64)}`, {}, { calls: 1, ranges: 1, documentsRead: 0 }],
  ["a revoked token", "former", {}, { calls: 1, ranges: 1, documentsRead: 1 }],
  ["a wrong signature", "signed", badSignature, { calls: 1, ranges: 3, documentsRead: 2 }],
])("TOKEN-12: %s costs a request no more than docs/security.md says", async (_, token, headers, cost) => {
  const world = await World.start();
  const tokens: Record<string, string> = {
    former: await world.createToken("former"),
    signed: await world.createToken("signed", { signed: true }),
  };
  await world.call("revokeToken", { name: "former" });
  world.token = tokens[token] ?? token;
  const status: number[] = [];
  const spent = await new Meter(world).of(async () => {
    status.push((await world.send("POST", "/v1/deliveries", {}, headers)).status);
  });
  expect(status[0]).toBeGreaterThanOrEqual(400);
  expect(status[0]).toBeLessThan(404);
  expect(spent).toMatchObject({ ...cost, mirrorWrites: 0, ledgerWrites: 0 });
});

test("TOKEN-12: no route asks the database anything for a malformed token", async () => {
  const world = await World.start();
  const before = world.faults.steps;
  for (const token of ["", "csi_0", `csi_${"0".repeat(63)}g`]) {
    world.token = token;
    for (const { method, path, prefix } of routesUnder("")) {
      const at = `${method} ${path}`;
      const { status } = await world.send(
        method,
        prefix === true ? `${path}x` : path,
        method === "GET" ? undefined : {},
      );
      expect([at, status >= 400 && status < 404, world.faults.steps - before]).toEqual([at, true, 0]);
    }
  }
  // It would show.
  world.token = `csi_${"0".repeat(64)}`;
  await world.send("POST", "/v1/deliveries", {});
  expect(world.faults.steps - before).toBe(1);
});

test("tokens that commands make for themselves are pruned a day after their end, others after 90 days", async () => {
  const world = await World.start();
  for (const name of ["cli-0123456789ab", "cli-0123456789cd", "old"])
    await world.createToken(name, { expiresInDays: 1 });
  const names = async () => (await world.ledger("tokens")).map(({ name }) => name);
  const kept = (await names()).filter((name) => !/^cli-|^old$/.test(name));
  await world.passTime(2.5 * 86_400_000);
  await world.component("maintenance:prune");
  expect(await names()).toEqual([...kept, "old"]);
  await world.passTime(91 * 86_400_000);
  await world.component("maintenance:prune");
  expect(await names()).toEqual(kept);
});
