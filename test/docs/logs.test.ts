import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import page from "../../docs/logs.md?raw";
import { App } from "../harness.js";

/** docs/logs.md shows what is logged, and its queries find what they look for in it. */

type Line = Record<string, unknown> & { event: string };

const EXAMPLES = blocks("json").map((code) => JSON.parse(code) as Line);
const QUERIES = blocks("text");

/** The code blocks of a language. */
function blocks(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)\n```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , code]) => code!);
}

/** The first column of the table below a heading. */
function documented(event: string): string[] {
  const part = page.slice(page.indexOf(`## ${event}\n`)).split("\n## ")[0]!;
  return [...part.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
}

/** A line as Convex hands it to a log stream: text in single quotes, with a backslash before each of them. */
function streamed(line: object): string {
  return `'${JSON.stringify(line).replace(/(['\\])/g, "\\$1")}'`;
}

let logged: Line[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse("2026-01-31T08:00:00.000Z") });
  logged = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    logged.push(JSON.parse(text) as Line);
  });
  const app = await App.start();
  const begun = await app.send("POST", "/v1/runs", { mirror: "users", syncMode: "append_dedup" });
  const { run } = JSON.parse(begun.text) as { run: string };
  const rows = [
    { id: 1, name: "Ada" },
    { id: 2, name: "Grace" },
    { id: 3, name: "Alan", age: "old" },
  ];
  const delivery = {
    run,
    delivery: "0/16B3748",
    sequence: 1,
    committedAt: "2026-01-31T07:59:58.800Z",
    changes: rows.map((row) => ({ op: "upsert", row })),
  };
  await app.send("POST", "/v1/deliveries", delivery);
  await app.send("POST", "/v1/deliveries", delivery);
  await app.send("POST", `/v1/runs/${run}/finish`, { outcome: "incomplete", reason: "The source is gone." });
  const token = await app.call("createToken", { name: "warehouse", mirrors: ["notes"], access: "export" });
  await app.send("GET", "/api/list_snapshot?tableName=notes", undefined, {
    Authorization: `Convex ${token as string}`,
    "Convex-Client": "airbyte-export-0.4.0",
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("SEE-5: every example is a line that was logged, to the last field and in its order", () => {
  const lines = logged.map((line) => JSON.stringify(line));
  expect(EXAMPLES).toHaveLength(4);
  for (const example of EXAMPLES) expect(lines).toContain(JSON.stringify(example));
});

test("every field of every line is documented, and no other", () => {
  expect(logged.map(({ event }) => event)).toEqual([
    "streamingImport.state",
    "streamingImport.delivery",
    "streamingImport.delivery",
    "streamingImport.state",
    "streamingImport.export",
  ]);
  for (const line of logged) expect(Object.keys(line)).toEqual(documented(line.event));
  expect(logged[2]).toMatchObject({ replayed: true, chunks: 1 });
});

describe("Axiom", () => {
  const queries = QUERIES.filter((code) => code.startsWith("['convex']"));

  test.each(queries)("%#: takes the fields out of the lines that it is about", (query) => {
    const [, event] = /contains "(streamingImport\.\w+)"/.exec(query)!;
    const lines = logged.filter((line) => line.event === event);
    const patterns = [...query.matchAll(/(\w+) = (?:todouble\()?extract\('([^']+)', 1, /g)];
    expect(patterns).toHaveLength(2);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      for (const [, field, pattern] of patterns)
        expect(new RegExp(pattern!).exec(streamed(line))?.[1], field).toBe(String(line[field!]));
      if (query.includes(`'"replayed":false'`))
        expect(streamed(line).includes('"replayed":false')).toBe(line.replayed === false);
    }
  });

  test("there is a query for lag, trouble, quarantine and rows", () => {
    expect(queries).toHaveLength(4);
  });
});

describe("Datadog", () => {
  /** The Grok rules as regular expressions, with a named group for each attribute. */
  const rules = QUERIES.flatMap((code) => [...code.matchAll(/^(delivery|state) (.*)$/gm)]).map(
    ([, name, rule]) => ({
      event: `streamingImport.${name!}`,
      pattern: new RegExp(
        `^${rule!
          .replace(/%\{word:csi\.(\w+)\}/g, "(?<$1>\\b\\w+\\b)")
          .replace(/%\{integer:csi\.(\w+)\}/g, "(?<$1>[+-]?\\d+)")}$`,
      ),
    }),
  );

  test("each rule reads its own lines, and no other", () => {
    expect(rules).toHaveLength(2);
    for (const { event, pattern } of rules) {
      for (const line of logged) {
        const { groups } = pattern.exec(streamed(line)) ?? {};
        if (line.event !== event) expect(groups).toBeUndefined();
        else
          for (const [name, value] of Object.entries(groups!)) expect(value, name).toBe(String(line[name]));
      }
    }
  });

  test("a delivery without a lag is read, too", () => {
    const line = { ...logged.find(({ event }) => event === "streamingImport.delivery")!, lagMs: null };
    expect(rules[0]!.pattern.exec(streamed(line))?.groups).toMatchObject({ received: "3" });
  });

  test("every attribute that the page filters or shows by is one that a rule makes", () => {
    const made = rules.flatMap(({ pattern }) =>
      [...pattern.source.matchAll(/\?<(\w+)>/g)].map(([, name]) => name!),
    );
    const used = [...page.matchAll(/@csi\.(\w+)/g)].map(([, name]) => name!);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !made.includes(name))).toEqual([]);
  });
});
