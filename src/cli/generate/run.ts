import path from "node:path";
import { confirm, isCancel } from "@clack/prompts";
import pc from "picocolors";
import { findSchemaFile } from "./schemaPath.js";
import { coloured } from "../terminal/diff.js";
import { readVariables } from "../deployment/environment.js";
import { CliError, EXIT, usageError, type ExitCode } from "../terminal/exit.js";
import { print } from "../terminal/output.js";
import type { GenerateCommandOptions } from "./command.js";
import { prepare, write, type Prepared } from "./generate.js";
import type { SourceSchema } from "./model.js";
import { ADDED } from "./plan.js";
import { GenerateError } from "./problem.js";

/** Rows of a sample that are looked at, where nobody says how many. */
const SAMPLE_ROWS = 10_000;

/**
 * `streaming-import generate`: shows the diff, asks, writes.
 *
 * @returns 0 when schema and source agree; 3 when they differ (`--check`), or something is left to do
 * @throws CliError when there is nobody to ask, or the answer is no; nothing was written then
 */
export async function runGenerate(options: GenerateCommandOptions): Promise<ExitCode> {
  try {
    return await generate(options);
  } catch (error) {
    if (options.json === true && error instanceof GenerateError)
      print(true, { error: { code: error.code, message: error.message } }, () => "");
    throw error;
  }
}

async function generate(options: GenerateCommandOptions): Promise<ExitCode> {
  const json = options.json === true;
  const root = path.resolve(options.cwd ?? ".");
  const source = await readSource(options, root);
  const file = findSchemaFile(root, options.out);
  const selection = { tables: listOf(options.tables), exclude: listOf(options.exclude) };
  const prepared = await prepare(
    source,
    { ...selection, file, versionColumn: options.versionColumn },
    path.relative(root, file).replaceAll("\\", "/"),
  );
  const { differences } = prepared.plan;
  if (options.check === true) {
    print(json, resultOf(prepared, false), () => checkText(prepared));
    return differences.length > 0 ? EXIT.differs : EXIT.ok;
  }
  const pending = prepared.diff !== "";
  const isAsked = pending && options.dryRun !== true && options.yes !== true;
  if (!json) process.stdout.write(`${changeText(prepared)}\n`);
  if (isAsked) await ask(json);
  const writes = pending && options.dryRun !== true;
  if (writes) write(prepared);
  const result = resultOf(prepared, writes);
  if (json) print(true, result, () => "");
  else if (pending) process.stdout.write(writes ? `${pc.green("Written.")}\n` : "Nothing was written.\n");
  return (pending && !writes) || result.left.length > 0 ? EXIT.differs : EXIT.ok;
}

async function readSource(options: GenerateCommandOptions, root: string): Promise<SourceSchema> {
  const given = (["airbyte", "fivetran", "postgres", "sample"] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length !== 1) {
    throw new GenerateError(
      "NoSource",
      "Say where the tables are: one of --airbyte <catalog.json>, --fivetran <schema.json>, --postgres [url], --sample <file>.",
    );
  }
  if (options.airbyte !== undefined)
    return await (
      await import("./sources/airbyte.js")
    ).readAirbyteCatalog(path.resolve(root, options.airbyte));
  if (options.fivetran !== undefined)
    return await (
      await import("./sources/fivetran.js")
    ).readFivetranSchema(path.resolve(root, options.fivetran));
  if (options.postgres !== undefined) {
    const url = typeof options.postgres === "string" ? options.postgres : readVariables(root)("DATABASE_URL");
    if (url === undefined)
      throw new GenerateError(
        "NoSource",
        "Which database? Say --postgres <url>, or set DATABASE_URL, in .env.local or in the environment.",
      );
    const schemas = listOf(options.schema);
    return await (
      await import("./sources/postgres.js")
    ).readPostgres(url, schemas.length === 0 ? ["public"] : schemas);
  }
  return await readSampleFile(options, root);
}

async function readSampleFile(options: GenerateCommandOptions, root: string): Promise<SourceSchema> {
  const rows = options.rows === undefined ? SAMPLE_ROWS : Number(options.rows);
  if (!Number.isInteger(rows) || rows < 1) throw usageError("--rows is a number of rows, 1 or more.");
  const { readSample } = await import("./sources/sample.js");
  const file = options.sample === "-" ? "-" : path.resolve(root, options.sample!);
  return await readSample(file, {
    name: options.table,
    key: listOf(options.key),
    rows,
    format: options.format,
    delimiter: options.delimiter,
    nulls: options.null,
  });
}

/** Names by commas, in options that may be repeated. */
function listOf(values: readonly string[] | undefined): string[] {
  return (values ?? [])
    .flatMap((value) => value.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** @throws CliError unless somebody says yes */
async function ask(json: boolean): Promise<void> {
  if (!process.stdin.isTTY || json)
    throw new GenerateError(
      "NotConfirmed",
      "Nothing was written. Add --yes to write it, or --dry-run to only look.",
    );
  const answer = await confirm({ message: "Write it?" });
  if (isCancel(answer)) throw new CliError("Nothing was written.", EXIT.interrupted);
  if (!answer) throw new CliError("Nothing was written.");
}

/** What `--json` prints. */
function resultOf({ file, plan, diff, notes }: Prepared, written: boolean) {
  return {
    file,
    written,
    diff,
    mirrors: plan.newMirrors.map(({ name }) => name),
    differences: plan.differences,
    /** Differences that are for people to mend. */
    left: plan.differences.filter(({ kind }) => !ADDED.has(kind)),
    notes,
  };
}

function checkText({ plan: { differences }, notes }: Prepared): string {
  const lines = differences.map(({ message }) => `${pc.red("✗")} ${message}`);
  const verdict =
    differences.length === 0
      ? pc.green("The schema fits its source.")
      : `${String(differences.length)} ${differences.length === 1 ? "difference" : "differences"}.`;
  return [...lines, ...noteLines(notes), verdict].join("\n");
}

function changeText(prepared: Prepared): string {
  const { diff, notes, plan } = prepared;
  const left = plan.differences.filter(({ kind }) => !ADDED.has(kind));
  const lines = left.map(({ message }) => `${pc.yellow("left to you:")} ${message}`);
  const change =
    diff === "" ? pc.green("Nothing to add: the schema has all tables and columns.") : coloured(diff);
  return [change, ...lines, ...noteLines(notes)].join("\n");
}

function noteLines(notes: readonly string[]): string[] {
  return notes.map((note) => `${pc.dim("note:")} ${note}`);
}
