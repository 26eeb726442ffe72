import { expect, test } from "vitest";
import { App } from "./harness.js";

test("dedup", async () => {
  const app = await App.start();
  const r = await app.send("POST", "/api/streaming_import/import_airbyte_records", {
    tables: { users: { primaryKey: [["id"]], jsonSchema: {} } },
    messages: [
      { tableName: "users", data: { id: 1, name: "a", _ab_cdc_lsn: 4 } },
      { tableName: "users", data: { id: 1, name: "b" } },
      { tableName: "users", data: { id: 2, name: "c" } },
    ],
  });
  expect([r.status, r.text]).toEqual([200, ""]);
  expect(await app.rows("users")).toEqual([{ id: 1, name: "b" }, { id: 2, name: "c" }]);
  console.log(await app.status("users"));
});
