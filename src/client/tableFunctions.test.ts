import { describe, expect, test } from "vitest";
import { importRows } from "../../test/airbyte/support.js";
import { App } from "../../test/harness.js";
import { keyHash } from "../changes/hash.js";

interface Page {
  ids: string[];
  keyHashes: ArrayBuffer;
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

describe("page", () => {
  test("walks a mirror in order of creation, and tells the hash of each key", async () => {
    const app = await withUsers(5);
    const pages: Page[] = [];
    let cursor: string | null = null;
    do {
      const page = (await app.call("page", { table: "users", cursor, limit: 2 })) as Page;
      pages.push(page);
      cursor = page.cursor;
    } while (cursor !== null);
    expect(pages.map(({ ids }) => ids.length)).toEqual([2, 2, 1]);
    const documents = (await app.ids("users")).map((id) => id.split("@")[0]);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(documents);
    const hashes = pages.flatMap(({ keyHashes }) => [...new BigUint64Array(keyHashes)]);
    expect(hashes).toEqual([5, 4, 3, 2, 1].map((id) => keyHash([id])));
  });

  test("names rows without a key by their content", async () => {
    const app = await App.start();
    await importRows(app, "events", [{ kind: "a" }]);
    const { keyHashes } = (await app.call("page", { table: "events", cursor: null, limit: 10 })) as Page;
    const [row] = await app.rows("events");
    expect([...new BigUint64Array(keyHashes)]).toEqual([keyHash([row!.mirrorKey as string])]);
  });

  test("of an empty mirror is empty, and the last", async () => {
    const app = await withUsers(0);
    const page = await app.call("page", { table: "users", cursor: null, limit: 10 });
    expect(page).toMatchObject({ ids: [], cursor: null });
  });
});

describe("remove", () => {
  test("deletes by id, counts what went, and passes over what is gone", async () => {
    const app = await withUsers(3);
    const ids = (await app.ids("users")).map((id) => id.split("@")[0]!);
    expect(await app.call("remove", { table: "users", ids: ids.slice(0, 2) })).toBe(2);
    expect(await app.call("remove", { table: "users", ids })).toBe(1);
    expect(await app.rows("users")).toEqual([]);
  });
});

describe("clear", () => {
  test("deletes the first rows, as many as it may", async () => {
    const app = await withUsers(3);
    expect(await app.call("clear", { table: "users", limit: 2 })).toBe(2);
    expect(await app.rows("users")).toEqual([{ id: 1, name: "n" }]);
    expect(await app.call("clear", { table: "users", limit: 2 })).toBe(1);
    expect(await app.call("clear", { table: "users", limit: 2 })).toBe(0);
  });
});

test.each([
  ["apply", { rows: [], append: false }],
  ["page", { cursor: null, limit: 1 }],
  ["remove", { ids: [] }],
  ["clear", { limit: 1 }],
])("%s touches mirrors only", async (name, args) => {
  const app = await App.start();
  await expect(app.call(name, { table: "notes", ...args })).rejects.toThrow('"notes" is not a mirror');
});
