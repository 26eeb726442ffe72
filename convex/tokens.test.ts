import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TokenInfo } from "../src/core/wire/views.js";
import { App } from "../test/harness.js";
import { batch, IMPORT, importRows } from "../test/airbyte/support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function list(app: App): Promise<TokenInfo[]> {
  return (await app.call("listTokens")) as TokenInfo[];
}

test("a token is listed by its name and its first characters, and kept as a hash that is never shown", async () => {
  const app = await App.start(["users", "events"]);
  const [info] = await list(app);
  expect(info).toEqual({
    name: "connector",
    startsWith: app.token.slice(0, 10),
    mirrors: ["users", "events"],
    access: "write",
    signed: false,
    createdAt: expect.any(String) as string,
    lastUsedAt: null,
    endsAt: null,
    endReason: null,
  });
  const [stored] = await app.ledger("tokens");
  expect(JSON.stringify(stored)).not.toContain(app.token);
  expect(stored!.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(await list(app))).not.toContain(stored!.hash);
});

test("two tokens of one name are not in use at once", async () => {
  const app = await App.start();
  await expect(app.createToken("connector")).rejects.toMatchObject({
    data: {
      code: "TokenNameTaken",
      message: expect.stringMatching(/"connector".*rotate or revoke/) as string,
    },
  });
  await app.call("revokeToken", { name: "connector" });
  const second = await app.createToken("connector", ["events"]);
  expect(second).not.toBe(app.token);
  expect((await list(app)).map(({ endsAt }) => endsAt === null)).toEqual([true, false]);
});

test("two tokens of different names overlap, so that one can take over from the other", async () => {
  const app = await App.start();
  const old = app.token;
  app.token = await app.createToken("successor");
  expect((await importRows(app, "events", [{ kind: "new" }])).status).toBe(200);
  app.token = old;
  expect((await importRows(app, "events", [{ kind: "old" }])).status).toBe(200);
});

test("revoking counts the tokens in use, and leaves their history", async () => {
  const app = await App.start();
  expect(await app.call("revokeToken", { name: "nobody" })).toBe(0);
  expect(await app.call("revokeToken", { name: "connector" })).toBe(1);
  const [info] = await list(app);
  expect(info).toMatchObject({ endsAt: new Date().toISOString(), endReason: "revoked" });
  expect(await app.call("revokeToken", { name: "connector" })).toBe(0);
  await app.passTime(1_000);
  expect((await list(app))[0]).toEqual(info);
});

test("tokens for nothing, or for a mirror that the schema does not declare, are not made", async () => {
  const app = await App.start();
  await expect(app.createToken("a", [])).rejects.toThrow(/Name the mirrors/);
  await expect(app.createToken("a", ["users", "nobody"])).rejects.toThrow(/no mirror .*nobody/);
  expect(await list(app)).toHaveLength(1);
});

test("the last use is noted at most every ten seconds, by requests with rows and without", async () => {
  const app = await App.start();
  const usedAfter = async (rows: object[]) => {
    expect((await app.send("POST", IMPORT, batch("events", rows))).status).toBe(200);
    return (await list(app))[0]!.lastUsedAt;
  };
  const first = await usedAfter([{ kind: "a" }]);
  expect(first).toBe(new Date().toISOString());
  await app.passTime(9_000);
  expect(await usedAfter([{ kind: "b" }])).toBe(first);
  expect(await usedAfter([])).toBe(first);
  await app.passTime(1_000);
  const second = await usedAfter([]);
  expect(second).toBe(new Date().toISOString());
  await app.passTime(10_000);
  expect(await usedAfter([{ kind: "c" }])).toBe(new Date().toISOString());
});
