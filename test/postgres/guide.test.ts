import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import pg from "pg";
import ts from "typescript";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import { World, type AppVersion } from "../core/support/world.js";
import { blocksOf } from "../docs/pages.js";
import { PostgresServer } from "./server.js";

/** The SQL and the sender of docs/guides/postgres.md, with a server that is started here. */

const blocks = blocksOf("docs/guides/postgres.md");
const directory = mkdtempSync(path.join(os.tmpdir(), "follow-"));
const cwd = process.cwd();

let server: PostgresServer;
let database: pg.Client;

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  return client;
}

beforeAll(async () => {
  server = await PostgresServer.start();
  database = await connect();
  await database.query(`CREATE TABLE customers (
    id bigint PRIMARY KEY, email text NOT NULL, balance numeric, tags text[], updated_at timestamptz NOT NULL)`);
});

afterAll(async () => {
  process.chdir(cwd);
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  await database.end();
  await server.close();
  rmSync(directory, { recursive: true });
});

/** Statement by statement, as psql does: one that makes a slot must be alone in its transaction. */
async function run(sql: string): Promise<void> {
  for (const statement of sql.split(/;$/m)) await database.query(statement);
}

test("its SQL prepares change data capture", async () => {
  const [users, level, capture] = blocks.filter(({ language }) => language === "sql").map(({ code }) => code);
  await run(users!);
  await run(level!);
  await database.end();
  await server.restart();
  database = await connect();
  await run(capture!);

  const { rows } = await database.query("SELECT slot_name, plugin FROM pg_replication_slots");
  expect(rows).toEqual([{ slot_name: "airbyte_slot", plugin: "pgoutput" }]);
  const tables = await database.query("SELECT tablename FROM pg_publication_tables");
  expect(tables.rows).toEqual([{ tablename: "customers" }]);
  const role = await database.query("SELECT rolreplication FROM pg_roles WHERE rolname = 'airbyte'");
  expect(role.rows).toEqual([{ rolreplication: true }]);
});

test("its sender brings what is new, exactly, and again after a failure", async () => {
  process.chdir(directory);
  const world = await World.start({
    schema: defineSchema({
      customers: mirrorTable(
        {
          id: v.int64(),
          email: v.string(),
          balance: v.optional(v.string()),
          tags: v.optional(v.array(v.string())),
          updated_at: v.number(),
        },
        { primaryKey: ["id"], version: "updated_at" },
      ),
    }),
  } as unknown as AppVersion);
  vi.stubEnv("IMPORT_TOKEN", world.token);
  let failing = "";
  vi.stubGlobal("fetch", async (url: string, { method, body }: RequestInit) => {
    if (failing !== "" && url.endsWith(failing)) return new Response("lost", { status: 502 });
    const { status, body: json } = await world.send(method!, url, body);
    return Response.json(json, { status });
  });
  const { code } = blocks.find((block) => block.code.startsWith("// follow.ts"))!;
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const { follow } = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(outputText)}`
  )) as { follow: (database: pg.Client) => Promise<number> };

  expect(await follow(database)).toBe(0);
  await database.query(`INSERT INTO customers VALUES
    (9007199254740993, 'ada@example.com', 1.10, '{a,b}', '2026-01-01T00:00:00Z'),
    (2, 'alan@example.com', NULL, NULL, '2026-01-02T00:00:00Z')`);
  failing = "/finish";
  await expect(follow(database)).rejects.toThrow("lost");
  failing = "";
  expect(await follow(database)).toBe(2);
  expect(await world.rows("customers")).toEqual([
    {
      id: 9007199254740993n,
      email: "ada@example.com",
      balance: "1.10",
      tags: ["a", "b"],
      updated_at: Date.UTC(2026, 0, 1),
    },
    { id: 2n, email: "alan@example.com", updated_at: Date.UTC(2026, 0, 2) },
  ]);

  await database.query("UPDATE customers SET email = 'alan@example.org', updated_at = '2026-01-02T00:00:30Z' WHERE id = 2"); // prettier-ignore
  expect(await follow(database)).toBe(1);
  expect(await follow(database)).toBe(1);
  expect((await world.rows("customers"))[1]).toMatchObject({ email: "alan@example.org" });
  const { total } = await world.mirror("customers");
  expect(total).toMatchObject({ inserted: 2, updated: 1, unchanged: 3 });
});
