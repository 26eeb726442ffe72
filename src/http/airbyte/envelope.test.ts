import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../core/rows/values.js";
import { declaredCdcColumns, readBatch, readPrimaryKey, toChange } from "./envelope.js";

describe("toChange", () => {
  const mark = { _ab_cdc_deleted_at: "2024-05-01T00:00:00Z" };

  test("leaves a row without change-data-capture columns alone", () => {
    const row = { id: 1, name: "a" };
    expect(toChange(row, true)).toEqual({ op: "upsert", row });
  });

  test("takes every column out that begins as those do, under any of their spellings", () => {
    const row = { id: 1, _ab_cdc_lsn: 5, _ab_cdc_cursor: 6, source_ab_cdc_mine: 7, _AB_CDC_x: 8, ab_cdc: 9 };
    expect(toChange(row, true)).toEqual({ op: "upsert", row: { id: 1, ab_cdc: 9 } });
  });

  test("keeps those that feed a field", () => {
    const declared = declaredCdcColumns({
      fields: { source_ab_cdc_lsn: {}, at: {}, id: {} },
      contract: { columns: { at: "_ab_cdc_updated_at" } },
    } as never);
    const row = { id: 1, _ab_cdc_lsn: 5, _ab_cdc_updated_at: "x", _ab_cdc_cursor: 6 };
    expect(toChange(row, true, declared).row).toEqual({
      id: 1,
      source_ab_cdc_lsn: 5,
      source_ab_cdc_updated_at: "x",
    });
  });

  test("leaves columns of such a name inside an object", () => {
    expect(toChange({ id: 1, o: { _ab_cdc_lsn: 5 } }, true).row).toEqual({
      id: 1,
      o: { source_ab_cdc_lsn: 5 },
    });
  });

  test.each<[string, JsonObject, "upsert" | "delete"]>([
    ["a time", mark, "delete"],
    ["any text", { _ab_cdc_deleted_at: "" }, "delete"],
    ["false", { _ab_cdc_deleted_at: false }, "delete"],
    ["null", { _ab_cdc_deleted_at: null }, "upsert"],
    ["nothing", { _ab_cdc_lsn: 1 }, "upsert"],
  ])("a deletion time of %s", (_, columns, op) => {
    expect(toChange({ id: 1, ...columns }, true)).toEqual({ op, row: { id: 1 } });
  });

  test("a deletion is a row like any other where rows have no key", () => {
    expect(toChange({ kind: "a", ...mark }, false)).toEqual({ op: "upsert", row: { kind: "a" } });
  });
});

describe("readPrimaryKey", () => {
  test("cleans each part of each path, as columns are cleaned", () => {
    expect(readPrimaryKey("t", [["_id"], ["First Name"], ["a", "$b"]])).toEqual([
      "source_id",
      "First Name",
      "a.source_b",
    ]);
  });
});

describe("readBatch", () => {
  test("keeps messages in their order, and reads a missing key as none", () => {
    const batch = readBatch({
      tables: { b: { jsonSchema: { x: 1 } }, a: { primaryKey: [["id"]], jsonSchema: null } },
      messages: [
        { tableName: "a", data: { id: 1 }, emitted_at: 5 },
        { tableName: "b", data: {} },
        { tableName: "a", data: { id: 2 } },
      ],
    });
    expect([...batch.tables]).toEqual([
      ["b", { primaryKey: null, jsonSchema: { x: 1 } }],
      ["a", { primaryKey: ["id"], jsonSchema: null }],
    ]);
    expect(batch.messages.map(({ tableName, data }) => [tableName, data])).toEqual([
      ["a", { id: 1 }],
      ["b", {}],
      ["a", { id: 2 }],
    ]);
  });
});
