import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ExportClient } from "../../src/cli/export/client.js";
import { DISK, StateFile, type Disk } from "../../src/cli/export/files.js";
import { follow } from "../../src/cli/export/follow.js";
import { FolderSink } from "../../src/cli/export/sinks.js";
import { Call, run as runCommand } from "./support/command.js";
import { BIG, Exporter, EXPORT_TOKEN, NOW, order, SCHEMA } from "./support/exporter.js";

let exporter: Exporter;
let folder: string;
beforeAll(async () => {
  exporter = await Exporter.start();
});
beforeEach(async () => {
  exporter.tables.clear();
  exporter.schemas = { orders: SCHEMA, customers: SCHEMA };
  Object.assign(exporter, { pageRows: 2, lowWater: 0n, before: () => undefined });
  exporter.requests = [];
  folder = await mkdtemp(path.join(os.tmpdir(), "export-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await exporter.close();
});

async function run(...args: string[]) {
  return await runCommand(["export", "--site-url", exporter.url, ...args], {
    cwd: folder,
    env: { STREAMING_IMPORT_TOKEN: EXPORT_TOKEN },
  });
}

async function files(table: string): Promise<string[]> {
  return (await readdir(path.join(folder, "out", table))).sort();
}

describe("files", () => {
  test("a first run writes every row, the next ones what has changed since, deletions as such", async () => {
    exporter.commit("orders", { a: order("one"), b: order("two"), c: order(null) });
    const first = await run("--tables", "orders", "--out", "out");
    expect(first).toMatchObject({ code: 0, out: "orders: 3 rows\n" });
    exporter.commit("orders", { b: order("two, changed"), a: null });
    await run("--tables", "orders", "--out", "out");
    expect(await files("orders")).toEqual(["00000001.jsonl", "00000002.jsonl"]);
    const [one, two] = await Promise.all(
      (await files("orders")).map(
        async (name) => await readFile(path.join(folder, "out/orders", name), "utf8"),
      ),
    );
    expect(one!.split("\n")[0]).toBe(
      `{"_id":"a","_creationTime":1.5,"text":"one","total":1.5,"count":9007199254740993,"paid":true,"nested":{"a":1},"mixed":"x","_ts":${String(NOW + 1n)},"_deleted":false}`.replace(
        String(NOW + 1n),
        String(exporter.clock - 1n),
      ),
    );
    expect(
      two!
        .trim()
        .split("\n")
        .map((line) => line.replace(/"_creationTime.*"_ts/, '"_ts')),
    ).toEqual([
      `{"_id":"b","_ts":${String(exporter.clock)},"_deleted":false}`,
      `{"_id":"a","_ts":${String(exporter.clock)},"_deleted":true}`,
    ]);
    // Nothing has changed: no file.
    expect(await run("--tables", "orders", "--out", "out")).toMatchObject({ out: "orders: 0 rows\n" });
    expect(await files("orders")).toHaveLength(2);
  });

  test("CSV tells NULL from the empty text, and quotes", async () => {
    exporter.commit("orders", {
      a: order("", { total: { $float: "AAAAAAAA+H8=" }, file: { $bytes: "AQI=" } }),
      b: order('say "hi",\nthere'),
      c: order(null),
    });
    await run("--tables", "orders", "--out", "out", "--format", "csv");
    const text = await readFile(path.join(folder, "out/orders/00000001.csv"), "utf8");
    expect(text.split("\n")[0]).toBe(
      "_id,_creationTime,count,file,mixed,nested,paid,text,total,_ts,_deleted",
    );
    expect(text.split("\n")[1]).toBe(
      `a,1.5,9007199254740993,AQI=,"""x""","{""a"":1}",true,"",NaN,${String(exporter.clock)},false`,
    );
    const rows = parse(text, { columns: true }) as Record<string, string>[];
    expect(rows.map((row) => row.text)).toEqual(["", 'say "hi",\nthere', ""]);
  });

  test("Parquet keeps the types", async () => {
    exporter.commit("orders", {
      a: order("ä", { file: { $bytes: "AQI=" } }),
      b: order(null, { mixed: 7 }),
    });
    exporter.commit("orders", { gone: order("x") });
    await run("--tables", "orders", "--out", "out", "--format", "parquet");
    exporter.commit("orders", { gone: null });
    await run("--tables", "orders", "--out", "out", "--format", "parquet");
    const read = async (name: string) => {
      const { buffer, byteOffset, byteLength } = await readFile(path.join(folder, "out/orders", name));
      return await parquetReadObjects({
        file: buffer.slice(byteOffset, byteOffset + byteLength),
        utf8: false,
      });
    };
    expect(await read("00000001.parquet")).toMatchObject([
      {
        _id: "a",
        text: "ä",
        total: 1.5,
        count: BIG,
        paid: true,
        nested: '{"a":1}',
        mixed: '"x"',
        _deleted: false,
      },
      { _id: "b", text: null, mixed: "7", _ts: exporter.clock - 2n },
      { _id: "gone" },
    ]);
    expect(await read("00000002.parquet")).toMatchObject([{ _id: "gone", text: null, _deleted: true }]);
  });

  test("what the schema does not say is kept beside the columns", async () => {
    exporter.commit("orders", { a: order("one", { unknown: [1], paid: "not a boolean" }) });
    await run("--tables", "orders", "--out", "out", "--format", "csv");
    const [row] = parse(await readFile(path.join(folder, "out/orders/00000001.csv"), "utf8"), {
      columns: true,
    }) as Record<string, string>[];
    expect(row).toMatchObject({ paid: "", _extra: '{"paid":"not a boolean","unknown":[1]}' });
  });

  test("a file has the rows that were asked for, and never a part of a transaction", async () => {
    for (const id of ["a", "b", "c", "d", "e"]) exporter.commit("orders", { [id]: order(id) });
    await run("--tables", "orders", "--out", "out", "--rows-per-file", "2");
    expect(await files("orders")).toHaveLength(3);
    exporter.commit("orders", { a: order("1"), b: order("2"), c: order("3") });
    await run("--tables", "orders", "--out", "out", "--rows-per-file", "1");
    expect(await files("orders")).toHaveLength(4);
  });

  test("without --tables, all that the token opens", async () => {
    exporter.commit("orders", { a: order("one") });
    exporter.commit("customers", { b: order("two") });
    const { out } = await run("--out", "out", "--json");
    expect(JSON.parse(out)).toMatchObject([
      { table: "orders", rows: 1, files: 1, complete: true },
      { table: "customers", rows: 1, files: 1, complete: true },
    ]);
  });
});

describe("stdout", () => {
  test("lines of JSON that say their table; the summary is on stderr", async () => {
    exporter.commit("orders", { a: order("one") });
    const { out, err } = await run("--tables", "orders", "--state", "at.json");
    expect(JSON.parse(out)).toMatchObject({ _table: "orders", _id: "a", text: "one", _deleted: false });
    expect(err).toBe("orders: 1 row\n");
    exporter.commit("orders", { a: null });
    const again = await run("--tables", "orders", "--state", "at.json");
    expect(JSON.parse(again.out)).toMatchObject({ _table: "orders", _id: "a", _deleted: true });
  });
});

describe("what goes wrong", () => {
  test.each([
    [["--format", "xml"], '"xml" is not a format'],
    [["--format", "csv"], "csv needs a folder"],
    [["--tables", "order"], 'no exported table "order". Did you mean "orders"?'],
    [["--tables", ","], "names no table"],
    [["--interval", "0"], "--interval takes a number above 0"],
    [["--rows-per-file", "x"], "--rows-per-file takes a number above 0"],
  ])("%j", async (args, message) => {
    const { code, err } = await run(...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("a folder or a state that is something else, with what to do", async () => {
    await writeFile(path.join(folder, "file"), "");
    await mkdir(path.join(folder, "state"));
    exporter.commit("orders", { a: order("one") });
    const onFile = await run("--tables", "orders", "--out", "file", "--json");
    expect(JSON.parse(onFile.out)).toMatchObject({ error: { code: "FileUnreadable" } });
    expect(onFile.err).toMatch(/file\/_state\.json cannot be read.*--state/);
    const onState = await run("--tables", "orders", "--out", "out", "--state", "state", "--json");
    expect(JSON.parse(onState.out)).toMatchObject({ error: { code: "FileUnreadable" } });
    await writeFile(path.join(folder, "orders"), "");
    const onTable = await run("--tables", "orders", "--out", ".", "--json");
    expect(JSON.parse(onTable.out)).toMatchObject({ error: { code: "FileUnwritable" } });
    expect(onTable.err).toContain("Check its folder");
  });

  test("no token, another token, and no table", async () => {
    const without = await runCommand(["export", "--site-url", exporter.url], { cwd: folder, env: {} });
    expect(without).toMatchObject({
      code: 2,
      err: expect.stringContaining("STREAMING_IMPORT_TOKEN") as string,
    });
    const unknown = await run("--token", "other");
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/^This token is unknown\.\n.*#badadminkey\n$/);
    exporter.schemas = {};
    expect((await run()).err).toContain("The token opens no exported table.");
  });

  test("a position that is too old says how to start over, and --restart does", async () => {
    exporter.commit("orders", { a: order("one") });
    await run("--tables", "orders", "--out", "out");
    exporter.commit("orders", { a: order("two") });
    exporter.lowWater = exporter.clock;
    const expired = await run("--tables", "orders", "--out", "out");
    expect(expired.err).toContain("--restart to write every row again");
    expect(expired.code).toBe(1);
    expect(await run("--tables", "orders", "--out", "out", "--restart")).toMatchObject({ code: 0 });
    expect(await files("orders")).toEqual(["00000001.jsonl"]);
    expect(await readFile(path.join(folder, "out/orders/00000001.jsonl"), "utf8")).toContain('"two"');
  });

  test("a folder of another export is refused", async () => {
    exporter.commit("orders", { a: order("one") });
    await run("--tables", "orders", "--out", "out");
    const other = await run("--tables", "orders", "--out", "out", "--format", "csv");
    expect(other.err).toContain("as jsonl. Choose another folder, or start over with --restart.");
    expect(other.code).toBe(2);
    await writeFile(path.join(folder, "out/_state.json"), "{");
    expect((await run("--tables", "orders", "--out", "out")).err).toContain("is not the state of an export");
  });

  test("an answer that is none of the export API, and an outage", async () => {
    exporter.before = () => ({ status: 200, body: { hello: 1 } });
    expect((await run("--tables", "hello")).err).toContain("not as the export API does");
    let outages = 2;
    exporter.commit("orders", { a: order("one") });
    exporter.before = () =>
      outages-- > 0 ? { status: 503, body: { code: "Busy", message: "Busy." } } : undefined;
    const { code, err } = await run("--tables", "orders");
    expect(code).toBe(0);
    expect(err).toContain("Busy. Trying again in");
  });
});

test("RECORD-7 a crash between any two steps loses no change and repeats none", async () => {
  const change = fc.record({
    table: fc.constantFrom("orders", "customers"),
    ids: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1, maxLength: 4 }),
    deleted: fc.boolean(),
  });
  const session = fc.record({
    changes: fc.array(change, { maxLength: 5 }),
    /** At which step of the disk the process dies; beyond the last: not at all. */
    dies: fc.nat(12),
    pageRows: fc.integer({ min: 1, max: 3 }),
    rowsPerFile: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(session, { minLength: 1, maxLength: 6 }), async (sessions) => {
      exporter.tables.clear();
      const out = await mkdtemp(path.join(folder, "crash-"));
      const tables = ["orders", "customers"];
      const attempt = async (dies: number, rowsPerFile: number) => {
        let steps = 0;
        const step = () => {
          if (++steps > dies) throw new Error("crash");
        };
        const disk: Disk = {
          // The write that is cut off leaves a half.
          write: (file, content) => {
            if (steps + 1 > dies) DISK.write(file, content.subarray(0, content.length / 2));
            step();
            DISK.write(file, content);
          },
          rename: (from, to) => {
            step();
            DISK.rename(from, to);
          },
          remove: (file) => {
            step();
            DISK.remove(file);
          },
        };
        const file = new StateFile(path.join(out, "_state.json"), disk);
        const client = new ExportClient({ url: exporter.url, token: EXPORT_TOKEN });
        await follow(client, new FolderSink(out, "jsonl", disk), file.read(exporter.url, "jsonl"), file, {
          tables,
          schemas: {},
          rowsPerFile,
          intervalMs: null,
          signal: new AbortController().signal,
        });
      };
      for (const { changes, dies, pageRows, rowsPerFile } of sessions) {
        for (const { table, ids, deleted } of changes) {
          const rows = exporter.rows(table);
          exporter.commit(
            table,
            Object.fromEntries(
              ids
                .filter((id) => !deleted || rows.has(id))
                .map((id) => [id, deleted ? null : { n: Number(exporter.clock - NOW) }]),
            ),
          );
        }
        exporter.pageRows = pageRows;
        await attempt(dies, rowsPerFile).catch((error: unknown) => {
          if ((error as Error).message !== "crash") throw error;
        });
      }
      await attempt(Infinity, 2);
      for (const table of tables) {
        const names = (await readdir(path.join(out, table)).catch(() => [])).sort();
        expect(names.every((name, i) => name === `${String(i + 1).padStart(8, "0")}.jsonl`)).toBe(true);
        const lines = await Promise.all(
          names.map(async (name) =>
            (await readFile(path.join(out, table, name), "utf8")).trimEnd().split("\n"),
          ),
        );
        const found = new Map<string, number>();
        const seen = new Set<string>();
        for (const line of lines.flat()) {
          const { _id, _deleted, n } = JSON.parse(line) as { _id: string; _deleted: boolean; n: number };
          const ts = /"_ts":(\d+)/.exec(line)![1]!;
          expect(seen).not.toContain(`${_id} ${ts}`);
          seen.add(`${_id} ${ts}`);
          if (_deleted) found.delete(_id);
          else found.set(_id, n);
        }
        const rows = [...exporter.rows(table)].map(([id, { fields }]) => [id, fields!.n] as const);
        expect([...found].sort()).toEqual(rows.sort());
      }
    }),
    { numRuns: 40 },
  );
});

test("--follow writes changes as they come, until it is stopped", async () => {
  exporter.commit("orders", { a: order("one") });
  const call = new Call(
    [
      "export",
      "--site-url",
      exporter.url,
      "--tables",
      "orders",
      "--out",
      "out",
      "--follow",
      "--interval",
      "0.05",
    ],
    { cwd: folder, env: { STREAMING_IMPORT_TOKEN: EXPORT_TOKEN } },
  );
  const count = async () =>
    (await files("orders").catch(() => [])).filter((name) => !name.endsWith(".tmp")).length;
  await expect.poll(count).toBe(1);
  exporter.commit("orders", { a: null });
  await expect.poll(count).toBe(2);
  call.stop();
  expect((await call.ended).code).toBe(130);
  expect(await readFile(path.join(folder, "out/orders/00000002.jsonl"), "utf8")).toContain('"_deleted":true');
});
