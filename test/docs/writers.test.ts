import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const COMPONENT = new URL("../../convex/", import.meta.url).pathname;

/** Tables of the ledger by the file that writes them. */
function writers(): { file: string; source: string; tables: string[] }[] {
  const files = readdirSync(COMPONENT, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("_generated"),
  );
  return files
    .map((file) => {
      const source = readFileSync(join(COMPONENT, file), "utf8");
      const writes = source.matchAll(/\bdb\s*\.(?:insert|patch|replace|delete)\(\s*"(\w+)"/g);
      return { file, source, tables: [...new Set([...writes].map(([, table]) => table!))].sort() };
    })
    .filter(({ tables }) => tables.length > 0);
}

test.each(writers())("the head of convex/$file says which documents it writes", ({ source, tables }) => {
  const head = /^\/\*\*(.*?)\*\//s.exec(source)?.[1] ?? "";
  expect(tables.filter((table) => !head.includes(`\`${table}\``))).toEqual([]);
});

test("docs/architecture.md says of each table why its writers do not conflict", () => {
  const page = readFileSync(join(COMPONENT, "../docs/architecture.md"), "utf8");
  const named = [...page.split("## Who writes which documents")[1]!.matchAll(/^\| ([^|]+) \|/gm)]
    .flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)])
    .map(([, table]) => table);
  const tables = new Set(writers().flatMap(({ tables: written }) => written));
  expect(tables.size).toBeGreaterThan(15);
  expect([...tables].filter((table) => !named.includes(table))).toEqual([]);
});
