// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { record, state, status, stream, sync, Writing } from "./support/airbyte.js";
import { mirror, Sink, type Misbehaviour, type SinkRequest } from "./support/sink.js";

let sink: Sink;

beforeEach(async () => {
  sink = await Sink.start([mirror("users"), mirror("orders")]);
});
afterEach(async () => {
  await sink.close();
});

/** Misbehaves at the first requests to a path. */
function at(path: string, ...first: Misbehaviour[]): void {
  const waiting = [...first];
  sink.before = (request: SinkRequest) => (request.path === path ? waiting.shift() : undefined);
}

const overwrite = { mode: "overwrite", generation: 3, minimum: 3 };
const incremental = { generation: 3, minimum: 0 };

describe("how streams end", () => {
  test.each([
    ["COMPLETE: complete", overwrite, ["COMPLETE"], false, 0, "complete"],
    ["INCOMPLETE: incomplete", overwrite, ["INCOMPLETE"], false, 1, "incomplete"],
    [
      "INCOMPLETE, even where the end of the input is trusted",
      overwrite,
      ["INCOMPLETE"],
      true,
      1,
      "incomplete",
    ],
    ["no status of a refresh: incomplete", overwrite, [], false, 1, "incomplete"],
    ["no status of a refresh, the end of the input trusted: complete", overwrite, [], true, 0, "complete"],
    ["no status of an incremental stream, nor of another: complete", incremental, [], false, 0, "complete"],
    ["STARTED alone: the source has broken off", incremental, ["STARTED", "RUNNING"], false, 1, "incomplete"],
  ] as const)("%s", async (_title, options, statuses, trust, code, outcome) => {
    const messages = [
      record("users", { id: 1 }),
      state("users", 1),
      ...statuses.map((told) => status("users", told)),
    ];
    const result = await sync(sink, [stream("users", options)], messages, {
      settings: { trust_end_of_input: trust },
    });

    expect(result.code).toBe(code);
    expect(sink.runs.map((run) => run.outcome)).toEqual([outcome]);
    expect(result.writing.states).toHaveLength(1);
    if (code !== 0) expect(result.writing.failure?.message).toContain("public.users");
  });

  test("a refresh whose sweep is held is a success with a warning that says what to do", async () => {
    const body = { run: "run1", state: "held", reason: "Too few.", counts: {} };
    sink.before = ({ path }) => (path.endsWith("/finish") ? { status: 200, body } : undefined);
    const result = await sync(sink, [stream("users", overwrite)], [status("users", "COMPLETE")]);
    expect(result.code).toBe(0);
    const logs = result.writing.emitted.flatMap(({ message }) => message.log ?? []);
    expect(logs.filter(({ level }) => level === "WARN").map(({ message }) => message)).toEqual([
      "public.users: Too few. If they are to go: streaming-import sweep users",
    ]);
  });

  test("a stream that is complete is finished before the input ends, after its rows", async () => {
    const writing = new Writing(sink, [stream("users", overwrite), stream("orders")]);
    writing.send(record("users", { id: 1 }), status("users", "COMPLETE"), record("orders", { id: 1 }));
    await expect.poll(() => sink.runs.find((run) => run.mirror === "users")?.outcome).toBe("complete");
    expect(sink.rows("users")).toEqual([{ id: 1 }]);
    expect(sink.runs.find((run) => run.mirror === "orders")?.outcome).toBeNull();
    writing.send(status("orders", "COMPLETE"));
    expect(await writing.end()).toBe(0);
  });

  test("a refresh without a single row is complete too", async () => {
    const { code } = await sync(sink, [stream("users", overwrite)], [status("users", "COMPLETE")]);
    expect(code).toBe(0);
    expect(sink.runs).toMatchObject([{ mirror: "users", outcome: "complete", changes: [] }]);
  });

  test("a record after COMPLETE is an error: the run is over", async () => {
    const { code, writing } = await sync(
      sink,
      [stream("users")],
      [status("users", "COMPLETE"), record("users", { id: 1 })],
    );
    expect(code).toBe(1);
    expect(writing.failure).toMatchObject({ failure_type: "system_error" });
  });
});

describe("generations", () => {
  test("go along with the run", async () => {
    await sync(sink, [stream("users", overwrite), stream("orders", { generation: 8, minimum: 0 })], []);
    expect(
      sink.runs.map(({ mirror: name, syncMode, generation, minimumGeneration }) => [
        name,
        syncMode,
        generation,
        minimumGeneration,
      ]),
    ).toEqual([
      ["users", "overwrite", 3, 3],
      ["orders", "append_dedup", 8, 0],
    ]);
  });

  test("a refresh of a deduplicated stream is one whose minimum is its generation", async () => {
    await sync(sink, [stream("users", { generation: 8, minimum: 8 })], [status("users", "COMPLETE")]);
    expect(sink.runs).toMatchObject([
      { syncMode: "append_dedup", generation: 8, minimumGeneration: 8, outcome: "complete" },
    ]);
  });

  test("an old platform that knows none tells none", async () => {
    await sync(sink, [stream("users", { mode: "overwrite" })], []);
    expect(sink.runs[0]).not.toHaveProperty("generation");
  });

  test("to be kept in part are refused, before anything is written", async () => {
    const { code, writing } = await sync(sink, [stream("users", { generation: 8, minimum: 5 })], []);
    expect(code).toBe(1);
    expect(writing.failure).toMatchObject({ failure_type: "config_error" });
    expect(sink.runs).toEqual([]);
  });
});

describe("the catalog", () => {
  test.each([
    [
      "a stream without a mirror, with the code to add",
      stream("nobody"),
      /"public\.nobody"[^]*mirrorTable\(/,
    ],
    [
      "another key than the mirror's",
      stream("users", { key: [["email"]] }),
      /primary key of the stream "public\.users" is email/,
    ],
    ["deduplication without a key", stream("users", { key: [] }), /is empty/],
    ["a sync mode that there is not", stream("users", { mode: "update" }), /"update"/],
    ["a name that no table can have", stream("x".repeat(70)), /64/],
  ])("%s", async (_title, configured, message) => {
    const { code, writing } = await sync(sink, [configured], [record("users", { id: 1 })]);
    expect(code).toBe(1);
    expect(writing.failure).toMatchObject({
      failure_type: "config_error",
      message: expect.stringMatching(message) as string,
    });
    expect(sink.runs).toEqual([]);
  });

  test("streams find their mirrors by source, by name, cleaned, and without a namespace", async () => {
    sink.mirrors = [
      mirror("people", { source: "crm.contacts" }),
      mirror("source_order_lines", { source: null }),
      mirror("bills", { source: "billing.invoices" }),
    ];
    const streams = [
      stream("contacts", { namespace: "crm" }),
      stream("Order Lines", { namespace: null }),
      stream("invoices", { namespace: null }),
    ];
    const { code } = await sync(sink, streams, []);
    expect(code).toBe(0);
    expect(sink.runs.map((run) => run.mirror).sort()).toEqual(["bills", "people", "source_order_lines"]);
  });

  test("two streams of one mirror are refused", async () => {
    const { writing } = await sync(sink, [stream("users"), stream("users", { namespace: null })], []);
    expect(writing.failure?.message).toContain("both feed");
  });

  test("that is no catalog, and a configuration that is none, are config errors", async () => {
    const { writing } = await sync(sink, [], [], { catalog: "{}" });
    expect(writing.failure).toMatchObject({ failure_type: "config_error" });
    const other = await sync(sink, [], [], { config: '{"deployment_url":"x","access_key":"csi_secret"}' });
    expect(other.writing.failure).toMatchObject({ failure_type: "config_error" });
    expect(JSON.stringify(other.writing.emitted)).not.toContain("csi_secret");
  });
});

describe("trouble on the way", () => {
  test.each<[string, Misbehaviour[]]>([
    ["a busy deployment", [{ status: 503 }, { status: 502 }, { status: 408 }]],
    [
      "a spent budget",
      [
        {
          status: 429,
          body: { code: "OverBudget", message: "Spent.", retryAfterMs: 20 },
          headers: { "Retry-After": "1" },
        },
      ],
    ],
    ["a connection that breaks", ["hang up", "hang up"]],
    ["an answer that gets lost", ["apply and hang up"]],
  ])("%s: the same delivery again, once applied", async (_title, first) => {
    at("/v1/deliveries", ...first);
    const { code, writing } = await sync(
      sink,
      [stream("users")],
      [record("users", { id: 1 }), state("users", 1)],
    );

    expect(code).toBe(0);
    expect(sink.rows("users")).toEqual([{ id: 1 }]);
    expect(writing.states).toHaveLength(1);
    const bodies = sink.requests.filter(({ path }) => path === "/v1/deliveries").map(({ body }) => body);
    expect(bodies).toHaveLength(first.length + 1);
    expect(new Set(bodies).size).toBe(1);
  });

  test("waits as long as it is told to", async () => {
    const times: number[] = [];
    sink.before = ({ path }) => {
      if (path !== "/v1/deliveries") return undefined;
      times.push(performance.now());
      return times.length === 1 ? { status: 429, headers: { "Retry-After": "1" } } : undefined;
    };
    await sync(sink, [stream("users")], [record("users", { id: 1 })]);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
  });

  test.each<[string, Misbehaviour, string]>([
    [
      "a token that was revoked",
      { status: 401, body: { code: "BadAdminKey", message: "Revoked." } },
      "config_error",
    ],
    [
      "a token of another mirror",
      { status: 403, body: { code: "OperationNotPermitted", message: "No." } },
      "config_error",
    ],
    [
      "a run that another has taken over",
      { status: 409, body: { code: "StaleRun", message: "Stale." } },
      "transient_error",
    ],
    [
      "a delivery out of step",
      { status: 409, body: { code: "OutOfSequence", message: "Not now." } },
      "system_error",
    ],
  ])("%s ends the sync at once: %s", async (_title, misbehaviour, type) => {
    at("/v1/deliveries", misbehaviour);
    const { code, writing } = await sync(
      sink,
      [stream("users")],
      [record("users", { id: 1 }), state("users", 1)],
    );
    expect(code).toBe(1);
    expect(writing.failure?.failure_type).toBe(type);
    expect(writing.states).toEqual([]);
    expect(sink.requests.filter(({ path }) => path === "/v1/deliveries")).toHaveLength(1);
  });

  test("gives up on a deployment that stays away, as a transient error", async () => {
    sink.before = ({ path }) => (path === "/v1/deliveries" ? { status: 503 } : undefined);
    const { code, writing } = await sync(sink, [stream("users")], [record("users", { id: 1 })], {
      retry: { baseMs: 1, maxMs: 5, giveUpAfterMs: 50 },
    });
    expect(code).toBe(1);
    expect(writing.failure?.failure_type).toBe("transient_error");
    expect(writing.logs.join()).toContain("Attempt");
  });

  test("an address where something else answers is a config error that says which address is meant", async () => {
    sink.before = () => ({ status: 404, body: "nothing" });
    const { writing } = await sync(sink, [stream("users")], []);
    expect(writing.failure).toMatchObject({
      failure_type: "config_error",
      message: expect.stringContaining(".convex.site") as string,
    });
  });

  test("a token that demands signatures gets them", async () => {
    let signed = 0;
    sink.before = ({ headers }) => {
      if (headers["x-signature"] === undefined)
        return { status: 403, body: { code: "InvalidSignature", message: "Sign." } };
      signed++;
      return undefined;
    };
    const { code } = await sync(sink, [stream("users")], [record("users", { id: 1 })]);
    expect(code).toBe(0);
    expect(signed).toBeGreaterThan(3);
  });
});

describe("told to stop", () => {
  test("emits the states of what is acknowledged in time, and no other", async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    sink.before = async ({ path, body }) => {
      if (path === "/v1/deliveries" && body.includes("-orders-")) await held;
      return undefined;
    };
    const writing = new Writing(sink, [stream("users"), stream("orders")]);
    writing.send(
      record("users", { id: 1 }),
      state("users", 1),
      record("orders", { id: 1 }),
      state("orders", 1),
      record("users", { id: 2 }),
      state("users", 2),
    );
    await expect.poll(() => writing.states.length).toBe(1);
    writing.abort.abort(143);

    expect(await writing.done).toBe(143);
    expect(writing.stateLines).toHaveLength(1);
    expect(writing.failure).toBeUndefined();
    expect(sink.runs.map(({ outcome }) => outcome)).toEqual(["incomplete", "incomplete"]);
    release();
  });

  test("waits for a delivery under way, whose state then goes out", async () => {
    sink.before = async ({ path }) => {
      if (path === "/v1/deliveries") await new Promise((resolve) => setTimeout(resolve, 100));
      return undefined;
    };
    const writing = new Writing(sink, [stream("users")]);
    writing.send(record("users", { id: 1 }), state("users", 1));
    await expect.poll(() => sink.requests.some(({ path }) => path === "/v1/deliveries")).toBe(true);
    writing.abort.abort(143);
    expect(await writing.done).toBe(143);
    expect(writing.states).toHaveLength(1);
  });

  test("before it has begun, it begins nothing", async () => {
    sink.before = ({ path }) => (path === "/v1/mirrors" ? { status: 503 } : undefined);
    const writing = new Writing(sink, [stream("users")], { retry: { baseMs: 1_000, giveUpAfterMs: 60_000 } });
    await expect.poll(() => sink.requests.length).toBe(1);
    writing.abort.abort(143);
    expect(await writing.done).toBe(143);
    expect(sink.runs).toEqual([]);
  });
});
