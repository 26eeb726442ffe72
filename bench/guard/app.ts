/** A checked-out app that uses Convex. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { functionsOfConvexJson } from "../../eslint-rules/engine/options.js";
import ts from "typescript";

export interface App {
  readonly name: string;
  /** Where `convex.json` and the functions directory are; an absolute path. */
  readonly root: string;
  /** The functions directory, relative to the root. */
  readonly functions: string;
  readonly files: readonly string[];
  /** Lines of the functions directory, without generated files and tests. */
  readonly lines: number;
}

const SOURCE = /\.(?:tsx?|mts|jsx?|mjs)$/;
const NOT_CODE = /\.d\.[mc]?ts$|\.(?:test|spec)\./;

/** Reads an app; refuses a path that is none. */
export function readApp(path: string): App {
  const root = resolve(path);
  const functions = functionsOfConvexJson(ts, root) ?? "convex";
  const directory = join(root, functions);
  if (!existsSync(directory))
    throw new Error(`${directory} is no functions directory. Give the path of an app.`);
  const files = sourcesIn(directory);
  const lines = files.reduce((sum, file) => sum + readFileSync(file, "utf8").split("\n").length - 1, 0);
  return { name: basename(root), root, functions, files, lines };
}

function sourcesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name === "_generated" || entry.name === "node_modules") return [];
    if (entry.isDirectory()) return sourcesIn(path);
    return SOURCE.test(entry.name) && !NOT_CODE.test(entry.name) ? [path] : [];
  });
}

/**
 * The tables to treat as mirrors, by a rule that looks at nothing but text: of the tables that the code inserts into by
 * name, ordered by how often and then by name, the first two, the one in the middle and the last.
 */
export function mirrorsOf(app: App): string[] {
  const counts = new Map<string, number>();
  for (const file of app.files) {
    for (const [, table = ""] of readFileSync(file, "utf8").matchAll(/\.insert\(\s*["'`](\w+)["'`]/g))
      counts.set(table, (counts.get(table) ?? 0) + 1);
  }
  const tables = [...counts]
    .sort(([one, often], [other, less]) => less - often || (one < other ? -1 : 1))
    .map(([table]) => table);
  const chosen = [tables[0], tables[1], tables[Math.floor(tables.length / 2)], tables.at(-1)];
  return [...new Set(chosen.filter((table) => table !== undefined))];
}
