import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unifiedDiff } from "../terminal/diff.js";
import { CliError, EXIT } from "../terminal/exit.js";
import { formatFile } from "./format.js";
import { merge } from "./merge.js";
import { tableLabel, type SourceSchema } from "./model.js";
import { plan, type Plan } from "./plan.js";
import { readSchemaFile } from "./schemaFile.js";
import { selectTables, type Selection } from "./select.js";
import { versionHint, withVersion } from "./version.js";

export interface GenerateOptions extends Selection {
  /** The file of the schema. */
  file: string;
  versionColumn?: string | undefined;
}

/** What is to become of a schema. */
export interface Prepared {
  file: string;
  before: string | null;
  after: string;
  diff: string;
  plan: Plan;
  notes: readonly string[];
}

/**
 * Works out what a schema lacks of a source. Nothing is written.
 *
 * @param shown How the file is called in the diff.
 * @throws GenerateError
 */
export async function prepare(
  source: SourceSchema,
  options: GenerateOptions,
  shown: string,
): Promise<Prepared> {
  const { file, versionColumn } = options;
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  const schema = before === null ? null : readSchemaFile(shown, before);
  const tables = versionColumn === undefined ? source.tables : withVersion(source.tables, versionColumn);
  const mirrored = new Set(schema?.entries.flatMap(({ mirror }) => mirror?.source ?? []));
  const selected = selectTables(tables, options, (table) => mirrored.has(tableLabel(table)));
  const made = plan(selected, source, schema);
  const merged = merge(made, schema);
  const after = merged === before ? merged : await formatFile(file, before, merged);
  const hint = versionColumn === undefined ? versionHint(made.newTables) : null;
  return {
    file,
    before,
    after,
    diff: unifiedDiff(shown, before, after),
    plan: made,
    notes: [...made.notes, ...(hint === null ? [] : [hint])],
  };
}

/** @throws CliError when the file has changed since it was read */
export function write({ file, before, after }: Prepared): void {
  if (existsSync(file) ? readFileSync(file, "utf8") !== before : before !== null)
    throw new CliError("The file has changed meanwhile. Run the command again.", EXIT.failure);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, after);
}
