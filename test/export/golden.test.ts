/// <reference types="vite/client" />
import { convexTest } from "convex-test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import streamingImportTest from "../../src/test.js";
import { Deployment } from "../harness.js";
import schema from "./golden/schema.js";
import recording from "./recordings/backend.txt?raw";

/**
 * The answers of Convex's own backend for the app in `golden`, whose recording is `recordings/backend.txt`: ours are the
 * same, byte for byte, but for what the specification lists under "Exported".
 */

/** A request of the recording with its answer, or a mutation between them. */
type Step =
  | { mutation: string; args: object }
  | { method: string; path: string; body: string | null; status: number; contentType: string; text: string };

const steps: Step[] = recording
  .trim()
  .split("\n\n")
  .map((part) => {
    const [head = "", status = "", ...lines] = part.split("\n");
    const mutation = /^# mutation (\S+) (\{.*\}): success$/.exec(head);
    if (mutation !== null) return { mutation: mutation[1]!, args: JSON.parse(mutation[2]!) as object };
    const [method = "", path = "", ...body] = head.split(" ");
    const [code = "", contentType = ""] = status.split(" ");
    return {
      method,
      path,
      body: body.length === 0 ? null : body.join(" "),
      status: Number(code),
      contentType,
      text: lines.join("\n"),
    };
  });

type Request = Exclude<Step, { mutation: string }>;

const modules = {
  ...import.meta.glob("./golden/*.ts"),
  "./golden/_generated/api.ts": async () => Promise.resolve({}),
};

class GoldenApp extends Deployment {
  constructor(readonly t = convexTest({ schema, modules })) {
    super(t);
    streamingImportTest.register(t, "streamingImport");
  }
}

/** A table's rows, by `i`, which tells them apart, as each format writes it. */
const ROWS = [
  ['"9007199254740993"', '{"$integer":"AQAAAAAAIAA="}', "9007199254740993"],
  ['"-9223372036854775808"', '{"$integer":"AAAAAAAAAIA="}', "-9223372036854775808"],
  ['"0"', '{"$integer":"AAAAAAAAAAA="}', "0"],
];

/** Names for what differs between two deployments that hold the same rows: ids, moments and opaque texts. */
class Names {
  readonly #known = new Map<string, string>();

  apply(text: string): string {
    for (const [, creation, id, i] of text.matchAll(
      /"_creationTime":([\d.]+),"_id":"(\w+)".*?"i":("[^"]*"|\{[^}]*\}|-?\d+)/g,
    )) {
      const row = String(ROWS.findIndex((forms) => forms.includes(i!)));
      this.#known.set(`"${id!}"`, `"id ${row}"`);
      this.#known.set(`"_creationTime":${creation!},`, `"_creationTime":"${row}",`);
    }
    let named = text;
    for (const [real, name] of this.#known) named = named.replaceAll(real, name);
    return named
      .replace(/"_id":"\w+"/g, '"_id":"of a row that was never seen"')
      .replace(/"syncId":"airbyte-[-\da-f]{36}"/, '"syncId":"airbyte-"')
      .replace(/"lastUpdated":\d{13}/, '"lastUpdated":0')
      .replace(/("_?ts"|"snapshot"|"cursor"|"syncedTs"):\d{19}/g, "$1:0");
  }
}

/** The rows of a page as their texts, sorted: the backend has them by id. */
function rowsOf(text: string): string[] {
  const values = /"values":\[(.*)\],"(?:snapshot|syncId|cursor)":/.exec(text)![1]!;
  return values.split(/(?<=\}),(?=\{"_?component")/).sort();
}

function withoutRows(text: string): string {
  return text.replace(/"values":\[.*\],"(?=snapshot|syncId|cursor)/, '"values":[],"');
}

type Json = Record<string, unknown>;

/**
 * The recorded schemas of both tables as they are here: from the validators, whatever the rows are. So what is typed
 * `any` may be anything, an array of numbers may hold special ones, and a float of the format json is a number.
 */
function schemasHere(text: string): Json {
  const { things, empty } = (JSON.parse(text) as { "": { things: Json; empty: Json } })[""];
  const properties = things.properties as { n: Json; a: Json; o: Json; any: Json };
  const isJson = text.includes("as base10 string");
  const float = isJson ? { type: "number" } : properties.n;
  properties.n = float;
  properties.any = {};
  (properties.a as { items: { anyOf: unknown[] } }).items.anyOf[0] = float;
  (properties.o as { properties: Json }).properties.x = float;
  const { _creationTime, _id, ...rest } = empty.properties as Json;
  empty.properties = { _creationTime, _id, k: { type: "string" }, m: float, ...rest };
  empty.required = ["_creationTime", "_id", "k"];
  return { things, empty };
}

describe("the backend's answers", () => {
  let app: GoldenApp;
  let token: string;
  const [ours, theirs] = [new Names(), new Names()];
  /** Our moment for each of the recording. */
  const moments = new Map<string, string>();

  beforeAll(async () => {
    vi.spyOn(console, "log").mockReturnValue(undefined);
    app = new GoldenApp();
    await app.call("declare");
    token = (await app.call("createToken", {
      name: "warehouse",
      mirrors: ["*"],
      access: "export",
    })) as string;
  });

  async function send({ method, path, body }: Request): Promise<{ head: unknown[]; text: string }> {
    const response = await app.t.fetch(
      path.replace(/cursor=(\d+)/, (_, at: string) => `cursor=${moments.get(at)!}`),
      {
        method,
        headers: [
          ["Authorization", `Convex ${token}`],
          ["Convex-Client", "airbyte-export-0.4.0"],
          ["Content-Type", "application/json"],
        ],
        ...(body !== null && { body }),
      },
    );
    return {
      head: [response.status, response.headers.get("Content-Type")],
      text: await response.text(),
    };
  }

  function remember(request: Request, text: string): void {
    const momentOf = (page: string) => /"(?:snapshot|cursor)":(\d+)/.exec(page)?.[1];
    const recorded = momentOf(request.text);
    if (recorded !== undefined) moments.set(recorded, momentOf(text)!);
  }

  const cases = steps.map((step, i) => ({
    i,
    step,
    title: "path" in step ? `${step.method} ${step.path}` : `${step.mutation} ${JSON.stringify(step.args)}`,
  }));

  // One after the other: each builds on the rows and cursors before it.
  test.each(cases)("EXPORT-9: the recorded answer of the backend: $i $title", async ({ i, step }) => {
    if ("mutation" in step) {
      expect(await app.callApp(step.mutation, step.args)).toBe(null);
      return;
    }
    const { head, text } = await send(step);
    remember(step, text);
    expect(head).toEqual([step.status, step.contentType]);
    const [here, there] = [ours.apply(text), theirs.apply(step.text)];
    const before = steps[i - 1];
    if (step.path.startsWith("/api/json_schemas")) {
      const recorded = step.path.includes("byComponent") ? step : (steps[i + 2] as Request);
      const schemas = schemasHere(recorded.text);
      expect(text).toBe(JSON.stringify(recorded === step ? { "": schemas } : schemas));
    } else if (step.path.startsWith("/api/get_table_column_names")) {
      // The backend knows no columns of an empty table, and has a component with a table.
      const [root] = step.text.split(',"inner"');
      expect(text).toBe(root!.replace(/(.*)\]\}\]/, '$1,"k","m"]}]') + "}}");
    } else if (step.path.startsWith("/api/v1/data/list_active_syncs")) {
      // That a page is full does not mean that there is more.
      expect(here).toBe(
        '{"syncs":[{"syncId":"airbyte-","lastUpdated":0,"status":{"type":"stale","totalTables":2,"numDocumentsSynced":2,"syncedTs":0}}],"pagination":{"hasMore":false}}',
      );
    } else if (step.status === 400) {
      expect(JSON.parse(text)).toMatchObject({ code: (JSON.parse(step.text) as Json).code });
    } else if (step.body?.includes("_other") === true) {
      // Tables come in the order of their names, so the empty one is first.
      const { cursor, snapshot } = JSON.parse(text.replace(/\d{19}/, '"$&"')) as Json;
      expect(here).toBe(`{"values":[],"snapshot":0,"cursor":${JSON.stringify(cursor)},"hasMore":true}`);
      const next = step.body.replace(
        '"snapshot":null,"cursor":null',
        `"snapshot":${String(snapshot)},"cursor":${JSON.stringify(cursor)}`,
      );
      const page = await send({ ...step, body: next });
      expect(rowsOf(ours.apply(page.text))).toEqual(rowsOf(there));
    } else if (step.path === "/api/v1/data/sync") {
      // How many rows a table has is not counted.
      const listing = steps[i + 1] as Request;
      const recorded = JSON.parse(listing.text) as { syncs: { status: Json }[] };
      const active = JSON.parse((await send(listing)).text) as typeof recorded;
      const counted = Object.keys(recorded.syncs[0]!.status).filter(
        (key) => !key.startsWith("totalDocuments"),
      );
      expect(Object.keys(active.syncs[0]!.status)).toEqual(counted);
      const { nextCursor } = (JSON.parse(text) as { pagination: { nextCursor: string } }).pagination;
      const page = ours.apply((await send({ ...step, body: JSON.stringify({ cursor: nextCursor }) })).text);
      expect(rowsOf(page)).toEqual(rowsOf(there));
      const opaque = (sync: string) => withoutRows(sync).replace(/"nextCursor":"[^"]*"/, '"nextCursor":""');
      // A table is emptied on the page where it enters. This one was the last.
      expect(opaque(here)).toBe(
        opaque(there).replace(/"truncates":\[.*?\]/, '"truncates":[{"component":"","table":"empty"}]'),
      );
      expect(opaque(page)).toMatch(
        /^\{"status":\{"type":"stale","snapshotTs":\d+\},"truncates":\[\{"component":"","table":"things"\}\],/,
      );
    } else if (before !== undefined && "mutation" in before && JSON.stringify(before.args).includes("same")) {
      // A patch without fields is a change of nothing: the row comes once more, as it was.
      expect(withoutRows(here)).toBe(there);
      expect(rowsOf(here)).toEqual(rowsOf(theirs.apply((steps[i - 2] as Request).text)));
    } else {
      expect(withoutRows(here)).toBe(withoutRows(there));
      if (there.includes('"values"')) expect(rowsOf(here)).toEqual(rowsOf(there));
    }
  });
});
