import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App, type Answer, type TestRow } from "../harness.js";
import {
  batch,
  CLEAR,
  ENDPOINTS,
  events,
  expectConserved,
  expectDone,
  expectRefused,
  IMPORT,
  importRows,
  REPLACE,
  users,
} from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const KEY = [["id"]];

/** The bytes of a text in which each character is one. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe("the Authorization header", () => {
  test.each([
    ["is missing", null, 403, "BadDeployKey", "token create"],
    ["holds a token that nobody made", "Convex csi_0123456789", 401, "BadAdminKey", "token create"],
    ["is too short to hold a token", "Convex", 400, "InvalidHeaderFailure", "short"],
    ["is of another scheme", "Basic dXNlcjpwYXNz", 400, "InvalidAdminKey", "Convex <token>"],
    ["has no token behind the scheme", "Convex     ", 400, "InvalidHeaderFailure", "short"],
    ["has two tokens", "Convex csi_one csi_two", 400, "InvalidAdminKey", "Convex <token>"],
  ])("%s", async (_, header, status, code, message) => {
    const app = await App.start();
    for (const [method, path, body] of ENDPOINTS) {
      expectRefused(await app.send(method, path, body, { Authorization: header }), status, code, message);
    }
  });

  test.each(["Convex", "convex", "CONVEX", "Bearer", "bearer"])("takes the scheme %s", async (scheme) => {
    const app = await App.start();
    const headers = { Authorization: `${scheme} ${app.token}` };
    expectDone(await app.send("POST", IMPORT, batch("events", [{ kind: "a" }]), headers));
  });

  test("with a revoked token is refused at once, and everything it imported stays", async () => {
    const app = await App.start();
    expectDone(await importRows(app, "events", [{ kind: "a" }]));
    expect(await app.call("revokeToken", { name: "connector" })).toBe(1);
    expectRefused(await importRows(app, "events", [{ kind: "b" }]), 401, "BadAdminKey", "revoked");
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });
});

describe("a token that does not open a mirror", () => {
  const refusal = [403, "OperationNotPermitted", /"connector".*"users".*token create/] as const;

  test("imports nothing, not even into the mirrors that it opens", async () => {
    const app = await App.start(["events"]);
    const tables = { events: { jsonSchema: {} }, users: { jsonSchema: {} } };
    const messages = [
      { tableName: "events", data: { kind: "a" } },
      { tableName: "users", data: { id: 1, name: "a" } },
    ];
    expectRefused(await app.send("POST", IMPORT, { tables, messages }), ...refusal);
    expect(await events(app)).toEqual([]);
    expectDone(await app.send("POST", IMPORT, { tables, messages: messages.slice(0, 1) }));
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });

  test("starts no refresh, of none of the tables that it names", async () => {
    const app = await App.start(["events"]);
    await importRows(app, "events", [{ kind: "a" }]);
    expectRefused(await app.send("PUT", CLEAR, { tableNames: ["events", "users"] }), ...refusal);
    const tableNames = { temp_1700000000_events: "events", temp_1700000000_users: "users" };
    expectRefused(await app.send("POST", REPLACE, { tableNames }), ...refusal);
    expect(await events(app)).toEqual([{ kind: "a" }]);
    expect(await app.status("users")).toMatchObject({ generation: 0, state: "waiting" });
  });

  test.each([
    ["as", "users"],
    ["in full, as", "public_users"],
    ["a stream without a mirror:", "nowhere"],
  ])("does not learn which mirrors exist: one that is named %s %s", async (_, name) => {
    const app = await App.start(["events"]);
    const named = new RegExp(`may not write the mirror "${name}"`);
    const refused = [403, "OperationNotPermitted", named] as const;
    const record = {
      tables: { [name]: { jsonSchema: {} } },
      messages: [{ tableName: name, data: { id: 1 } }],
    };
    const answers = [
      await app.send("POST", IMPORT, record),
      await app.send("PUT", CLEAR, { tableNames: [name] }),
      await app.send("POST", REPLACE, { tableNames: { temp_1700000000_x: name } }),
      await app.send("PUT", "/api/streaming_import/add_primary_key_indexes", {
        indexes: { [name]: [["id"]] },
      }),
    ];
    for (const answer of answers) expectRefused(answer, ...refused);
    expect(await app.ledger("unknownStreams")).toEqual([]);
    const asked = await app.send("GET", `/v1/digest?mirror=${name}`);
    expectRefused(asked, 403, "OperationNotPermitted", new RegExp(`may not read the mirror "${name}"`));
  });

  test("is not told about the mirror's key", async () => {
    const app = await App.start(["events"]);
    const path = "/api/streaming_import/add_primary_key_indexes";
    expectRefused(await app.send("PUT", path, { indexes: { users: [["email"]] } }), ...refusal);
  });
});

describe("a body that cannot be read", () => {
  test.each(["text/plain", "text/html; charset=utf-8", "application/x-www-form-urlencoded", null])(
    "is refused as the Convex backend refuses it: one of the type %s",
    async (type) => {
      const app = await App.start();
      const headers = { "Content-Type": type };
      const answer = await app.send("POST", IMPORT, batch("events", [{ kind: "a" }]), headers);
      expectRefused(answer, 400, "BadJsonBody", /application\/json/);
      expectRefused(
        await app.send("PUT", CLEAR, { tableNames: [] }, headers),
        400,
        "BadJsonBody",
        /application\/json/,
      );
      expectDone(
        await app.send(
          "PUT",
          CLEAR,
          { tableNames: [] },
          { "Content-Type": "application/json; charset=utf-8" },
        ),
      );
    },
  );

  test("is refused when it has more records than a request should", async () => {
    const app = await App.start();
    const records = Array.from({ length: 10_001 }, () => ({}));
    const answer = await app.send("POST", IMPORT, batch("events", records));
    expectRefused(answer, 413, "BodyTooLarge", /10001 records; at most 10000/);
  });

  test("is refused when it replaces more tables than an app has", async () => {
    const app = await App.start();
    const names = Array.from({ length: 1_001 }, (_, i) => [
      `temp_${String(1_700_000_000 + i)}_users`,
      "users",
    ]);
    const answer = await app.send("POST", REPLACE, { tableNames: Object.fromEntries(names) });
    expectRefused(answer, 413, "BodyTooLarge", /1001 tables; at most 1000/);
    expect(await app.ledger("runs")).toEqual([]);
  });

  test.each([
    ["broken JSON", '{"tables": {', /JSON|position|end/i],
    ["invalid UTF-8", latin1('{"tables": {}, "messages": [], "n": "\xff"}'), /./],
    [
      "a number in the place of the streams",
      '{"tables": 1e999, "messages": []}',
      /"tables" must be an object/,
    ],
    [
      "a number in the place of a record",
      '{"tables": {"users": {"jsonSchema": {}}}, "messages": [{"tableName": "users", "data": 1e999}]}',
      /messages\[0\].*object "data"/,
    ],
    ["a null", "null", /object/],
    ["a list", "[]", /object/],
  ])("%s", async (_, body, message) => {
    const app = await App.start();
    expectRefused(await app.send("POST", IMPORT, body), 400, "BadJsonBody", message);
  });

  test("larger than 20 MiB", async () => {
    const app = await App.start();
    const body = new Uint8Array(25 * 1024 * 1024).fill(0x20);
    expectRefused(await app.send("POST", IMPORT, body), 413, "BodyTooLarge", /26214400.*20971520/);
  });

  test("said to be larger than 20 MiB is not read at all", async () => {
    const app = await App.start();
    const answer = await app.send(
      "POST",
      IMPORT,
      { tables: {}, messages: [] },
      { "Content-Length": "26214400" },
    );
    expectRefused(answer, 413, "BodyTooLarge", /26214400/);
  });
});

describe("a body of the wrong form", () => {
  const table = { users: { jsonSchema: {} } };
  test.each([
    ["tables is a list", { tables: [], messages: [] }, /"tables"/],
    ["tables is null", { tables: null, messages: [] }, /"tables"/],
    ["a table is a text", { tables: { users: "all" }, messages: [] }, /tables\["users"\]/],
    ["messages is an object", { tables: {}, messages: {} }, /"messages"/],
    ["a message is null", { tables: table, messages: [null] }, /messages\[0\]/],
    ["a message has no table", { tables: table, messages: [{ data: {} }] }, /messages\[0\]/],
    ["a table is a number", { tables: table, messages: [{ tableName: 1, data: {} }] }, /messages\[0\]/],
    ["a message has no data", { tables: table, messages: [{ tableName: "users" }] }, /messages\[0\]/],
    ["data is a list", { tables: table, messages: [{ tableName: "users", data: [] }] }, /messages\[0\]/],
    ["data is null", { tables: table, messages: [{ tableName: "users", data: null }] }, /messages\[0\]/],
    ["data is a text", { tables: table, messages: [{ tableName: "users", data: "x" }] }, /messages\[0\]/],
    [
      "the second of two is wrong",
      { tables: table, messages: [{ tableName: "users", data: {} }, 1] },
      /messages\[1\]/,
    ],
    ["a key is a text", { tables: { users: { primaryKey: "id", jsonSchema: {} } }, messages: [] }, /"users"/],
    [
      "a key has no paths",
      { tables: { users: { primaryKey: ["id"], jsonSchema: {} } }, messages: [] },
      /"users"/,
    ],
    [
      "a path is of numbers",
      { tables: { users: { primaryKey: [[1]], jsonSchema: {} } }, messages: [] },
      /"users"/,
    ],
  ])("%s", async (_, body, message) => {
    const app = await App.start();
    expectRefused(await app.send("POST", IMPORT, body), 400, "BadJsonBody", message);
    expect(app.writesTo("users")).toEqual([]);
  });

  test.each([[[]], [[[]]], [[["id"], []]]])("the primary key %j is empty", async (primaryKey) => {
    const app = await App.start();
    expectRefused(await importRows(app, "users", [], primaryKey), 400, "EmptyPrimaryKey", '"users"');
  });

  test.each([
    ["PUT", CLEAR, { tableNames: "users" }],
    ["PUT", CLEAR, { tableNames: [1] }],
    ["POST", REPLACE, { tableNames: ["users"] }],
    ["POST", REPLACE, { tableNames: { temp_1700000000_users: 1 } }],
    ["PUT", "/api/streaming_import/add_primary_key_indexes", { indexes: [] }],
    ["PUT", "/api/streaming_import/add_primary_key_indexes", { indexes: { users: "id" } }],
  ])("%s %s %j", async (method, path, body) => {
    const app = await App.start();
    expectRefused(await app.send(method, path, body), 400, "BadJsonBody");
    expect(await app.ledger("runs")).toEqual([]);
  });

  test("keys that every object has are not taken for keys of the body", async () => {
    const app = await App.start();
    const body = '{"__proto__": {"tables": {}, "messages": []}}';
    expectRefused(await app.send("POST", IMPORT, body), 400, "BadJsonBody", /"tables"/);
    const constructor = {
      tables: { users: { jsonSchema: {} } },
      messages: [{ tableName: "constructor", data: {} }],
    };
    expectRefused(await app.send("POST", IMPORT, constructor), 400, "MissingStream", /"constructor"/);
  });
});

describe("a key that is not the mirror's", () => {
  test("is refused, and the refusal names both", async () => {
    const app = await App.start();
    const answer = await importRows(app, "users", [{ id: 1, name: "a" }], [["email"]]);
    expectRefused(answer, 400, "PrimaryKeyMismatch", /"users" is email, the mirror's is id/);
    expect(await users(app)).toEqual([]);
  });

  test("is refused for a mirror without one, and the refusal says what to write", async () => {
    const app = await App.start();
    const answer = await importRows(app, "events", [{ kind: "a" }], [["_id"]]);
    expectRefused(answer, 400, "PrimaryKeyMismatch", /primaryKey: \["source_id"\].*"append"/);
  });
});

describe("a stream that nobody mirrors", () => {
  const columns = { properties: { id: { type: "integer" }, _rev: { type: ["null", "string"] } } };

  async function sendUnknown(app: App, stream: string) {
    const { tables, messages } = batch("users", [{ id: 1, name: "a" }], KEY);
    return await app.send("POST", IMPORT, {
      tables: { ...tables, [stream]: { primaryKey: KEY, jsonSchema: columns } },
      messages: [...messages, { tableName: stream, data: { id: 1 } }],
    });
  }

  test("is refused by its name, with the code to paste, and nothing is written", async () => {
    const app = await App.start();
    const answer = await sendUnknown(app, "crm_contacts");
    expectRefused(answer, 400, "MissingStream", '"crm_contacts"');
    expect(answer.json().message).toContain(
      'crm_contacts: mirrorTable(\n  {\n    id: v.int64(),\n    source_rev: v.optional(v.union(v.string(), v.null())),\n  },\n  { primaryKey: ["id"] },\n),',
    );
    expect(await users(app)).toEqual([]);
  });

  test("is shown to people once, with how often it came and by which token", async () => {
    const app = await App.start();
    await sendUnknown(app, "crm_contacts");
    await app.passTime(1_000);
    await sendUnknown(app, "crm_contacts");
    const [stream, ...others] = await app.ledger("unknownStreams");
    expect(others).toEqual([]);
    expect(stream).toMatchObject({ stream: "crm_contacts", times: 2, token: "connector" });
    expect(Date.parse(stream!.lastSeenAt) - Date.parse(stream!.firstSeenAt)).toBe(1_000);
    expect(stream!.snippet).toContain("crm_contacts: mirrorTable(");
  });

  test("is shown by its own name when 0.1.0 sends it to a temporary table", async () => {
    const app = await App.start();
    for (const seconds of ["1700000000", "1700000060"]) {
      expectRefused(
        await sendUnknown(app, `temp_${seconds}_crm_contacts`),
        400,
        "MissingStream",
        '"crm_contacts"',
      );
    }
    expect(await app.ledger("unknownStreams")).toMatchObject([{ stream: "crm_contacts", times: 2 }]);
  });

  test("does not fill the database, however many there are and whatever they are called", async () => {
    const app = await App.start();
    for (let i = 0; i < 210; i++) await sendUnknown(app, `stream_${String(i)}`);
    await sendUnknown(app, "!".repeat(100_000));
    const known = await app.ledger("unknownStreams");
    expect(known).toHaveLength(200);
    await sendUnknown(app, "stream_7");
    expect((await app.ledger("unknownStreams"))[7]).toMatchObject({ stream: "stream_7", times: 2 });
  });

  test("is refused however deep or wide its schema is", async () => {
    const app = await App.start();
    const deep = `${'{"oneOf":['.repeat(20_000)}{"type":"string"}${"]}".repeat(20_000)}`;
    const wide = Array.from({ length: 20_000 }, (_, i) => `"column_${String(i)}":{"type":"string"}`).join();
    for (const properties of [`"a":${deep}`, wide]) {
      const tables = `{"crm":{"jsonSchema":{"properties":{${properties}}}}}`;
      const answer = await app.send(
        "POST",
        IMPORT,
        `{"tables":${tables},"messages":[{"tableName":"crm","data":{}}]}`,
      );
      expectRefused(answer, 400, "MissingStream", '"crm"');
    }
    const [stream] = await app.ledger("unknownStreams");
    expect(stream!.snippet.length).toBeLessThan(100_000);
    expect(stream!.snippet).toMatch(/and \d+ more columns/);
  });

  test("is no obstacle while it has no records", async () => {
    const app = await App.start();
    const { messages } = batch("users", [{ id: 1, name: "a" }]);
    const tables = { users: { jsonSchema: {} }, crm_contacts: { jsonSchema: columns } };
    expectDone(await app.send("POST", IMPORT, { tables, messages }));
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["crm_contacts"] }));
    expectDone(
      await app.send("POST", REPLACE, { tableNames: { temp_1700000000_crm_contacts: "crm_contacts" } }),
    );
    expect(await app.ledger("unknownStreams")).toEqual([]);
  });
});

type RowTable = "users" | "ledger" | "things";

/** What is expected of a row that no mirror can store, under both settings of the importer. */
interface BadRowCase {
  /** The code of the refusal, and the one under which the row waits in quarantine. */
  code: string;
  problem: string;
  message: RegExp;
  table?: RowTable;
  /** Too large for the quarantine to keep all of it. */
  tooLarge?: boolean;
}

/** Sends a row that no mirror can store in the midst of others that can be, to an app that has rows already. */
async function sendAmongOthers(app: App, bad: string, table: RowTable): Promise<Answer> {
  await importRows(app, "events", [{ kind: "before" }]);
  await importRows(app, "users", [{ id: 1, name: "before" }]);
  const tables = Object.fromEntries(["events", "users", table].map((name) => [name, { jsonSchema: {} }]));
  const messages = [
    '{"tableName":"events","data":{"kind":"beside"}}',
    '{"tableName":"users","data":{"id":2,"name":"beside"}}',
    `{"tableName":"${table}","data":${bad}}`,
    '{"tableName":"users","data":{"id":3,"name":"beside"}}',
  ];
  return await app.send(
    "POST",
    IMPORT,
    `{"tables":${JSON.stringify(tables)},"messages":[${messages.join()}]}`,
  );
}

/** The whole request is refused before any write. */
async function expectRowRefused(bad: string, { table = "users", code, message }: BadRowCase): Promise<void> {
  const app = await App.start(["*"], { badRows: "refuse" });
  const answer = await sendAmongOthers(app, bad, table);

  expectRefused(answer, 400, code, message);
  const position = table === "users" ? 2 : 1;
  expect(answer.json().message).toMatch(`Record ${String(position)} of this request for "${table}"`);
  expect(await events(app)).toEqual([{ kind: "before" }]);
  expect(await users(app)).toEqual([{ id: 1, name: "before" }]);
  expect(await app.ledger("quarantine")).toEqual([]);
  const status = await app.status(table);
  expect(status.state).toBe("failed");
  expect(status.lastError).toContain(code);
  await expectConserved(app, "users");

  expectDone(await importRows(app, "users", [{ id: 2, name: "after" }]));
  if (table === "users") expect((await app.status("users")).state).not.toBe("failed");
}

/** The row waits in quarantine, and the rows beside it are applied. */
async function expectRowPutAside(bad: string, expected: BadRowCase): Promise<void> {
  const app = await App.start();
  const { table = "users", problem, message, tooLarge = false } = expected;
  expectDone(await sendAmongOthers(app, bad, table));

  expect(await events(app)).toEqual([{ kind: "before" }, { kind: "beside" }]);
  expect(await users(app)).toEqual([
    { id: 1, name: "before" },
    { id: 2, name: "beside" },
    { id: 3, name: "beside" },
  ]);
  const [entry, ...others] = await app.ledger("quarantine");
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ mirror: table, code: problem, op: "upsert", whole: !tooLarge });
  expect(entry!.message).toMatch(message);
  // Word for word as it came: numbers that no double holds, and halves of surrogate pairs, too.
  if (tooLarge) expect(bad.startsWith(entry!.payload)).toBe(true);
  else expect(entry!.payload).toBe(bad);
  const status = await app.status(table);
  expect(status).toMatchObject({ quarantined: 1, total: { quarantined: 1 }, lastError: null });
  expect(status.state).not.toBe("failed");
  await expectConserved(app, "users");
  await expectConserved(app, "events");
  await expectConserved(app, table);
}

describe.each([
  ["refuses the request, when the app wants it so", expectRowRefused],
  ["waits in quarantine, and lets the rows beside it pass", expectRowPutAside],
])("a row that cannot be stored %s:", (_, expectBadRow) => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
  const entry = { account: { id: 1 }, entry: "e", amount: null, version: 1 };

  test.each<[string, object | string, BadRowCase]>([
    [
      "lacks its key",
      { name: "nobody" },
      { code: "MissingPrimaryKeyValue", problem: "MissingPrimaryKeyValue", message: /"id"/ },
    ],
    [
      "lacks a field that is not optional",
      { account: { id: 1 }, entry: "e", amount: 1 },
      {
        table: "ledger",
        code: "SchemaEnforcementError",
        problem: "MissingField",
        message: /"version".*v\.optional/,
      },
    ],
    [
      "has a value of another kind",
      { id: "first", name: "a" },
      { code: "SchemaEnforcementError", problem: "TypeMismatch", message: /"id"/ },
    ],
    [
      "has an object where a text belongs, nested too deep to be written as one",
      `{"id":9,"name":${'{"a":'.repeat(300)}1${"}".repeat(300)}}`,
      { code: "TooNestedError", problem: "TooNested", message: /200 levels/ },
    ],
    [
      "is larger than 1 MiB",
      { id: 9, name: "x".repeat(1024 * 1024) },
      { code: "ValueTooLargeError", problem: "ValueTooLarge", message: /1048576.*"name"/, tooLarge: true },
    ],
    [
      "has a list of 9,000",
      { id: 9, payload: Array.from({ length: 9_000 }, () => 0) },
      { table: "things", code: "ArrayTooLong", problem: "ArrayTooLong", message: /"payload".*9000.*8192/ },
    ],
    [
      "has an object of 1,100 fields",
      { id: 9, payload: Object.fromEntries(Array.from({ length: 1_100 }, (_, i) => [`f${String(i)}`, i])) },
      {
        table: "things",
        code: "TooManyFieldsError",
        problem: "TooManyFields",
        message: /"payload".*1100.*1024/,
      },
    ],
    [
      "is nested more than 16 deep",
      { id: 9, payload: nested(16) },
      { table: "things", code: "TooNestedError", problem: "TooNested", message: /16 levels/ },
    ],
    [
      "is nested a hundred thousand deep",
      `{"id":9,"payload":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      {
        table: "things",
        code: "TooNestedError",
        problem: "TooNested",
        message: /200 levels/,
        tooLarge: true,
      },
    ],
    [
      "has half of a surrogate pair",
      '{"id":9,"name":"\\ud83d"}',
      { code: "BadJsonBody", problem: "InvalidString", message: /"name".*surrogate/ },
    ],
    [
      "has a number that a double would change",
      '{"id":9007199254740993,"name":"a"}',
      {
        code: "SchemaEnforcementError",
        problem: "NumberNotExact",
        message: /"id".*9007199254740993.*9007199254740992/,
      },
    ],
    [
      "has a number beyond 64 bits",
      '{"account":{"id":9223372036854775808},"entry":"e","amount":1,"version":1}',
      {
        table: "ledger",
        code: "SchemaEnforcementError",
        problem: "NumberOutOfRange",
        message: /"account\.id".*9223372036854775808/,
      },
    ],
    [
      "has a fraction where an integer belongs",
      { ...entry, amount: 1.5 },
      {
        table: "ledger",
        code: "SchemaEnforcementError",
        problem: "NumberNotExact",
        message: /"amount".*1\.5/,
      },
    ],
    [
      "has bytes that are not base64",
      { ...entry, digest: "not base64!" },
      {
        table: "ledger",
        code: "SchemaEnforcementError",
        problem: "InvalidBytes",
        message: /"digest".*base64/,
      },
    ],
  ])("it %s", async (_, bad, expected) => {
    await expectBadRow(typeof bad === "string" ? bad : JSON.stringify(bad), expected);
  });
});

describe("a row that looks odd and is none", () => {
  test("with a key __proto__ is stored under a name that Convex takes, and pollutes nothing", async () => {
    const app = await App.start();
    const odd = '{"id":9,"__proto__":{"polluted":1},"payload":{"__proto__":{"polluted":2},"constructor":3}}';
    for (const row of [odd, odd.replace("3}", '3,"large":9007199254740993}')]) {
      const body = `{"tables":{"things":{"jsonSchema":{}}},"messages":[{"tableName":"things","data":${row}}]}`;
      expectDone(await app.send("POST", IMPORT, body));
      expect(await app.rows("things")).toMatchObject([
        { id: 9, source_proto: { polluted: 1 }, payload: { source_proto: { polluted: 2 }, constructor: 3 } },
      ]);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    }
  });

  test("with columns that the mirror does not declare is stored without them", async () => {
    const app = await App.start();
    expectDone(await importRows(app, "users", [{ id: 1, name: "a", toString: 1, "first name": "b" }]));
    expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  });

  test("with the importer's own field does not choose its content key", async () => {
    const app = await App.start();
    expectDone(await importRows(app, "events", [{ kind: "a", mirrorKey: "mine" }]));
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });
});

describe("a row that fails while it is written", () => {
  const isNamed = (name: string) => (write: { table: string; value?: TestRow }) =>
    write.table === "users" && write.value?.name === name;
  const rows = ["a", "b", "explodes", "d"].map((name, id) => ({ id, name }));

  test("waits in quarantine with what went wrong, of which the connector hears nothing", async () => {
    const app = await App.start();
    app.failWrites(isNamed("explodes"));
    expectDone(await importRows(app, "users", rows, KEY));
    expect(await users(app)).toEqual(rows.filter(({ name }) => name !== "explodes"));
    expect(await app.ledger("quarantine")).toMatchObject([
      {
        mirror: "users",
        code: "ApplyFailed",
        message: expect.stringContaining("The test makes") as string,
        payload: '{"id":2,"name":"explodes"}',
        whole: true,
      },
    ]);
    expect(await app.status("users")).toMatchObject({
      rows: 3,
      quarantined: 1,
      total: { received: 4, inserted: 3, quarantined: 1 },
    });
    await expectConserved(app, "users");

    app.failWrites(null);
    expectDone(await importRows(app, "users", rows, KEY));
    expect(await users(app)).toEqual(rows);
    expect(await app.ledger("quarantine")).toEqual([]);
    await expectConserved(app, "users");
  });

  test("lets whole chunks of appended rows pass beside it, in their order", async () => {
    const app = await App.start();
    app.failWrites(({ table, value }) => table === "events" && value?.at === 1_100);
    const rows = Array.from({ length: 1_200 }, (_, at) => ({ kind: "k", at }));
    expectDone(await importRows(app, "events", rows));
    expect((await events(app)).map(({ at }) => at)).toEqual(
      rows.map(({ at }) => at).filter((at) => at !== 1_100),
    );
    await expectConserved(app, "events");
  });
});

describe("a failure that no row is to blame for", () => {
  // A row that fills a transaction by itself: no smaller chunk has room for it.
  const huge = "x".repeat(300_000);
  const limits = { transactionLimits: { bytesWritten: 200_000 } };

  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
  });

  test("undoes its whole chunk, rows and counts and run, and says nothing of what went wrong inside", async () => {
    const app = await App.start(["*"], limits);
    const answer = await importRows(app, "users", [{ id: 1, name: huge }], KEY);
    expectRefused(answer, 500, "InternalServerError", "safe");
    expect(answer.text).not.toMatch(/bytes|limit/);
    expect(vi.mocked(console.error)).toHaveBeenCalled();
    expect(await users(app)).toEqual([]);
    expect(await app.ledger("runs")).toEqual([]);
    expect(await app.ledger("quarantine")).toEqual([]);
    expect(await app.status("users")).toMatchObject({ rows: 0, state: "failed", total: { received: 0 } });

    const rows = [{ id: 1, name: "small" }];
    expectDone(await importRows(app, "users", rows, KEY));
    expect(await users(app)).toEqual(rows);
    await expectConserved(app, "users");
  });

  test("leaves the mirrors before it in the request as written, and those after it as they were", async () => {
    const app = await App.start(["*"], limits);
    const tables = { events: { jsonSchema: {} }, users: { jsonSchema: {} }, ok_table: { jsonSchema: {} } };
    const messages = [
      { tableName: "events", data: { kind: "a" } },
      { tableName: "users", data: { id: 1, name: huge } },
      { tableName: "ok_table", data: { id: 1 } },
      { tableName: "events", data: { kind: "b" } },
    ];
    expectRefused(await app.send("POST", IMPORT, { tables, messages }), 500, "InternalServerError");
    expect(await events(app)).toEqual([{ kind: "a" }, { kind: "b" }]);
    expect(await users(app)).toEqual([]);
    expect(await app.rows("ok_table")).toEqual([]);
  });

  test("leaves whole chunks of one mirror: a prefix of its records", async () => {
    const app = await App.start(["*"], limits);
    const rows = Array.from({ length: 1_200 }, (_, at) => ({ kind: at === 1_100 ? huge : "k", at }));
    expectRefused(await importRows(app, "events", rows), 500, "InternalServerError");
    expect((await events(app)).map(({ at }) => at)).toEqual(rows.slice(0, 1_100).map(({ at }) => at));
    await expectConserved(app, "events");
    expect((await app.status("events")).total.received).toBe(1_100);
  });
});

describe("a chunk that is too large for a transaction", () => {
  test("is applied in smaller ones, in order", async () => {
    // Room for the first declaration, which writes every mirror at once, but not for ninety rows.
    const app = await App.start(["*"], { transactionLimits: { documentsWritten: 60 } });
    const rows = Array.from({ length: 150 }, (_, i) => ({ id: i % 90, name: String(i) }));
    expectDone(await importRows(app, "users", rows, KEY));
    expect(await users(app)).toEqual([...rows.slice(90), ...rows.slice(60, 90)]);
    await expectConserved(app, "users");
    expect((await app.status("users")).total.received).toBe(150);
    expect((await app.ledger("runs"))[0]!.chunks).toBeGreaterThan(1);
  });

  test("of a single row fails, and the rows before it stay", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const app = await App.start(["*"], { transactionLimits: { bytesWritten: 20_000 } });
    const rows = [1, 2, 3, 4].map((id) => ({ id, name: id === 3 ? "x".repeat(30_000) : "small" }));
    expectRefused(await importRows(app, "users", rows, KEY), 500, "InternalServerError");
    expect((await users(app)).map(({ id }) => id)).toEqual([1, 2]);
    await expectConserved(app, "users");
  });
});

test("LIMIT-7: names of megabytes are refused, cut the refresh off, and leave no long text behind", async () => {
  const app = await App.start();
  expectDone(await app.send("PUT", CLEAR, { tableNames: ["users"] }));
  const name = "流".repeat(1_000_000);
  const answers = [
    await app.send("POST", IMPORT, {
      tables: { users: { primaryKey: KEY, jsonSchema: {} } },
      messages: [{ tableName: name, data: { id: 1 } }],
    }),
    await importRows(app, name, [{ id: 1 }]),
    await importRows(app, "strangers", [{ id: 1 }], [[name]]),
    await app.send("PUT", CLEAR, { tableNames: [name] }),
    await app.send("POST", REPLACE, { tableNames: { temp_1700000000_x: name } }),
  ];
  for (const temporary of [name, `temp_1700000000_${"*".repeat(1_000_000)}users`, "temp_1700000000_\ud800"]) {
    answers.push(await app.send("POST", REPLACE, { tableNames: { [temporary]: "users" } }));
    answers.push(await app.send("POST", REPLACE, { tableNames: { [temporary]: "events" } }));
  }
  answers.push(await importRows(app, `temp_1700000000_${"*".repeat(1_000_000)}system_table`, [{ id: 1 }]));
  for (const answer of answers) {
    expect([400, 404], answer.text.slice(0, 300)).toContain(answer.status);
    expect(answer.text.length).toBeLessThan(64_000);
  }
  expect((await app.ledger("runs")).map(({ state }) => state)).toEqual(["incomplete"]);
  expect(await app.longestText()).toBeLessThan(61_000);
});
