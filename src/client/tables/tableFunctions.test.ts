import { describe, expect, test } from "vitest";
import { readDigest } from "../../../convex/write/digests.js";
import { importRows } from "../../../test/airbyte/support.js";
import { App } from "../../../test/harness.js";
import { storedKeyHash } from "../../../test/rowChange.js";
import { packRows } from "../../core/wire/packedRows.js";

interface Page {
  ids: string[];
  keyHashes: ArrayBuffer;
  delta: { digest: ArrayBuffer; sketch: ArrayBuffer } | null;
  cursor: string | null;
}

async function withUsers(count: number): Promise<App> {
  const app = await App.start();
  await importRows(
    app,
    "users",
    Array.from({ length: count }, (_, i) => ({ id: count - i, name: "n" })),
  );
  return app;
}

/** Writes as the component does. */
async function write(app: App, args: object): Promise<unknown> {
  const [declaration] = await app.ledger("app");
  return await app.call("write", { secret: declaration!.secret, ...args });
}

describe("read", () => {
  test("walks a mirror in order of creation, and tells the hash of each key", async () => {
    const app = await withUsers(5);
    const pages: Page[] = [];
    let cursor: string | null = null;
    do {
      const page = (await app.call("read", { table: "users", cursor, limit: 2, hashed: false })) as Page;
      pages.push(page);
      cursor = page.cursor;
    } while (cursor !== null);
    expect(pages.map(({ ids }) => ids.length)).toEqual([2, 2, 1]);
    expect(pages.map(({ delta }) => delta)).toEqual([null, null, null]);
    const documents = (await app.ids("users")).map((id) => id.split("@")[0]);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(documents);
    const hashes = pages.flatMap(({ keyHashes }) => [...new BigInt64Array(keyHashes)]);
    expect(hashes).toEqual([5, 4, 3, 2, 1].map((id) => storedKeyHash(id)));
  });

  test("tells the digest of its rows when it is asked, which is the one that the component keeps", async () => {
    const app = await withUsers(3);
    const { delta } = (await app.call("read", {
      table: "users",
      cursor: null,
      limit: 10,
      hashed: true,
    })) as Page;
    const kept = await app.inLedger(async (ctx) => readDigest(ctx, "users"));
    expect(new Uint8Array(delta!.digest)).toEqual(new Uint8Array(kept.digest));
    expect(new Uint8Array(delta!.sketch)).toEqual(new Uint8Array(kept.sketch));
  });

  test("names rows without a key by their content", async () => {
    const app = await App.start();
    await importRows(app, "events", [{ kind: "a" }]);
    const { keyHashes } = (await app.call("read", {
      table: "events",
      cursor: null,
      limit: 10,
      hashed: false,
    })) as Page;
    const [row] = await app.rows("events");
    expect([...new BigInt64Array(keyHashes)]).toEqual([storedKeyHash(row!.mirrorKey as string)]);
  });

  test("of an empty mirror is empty, and the last", async () => {
    const app = await withUsers(0);
    const page = await app.call("read", { table: "users", cursor: null, limit: 10, hashed: false });
    expect(page).toMatchObject({ ids: [], cursor: null });
  });
});

describe("remove", () => {
  test("deletes by id, counts what went, and passes over what is gone", async () => {
    const app = await withUsers(3);
    const ids = (await app.ids("users")).map((id) => id.split("@")[0]!);
    const at = Date.now();
    expect(await write(app, { table: "users", remove: { ids: ids.slice(0, 2), at } })).toMatchObject({
      gone: 2,
    });
    expect(await write(app, { table: "users", remove: { ids, at } })).toMatchObject({ gone: 1 });
    expect(await app.rows("users")).toEqual([]);
  });
});

describe("clear", () => {
  test("deletes the first rows, as many as it may", async () => {
    const app = await withUsers(3);
    expect(await write(app, { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 2 });
    expect(await app.rows("users")).toEqual([{ id: 1, name: "n" }]);
    expect(await write(app, { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 1 });
    expect(await write(app, { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 0 });
  });
});

describe("write", () => {
  const CLEAR = { table: "users", clear: { limit: 10 } };

  test.each([
    ["no secret", {}],
    ["a secret that is not the component's", { secret: "0".repeat(64) }],
  ])("READONLY-9: refuses a caller with %s, whatever it asks for", async (_, given) => {
    const app = await withUsers(2);
    for (const asked of [
      CLEAR,
      { table: "users", remove: { ids: await app.ids("users"), at: 0 } },
      { table: "users", apply: { rows: packRows([]), match: "key", tombstones: [], at: 0 } },
      { table: "users", copy: { copies: [] } },
    ]) {
      await expect(app.call("write", { ...asked, ...given })).rejects.toMatchObject({
        data: { code: "ImporterOnly", message: expect.stringContaining("Only the import writes mirrors") },
      });
    }
    expect(await app.rows("users")).toHaveLength(2);
  });

  test("READONLY-9: refuses everybody before the component knows the app", async () => {
    const app = await App.start();
    await expect(app.call("write", { ...CLEAR, secret: "undefined" })).rejects.toMatchObject({
      data: { code: "ImporterOnly" },
    });
  });

  test("READONLY-9: a function that was declared in the place of the app's keeps no secret that works", async () => {
    const app = await withUsers(1);
    const { _id, secret } = (await app.ledger("app"))[0]!;
    await app.inLedger(async ({ db }) => {
      const declared = (await db.get("app", _id))!;
      await db.patch("app", _id, { handles: { ...declared.handles, write: "function://of-somebody-else" } });
    });
    await app.call("declare");
    expect((await app.ledger("app"))[0]!.secret).not.toBe(secret);
    await expect(app.call("write", { ...CLEAR, secret })).rejects.toMatchObject({
      data: { code: "ImporterOnly" },
    });
  });

  test("READONLY-9: the secret is random, stays over deploys, and is in no answer of the component", async () => {
    const app = await withUsers(1);
    const { secret } = (await app.ledger("app"))[0]!;
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await app.call("declare");
    expect(await app.ledger("app")).toMatchObject([{ secret }]);
    const [token] = await app.ledger("tokens");
    const answers = await Promise.all([
      app.component("access:authenticate", { hash: token!.hash, nowMs: Date.now() }),
      app.component("tokens:list"),
      app.component("registry:list"),
      app.component("registry:get", { mirror: "users" }),
      app.component("capability:check", { secret: "" }),
    ]);
    expect(answers).not.toContain(null);
    expect(JSON.stringify(answers)).not.toContain(secret);
    const other = await withUsers(1);
    expect((await other.ledger("app"))[0]!.secret).not.toBe(secret);
  });
});

test.each([
  ["write", { apply: { rows: packRows([]), match: "key", tombstones: [], at: 0 } }],
  ["read", { cursor: null, limit: 1, hashed: false }],
  ["write", { remove: { ids: [], at: 0 } }],
  ["write", { clear: { limit: 1 } }],
  ["write", { copy: { copies: [] } }],
])("%s touches mirrors only", async (name, args) => {
  const app = await App.start();
  const given = { table: "notes", ...args };
  await app.call("declare");
  await expect(name === "write" ? write(app, given) : app.call(name, given)).rejects.toThrow(
    '"notes" is not a mirror',
  );
});
