// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { record, state, status, stream, sync, Writing } from "./support/airbyte.js";
import { mirror, Sink } from "./support/sink.js";

let sink: Sink;

beforeEach(async () => {
  sink = await Sink.start([mirror("users"), mirror("orders"), mirror("events", { primaryKey: null })]);
});
afterEach(async () => {
  await sink.close();
});

/** A promise that the test resolves. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe("rows", () => {
  test("arrive as they are: order, large integers, texts and fractions", async () => {
    const writing = new Writing(sink, [stream("users")]);
    const data =
      '{"id":9007199254740993,"z":1.10,"a":-0.0,"text":"é \\u00e9 \\" } { \\n","nested":{"b":[1,{"c":12345678901234567890}]},"e":1e400}';
    writing.line(
      `{"type":"RECORD","record":{"namespace":"public","stream":"users","data":${data},"emitted_at":1}}`,
    );
    writing.line(
      ` {"record" : {"data" : ${data} , "emitted_at":1, "stream":"users","namespace":"public"}, "type":"RECORD"} `,
    );
    writing.send(status("users", "COMPLETE"));

    expect(await writing.end()).toBe(0);
    const lines = sink.changes("users").map(({ line }) => line);
    expect(lines).toEqual([`{"op":"upsert","row":${data}}`, `{"op":"upsert","row":${data}}`]);
  });

  test("are found whatever comes around them, and however keys are written", async () => {
    const writing = new Writing(sink, [stream("users")]);
    const tail = '"emitted_at":1,"meta":{"changes":[{"field":"data","change":"NULLED"}]}';
    for (const line of [
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":1,"data":{"id":7}},${tail}}}`,
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":2},"emitted_at":2}}`,
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":3},"emitted_at":33}}`,
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":4,"x":"\\"emitted_at\\":1}}"},"emitted_at":3}}`,
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","emitted_at":3,"data":{"id":5}}}`,
      `{"type":"RECORD","record":{"stream":"users","namespace":"public","d\\u0061ta":{"id":900719925474099312345},"emitted_at":3}}`,
      `{"record":{"data":{"id":6,"s":"}{]["},"stream":"users","namespace":"public"},"other":{"record":{"data":{"id":0}}},"type":"RECORD"}`,
    ]) {
      writing.line(line);
    }
    writing.send(status("users", "COMPLETE"));

    expect(await writing.end()).toBe(0);
    expect(sink.changes("users").map(({ line }) => line)).toEqual([
      '{"op":"upsert","row":{"id":1,"data":{"id":7}}}',
      '{"op":"upsert","row":{"id":2}}',
      '{"op":"upsert","row":{"id":3}}',
      '{"op":"upsert","row":{"id":4,"x":"\\"emitted_at\\":1}}"}}',
      '{"op":"upsert","row":{"id":5}}',
      '{"op":"upsert","row":{"id":900719925474099312345}}',
      '{"op":"upsert","row":{"id":6,"s":"}{]["}}',
    ]);
  });

  test("of change data capture: deletions delete, the columns stay out, the commit time goes along", async () => {
    const cdc = { _ab_cdc_lsn: 5, _ab_cdc_updated_at: "2026-01-01T00:00:00Z", _ab_cdc_deleted_at: null };
    await sync(
      sink,
      [stream("users"), stream("events", { mode: "append" })],
      [
        record("users", { ...cdc, id: 1, name: "Ada" }),
        record("users", { id: 1, ...cdc, _ab_cdc_deleted_at: "2026-01-02T00:00:00Z" }),
        record("events", { id: 2, _ab_cdc_deleted_at: "2026-01-02T00:00:00Z" }),
      ],
    );

    expect(sink.changes("users").map(({ line }) => line)).toEqual([
      '{"op":"upsert","row":{"id":1,"name":"Ada"}}',
      '{"op":"delete","row":{"id":1}}',
    ]);
    expect(sink.changes("events").map(({ op }) => op)).toEqual(["upsert"]);
    expect(sink.deliveries.find(({ committedAt }) => committedAt !== undefined)?.committedAt).toBe(
      Date.UTC(2026, 0, 1),
    );
  });

  test("keep the change-data-capture columns that a mirror declares", async () => {
    sink.mirrors = [
      mirror("users", { fields: { source_ab_cdc_lsn: { fieldType: { type: "number" }, optional: true } } }),
    ];
    await sync(sink, [stream("users")], [record("users", { id: 1, _ab_cdc_lsn: 5, _ab_cdc_cursor: 6 })]);

    expect(sink.rows("users")).toEqual([{ id: 1, _ab_cdc_lsn: 5 }]);
  });

  test("go out in deliveries bounded by rows and by bytes, in order", async () => {
    const rows = Array.from({ length: 25 }, (_, id) => ({ id, text: "x".repeat(id === 20 ? 2_000 : 10) }));
    await sync(
      sink,
      [stream("users")],
      rows.map((row) => record("users", row)),
      { limits: { maxRows: 10, maxBytes: 1_500 } },
    );

    expect(sink.rows("users")).toEqual(rows);
    for (const { size } of sink.deliveries) expect(size).toBeLessThanOrEqual(10);
    expect(sink.deliveries.map(({ sequence }) => sequence)).toEqual(sink.deliveries.map((_, i) => i + 1));
  });

  test("of several mirrors are under way at once, never two deliveries of one mirror", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const wide = await Sink.start(names.map((name) => mirror(name)));
    const underWay: string[] = [];
    let [together, ofOneMirror] = [0, 0];
    wide.before = async ({ path, body }) => {
      if (path !== "/v1/deliveries") return undefined;
      const { run } = JSON.parse(body.slice(0, body.indexOf("\n"))) as { run: string };
      const { mirror: name } = wide.runs.find(({ id }) => id === run)!;
      underWay.push(name);
      together = Math.max(together, underWay.length);
      ofOneMirror = Math.max(ofOneMirror, underWay.filter((each) => each === name).length);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay.splice(underWay.indexOf(name), 1);
      return undefined;
    };
    const rows = Array.from({ length: 60 }, (_, id) => ({ id }));
    await sync(
      wide,
      names.map((name) => stream(name)),
      rows.flatMap((row) => names.map((name) => record(name, row))),
      { limits: { maxRows: 10 } },
    );
    expect([together, ofOneMirror]).toEqual([4, 1]);
    for (const name of names) expect(wide.rows(name)).toEqual(rows);
    await wide.close();
  });

  const damaged = [
    [
      "a byte that is not UTF-8",
      (line: string) => Buffer.from(line.replace("?", "\xff"), "latin1"),
      "not UTF-8",
    ],
    ["UTF-16", (line: string) => Buffer.from(`\uFEFF${line}`, "utf16le"), "UTF-16"],
  ] as const;
  test.each(damaged)(
    "DATA-7: %s ends the sync with the line; nothing is stored as U+FFFD",
    async (_, encode, message) => {
      const writing = new Writing(sink, [stream("users")]);
      const row = (id: string) => `${JSON.stringify(record("users", { id }))}\n`;
      if (message === "not UTF-8") writing.send(record("users", { id: "1" }));
      writing.input.write(encode(row("?")));
      writing.send(record("users", { id: "3" }));

      expect(await writing.end()).toBe(1);
      expect(writing.failure?.message).toMatch(
        new RegExp(`^Line ${message === "not UTF-8" ? "2" : "1"} .*${message}`),
      );
      for (const { id } of sink.rows("users")) expect(id).toBe("1");
    },
  );

  test("DATA-5: values that the source has replaced by NULL are not sent as NULL", async () => {
    const [message] = [record("users", { id: 1, big: null, small: null, cut: "x" })];
    const changes = [
      { field: "big", change: "NULLED", reason: "SOURCE_FIELD_SIZE_LIMITATION" },
      { field: "cut", change: "TRUNCATED", reason: "SOURCE_FIELD_SIZE_LIMITATION" },
    ];
    Object.assign(message!.record, { meta: { changes } });
    await sync(sink, [stream("users")], [message]);

    expect(sink.rows("users")).toEqual([
      { id: 1, big: "__debezium_unavailable_value", small: null, cut: "x" },
    ]);
  });

  test("LIMIT-4: one that is larger than a request may be is cut, still too large to be stored; its neighbours are not", async () => {
    const huge = { id: 2, text: "é".repeat(9 * 1024 * 1024), list: Array(4_000_000).fill(1), note: "stays" };
    await sync(
      sink,
      [stream("users")],
      [1, 3].flatMap((id) => [record("users", { id }), ...(id === 1 ? [record("users", huge)] : [])]),
    );

    const [first, cut, last] = sink.rows("users") as { id: number; text: string; note: string }[];
    expect([first, last]).toEqual([{ id: 1 }, { id: 3 }]);
    expect(cut).toMatchObject({ id: 2, note: "stays" });
    expect(cut!.text.length).toBeGreaterThan(1024 * 1024);
    for (const { body } of sink.requests) expect(body.length).toBeLessThan(20 * 1024 * 1024);
  });
});

describe("states", () => {
  test("tell rows that went to quarantine apart, and the summary warns of them", async () => {
    sink.quarantines = ({ row }) => row.id === 2;
    const { writing } = await sync(
      sink,
      [stream("users")],
      [record("users", { id: 1 }), record("users", { id: 2 }), state("users", 1)],
    );
    expect(writing.states).toMatchObject([{ destinationStats: { recordCount: 1, rejectedRecordCount: 1 } }]);
    const summary = writing.emitted.find(({ message }) => message.log?.message.includes("quarantined"));
    expect(summary?.message.log?.level).toBe("WARN");
  });

  test("wait for the rows before them, of all streams", async () => {
    const orders = gate();
    sink.before = async ({ path, body }) => {
      if (path === "/v1/deliveries" && body.includes("-orders-")) await orders.opened;
      return undefined;
    };
    const writing = new Writing(sink, [stream("users"), stream("orders")]);
    writing.send(
      record("orders", { id: 1 }),
      record("users", { id: 1 }),
      state("users", 1),
      record("orders", { id: 2 }),
      state("orders", 2),
    );
    await until(() => sink.changes("users").length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(writing.states).toEqual([]);
    orders.open();
    writing.send(status("users", "COMPLETE"), status("orders", "COMPLETE"));

    expect(await writing.end()).toBe(0);
    expect(writing.stateLines.map((line) => /"cursor":(\d)/.exec(line)?.[1])).toEqual(["1", "2"]);
  });

  test("do not wait for the end of the input, nor for a full delivery", async () => {
    const writing = new Writing(sink, [stream("users")]);
    writing.send(record("users", { id: 1 }), state("users", 1));
    await until(() => writing.states.length === 1);
    writing.send(state("users", 2));
    await until(() => writing.states.length === 2);
    writing.send(status("users", "COMPLETE"));
    expect(await writing.end()).toBe(0);
  });

  test("with every row do not make a request for every row", async () => {
    const messages = Array.from({ length: 500 }, (_, id) => [
      record("users", { id }),
      state("users", id),
    ]).flat();
    const { writing } = await sync(sink, [stream("users")], messages);

    expect(writing.states).toHaveLength(500);
    expect(sink.deliveries.length).toBeLessThan(100);
  });

  test("come back byte for byte, with the count of their rows", async () => {
    const writing = new Writing(sink, [stream("users"), stream("orders")]);
    const descriptor = '{"name":"users","namespace":"public"}';
    writing.send(record("users", { id: 1 }), record("orders", { id: 1 }), record("users", { id: 2 }));
    writing.line(
      `{"state":{"id":123456789012345678,"stream":{"stream_state":{"b":1.0,"a":9007199254740993},"stream_descriptor":${descriptor}},"type":"STREAM","sourceStats":{"recordCount":2.0}},"x":"\\u00e9","type":"STATE"}`,
    );
    writing.send(record("users", { id: 3 }));
    writing.line(
      '{"type":"STATE","state":{"type":"GLOBAL","destinationStats":{"recordCount":7},"global":{"shared_state":null,"stream_states":[]}}}',
    );
    writing.line('{"type":"STATE","state":{ "data":{"k":[]} , "destinationStats":{"recordCount":7} }}');
    writing.line('{"type":"STATE","state":{}}');
    await writing.end();

    expect(writing.stateLines).toEqual([
      `{"state":{"id":123456789012345678,"stream":{"stream_state":{"b":1.0,"a":9007199254740993},"stream_descriptor":${descriptor}},"type":"STREAM","sourceStats":{"recordCount":2.0},"destinationStats":{"recordCount":2.0}},"x":"\\u00e9","type":"STATE"}`,
      '{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":null,"stream_states":[]},"destinationStats":{"recordCount":4.0}}}',
      '{"type":"STATE","state":{ "data":{"k":[]}  ,"destinationStats":{"recordCount":0.0}}}',
      '{"type":"STATE","state":{"destinationStats":{"recordCount":0.0}}}',
    ]);
  });

  test("behind rows that cannot be delivered are never emitted", async () => {
    sink.before = ({ path, body }) =>
      path === "/v1/deliveries" && body.includes('"id":2')
        ? { status: 400, body: { code: "BadJsonBody", message: "No." } }
        : undefined;
    const writing = new Writing(sink, [stream("users")]);
    writing.send(record("users", { id: 1 }), state("users", 1));
    await until(() => writing.states.length === 1);
    writing.send(record("users", { id: 2 }), state("users", 2));

    expect(await writing.done).toBe(1);
    expect(writing.states).toHaveLength(1);
    expect(writing.failure).toMatchObject({
      failure_type: "config_error",
      stream_descriptor: { name: "users" },
    });
    expect(sink.runs[0]).toMatchObject({ outcome: "incomplete" });
  });
});

describe("the input", () => {
  test("holds lines that are no messages: they are skipped, unless a message was damaged", async () => {
    const writing = new Writing(sink, [stream("users")]);
    writing.line("starting up");
    writing.line("");
    writing.line('{"level":"info","message":"hello"}');
    writing.line('{"type":"LOG","log":{"level":"INFO","message":"x"}}');
    writing.line("[1,2]");
    writing.line("null");
    writing.send(record("users", { id: 1 }));
    expect(await writing.end()).toBe(0);
    expect(sink.rows("users")).toEqual([{ id: 1 }]);

    const damaged = new Writing(sink, [stream("users")]);
    damaged.line('{"type":"RECORD","record":{"stream":"users","data":{"id":');
    expect(await damaged.done).toBe(1);
    expect(damaged.failure).toMatchObject({ failure_type: "system_error" });
    expect(damaged.failure?.message).toContain("Line 1");
  });

  test("may hold records of streams that are not in the catalog: they are ignored, and counted", async () => {
    const { code, writing } = await sync(
      sink,
      [stream("users")],
      [record("other", { id: 1 }), record("users", { id: 2 }, null), record("users", { id: 3 })],
    );
    expect(code).toBe(0);
    expect(sink.rows("users")).toEqual([{ id: 3 }]);
    expect(writing.logs.join("\n")).toContain("public.other: 1 record ignored");
  });

  test("may be cut anywhere, begin with a byte order mark and end without a line break", async () => {
    const writing = new Writing(sink, [stream("users")]);
    const text = `\uFEFF${[1, 2, 3].map((id) => JSON.stringify(record("users", { id, name: "Zürich ☃" }))).join("\r\n")}`;
    const bytes = Buffer.from(text);
    for (let i = 0; i < bytes.length; i += 7) writing.input.write(bytes.subarray(i, i + 7));
    expect(await writing.end()).toBe(0);
    expect(sink.rows("users")).toEqual([1, 2, 3].map((id) => ({ id, name: "Zürich ☃" })));
  });

  test("is not read further than the memory for it goes", async () => {
    const closed = gate();
    sink.before = async ({ path }) => {
      if (path === "/v1/deliveries") await closed.opened;
      return undefined;
    };
    const writing = new Writing(sink, [stream("users")], {
      limits: { maxBufferedBytes: 100_000, maxBytes: 20_000 },
    });
    for (let i = 0; i < 1_000; i++) writing.send(record("users", { id: i, text: "x".repeat(1_000) }));
    await until(() => sink.requests.some(({ path }) => path === "/v1/deliveries"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // What the reader has not taken waits in the pipe.
    expect(writing.input.writableLength + writing.input.readableLength).toBeGreaterThan(700_000);
    closed.open();
    expect(await writing.end()).toBe(0);
  });
});
