import { gzipSync, strToU8 } from "fflate";
import { describe, expect, test } from "vitest";
import type { Answer } from "../harness.js";
import { expectRefused, happened, ok, Run, setUp, start, upsert, type Delivered } from "./support.js";

setUp();

const A = { id: "a", text: "first" };
const GZIP = { "Content-Encoding": "gzip" };
const NDJSON = { "Content-Type": "application/x-ndjson" };

async function post(
  run: Run,
  body: string | Uint8Array,
  headers: Record<string, string | null> = {},
): Promise<Answer> {
  return await run.app.send("POST", "/v1/deliveries", body, headers);
}

function lines(run: Run, changes: unknown[], head: object = {}): string {
  const { changes: _, ...rest } = run.body(changes, head);
  return [rest, ...changes].map((line) => JSON.stringify(line)).join("\n");
}

describe("NDJSON", () => {
  test.each([
    "application/x-ndjson",
    "application/x-ndjson; charset=utf-8",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
  ])("has the head on the first line and a change on each of the others (%s)", async (type) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const answer = await post(run, lines(run, [upsert(A), upsert({ id: "b" })]), { "Content-Type": type });
    expect(happened(ok<Delivered>(answer).counts)).toEqual({ inserted: 2 });
  });

  test("may end with a line break, have empty lines, and breaks of two characters", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const text = `\n${lines(run, [upsert(A), upsert({ id: "b" })]).replaceAll("\n", "\r\n\r\n")}\r\n`;
    expect(happened(ok<Delivered>(await post(run, text, NDJSON)).counts)).toEqual({ inserted: 2 });
  });

  test("with a head alone is a sign of life", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    expect(ok(await post(run, lines(run, []), NDJSON))).toMatchObject({ counts: { received: 0 } });
  });

  test("says in which line the fault is", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const text = `${lines(run, [upsert(A)])}\n{"op": "upsert"`;
    expectRefused(await post(run, text, NDJSON), 400, "BadJsonBody", /^Line 3: /);
    expect(await app.rows("conformance_plain")).toEqual([]);
  });

  test.each([
    ["nothing at all", ""],
    ["a change where the head belongs", JSON.stringify(upsert(A))],
    ["a list where the head belongs", "[]"],
  ])("is refused with %s", async (_, text) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    expectRefused(await post(run, text, NDJSON), 400, "BadJsonBody", /first line must be the head/);
  });

  test("with changes in the head is refused, so that none is passed over", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const text = JSON.stringify(run.body([upsert(A)]));
    expectRefused(await post(run, text, NDJSON), 400, "BadJsonBody", /no property "changes"/);
  });
});

describe("gzip", () => {
  test.each(["gzip", "GZIP", "x-gzip"])("is taken as %s, of JSON and of NDJSON", async (encoding) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const headers = { "Content-Encoding": encoding };
    expect((await post(run, gzipSync(strToU8(JSON.stringify(run.body([upsert(A)])))), headers)).status).toBe(
      200,
    );
    const text = lines(run, [upsert({ id: "b" })], { delivery: "d2", sequence: 2 });
    expect((await post(run, gzipSync(strToU8(text)), { ...headers, ...NDJSON })).status).toBe(200);
    expect(await app.rows("conformance_plain")).toHaveLength(2);
  });

  test("makes no other delivery of one that was sent plain, nor does another level of compression", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    const text = JSON.stringify(run.body([upsert({ text: "a" })]));
    ok(await post(run, text));
    for (const level of [1, 9] as const) {
      expect(ok(await post(run, gzipSync(strToU8(text), { level }), GZIP))).toMatchObject({ replayed: true });
    }
    expect(await app.rows("conformance_keyless")).toHaveLength(1);
  });

  test("that was cut off is refused, wherever that was", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const changes = Array.from({ length: 300 }, (_, i) =>
      upsert({ id: String(i), text: String(Math.sin(i)) }),
    );
    const whole = gzipSync(strToU8(lines(run, changes)));
    for (const length of [0, 1, 10, 18, 100, 1_000, whole.length - 9, whole.length - 8, whole.length - 1]) {
      const answer = await post(run, whole.slice(0, length), { ...GZIP, ...NDJSON });
      expectRefused(answer, 400, "BadJsonBody", /not a complete gzip stream/);
    }
    expect(await app.rows("conformance_plain")).toEqual([]);
    ok(await post(run, whole, { ...GZIP, ...NDJSON }));
  });

  test("that is not gzip is refused", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const answer = await post(run, JSON.stringify(run.body([])), GZIP);
    expectRefused(answer, 400, "BadJsonBody", /not a complete gzip stream/);
  });

  test("that unpacks to more than 20 MiB is refused with the limit", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const bomb = gzipSync(new Uint8Array(24 * 1024 * 1024));
    const details = expectRefused(
      await post(run, bomb, GZIP),
      413,
      "BodyTooLarge",
      /more than 20971520.*Send fewer/,
    );
    expect(details).toEqual({ limit: 20_971_520 });
  });

  test("is the only compression", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const answer = await post(run, JSON.stringify(run.body([])), { "Content-Encoding": "br" });
    expectRefused(answer, 400, "BadJsonBody", /"br" is not understood; send it plain or as gzip/);
  });
});

test("a body of more than 20 MiB is refused with the limit", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  const answer = await post(
    run,
    JSON.stringify(run.body([upsert({ id: "a", text: "x".repeat(21_000_000) })])),
  );
  expect(expectRefused(answer, 413, "BodyTooLarge", /at most 20971520/)).toEqual({ limit: 20_971_520 });
});

test("millions of line breaks are a body without a head, and lines without end a refusal", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  const breaks = gzipSync(strToU8("\n".repeat(20_000_000)));
  expectRefused(await post(run, breaks, { ...NDJSON, ...GZIP }), 400, "BadJsonBody", /first line/);
  const many = gzipSync(strToU8(`${lines(run, [])}\n${"1\n".repeat(1_000_000)}`));
  expectRefused(await post(run, many, { ...NDJSON, ...GZIP }), 413, "BodyTooLarge", /1000000 changes/);
});

test("a number that is no date and a mirror that is no name are the sender's faults", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  for (const upTo of [1e17, -1e17]) {
    expectRefused(
      await post(run, JSON.stringify({ ...run.body([upsert(A)]), upTo })),
      400,
      "BadJsonBody",
      /upTo/,
    );
  }
  const big = '{"mirror":9007199254740993,"buckets":[]}';
  expectRefused(await app.send("POST", "/v1/verify", big), 404, "UnknownMirror", /not a string/);
});

test("LIMIT-7: keys of 60 KB that cannot be applied do not stop a delivery, and half a pair is stored nowhere", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  const bad = Array.from({ length: 25 }, (_, i) =>
    upsert({ id: `${String(i)}${"k".repeat(60_000)}`, text: "\ud800" }),
  );
  const { counts, quarantinedKeys } = await run.deliver(bad);
  expect(happened(counts)).toEqual({ quarantined: 25 });
  expect(quarantinedKeys.length).toBeLessThan(20);
  const half = "half \ud800 a pair";
  const named = run.body([upsert(A)], { delivery: half });
  expectRefused(await post(run, JSON.stringify(named)), 400, "BadJsonBody", /delivery/);
  expectRefused(await run.end("incomplete", half), 400, "BadJsonBody", /reason/);
  expectRefused(await run.end("incomplete", "漢".repeat(501)), 400, "BadJsonBody", /reason/);
  ok(await run.end("incomplete", "漢".repeat(500)));
  expect(await app.longestText()).toBeLessThan(66_000);
});
