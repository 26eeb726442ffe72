// @vitest-environment node
import { describe, expect, test } from "vitest";
import {
  importRequests,
  setUpRequests,
  type ConnectorRequest,
  type SourceMessage,
  type SourceStream,
} from "./connector.js";

const users: SourceStream = {
  namespace: "public",
  name: "users",
  syncMode: "append_dedup",
  primaryKey: [["id"]],
  jsonSchema: { type: "object" },
};
const logs: SourceStream = { ...users, namespace: null, name: "logs", syncMode: "append", primaryKey: null };
const cities: SourceStream = { ...users, name: "cities", syncMode: "overwrite" };

const record = (stream: SourceStream, id: number): SourceMessage => ({
  type: "RECORD",
  stream,
  data: { id },
});
const state: SourceMessage = { type: "STATE" };

async function collect(catalog: SourceStream[], messages: SourceMessage[]): Promise<ConnectorRequest[]> {
  const requests = [];
  for await (const request of importRequests(catalog, messages)) requests.push(request);
  return requests;
}

async function sizes(messages: SourceMessage[]): Promise<number[]> {
  return (await collect([users, logs], messages)).map(({ rows }) => rows);
}

describe("the calls before any record", () => {
  test("clear what is overwritten, then announce keys and ask for them, under full names", () => {
    expect(
      setUpRequests([users, logs, cities]).map(({ method, path, body }) => [method, path, body]),
    ).toEqual([
      ["PUT", "clear_tables", { tableNames: ["public_cities"] }],
      ["PUT", "add_primary_key_indexes", { indexes: { public_users: [["id"]] } }],
      ["GET", "primary_key_indexes_ready", { tables: ["public_users"] }],
    ]);
  });

  test("are none when rows are only appended", () => {
    expect(setUpRequests([logs])).toEqual([]);
  });
});

describe("the calls with records", () => {
  test("describe every stream each time; only deduplicated ones have a key", async () => {
    const [first] = await collect([users, logs, cities], [record(logs, 7), state]);
    expect(first!.body).toEqual({
      tables: {
        public_users: { primaryKey: [["id"]], jsonSchema: { type: "object" } },
        logs: { primaryKey: null, jsonSchema: { type: "object" } },
        public_cities: { primaryKey: null, jsonSchema: { type: "object" } },
      },
      messages: [{ tableName: "logs", data: { id: 7 } }],
    });
  });

  test("go out at 1,000 records, at each checkpoint even if empty, and at the end", async () => {
    const records = Array.from({ length: 1500 }, (_, id) => record(id % 2 === 0 ? users : logs, id));
    expect(await sizes([...records, state, state])).toEqual([1000, 500, 0, 0]);
    expect(await sizes([])).toEqual([0]);
    expect(await sizes(records.slice(0, 3))).toEqual([3]);
  });
});
