import { describe, expect, test } from "vitest";
import { importRows } from "../../../test/airbyte/support.js";
import { App } from "../../../test/harness.js";
import { storedKeyHash } from "../../../test/rowChange.js";

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
    const [kept] = await app.ledger("digests");
    expect(new Uint8Array(delta!.digest)).toEqual(new Uint8Array(kept!.digest));
    expect(new Uint8Array(delta!.sketch)).toEqual(new Uint8Array(kept!.sketch));
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
    expect(
      await app.call("write", { table: "users", remove: { ids: ids.slice(0, 2), at: Date.now() } }),
    ).toMatchObject({
      gone: 2,
    });
    expect(await app.call("write", { table: "users", remove: { ids, at: Date.now() } })).toMatchObject({
      gone: 1,
    });
    expect(await app.rows("users")).toEqual([]);
  });
});

describe("clear", () => {
  test("deletes the first rows, as many as it may", async () => {
    const app = await withUsers(3);
    expect(await app.call("write", { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 2 });
    expect(await app.rows("users")).toEqual([{ id: 1, name: "n" }]);
    expect(await app.call("write", { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 1 });
    expect(await app.call("write", { table: "users", clear: { limit: 2 } })).toMatchObject({ gone: 0 });
  });
});

test.each([
  ["write", { apply: { rows: [], match: "key", tombstones: [], at: 0 } }],
  ["read", { cursor: null, limit: 1, hashed: false }],
  ["write", { remove: { ids: [], at: 0 } }],
  ["write", { clear: { limit: 1 } }],
  ["write", { copy: { copies: [] } }],
])("%s touches mirrors only", async (name, args) => {
  const app = await App.start();
  await expect(app.call(name, { table: "notes", ...args })).rejects.toThrow('"notes" is not a mirror');
});
