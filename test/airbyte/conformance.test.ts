/** The conformance cases of the import API that `destination-convex` speaks, by their numbers in the protocol notes. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../harness.js";
import { check, state } from "./connector.js";
import {
  ADD_INDEXES,
  batch,
  CLEAR,
  ENDPOINTS,
  events,
  eventsStream,
  expectDone,
  expectRefused,
  IMPORT,
  importRows,
  QUIET_MS,
  records,
  sync,
  users,
  usersStream,
} from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const KEY = [["id"]];

describe.each([
  ["at the root", ""],
  ["at the root, deployment_url with a slash at its end", "/"],
  ["under a prefix", "/airbyte"],
  ["under a prefix, deployment_url with a slash at its end", "/airbyte/"],
])("%s", (_, basePath) => {
  const [version] = ENDPOINTS;
  const importRoutes = ENDPOINTS.filter((endpoint) => endpoint !== version);

  test("1: /version answers 200 to a good token, a refusal to a bad one", async () => {
    const app = await App.start();
    expect((await app.send("GET", `${basePath}/version`)).status).toBe(200);
    app.token = "csi_wrong";
    expectRefused(
      await app.send("GET", `${basePath}/version`),
      401,
      "BadAdminKey",
      "streaming-import token create",
    );
  });

  test.each(importRoutes)("2: %s %s wants a token, and the right one", async (method, path, body) => {
    const app = await App.start();
    const without = await app.send(method, basePath + path, body, { Authorization: null });
    expectRefused(without, 403, "BadDeployKey", "Authorization");
    app.token = "csi_wrong";
    expectRefused(
      await app.send(method, basePath + path, body),
      401,
      "BadAdminKey",
      "streaming-import token create",
    );
  });

  test.each([null, "foo-1.2.3"])("4: Convex-Client %s is accepted", async (client) => {
    const app = await App.start();
    const body = batch("events", [{ kind: "a" }]);
    expectDone(await app.send("POST", basePath + IMPORT, body, { "Convex-Client": client }));
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });

  test.each(ENDPOINTS.filter(([method]) => method !== "GET"))(
    "8: success of %s %s is exactly 200 with an empty body",
    async (method, path, body) => {
      const app = await App.start();
      expectDone(await app.send(method, basePath + path, body));
    },
  );

  test("3.4: indexes are ready, whatever the body that never arrives", async () => {
    const app = await App.start();
    const answer = await app.send("GET", `${basePath}/api/streaming_import/primary_key_indexes_ready`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ indexesReady: true });
  });

  test("40: the connection test and a whole sync of 0.2.x", async () => {
    const app = await App.start();
    expect(await check({ basePath, send: async (method, path) => app.send(method, path) })).toBe(true);
    const people = usersStream("append_dedup", "public");
    const log = eventsStream("overwrite", "public");
    const attempt = await sync(app, { generation: "G2", streams: [people, log], basePath }, [
      ...records(people, [{ id: 1, name: "a" }]),
      ...records(log, [{ kind: "x" }]),
      state(1),
    ]);
    expect(attempt).toMatchObject({ succeeded: true, states: [{ cursor: 1 }] });
    expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
    expect(await events(app)).toEqual([{ kind: "x" }]);
  });
});

test.each(ENDPOINTS.filter(([method]) => method !== "GET"))(
  "6: %s %s refuses what is not JSON, and takes keys that it does not know",
  async (method, path, body) => {
    const app = await App.start();
    expectRefused(await app.send(method, path, "{"), 400, "BadJsonBody");
    expectRefused(await app.send(method, path, ""), 400, "BadJsonBody");
    expectRefused(await app.send(method, path, "[]"), 400, "BadJsonBody", "object");
    expectRefused(await app.send(method, path, {}), 400, "BadJsonBody", "must be");
    expectDone(await app.send(method, path, { ...body, somethingNew: [1] }));
  },
);

test.each([
  ["no messages", { tables: {} }, /messages/],
  ["no tables", { messages: [] }, /tables/],
  [
    "a table without jsonSchema",
    { tables: { users: { primaryKey: null } }, messages: [] },
    /tables\["users"\].*jsonSchema/,
  ],
])("6: %s is refused", async (_, body, message) => {
  const app = await App.start();
  expectRefused(await app.send("POST", IMPORT, body), 400, "BadJsonBody", message);
});

test("10: nothing to import writes nothing", async () => {
  const app = await App.start();
  expectDone(await app.send("POST", IMPORT, { tables: {}, messages: [] }));
  expectDone(await importRows(app, "users", [], KEY));
  expect(app.writesTo("users")).toEqual([]);
  expect(await app.ledger("runs")).toEqual([]);
});

test("11: two equal messages of an append are two rows", async () => {
  const app = await App.start();
  expectDone(await importRows(app, "events", [{ kind: "a" }, { kind: "a" }]));
  expect(await events(app)).toEqual([{ kind: "a" }, { kind: "a" }]);
  expect(new Set(await app.ids("events")).size).toBe(2);
});

test("12: a message of a table that the request does not describe is refused before any write", async () => {
  const app = await App.start();
  const { tables, messages } = batch("users", [{ id: 1, name: "a" }]);
  const answer = await app.send("POST", IMPORT, {
    tables,
    messages: [...messages, { tableName: "events", data: { kind: "a" } }],
  });
  expectRefused(answer, 400, "MissingStream", /messages\[1\].*"events"/);
  expect(await users(app)).toEqual([]);
});

test("14: deduplication keeps the last row of a key, and the id and creation time of the first", async () => {
  const app = await App.start();
  await importRows(app, "users", [{ id: 1, name: "v1" }], KEY);
  const [first] = await app.ids("users");
  expectDone(
    await importRows(
      app,
      "users",
      [
        { id: 1, name: "v1" },
        { id: 1, name: "v2" },
        { id: 2, name: "v1" },
      ],
      KEY,
    ),
  );
  expect(await users(app)).toEqual([
    { id: 1, name: "v2" },
    { id: 2, name: "v1" },
  ]);
  expect(await app.ids("users")).toContain(first);
});

test("15: a replaced row loses the fields that the new one does not have", async () => {
  const app = await App.start();
  await importRows(app, "users", [{ id: 1, name: "a", age: 1 }], KEY);
  await importRows(app, "users", [{ id: 1, name: "b" }], KEY);
  expect(await users(app)).toEqual([{ id: 1, name: "b" }]);
});

test("16: a record with a deletion time deletes its row; of an unknown key, it does nothing", async () => {
  const app = await App.start();
  await importRows(app, "users", [{ id: 3, name: "x" }], KEY);
  expectDone(await importRows(app, "users", [{ id: 3, _ab_cdc_deleted_at: "2024-05-01T00:00:00Z" }], KEY));
  expectDone(await importRows(app, "users", [{ id: 4, _ab_cdc_deleted_at: "2024-05-01T00:00:00Z" }], KEY));
  expect(await users(app)).toEqual([]);
  expect((await app.status("users")).total).toMatchObject({
    received: 3,
    inserted: 1,
    deleted: 1,
    ignored: 1,
  });
});

test("16: in a mirror without a key a deletion is a row like any other, stripped of its mark", async () => {
  const app = await App.start();
  expectDone(await importRows(app, "events", [{ kind: "a", _ab_cdc_deleted_at: "2024-05-01T00:00:00Z" }]));
  expect(await events(app)).toEqual([{ kind: "a" }]);
});

test("18: change-data-capture columns are not stored; a deletion time of null deletes nothing", async () => {
  const app = await App.start();
  const row = {
    id: 1,
    name: "x",
    _ab_cdc_lsn: 5,
    _ab_cdc_updated_at: "2024-05-01",
    _ab_cdc_deleted_at: null,
  };
  expectDone(await importRows(app, "users", [row], KEY));
  expect(await users(app)).toEqual([{ id: 1, name: "x" }]);
});

test("20: a row without its key is refused when the app wants it so, and waits in quarantine otherwise", async () => {
  const rows = [{ k: "a", v: 1 }, { v: 2 }, { k: "b", v: 3 }];
  const strict = await App.start(["*"], { badRows: "refuse" });
  expectRefused(await importRows(strict, "regions", rows, [["k"]]), 400, "MissingPrimaryKeyValue", /"k"/);
  expect(await strict.rows("regions")).toEqual([]);
  expect(await strict.ledger("quarantine")).toEqual([]);

  const app = await App.start();
  expectDone(await importRows(app, "regions", rows, [["k"]]));
  expect(await app.rows("regions")).toEqual([
    { k: "a", v: 1 },
    { k: "b", v: 3 },
  ]);
  expect(await app.ledger("quarantine")).toMatchObject([
    {
      mirror: "regions",
      code: "MissingPrimaryKeyValue",
      message: expect.stringContaining('"k"') as string,
      payload: '{"v":2}',
      whole: true,
    },
  ]);
});

test("20: null is a key like any other", async () => {
  const app = await App.start();
  const key = [["k"]];
  expectDone(
    await importRows(
      app,
      "regions",
      [
        { k: null, v: 1 },
        { k: "null", v: 2 },
        { k: null, v: 3 },
      ],
      key,
    ),
  );
  expect(await app.rows("regions")).toEqual([
    { k: null, v: 3 },
    { k: "null", v: 2 },
  ]);
});

test("21: a key inside an object", async () => {
  const app = await App.start();
  const rows = [
    { a: { b: 1 }, v: 1 },
    { a: { b: 1 }, v: 2 },
  ];
  expectDone(await importRows(app, "nested", rows, [["a", "b"]]));
  expect(await app.rows("nested")).toEqual([{ a: { b: 1 }, v: 2 }]);
});

test("24: appended and deduplicated streams, interleaved, each in its own order", async () => {
  const app = await App.start();
  const tables = { users: { primaryKey: KEY, jsonSchema: {} }, events: { primaryKey: null, jsonSchema: {} } };
  const messages = [
    { tableName: "events", data: { kind: "first" } },
    { tableName: "users", data: { id: 1, name: "first" } },
    { tableName: "events", data: { kind: "second" } },
    { tableName: "users", data: { id: 1, _ab_cdc_deleted_at: "2024-05-01" } },
    { tableName: "users", data: { id: 1, name: "last" } },
    { tableName: "events", data: { kind: "last" } },
  ];
  expectDone(await app.send("POST", IMPORT, { tables, messages }));
  expect(await events(app)).toEqual([{ kind: "first" }, { kind: "second" }, { kind: "last" }]);
  expect(await users(app)).toEqual([{ id: 1, name: "last" }]);
});

test("24: one mirror under two names keeps the order of its records", async () => {
  const app = await App.start();
  const tables = { users: { jsonSchema: {} }, public_users: { jsonSchema: {} } };
  const messages = ["users", "public_users", "users"].map((tableName, age) => ({
    tableName,
    data: { id: 1, name: tableName, age },
  }));
  expectDone(await app.send("POST", IMPORT, { tables, messages }));
  expect(await users(app)).toEqual([{ id: 1, name: "users", age: 2 }]);
});

test.each([
  ["*name!of.table", "source_name_of_table"],
  ["_system_table", "source_system_table"],
  ["ok_table", "ok_table"],
  ["public_users", "users"],
] as const)("26: the table %s is the mirror %s", async (sent, mirror) => {
  const app = await App.start();
  expectDone(await importRows(app, sent, [{ id: 7, ...(mirror === "users" && { name: "n" }) }], KEY));
  expect(await app.rows(mirror)).toHaveLength(1);
});

test("26: a table name of 70 characters is refused by the client's fault, not by ours", async () => {
  const app = await App.start();
  const name = `t${"a".repeat(69)}`;
  expectRefused(await importRows(app, name, [{ id: 1 }], KEY), 400, "InvalidTableName", /64/);
});

test("26: a name that only 0.1.0's prefix makes too long is fine", async () => {
  const app = await App.start();
  const table = `temp_1700000000_${"a".repeat(60)}`;
  expectRefused(await importRows(app, table, [{ id: 1 }], KEY), 400, "MissingStream", `"${"a".repeat(60)}"`);
});

test("27: names of fields are cleaned at every depth", async () => {
  const app = await App.start();
  const sent = {
    id: 1,
    _bad_field_name: { _bad_field_name: 1 },
    $x: "dollar",
    naïve: "not ASCII",
    payload: [{ _bad_field_name: 2, "good field": 3, $integer: "AQAAAAAAAAA=" }],
  };
  expectDone(await importRows(app, "things", [sent], KEY));
  expect(await app.rows("things")).toEqual([
    {
      id: 1,
      source_bad_field_name: { source_bad_field_name: 1 },
      source_x: "dollar",
      source_naive: "not ASCII",
      payload: [{ source_bad_field_name: 2, "good field": 3, source_integer: "AQAAAAAAAAA=" }],
    },
  ]);
});

test("28: a cleaned name makes way for a column that had it before", async () => {
  const app = await App.start();
  expectDone(await importRows(app, "things", [{ id: 1, source_id: 1, _id: 2 }], KEY));
  expect(await app.rows("things")).toEqual([{ id: 1, source_id: 1, source_source_id: 2 }]);
});

test("34: null stays null, absent stays absent, empty stays empty", async () => {
  const app = await App.start();
  expectDone(await importRows(app, "users", [{ id: 1, name: null }], KEY));
  expectDone(
    await importRows(app, "things", [{ id: 1, payload: { o: {}, a: [], n: null } }, { id: 2 }], KEY),
  );
  expect(await users(app)).toEqual([{ id: 1, name: null }]);
  expect(await app.rows("things")).toEqual([{ id: 1, payload: { o: {}, a: [], n: null } }, { id: 2 }]);
});

// convex-test looks at every row for each key.
const SLOW_MS = 30_000;

test(
  "37: a thousand records of 10 KB are all there, in several transactions, and a replay changes nothing",
  async () => {
    const app = await App.start();
    const payload = "x".repeat(10_000);
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, payload }));
    // So much at once has to wait for the write budget between its transactions.
    expectDone(await app.whileTimePasses(importRows(app, "things", rows, KEY)));
    expect(await app.rows("things")).toEqual(rows);
    const [run] = await app.ledger("runs");
    expect(run!.chunks).toBeGreaterThan(1);
    app.writesTo("things");
    expectDone(await app.whileTimePasses(importRows(app, "things", rows, KEY)));
    expect(app.writesTo("things")).toEqual([]);
  },
  SLOW_MS,
);

test("39: clear_tables ignores tables that nobody mirrors", async () => {
  const app = await App.start();
  expectDone(await app.send("PUT", CLEAR, { tableNames: ["nobody_mirrors_this"] }));
  expect(await app.ledger("runs")).toEqual([]);
});

test("39: clear_tables empties a mirror without a key, as often as asked, and no other", async () => {
  const app = await App.start();
  await importRows(app, "events", [{ kind: "a" }, { kind: "b" }]);
  await importRows(app, "users", [{ id: 1, name: "a" }], KEY);
  for (const _ of ["once", "twice"]) {
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["public_events"] }));
    expect(await events(app)).toEqual([]);
  }
  expect(await app.status("events")).toMatchObject({ rows: 0, removed: 2 });
  expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
});

test("39: clear_tables leaves a mirror with a key readable until the refresh is whole", async () => {
  const app = await App.start();
  await importRows(app, "users", [{ id: 1, name: "a" }], KEY);
  for (const _ of ["once", "twice"]) {
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["public_users"] }));
    expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  }
  await importRows(app, "users", [{ id: 2, name: "b" }]);
  await app.passTime(QUIET_MS);
  expect(await users(app)).toEqual([{ id: 2, name: "b" }]);
});

test.each([
  ["G2", "users", "events"],
  ["G3", "public_users", "public_events"],
] as const)("40: the requests of a sync by %s, in order", async (generation, userSetUp, eventSetUp) => {
  const app = await App.start();
  const people = usersStream("append_dedup", "public");
  const log = eventsStream("overwrite", "public");
  const { calls } = await sync(app, { generation, streams: [people, log] }, [
    ...records(people, [{ id: 1, name: "a" }]),
    state(1),
    ...records(log, [{ kind: "x" }]),
  ]);
  const tables = {
    public_users: { primaryKey: KEY, jsonSchema: {} },
    public_events: { primaryKey: null, jsonSchema: {} },
  };
  const record = (tableName: string, data: object) => ({ tableName, data });
  expect(calls).toEqual([
    { method: "PUT", endpoint: "clear_tables", body: { tableNames: [eventSetUp] }, status: 200 },
    {
      method: "PUT",
      endpoint: "add_primary_key_indexes",
      body: { indexes: { [userSetUp]: KEY } },
      status: 200,
    },
    { method: "GET", endpoint: "primary_key_indexes_ready", body: { tables: [userSetUp] }, status: 200 },
    {
      method: "POST",
      endpoint: "import_airbyte_records",
      body: { tables, messages: [record("public_users", { id: 1, name: "a" })] },
      status: 200,
    },
    {
      method: "POST",
      endpoint: "import_airbyte_records",
      body: { tables, messages: [record("public_events", { kind: "x" })] },
      status: 200,
    },
  ]);
});

describe("set-up calls", () => {
  test("say early that the connection has another key than the mirror", async () => {
    const app = await App.start();
    const answer = await app.send("PUT", ADD_INDEXES, { indexes: { public_users: [["email"]] } });
    expectRefused(answer, 400, "PrimaryKeyMismatch", /email.*id/);
  });

  test("take a key of the same columns in another order, and any key of a table that nobody mirrors", async () => {
    const app = await App.start();
    const indexes = { ledger: [["entry"], ["account", "id"]], nobody_mirrors_this: [["x"]] };
    expectDone(await app.send("PUT", ADD_INDEXES, { indexes }));
  });

  test("tell apart a column with a comma in its name and two columns", async () => {
    const app = await App.start();
    const answer = await app.send("PUT", ADD_INDEXES, { indexes: { ledger: [["account.id,entry"]] } });
    expectRefused(answer, 400, "PrimaryKeyMismatch");
  });

  test("without a namespace mean the only mirror of that stream", async () => {
    const app = await App.start();
    expectDone(await importRows(app, "security_trail", [{ what: "a" }]));
    expectRefused(await app.send("PUT", ADD_INDEXES, { indexes: { trail: KEY } }), 400, "PrimaryKeyMismatch");
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["trail"] }));
    expectDone(await importRows(app, "security_trail", []));
    expect(await app.rows("audit_trail")).toEqual([]);
  });
});
