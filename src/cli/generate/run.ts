import path from "node:path";
import { coloured, unifiedDiff } from "../terminal/diff.js";
import { readVariables } from "../deployment/environment.js";
import { CliError, EXIT, type ExitCode, messageOf, usageError } from "../terminal/exit.js";
import { print, say } from "../terminal/output.js";
import { type SourceSchema, tableLabel } from "./model.js";
import { ADDED, plan, type Plan, versionHint, withVersion } from "./plan.js";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { merge } from "./merge.js";
import { readSchemaFile } from "./schemaFile.js";
import { type Selection, selectTables } from "./select.js";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { functionsOfConvexJson } from "../../../eslint-rules/engine/options.js";
import { packageManagerOf } from "../project/packageManager.js";
import { readManifestIfAny, refuseWorkspace } from "../project/project.js";
import { style } from "../terminal/style.js";
import type { Io } from "../terminal/io.js";
import { ask } from "../terminal/ask.js";

export interface GenerateCommandOptions {
  airbyte?: string;
  fivetran?: string;
  /** True without an address: DATABASE_URL. */
  postgres?: string | true;
  sample?: string;
  schema?: string[];
  tables?: string[];
  exclude?: string[];
  versionColumn?: string;
  table?: string;
  key?: string[];
  rows?: string;
  format?: string;
  encoding?: string;
  delimiter?: string;
  null?: string[];
  out?: string;
  cwd?: string;
  check?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** Rows of a sample that are looked at, where nobody says how many. */
const SAMPLE_ROWS = 10_000;

/**
 * `streaming-import generate`: shows the diff, asks, writes.
 *
 * @param root The project.
 * @returns 0 when schema and source agree; 3 when they differ (`--check`), or something is left to do
 * @throws CliError when there is nobody to ask, or the answer is no; nothing was written then
 */
export async function runGenerate(io: Io, root: string, options: GenerateCommandOptions): Promise<ExitCode> {
  const json = options.json === true;
  const source = await readSource(io, options, root);
  const file = findSchemaFile(root, options.out);
  const selection = { tables: listOf(options.tables), exclude: listOf(options.exclude) };
  const prepared = await prepare(
    source,
    { ...selection, file, versionColumn: options.versionColumn },
    path.relative(root, file).replaceAll("\\", "/"),
  );
  const { differences } = prepared.plan;
  if (options.check === true) {
    print(io, json, resultOf(prepared, false), () => checkText(prepared));
    return differences.length > 0 ? EXIT.differs : EXIT.ok;
  }
  const pending = prepared.diff !== "";
  const isAsked = pending && options.dryRun !== true && options.yes !== true;
  if (!json) say(io.stdout, changeText(prepared));
  if (isAsked)
    await ask(io, "Write it?", {
      json,
      nobody: new CliError(
        "NotConfirmed",
        "Nothing was written. Add --yes to write it, or --dry-run to see it only.",
      ),
      declined: "Nothing was written.",
    });
  const writes = pending && options.dryRun !== true;
  if (writes) write(prepared);
  const result = resultOf(prepared, writes);
  if (json) print(io, true, result, () => "");
  else if (pending)
    say(
      io.stdout,
      writes
        ? `${style.green("Written.")}\n${await nextStep(root, options, result)}`
        : "Nothing was written.",
    );
  return (pending && !writes) || result.left.length > 0 ? EXIT.differs : EXIT.ok;
}

/** @throws CliError unless exactly one source is named and can be read */
export async function readSource(
  io: Io,
  options: GenerateCommandOptions,
  root: string,
): Promise<SourceSchema> {
  const given = (["airbyte", "fivetran", "postgres", "sample"] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length !== 1) {
    throw new CliError(
      "NoSource",
      "Name the source with one of --airbyte <catalog.json>, --fivetran <schema.json>, --postgres [url], --sample <file>.",
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
    const url =
      typeof options.postgres === "string"
        ? options.postgres
        : readVariables({ ...io, cwd: root })("DATABASE_URL");
    if (url === undefined)
      throw new CliError(
        "NoSource",
        "Which database? Pass --postgres <url>, or set DATABASE_URL in .env.local or in the environment.",
      );
    const schemas = listOf(options.schema);
    return await (
      await import("./sources/postgres.js")
    ).readPostgres(root, url, schemas.length === 0 ? ["public"] : schemas);
  }
  return await readSampleFile(io, options, root);
}

async function readSampleFile(io: Io, options: GenerateCommandOptions, root: string): Promise<SourceSchema> {
  const rows = options.rows === undefined ? SAMPLE_ROWS : Number(options.rows);
  if (!Number.isInteger(rows) || rows < 1) throw usageError("--rows is a number of rows, 1 or more.");
  const { readSample } = await import("./sources/sample.js");
  const file = options.sample === "-" ? "-" : path.resolve(root, options.sample!);
  return await readSample(io, file, {
    name: options.table,
    key: listOf(options.key),
    rows,
    format: options.format,
    encoding: options.encoding,
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

/** What to do once the schema is written: nothing knows its mirrors before a deploy. */
async function nextStep(
  root: string,
  { sample }: GenerateCommandOptions,
  { mirrors, left }: Pick<ReturnType<typeof resultOf>, "mirrors" | "left">,
): Promise<string> {
  const { exec } = await packageManagerOf(root);
  const [mirror] = mirrors;
  const rows =
    sample === undefined || mirror === undefined
      ? "start a sync"
      : `${exec} streaming-import push ${sample} --mirror ${mirror}`;
  const first = left.length === 0 ? "" : "change what is left to you, ";
  return `Next: ${first}deploy (${exec} convex dev, or ${exec} convex deploy), then ${rows}.`;
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
  const lines = differences.map(({ message }) => `${style.red("✗")} ${message}`);
  const verdict =
    differences.length === 0
      ? style.green("The schema fits its source.")
      : `${String(differences.length)} ${differences.length === 1 ? "difference" : "differences"}.`;
  return [...lines, ...noteLines(notes), verdict].join("\n");
}

function changeText(prepared: Prepared): string {
  const { diff, notes, plan } = prepared;
  const left = plan.differences.filter(({ kind }) => !ADDED.has(kind));
  const lines = left.map(
    ({ message, paste }) =>
      `${style.yellow("left to you:")} ${message}${paste === null ? "" : `\n    ${paste}`}`,
  );
  const change =
    diff === "" ? style.green("Nothing to add: the schema has all tables and columns.") : coloured(diff);
  return [change, ...lines, ...noteLines(notes)].join("\n");
}

function noteLines(notes: readonly string[]): string[] {
  return notes.map((note) => `${style.dim("note:")} ${note}`);
}

interface GenerateOptions extends Selection {
  /** The file of the schema. */
  file: string;
  versionColumn?: string | undefined;
}

/** What is to become of a schema. */
interface Prepared {
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
 * @throws CliError
 */
async function prepare(source: SourceSchema, options: GenerateOptions, shown: string): Promise<Prepared> {
  const { file, versionColumn } = options;
  const before = readSchemaText(file);
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

/** The text of a schema's file; null when it is not there yet. @throws CliError */
function readSchemaText(file: string): string | null {
  if (!existsSync(file)) return null;
  if (statSync(file).isDirectory())
    throw new CliError("FileNotFound", `${file} is a folder. Name the file of the schema with --out.`);
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CliError(
      "FileUnreadable",
      `${file} cannot be read: ${messageOf(cause)}. Check its permissions, or name another file with --out.`,
      { cause },
    );
  }
}

/** @throws CliError when the file has changed since it was read, or cannot be written */
function write({ file, before, after }: Prepared): void {
  if (readSchemaText(file) !== before)
    throw new CliError("FileChanged", "The file has changed in the meantime. Run the command again.");
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, after);
  } catch (cause) {
    throw new CliError(
      "FileUnwritable",
      `${file} cannot be written: ${messageOf(cause)}. Check its folder, or name another file with --out.`,
      { cause },
    );
  }
}

/** What is used of Prettier. */
interface Prettier {
  resolveConfig(file: string, options: { editorconfig: boolean }): Promise<object | null>;
  check(text: string, options: object): Promise<boolean>;
  format(text: string, options: object): Promise<string>;
}

/**
 * Formats a file with the Prettier of its project, by the project's own settings. Without one the text stays as it is; so
 * it does where the file was not formatted by Prettier before, whose lines would all change.
 *
 * @param before The file as it is on disk; null for a new one.
 */
async function formatFile(file: string, before: string | null, after: string): Promise<string> {
  const prettier = await loadPrettier(path.dirname(file));
  if (prettier === null) return after;
  const config = await prettier.resolveConfig(file, { editorconfig: true });
  const options = { ...config, filepath: file };
  try {
    if (before !== null && !(await prettier.check(before, options))) return after;
    return await prettier.format(after, options);
  } catch {
    // A plugin that is not installed, settings that are wrong: not ours to report, and the code is fine without.
    return after;
  }
}

async function loadPrettier(directory: string): Promise<Prettier | null> {
  try {
    const entry = createRequire(path.join(directory, "package.json")).resolve("prettier");
    const module = (await import(pathToFileURL(entry).href)) as Prettier & { default?: Prettier };
    return typeof module.format === "function" ? module : (module.default ?? null);
  } catch {
    return null;
  }
}

/**
 * The file of a project's schema: the one that is named, else `schema.ts` (or `.js`) of the functions directory, there or
 * not.
 */
function findSchemaFile(root: string, named: string | undefined): string {
  if (named !== undefined) return path.resolve(root, named);
  let functions: string;
  try {
    functions = functionsOfConvexJson(ts, root) ?? "convex";
  } catch (error) {
    throw new CliError("SchemaUnreadable", messageOf(error));
  }
  if (!existsSync(path.join(root, functions))) refuseWorkspace(root, readManifestIfAny(root));
  const files = ["schema.ts", "schema.js"].map((name) => path.join(root, functions, name));
  return files.find((file) => existsSync(file)) ?? files[0]!;
}
