// @vitest-environment node
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Project } from "./project.js";

/**
 * The package as an app's deployment sees it: pushed by the unmodified Convex CLI, fed over HTTP as Airbyte's
 * connector does it, read by Convex's own clients. Only the deployment behind it is a stand-in.
 */

interface User {
  _id: string;
  id: bigint;
  name: string;
  email?: string | null;
}

interface MirrorStatus {
  name: string;
  state: string;
  reason: string;
  rows: number;
  removed: number;
  generation: number;
  lastError: string | null;
}

const KEY = [["id"]];
const listUsers = makeFunctionReference<"query", Record<string, never>, User[]>("users:list");

let project: Project;
let client: ConvexHttpClient;
let token: string;

beforeAll(async () => {
  project = await Project.start("test/e2e/programs/accounts");
  await project.push();
  client = new ConvexHttpClient(project.server.url);
  // By the Convex CLI, as people do it without our command.
  const names = JSON.stringify({ name: "connector", mirrors: ["*"] });
  const component = ["--component", "streamingImport"];
  token = JSON.parse(await project.cli("run", ...component, "tokens:create", names)) as string;
});

afterAll(async () => {
  await project.close();
});

async function users(): Promise<Record<string, unknown>[]> {
  return (await client.query(listUsers, {})).map(({ id, name, email }) => ({ id, name, email }));
}

async function importUsers(records: Record<string, unknown>[], pathPrefix = ""): Promise<void> {
  expect(await project.importRecords(token, "public_users", KEY, records, pathPrefix)).toEqual({
    status: 200,
    text: "",
  });
}

async function status(mirror: string): Promise<MirrorStatus> {
  const all = (await project.run("status")) as MirrorStatus[];
  return all.find(({ name }) => name === mirror)!;
}

test("a row sent over HTTP is read by a Convex client, in the types of the schema", async () => {
  await importUsers([{ id: 1, name: "Ada", email: null, _ab_cdc_lsn: 7 }]);

  expect(await users()).toEqual([{ id: 1n, name: "Ada", email: null }]);
});

test("a WebSocket subscription sees rows, in order, as they are imported", async () => {
  const seen: string[][] = [];
  const socket = new ConvexClient(project.server.url);
  try {
    socket.onUpdate(listUsers, {}, (rows) => seen.push(rows.map((row) => row.name)));
    await expect.poll(() => seen.at(-1)).toEqual(["Ada"]);

    await importUsers([{ id: 2, name: "Grace" }]);
    await expect.poll(() => seen.at(-1)).toEqual(["Ada", "Grace"]);

    await importUsers([{ id: 2, name: "Barbara" }]);
    await expect.poll(() => seen.at(-1)).toEqual(["Ada", "Barbara"]);
  } finally {
    await socket.close();
  }
});

test("a row that has not changed does not wake a subscription", async () => {
  let updates = 0;
  const socket = new ConvexClient(project.server.url);
  try {
    socket.onUpdate(listUsers, {}, () => updates++);
    await expect.poll(() => updates).toBe(1);

    await importUsers([{ id: 2, name: "Barbara" }]);
    await importUsers([{ id: 2, name: "Betty" }]);
    await expect.poll(() => updates).toBe(2);
  } finally {
    await socket.close();
  }
});

test("the routes answer under a path prefix too", async () => {
  await importUsers([{ id: 3, name: "Katherine" }], "/airbyte");

  expect((await users()).map(({ id }) => id)).toContain(3n);
  expect(await project.send(token, "GET", "/airbyte/version")).toMatchObject({ status: 200 });
});

test("a change-data-capture delete removes the row", async () => {
  await importUsers([{ id: 3, name: "Katherine", _ab_cdc_deleted_at: "2026-01-01T00:00:00Z" }]);

  expect((await users()).map(({ id }) => id)).not.toContain(3n);
});

describe("refusals", () => {
  test("a wrong token is a 401 in JSON, and writes nothing", async () => {
    const before = await users();
    const answer = await project.importRecords("csi_wrong", "public_users", KEY, [{ id: 9, name: "Eve" }]);

    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "BadAdminKey" });
    expect(await users()).toEqual(before);
  });

  test("a token for another mirror is a 403", async () => {
    const other = await project.createToken("logins only", ["logins"]);
    const answer = await project.importRecords(other, "public_users", KEY, [{ id: 9, name: "Eve" }]);

    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "OperationNotPermitted" });
  });

  test("a revoked token is a 401", async () => {
    const short = await project.createToken("short-lived");
    expect(await project.run("revokeToken", { name: "short-lived" })).toBe(1);

    expect(await project.send(short, "GET", "/airbyte/version")).toMatchObject({ status: 401 });
  });

  test("an unknown stream is refused with the declaration to paste, which the dashboard shows too", async () => {
    const answer = await project.importRecords(token, "public_orders", KEY, [{ id: 1 }]);

    expect(answer.status).toBe(400);
    const { code, message } = JSON.parse(answer.text) as { code: string; message: string };
    expect(code).toBe("MissingStream");
    expect(message).toContain("public_orders: mirrorTable(");
    expect(await project.cli("data", "unknownStreams", "--component", "streamingImport")).toContain(
      "public_orders",
    );
  });

  test("a row that does not fit waits in quarantine, with its field and the reason", async () => {
    expect(await project.importRecords(token, "public_users", KEY, [{ id: 4 }])).toEqual({
      status: 200,
      text: "",
    });

    expect((await users()).map(({ id }) => id)).not.toContain(4n);
    expect(await status("users")).toMatchObject({ quarantined: 1 });
    expect(await project.run("listQuarantine", { mirror: "users" })).toMatchObject([
      { code: "MissingField", message: expect.stringContaining("name") as string, payload: '{"id":4}' },
    ]);
  });

  test("the importer's functions are out of reach of clients", async () => {
    const replay = makeFunctionReference<"action">("imports:replayQuarantine");
    const declare = makeFunctionReference<"mutation">("imports:declare");

    await expect(client.action(replay, { mirror: "users" })).rejects.toThrow(
      /Could not find public function/,
    );
    await expect(client.mutation(declare, {})).rejects.toThrow(/Could not find public function/);
  });
});

test("an overwrite keeps the old rows readable, then the scheduler sweeps what it did not bring", async () => {
  await importUsers([
    { id: 10, name: "Old" },
    { id: 11, name: "Kept" },
  ]);
  const kept = (await client.query(listUsers, {})).find(({ name }) => name === "Kept")!._id;

  expect(
    await project.send(token, "PUT", "/api/streaming_import/clear_tables", { tableNames: ["public_users"] }),
  ).toEqual({
    status: 200,
    text: "",
  });
  expect((await users()).map(({ name }) => name)).toContain("Old");

  expect(
    await project.importRecords(token, "public_users", null, [
      { id: 11, name: "Kept" },
      { id: 12, name: "New" },
    ]),
  ).toEqual({
    status: 200,
    text: "",
  });
  expect((await users()).map(({ name }) => name)).toContain("Old");

  await expect.poll(async () => (await users()).map(({ name }) => name)).toEqual(["Kept", "New"]);
  // The document is the same, so references to it stay good.
  expect((await client.query(listUsers, {}))[0]!._id).toBe(kept);
  await expect.poll(() => status("users")).toMatchObject({ state: "upToDate", rows: 2, generation: 1 });
});

test("an append-only mirror keeps equal rows apart, and an overwrite empties it", async () => {
  const logins = makeFunctionReference<"query", Record<string, never>, unknown[]>("users:logins");
  const login = { user: 1, at: "2026-01-01" };
  await project.importRecords(token, "public_logins", null, [login, login]);
  expect(await client.query(logins, {})).toHaveLength(2);

  await project.send(token, "PUT", "/api/streaming_import/clear_tables", { tableNames: ["public_logins"] });
  expect(await client.query(logins, {})).toEqual([]);
});

test("a request with more rows than a transaction takes is applied whole, in order", async () => {
  const logins = Array.from({ length: 2_500 }, (_, i) => ({ user: i, at: String(i) }));
  expect(await project.importRecords(token, "public_logins", null, logins)).toEqual({
    status: 200,
    text: "",
  });

  const stored = await client.query(
    makeFunctionReference<"query", Record<string, never>, { user: bigint }[]>("users:logins"),
    {},
  );
  expect(stored.map(({ user }) => Number(user))).toEqual(logins.map(({ user }) => user));
  expect(await status("logins")).toMatchObject({ rows: 2_500 });
});

test("a push keeps rows, tokens and the registry, and the next request tells the registry of a new mirror", async () => {
  const before = await users();
  await client.mutation(makeFunctionReference<"mutation">("users:addNote"), { userId: 11n, text: "ours" });
  const schema = path.join(project.directory, "convex/schema.ts");
  const text = await readFile(schema, "utf8");
  await writeFile(
    schema,
    text.replace("  notes:", '  orders: mirrorTable({ id: v.string() }, { primaryKey: ["id"] }),\n  notes:'),
  );
  await project.push();

  expect(await users()).toEqual(before);
  expect(await client.query(makeFunctionReference<"query">("users:notes"), {})).toMatchObject([
    { text: "ours" },
  ]);
  expect(await project.importRecords(token, "orders", KEY, [{ id: "o-1" }])).toEqual({
    status: 200,
    text: "",
  });
  expect(await status("orders")).toMatchObject({ rows: 1, source: "orders" });
  expect(await status("users")).toMatchObject({ rows: before.length });
});
