// @vitest-environment node
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FieldJson } from "../../src/core/wire/v1.js";
import { run, Running } from "./support/command.js";
import { mirror, Sink } from "./support/sink.js";

let sink: Sink;
let directory: string;

const field = (type: string, value?: unknown): FieldJson => ({ fieldType: { type, value }, optional: true });

beforeEach(async () => {
  const fields = {
    id: field("bigint"),
    name: field("union", [{ type: "string" }, { type: "null" }]),
    balance: field("number"),
    active: field("boolean"),
    tags: field("array", { type: "string" }),
    photo: field("bytes"),
  };
  sink = await Sink.start([
    mirror("users", { fields }),
    mirror("events", { primaryKey: null, fields: { id: fields.id, word: fields.name } }),
  ]);
  directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-push-"));
});
afterEach(async () => {
  await sink.close();
  await rm(directory, { recursive: true });
});

const env = () => ({
  CONVEX_SITE_URL: sink.url,
  STREAMING_IMPORT_TOKEN: sink.token,
  XDG_STATE_HOME: path.join(directory, "state"),
});

/** Pushes a file of that name and content, or stdin when the name is "-". */
async function push(name: string, content: string | Buffer, ...args: string[]) {
  if (name !== "-") await writeFile(path.join(directory, name), content);
  return await run(["push", name, "-m", "users", ...args], {
    cwd: directory,
    env: env(),
    ...(name === "-" && { input: content }),
  });
}

const lines = () => sink.changes("users").map(({ line }) => line.slice('{"op":"upsert","row":'.length, -1));

test("LIMIT-4: a row that is larger than a request may be is cut, still too large to be stored; its neighbours are not", async () => {
  const huge = { id: 2, name: "x".repeat(21 * 1024 * 1024), tags: ["stays"] };
  const { code } = await push(
    "users.jsonl",
    [{ id: 1 }, huge, { id: 3 }].map((row) => JSON.stringify(row)).join("\n"),
  );
  expect(code).toBe(0);
  const [first, cut, last] = sink.rows("users") as { id: number; name: string }[];
  expect([first, last]).toEqual([{ id: 1 }, { id: 3 }]);
  expect(cut).toMatchObject({ id: 2, tags: ["stays"] });
  expect(cut!.name.length).toBeGreaterThan(1024 * 1024);
  for (const { body } of sink.requests) expect(body.length).toBeLessThan(20 * 1024 * 1024);
});

describe("CSV", () => {
  test("NULL, empty text and \\N are three things; numbers are exact; quotes, CRLF and line breaks are read", async () => {
    const csv = [
      "\uFEFFid,name,balance,active,tags,photo",
      '9007199254740993,"",1.10,t,"[""a"",""b""]",\\x00ff',
      "2,,007,no,[1],AP8=",
      '3,"two\r\nlines, ""quoted""",,TRUE,,',
      '4,"\\N",-5e3,maybe,,',
    ].join("\r\n");
    const { code, out, err } = await push("users.csv", csv);
    expect([code, err]).toEqual([
      0,
      'Columns, separated by ",": id (key), name, balance, active, tags, photo.\n',
    ]);
    expect(lines()).toEqual([
      '{"id":9007199254740993,"name":"","balance":1.10,"active":true,"tags":["a","b"],"photo":"AP8="}',
      '{"id":2,"name":null,"balance":"007","active":false,"tags":[1],"photo":"AP8="}',
      '{"id":3,"name":"two\\r\\nlines, \\"quoted\\"","balance":null,"active":true,"tags":null,"photo":null}',
      '{"id":4,"name":"\\\\N","balance":-5e3,"active":"maybe","tags":null,"photo":null}',
    ]);
    expect(out).toContain("4 received = 4 inserted");
    expect(sink.runs).toMatchObject([{ syncMode: "append_dedup", outcome: "complete" }]);
  });

  test("an unquoted \\N has to be explained, and then means what was said", async () => {
    const csv = "id,name\n1,\\N\n2,\n";
    const refused = await push("users.csv", csv);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("--null");
    expect(sink.applied).toBe(0);

    expect((await push("users.csv", csv, "--null", "\\N", "--restart")).code).toBe(0);
    expect(lines()).toEqual(['{"id":1,"name":null}', '{"id":2,"name":""}']);
  });

  test("columns are renamed, chosen and named", async () => {
    await push(
      "users.tsv",
      "1\tAda\tx\n",
      "--columns",
      "key,full name,secret",
      "--map",
      "key=id",
      "--map",
      "full name=name",
      "--drop",
      "secret",
    );
    expect(lines()).toEqual(['{"id":1,"name":"Ada"}']);
  });

  test("a line with too many fields ends the push, with its number", async () => {
    const { code, err } = await push("users.csv", "id,name\n1,a\n2,b,c\n");
    expect(code).toBe(1);
    expect(err).toMatch(/line 3|Line 3/);
  });
});

describe("JSON", () => {
  const expected = ['{"id":9007199254740993,"name":"a } ] \\" b"}', '{"id":2,"tags":[{"x":[1]}]}'];

  test.each([
    ["rows.jsonl", `${expected.join("\r\n")}\n\n`],
    ["rows.ndjson", `\uFEFF${expected.join("\n")}`],
    ["rows.json", `[${expected.join(" ,\n ")}]\n`],
    ["rows.data", expected.join("\n")],
    ["-", `  [${expected.join(",")}]`],
  ])("%s", async (name, content) => {
    const { code, err } = await push(name, content);
    expect(code).toBe(0);
    expect(err).toContain("Fields without a column");
    expect(lines()).toEqual(expected);
  });

  test.each([["rows.jsonl.gz"], ["named-wrongly.jsonl"], ["-"]])("compressed: %s", async (name) => {
    expect((await push(name, gzipSync(expected.join("\n")))).code).toBe(0);
    expect(lines()).toEqual(expected);
  });

  test("over several lines, and larger than what is read at a time", async () => {
    const rows = Array.from({ length: 2_500 }, (_, id) => ({ id, name: "é".repeat(id % 400) }));
    await push("rows.json", JSON.stringify(rows, null, 2));
    expect(sink.rows("users")).toEqual(rows);
  });

  test("columns are renamed without touching values", async () => {
    await push(
      "rows.jsonl",
      '{"key":12345678901234567890,"n\\u0061me": 1.0 ,"x":{"key":1}}',
      "--map",
      "key=id",
      "--drop",
      "x",
    );
    expect(lines()).toEqual(['{"id":12345678901234567890,"name":1.0}']);
  });

  test.each([
    ["rows.jsonl", '{"id":1}\nnonsense\n', "Line 2"],
    ["rows.jsonl", "[1]\n", "Line 1"],
    ["rows.json", '[{"id":1} {"id":2}]', "after row 1"],
    ["rows.json", '[{"id":1},', "middle"],
    ["rows.json", "[1,2]", "not an array of JSON objects"],
    ["rows.json.gz", gzipSync('[{"id":1}]').subarray(0, 20), "gzip"],
    ["rows.csv", Buffer.from("\uFEFFid", "utf16le"), "--encoding utf-16le"],
    ["rows.csv", Buffer.from("id,name\n1,a\n", "utf16le"), "--encoding utf-16le"],
    ["rows.json", Buffer.from('[{"id":1}]', "utf16le"), "looks like UTF-16LE"],
    ["rows.csv", Buffer.from("\uFEFFid\0\0", "utf16le").swap16(), "--encoding utf-16be"],
    ["rows.csv", Buffer.from([0, 0, 0, 0x69, 0, 0, 0, 0x64]), "looks like UTF-32"],
    ["rows.csv", "id,name\n1,a\rb\n", "a line break of another sort"],
    ["rows.csv", "id,name\r1,a\r2,b\nc\r", "a line break of another sort"],
    ["rows.csv", 'id,name\n1, "a"\n', "Line 2: a quote inside a field without quotes"],
    ["rows.csv", 'id,name\n1,"a" b\n', "Line 2: text after the closing quote"],
    ["rows.csv", 'id,name\n1,"a\n', "ends inside a field in quotes"],
    ["rows.csv", Buffer.from("id,name\n1,a\n2,caf\u00e9\n", "latin1"), "Line 3 is not UTF-8"],
    ["rows.jsonl", Buffer.from('{"id":1,"name":"caf\u00e9"}\n', "latin1"), "Line 1 is not UTF-8"],
  ])("what is none is refused: %s %#", async (name, content, message) => {
    const { code, err } = await push(name, content);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(sink.runs).toEqual([]);
  });
});

describe("dialects", () => {
  const rowsOf = () => sink.rows("users");

  test.each([
    ["semicolons", "id;name\n1;a,b\n"],
    ["tabs", "id\tname\n1\ta,b\n"],
    ["bars", "id|name\n1|a,b\n"],
    ["blanks around names", ' id , name \n1,"a,b"\n'],
    ["LF, then CRLF", 'id,name\n1,"a,b"\r\n'],
    ["the old Mac's line ends", 'id,name\r1,"a,b"\r'],
    ["Excel's line", "sep=;\r\nid;name\r\n1;a,b\r\n"],
    ["empty lines before the names", '\n\nid,name\n\n1,"a,b"\n'],
  ])("%s", async (_, csv) => {
    expect((await push("users.csv", csv)).code).toBe(0);
    expect(rowsOf()).toEqual([{ id: 1, name: "a,b" }]);
  });

  test("mixed line ends leave no carriage return in a value, and none in a key", async () => {
    expect((await push("users.csv", "name,id\na,1\r\nb,2\n,3\r\n")).code).toBe(0);
    expect(rowsOf()).toEqual([
      { name: "a", id: 1 },
      { name: "b", id: 2 },
      { name: null, id: 3 },
    ]);
    expect((await push("more.csv", "id,name\r\n4,c\n5,d\r\n")).code).toBe(0);
    expect(rowsOf().slice(3)).toEqual([
      { id: 4, name: "c" },
      { id: 5, name: "d" },
    ]);
  });

  test("an empty line of a file with one column is a row whose field is null", async () => {
    await writeFile(path.join(directory, "e.csv"), "word\nalpha\n\nbeta\n\n");
    const { code } = await run(["push", "e.csv", "-m", "events", "--mode", "append"], {
      cwd: directory,
      env: env(),
    });
    expect(code).toBe(0);
    expect(sink.rows("events")).toEqual([
      { word: "alpha" },
      { word: null },
      { word: "beta" },
      { word: null },
    ]);
  });

  test("a delimiter in the quoted name of the only column makes no second one", async () => {
    await writeFile(path.join(directory, "e.csv"), '"word, or none"\nalpha\n\n');
    const { code } = await run(
      ["push", "e.csv", "-m", "events", "--mode", "append", "--map", "word, or none=word"],
      { cwd: directory, env: env() },
    );
    expect(code).toBe(0);
    expect(sink.rows("events")).toEqual([{ word: "alpha" }, { word: null }]);
  });

  test("an unnamed column has a name, and can be dropped by it", async () => {
    const { code, err } = await push("users.csv", ",id,name\n0,1,a\n");
    expect(code).toBe(0);
    expect(err).toContain('"column_1"');
    expect(rowsOf()).toEqual([{ column_1: "0", id: 1, name: "a" }]);
    await push("users.csv", ",id,name\n0,2,a\n", "--drop", "column_1");
    expect(rowsOf().at(-1)).toEqual({ id: 2, name: "a" });
  });

  test("another encoding is read", async () => {
    const csv = Buffer.from("id,name\n1,caf\u00e9\n", "latin1");
    expect((await push("users.csv", csv, "--encoding", "windows-1252")).code).toBe(0);
    const wide = Buffer.from("\uFEFFid,name\n2,caf\u00e9\n", "utf16le");
    expect((await push("wide.csv", wide, "--encoding", "utf-16le")).code).toBe(0);
    expect(rowsOf()).toEqual([
      { id: 1, name: "café" },
      { id: 2, name: "café" },
    ]);
  });

  test("a mark of the file and the named encoding must agree; ASCII is not windows-1252", async () => {
    const marked = Buffer.from("\uFEFFid,name\n1,é\n");
    const refused = await push("users.csv", marked, "--encoding", "windows-1252");
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining("mark of UTF-8, not windows-1252"),
    ]);
    expect((await push("users.csv", marked, "--encoding", "utf8")).code).toBe(0);
    expect(rowsOf()).toEqual([{ id: 1, name: "é" }]);
    const { code, err } = await push(
      "users.csv",
      Buffer.from("id,name\n1,é\n", "latin1"),
      "--encoding",
      "ascii",
    );
    expect([code, err]).toEqual([1, expect.stringContaining("Line 2 is not UTF-8")]);
  });

  test("the backslash format of COPY and OUTFILE", async () => {
    const text = "1\ta\\tb\n2\t\\N\n\\.\n";
    expect((await push("users.txt", text, "--format", "copy", "--columns", "id,name")).code).toBe(0);
    expect(rowsOf()).toEqual([
      { id: 1, name: "a\tb" },
      { id: 2, name: null },
    ]);
  });

  test("arrays of Postgres fill arrays", async () => {
    const csv = 'id,tags\n1,"{a,NULL,""b \\""c"",{}}"\n2,{}\n3,"[""x""]"\n';
    expect((await push("users.csv", csv)).code).toBe(0);
    expect(rowsOf()).toEqual([
      { id: 1, tags: ["a", null, 'b "c', []] },
      { id: 2, tags: [] },
      { id: 3, tags: ["x"] },
    ]);
  });
});

describe("before it begins", () => {
  test.each([
    ["no-header.csv", "1,Ada\n2,Bob\n", '"1", "Ada"'],
    ["another.csv", "ID_,name\n1,a\n", '--map "ID_=id"'],
    ["wrapped.json", '{"rows":[{"id":1}]}', '"rows"'],
    ["points.jsonl", '{"type":"Feature","properties":{"id":1}}', '"type", "properties"'],
  ])("%s has no column for the key, and is refused", async (name, content, shown) => {
    const { code, err } = await push(name, content, "--mode", "refresh");
    expect(code).toBe(2);
    expect(err).toContain("no column for id, the key");
    expect(err).toContain(shown);
    expect(sink.runs).toEqual([]);
  });

  test("says which columns feed nothing and which fields get nothing, with what was meant", async () => {
    const { code, err } = await push("users.csv", "id,nam,extra\n1,a,b\n");
    expect(code).toBe(0);
    expect(err).toContain('"nam" (did you mean name?), "extra"');
    expect(err).toContain("Fields without a column: name, balance, active, tags, photo.");
  });

  test.each([
    ["users.csv", `id,name\n${"1,a\n".repeat(5_000)}2,"b`, "ends inside a field in quotes"],
    ["users.csv", `id,name\n${"1,a\n".repeat(5_000)}2\n`, "Line 5002"],
    ["users.json", `[${'{"id":1},'.repeat(5_000)}{"id":`, "in the middle of its JSON"],
    ["users.jsonl", `${'{"id":1}\n'.repeat(5_000)}{"id":`, "Line 5001 is not JSON"],
    ["users.jsonl.gz", gzipSync('{"id":1}\n'.repeat(5_000)).subarray(0, -12), "gzip"],
  ])("a file that breaks off is refused in every mode: %s", async (name, content, message) => {
    for (const mode of ["refresh", "upsert"]) {
      const { code, err } = await push(name, content, "--mode", mode);
      expect([code, err]).toEqual([1, expect.stringContaining(message)]);
      expect(err).toContain("Nothing was sent.");
    }
    expect(sink.runs).toEqual([]);
    expect(sink.applied).toBe(0);
  });

  test("fields of stored rows are erased only with a yes", async () => {
    sink.stored = { users: 3 };
    const refused = await push("users.csv", "id,name\n1,a\n");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("lose balance, active, tags, photo");
    expect(sink.runs).toEqual([]);
    expect((await push("users.csv", "id,name\n1,a\n", "--yes")).code).toBe(0);
  });

  test("a file of which nothing would be stored is refused, also without a key", async () => {
    sink.mirrors = [
      mirror("events", { primaryKey: null, fields: { word: field("string"), n: field("number") } }),
    ];
    await writeFile(path.join(directory, "a.csv"), "Wort;x\na;b\n");
    await writeFile(path.join(directory, "part.csv"), "word\na\n");
    const events = async (file: string, ...args: string[]) =>
      await run(["push", file, "-m", "events", ...args], { cwd: directory, env: env() });
    for (const mode of ["append", "refresh"]) {
      const { code, err } = await events("a.csv", "--mode", mode);
      expect(code).toBe(2);
      expect(err).toContain('No column of the file feeds a field of "events" (word, n)');
      expect(err).toContain('separated by ";": "Wort", "x".');
    }
    sink.stored = { events: 3 };
    const { code, err } = await events("part.csv", "--mode", "refresh");
    expect([code, err]).toEqual([2, expect.stringContaining("lose n. Continue?")]);
    expect(sink.runs).toEqual([]);
    expect((await events("part.csv", "--mode", "append")).code).toBe(0);
  });

  test.each([
    ["--map", "nam=name"],
    ["--only", "nam"],
    ["--drop", "nam"],
  ])("a column that %s names and the file has not is refused, with what was meant", async (...args) => {
    const { code, err } = await push("users.csv", "id,name\n1,a\n", ...args);
    expect(code).toBe(2);
    expect(err).toContain('no column "nam", which an option names. Did you mean "name"?');
  });

  test("two columns that become one are refused", async () => {
    const { code, err } = await push("users.jsonl", '{"key":1,"id":2}\n', "--map", "key=id");
    expect([code, err]).toEqual([2, expect.stringContaining('Two columns are called "id"')]);
    expect((await push("users.csv", "id,name, name\n1,a,b\n")).code).toBe(2);
    expect(sink.runs).toEqual([]);
  });

  test("a file that is not there is a sentence with what may be meant; a folder is none", async () => {
    await writeFile(path.join(directory, "customers.csv"), "id\n1\n");
    const of = async (file: string) =>
      await run(["push", file, "-m", "users"], { cwd: directory, env: env() });
    expect(await of("custmers.csv")).toMatchObject({
      code: 2,
      err: `There is no file ${path.join(directory, "custmers.csv")}. Did you mean "customers.csv"?\n`,
    });
    expect((await of(".")).err).toContain("is a folder");
  });

  test("a mirror that is not there is suggested", async () => {
    await writeFile(path.join(directory, "a.csv"), "id\n1\n");
    const { code, err } = await run(["push", "a.csv", "-m", "user"], { cwd: directory, env: env() });
    expect(code).toBe(1);
    expect(err).toContain('Did you mean "users"?');
    const verified = await run(["verify", "user", "--file", "a.csv"], { cwd: directory, env: env() });
    expect(verified.err).toContain('Did you mean "users"?');
  });

  test("the only mirror need not be named; of several, one has to be", async () => {
    await writeFile(path.join(directory, "a.csv"), "id\n1\n");
    const args = ["push", "a.csv"];
    expect(await run(args, { cwd: directory, env: env() })).toMatchObject({
      code: 2,
      err: "Which mirror? Add --mirror with one of: users, events.\n",
    });
    await sink.close();
    sink = await Sink.start([mirror("users", { fields: { id: field("bigint") } })]);
    expect((await run(args, { cwd: directory, env: env() })).code).toBe(0);
    expect(sink.rows("users")).toEqual([{ id: 1 }]);
    await sink.close();
    sink = await Sink.start([]);
    expect((await run(args, { cwd: directory, env: env() })).err).toContain("There is no mirror yet");
  });
});

describe("modes", () => {
  test.each([
    ["empty.csv", ""],
    ["header.csv", "id,name\n"],
    ["blank.csv", "id,name\n\n"],
    ["empty.jsonl", ""],
    ["empty.json", "[]"],
    ["-", ""],
    ["-", "id,name\n"],
  ])("a file without rows begins no run, in no mode: %s %j", async (name, content) => {
    const format = name === "-" ? ["--format", "csv"] : [];
    for (const mode of ["upsert", "append"]) {
      const { code, out } = await push(name, content, "--mode", mode, ...format);
      expect({ code, out }).toEqual({
        code: 0,
        out: 'Nothing was sent to "users": the file has no rows. If it should have, look at what wrote it.\n',
      });
    }
    const json = await push(name, content, "--json", ...format);
    expect(JSON.parse(json.out)).toMatchObject({ finished: true, rows: 0, state: "empty" });
    const refused = await push(name, content, "--mode", "refresh", ...format);
    expect({ code: refused.code, out: refused.out }).toEqual({ code: 1, out: "" });
    expect(refused.err).toContain("--allow-empty");
    expect(sink.runs).toEqual([]);
  });

  test("refresh is a full refresh; a file without rows does not empty the mirror unasked", async () => {
    expect((await push("a.jsonl", '{"id":1}', "--mode", "refresh")).code).toBe(0);
    expect(sink.runs[0]).toMatchObject({ syncMode: "overwrite", outcome: "complete" });

    const empty = await push("b.jsonl", "", "--mode", "refresh");
    expect(empty.code).toBe(1);
    expect(empty.err).toContain("--allow-empty");
    expect(sink.runs).toHaveLength(1);
    expect((await push("b.jsonl", "", "--mode", "refresh", "--allow-empty")).code).toBe(0);
    expect(sink.runs[1]).toMatchObject({ outcome: "complete" });
    expect((await push("-", "", "--mode", "refresh")).code).toBe(1);
    expect(sink.runs).toHaveLength(2);
  });

  test("a refresh whose sweep is held ends with 5 and says why; one that is swept meanwhile is waited for", async () => {
    const states = ["sweeping", "sweeping", "held"];
    sink.before = ({ path }) =>
      path.endsWith("/finish")
        ? {
            status: 200,
            body: { run: "run1", state: states.shift() ?? "complete", reason: "Too few.", counts: {} },
          }
        : undefined;
    const { code, out } = await push("a.jsonl", '{"id":1}', "--mode", "refresh");
    expect({ code, left: states }).toEqual({ code: 5, left: [] });
    expect(out).toContain("Held: Too few.");
    // How many rows the refresh has deleted is known at its end.
    expect((await push("a.jsonl", '{"id":1}', "--mode", "refresh")).out).toContain("Too few.\n");
    states.push("held");
    const answer = await push("b.jsonl", '{"id":2}', "--mode", "refresh", "--json", "--allow-shrink");
    expect(answer.code).toBe(5);
    expect(JSON.parse(answer.out)).toMatchObject({ finished: true, state: "held", held: "Too few." });
    const sent = sink.requests.filter(({ path }) => path.endsWith("/finish")).map(({ body }) => body);
    expect(sent[0]).not.toContain("allowShrink");
    expect(sent.at(-1)).toContain('"allowShrink":true');
  });

  test("a mirror without a key has to be told how", async () => {
    await writeFile(path.join(directory, "e.jsonl"), '{"word":"a"}');
    const options = { cwd: directory, env: env() };
    expect((await run(["push", "e.jsonl", "-m", "events"], options)).code).toBe(2);
    expect((await run(["push", "e.jsonl", "-m", "events", "--mode", "append"], options)).code).toBe(0);
    expect(sink.runs).toMatchObject([{ mirror: "events", syncMode: "append" }]);
  });

  test("results are JSON for machines", async () => {
    const { out } = await push("a.jsonl", '{"id":1}', "--json");
    expect(JSON.parse(out)).toMatchObject({
      mirror: "users",
      mode: "upsert",
      finished: true,
      rows: 1,
      counts: { received: 1 },
    });
  });

  test.each([
    [["push", "none.csv", "-m", "users"], 2],
    [["push", "none.csv"], 2],
    [["push", "none.csv", "-m", "users", "--mode", "delete"], 2],
  ])("%j is a mistake", async (args, code) => {
    expect((await run(args, { cwd: directory, env: env() })).code).toBe(code);
  });

  test("without a token or a key it says what to set", async () => {
    const { code, err } = await run(["push", "x", "-m", "users"], {
      cwd: directory,
      env: { CONVEX_SITE_URL: sink.url },
    });
    expect(code).toBe(2);
    expect(err).toContain("STREAMING_IMPORT_TOKEN");
  });
});

test("a paused mirror is said once, and ends the push with a code of its own after a while", async () => {
  sink.before = ({ path: at }) =>
    at === "/v1/runs"
      ? { status: 503, body: { code: "MirrorPaused", message: "It is paused.", retryAfterMs: 20 } }
      : undefined;
  await writeFile(path.join(directory, "a.csv"), "id\n1\n");
  const { code, err } = await run(["push", "a.csv", "-m", "users", "--wait-paused", "0.05"], {
    cwd: directory,
    env: env(),
  });
  expect(code).toBe(4);
  expect(err.match(/It is paused\./g)).toHaveLength(2);
  expect(err).toContain("Waiting up to");
});

describe("cut off", () => {
  const rows = Array.from({ length: 5_500 }, (_, id) => ({ id }));
  const content = rows.map((row) => JSON.stringify(row)).join("\n");

  /** Starts a push and cuts it off once so many deliveries have arrived; the last one's answer is lost. */
  async function cutOff(signal: NodeJS.Signals, args: string[] = []): Promise<Running> {
    await writeFile(path.join(directory, "rows.jsonl"), content);
    let release!: () => void;
    const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    let deliveries = 0;
    sink.before = ({ path: at }) => (at === "/v1/deliveries" && ++deliveries === 3 ? held : undefined);
    const running = new Running(["push", "rows.jsonl", "-m", "users", ...args], {
      cwd: directory,
      env: env(),
    });
    await expect.poll(() => deliveries).toBe(3);
    running.child.kill(signal);
    if (signal !== "SIGKILL") await expect.poll(() => running.err).toContain("Finishing");
    else await running.ended;
    // It is applied, whether or not somebody still listens.
    release();
    await expect.poll(() => sink.deliveries.length).toBe(3);
    return running;
  }

  test("by kill -9: goes on in the same run, and every row arrives once, in order", async () => {
    await cutOff("SIGKILL", ["--mode", "append"]);
    const { code, out } = await push("rows.jsonl", content, "--mode", "append");
    expect(code).toBe(0);
    expect(sink.runs).toHaveLength(1);
    expect(sink.rows("users")).toEqual(rows);
    expect(out).toContain("5,500 rows");
    expect(await readdir(path.join(directory, "state", "convex-streaming-import"))).toEqual([]);
  });

  test("by Ctrl-C: waits for the delivery under way, says how to resume, ends with 130", async () => {
    const running = await cutOff("SIGINT");
    const { code, out } = await running.ended;
    expect(code).toBe(130);
    expect(out).toContain("again to resume");
    const again = await push("rows.jsonl", content);
    expect(again.code).toBe(0);
    expect(sink.rows("users")).toEqual(rows);
  });

  test("and the run has ended meanwhile: a new one goes on behind what is acknowledged", async () => {
    await cutOff("SIGKILL");
    sink.runs[0]!.outcome = "incomplete";
    expect((await push("rows.jsonl", content)).code).toBe(0);
    expect(sink.runs.map(({ changes }) => changes.length)).toEqual([3_000, 3_500]);
  });

  test("and the file has changed: as a refresh it starts over, and says so", async () => {
    await cutOff("SIGKILL", ["--mode", "refresh"]);
    const other = content.replace('{"id":7}', '{"id":70000}');
    const { code, err } = await push("rows.jsonl", other, "--mode", "refresh");
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining(
        "The file has changed since its refresh was cut off; this one starts from the first row.",
      ) as string,
    });
    expect(sink.runs.at(-1)).toMatchObject({ outcome: "complete" });
    expect(sink.runs.at(-1)!.generation).toBeUndefined();
    expect(sink.runs.at(-1)!.changes).toHaveLength(5_500);
  });

  test("and another refresh has begun since: it starts over, and says so", async () => {
    await cutOff("SIGKILL", ["--mode", "refresh"]);
    sink.runs[0]!.outcome = "incomplete";
    const message = 'The mirror "users" is at generation 2; a refresh of generation 1 is too late.';
    sink.before = ({ path: at, body }) =>
      at === "/v1/runs" && (JSON.parse(body) as { generation?: number }).generation !== undefined
        ? { status: 409, body: { code: "StaleGeneration", message } }
        : undefined;
    const { code, err } = await push("rows.jsonl", content, "--mode", "refresh");
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining(
        "Another refresh of the mirror has begun since; this one starts from the first row.",
      ) as string,
    });
    expect(sink.runs.at(-1)!.changes).toHaveLength(5_500);
  });

  test.each([
    ["the next input", 40],
    ["the same again", 5_500],
  ])("from a pipe: %s is a refresh of its own, and says so", async (_title, count) => {
    let deliveries = 0;
    sink.before = ({ path: at }) =>
      at === "/v1/deliveries" && ++deliveries === 3
        ? { status: 400, body: { code: "BadJsonBody" } }
        : undefined;
    const refresh = async (rows: number) =>
      push("-", content.split("\n").slice(0, rows).join("\n"), "--format", "jsonl", "--mode", "refresh");
    expect((await refresh(5_500)).code).toBe(1);
    const { code, err } = await refresh(count);
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining("from stdin was cut off; this one starts from the first row.") as string,
    });
    expect(sink.runs.at(-1)).toMatchObject({ outcome: "complete" });
    expect(sink.runs.at(-1)!.changes).toHaveLength(count);
  });

  test("and the file has changed: it is refused, until told to begin anew", async () => {
    await cutOff("SIGKILL");
    const other = content.replace('{"id":7}', '{"id":70000}');
    const { code, err } = await push("rows.jsonl", other);
    expect(code).toBe(1);
    expect(err).toContain("--restart");
    expect((await push("rows.jsonl", other, "--restart")).code).toBe(0);
    expect(sink.runs[1]!.changes).toHaveLength(5_500);
  });
});
