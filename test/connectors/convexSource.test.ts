import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Project } from "../e2e/project.js";
import { PythonEnvironment } from "./python.js";
import { messages, start, type DiscoveredStream, type Ended } from "./support.js";

/** `airbyte-source-convex`, unmodified, reads the export of the example. */

const FLIGHT = { date: "2026-01-01", origin: "SFO", destination: "JFK" };
const AIRPORTS = 1_300;

type Row = Record<string, unknown>;

let source: string;
let project: Project;
let client: ConvexHttpClient;
let importToken: string;
let streams: DiscoveredStream[];

beforeAll(async () => {
  source = (await PythonEnvironment.of("airbyte-source-convex==0.4.51")).program("source-convex");
  project = await Project.start("example/convex");
  await project.push();
  client = new ConvexHttpClient(project.server.url);
  importToken = await project.createToken("importer");
  await project.run("declare");
  const token = await project.run("createToken", {
    name: "warehouse",
    mirrors: ["airports", "notes"],
    access: "export",
  });
  await configure("config", token as string);
  await importAirports(Array.from({ length: AIRPORTS }, (_, i) => airport(i)));
  for (const text of ["first", "second", "third"]) await addNote(text);
});

afterAll(async () => {
  await project.close();
});

function file(name: string): string {
  return path.join(project.directory, `${name}.json`);
}

async function configure(name: string, token: string, prefix = ""): Promise<void> {
  await writeFile(
    file(name),
    JSON.stringify({ deployment_url: project.server.siteUrl + prefix, access_key: token }),
  );
}

function airport(i: number, name = `Airport ${String(i)}`): Row {
  const iata = `A${String(i).padStart(4, "0")}`;
  return { iata, name, city: null, state: "CA", country: "USA", latitude: i / 7, longitude: -i };
}

async function importAirports(rows: Row[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 1_000) {
    const answer = await fetch(`${project.server.siteUrl}/api/streaming_import/import_airbyte_records`, {
      method: "POST",
      headers: { Authorization: `Convex ${importToken}`, "Content-Type": "application/json" },
      body: JSON.stringify({
        tables: { public_airports: { primaryKey: [["iata"]], jsonSchema: {} } },
        messages: rows.slice(from, from + 1_000).map((data) => ({ tableName: "public_airports", data })),
      }),
    });
    expect(answer.status, await answer.text()).toBe(200);
  }
}

async function addNote(text: string): Promise<void> {
  const add = makeFunctionReference<"mutation">("notes:add");
  await client.mutation(add, { flight: FLIGHT, text, author: "Ada" });
}

/** The rows of a table, as the reader should have them. */
async function tableOf(table: string): Promise<Row[]> {
  const page = (await project.run("imports:rows", {
    table,
    walk: { cursor: null, limit: 5_000 },
    maxBytes: 8_000_000,
  })) as { rows: Row[] };
  return page.rows;
}

interface Sync extends Ended {
  records: { stream: string; data: Row }[];
  state: unknown[];
  problems: string;
}

async function read(
  names: string[],
  mode: "full_refresh" | "incremental",
  state: unknown[] = [],
  config = "config",
): Promise<Sync> {
  const configured = streams
    .filter(({ name }) => names.includes(name))
    .map((stream) => ({
      stream,
      sync_mode: mode,
      destination_sync_mode: mode === "incremental" ? "append_dedup" : "overwrite",
    }));
  await writeFile(file("catalog"), JSON.stringify({ streams: configured }));
  await writeFile(file("state"), JSON.stringify(state));
  const files = ["--config", file(config), "--catalog", file("catalog")];
  const ended = await start(source, [
    "read",
    ...files,
    ...(state.length > 0 ? ["--state", file("state")] : []),
  ]);
  const last = new Map<string, unknown>();
  for (const { state: each } of messages(ended.out, "STATE")) {
    const { stream } = each as { stream: { stream_descriptor: { name: string } } };
    last.set(stream.stream_descriptor.name, each);
  }
  return {
    ...ended,
    records: messages(ended.out, "RECORD").map(({ record }) => record as { stream: string; data: Row }),
    state: [...last.values()],
    problems: messages(ended.out, "TRACE")
      .map((message) => JSON.stringify(message))
      .join("\n"),
  };
}

/** What a destination ends with that keeps the last record of each key by the cursor `_ts`. */
function apply(copy: Map<string, Row>, { records }: Sync, stream: string): Map<string, Row> {
  for (const { stream: name, data } of records) {
    if (name !== stream) continue;
    const known = copy.get(data._id as string);
    if (known !== undefined && Number(known._ts) > Number(data._ts)) continue;
    copy.set(data._id as string, data);
  }
  return copy;
}

function alive(copy: Map<string, Row>): Row[] {
  return [...copy.values()]
    .filter(({ _ab_cdc_deleted_at: deleted }) => deleted === null || deleted === undefined)
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !/^_(?!id|creation)/.test(name))))
    .sort((a, b) => Number(a._creationTime) - Number(b._creationTime));
}

async function expectEqual(copy: Map<string, Row>, table: string): Promise<void> {
  expect(alive(copy)).toEqual(await tableOf(table));
}

test("check passes with a token for export, and fails with a reason otherwise", async () => {
  const { out } = await start(source, ["check", "--config", file("config")]);
  expect(out).toContain('"SUCCEEDED"');
  for (const token of ["csi_unknown", importToken]) {
    await configure("bad", token);
    const refused = await start(source, ["check", "--config", file("bad")]);
    expect(refused.out).toMatch(/"FAILED".*(BadAdminKey|OperationNotPermitted)/);
  }
});

test("discover lists the tables of the token, without excluded fields", async () => {
  const { out } = await start(source, ["discover", "--config", file("config")]);
  const [message] = messages(out, "CATALOG") as { catalog: { streams: DiscoveredStream[] } }[];
  streams = message!.catalog.streams;
  expect(streams.map(({ name }) => name).sort()).toEqual(["airports", "notes"]);
  expect(JSON.stringify(streams)).not.toContain("author");
});

describe("read", () => {
  const airports = new Map<string, Row>();
  const notes = new Map<string, Row>();
  let state: unknown[];

  test("a full refresh of several streams emits each row once", async () => {
    const sync = await read(["airports", "notes"], "full_refresh");
    expect({ code: sync.code, problems: sync.problems }).toEqual({
      code: 0,
      problems: expect.not.stringContaining("ERROR") as string,
    });
    expect(sync.records).toHaveLength(AIRPORTS + 3);
    await expectEqual(apply(new Map(), sync, "airports"), "airports");
    await expectEqual(apply(new Map(), sync, "notes"), "notes");
    expect(sync.out).not.toContain("Ada");
  });

  test("an incremental sync begins with everything", async () => {
    const sync = await read(["airports", "notes"], "incremental");
    expect(sync.code).toBe(0);
    await expectEqual(apply(airports, sync, "airports"), "airports");
    await expectEqual(apply(notes, sync, "notes"), "notes");
    ({ state } = sync);
  });

  test("it resumes from its state with changes and deletions alone, under a path prefix too", async () => {
    await importAirports([airport(3, "Renamed"), airport(AIRPORTS)]);
    await importAirports([{ iata: airport(5).iata, _ab_cdc_deleted_at: "2026-01-01", _ab_cdc_lsn: 1 }]);
    const [first] = await tableOf("notes");
    await client.mutation(makeFunctionReference<"mutation">("notes:remove"), { id: first!._id as never });
    await addNote("fourth");
    await configure(
      "prefixed",
      (JSON.parse(await readFile(file("config"), "utf8")) as { access_key: string }).access_key,
      "/airbyte",
    );
    const sync = await read(["airports", "notes"], "incremental", state, "prefixed");
    expect(sync.code).toBe(0);
    expect(sync.records).toHaveLength(5);
    await expectEqual(apply(airports, sync, "airports"), "airports");
    await expectEqual(apply(notes, sync, "notes"), "notes");
    ({ state } = sync);
  });

  test("with a writer at work it misses nothing", async () => {
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        await importAirports(
          Array.from({ length: 40 }, (_, k) => airport((i * 37 + k * 11) % 2_000, `v${String(i)}`)),
        );
        await importAirports([
          { iata: airport((i * 53) % 1_500).iata, _ab_cdc_deleted_at: "2026-01-01", _ab_cdc_lsn: i },
        ]);
        await addNote(`note ${String(i)}`);
      }
    })();
    const during = await read(["airports", "notes"], "incremental");
    const resumed = await read(["airports", "notes"], "incremental", state);
    writing = false;
    await writer;
    expect([during.code, resumed.code]).toEqual([0, 0]);
    const fresh = {
      airports: apply(new Map(), during, "airports"),
      notes: apply(new Map(), during, "notes"),
    };
    const after = await read(["airports", "notes"], "incremental", during.state);
    await expectEqual(apply(fresh.airports, after, "airports"), "airports");
    await expectEqual(apply(fresh.notes, after, "notes"), "notes");
    apply(airports, resumed, "airports");
    const last = await read(["airports"], "incremental", resumed.state);
    await expectEqual(apply(airports, last, "airports"), "airports");
  });

  test("a state from before the retention fails with words that say what to do", async () => {
    const old = (state as { stream: { stream_state: Row } }[]).map((each) => ({
      type: "STREAM",
      stream: {
        ...each.stream,
        stream_state: { ...each.stream.stream_state, delta_cursor: 1_700_000_000_000_000_000 },
      },
    }));
    const sync = await read(["notes"], "incremental", old);
    expect(sync.code).not.toBe(0);
    expect(sync.out).toMatch(/too old.*Read everything again/);
  });
});
