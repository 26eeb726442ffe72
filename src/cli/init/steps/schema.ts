import { CliError } from "../../terminal/exit.js";
import ts from "typescript";
import { cleanTableName } from "../../../core/rows/names.js";
import { merge } from "../../generate/merge.js";
import type { SourceSchema } from "../../generate/model.js";
import { plan } from "../../generate/plan.js";
import { readSchemaFile, type SchemaFile } from "../../generate/schemaFile.js";
import { selectTables } from "../../generate/select.js";
import { schemaOf } from "../../project/parts.js";
import type { Module, Project } from "../../project/project.js";
import { findAll, localOf, topLevelNames } from "../../project/syntax.js";
import { append, importInsertion } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

const IMPORT = `import { mirrorTable } from "convex-streaming-import/schema";`;

/** A first mirror: the smallest that works. The importer and the guard need one. */
function firstMirror(table: string, source: string): string {
  return `// The columns of ${source} that the app uses; others are left out, and listed as drift.
${table}: mirrorTable(
  { id: v.int64() },
  { primaryKey: ["id"], source: ${JSON.stringify(source)} },
),`;
}

function whole(mirror: string): string {
  return `import { defineSchema } from "convex/server";
import { v } from "convex/values";
${IMPORT}

export default defineSchema({
${mirror
  .split("\n")
  .map((line) => `  ${line}`)
  .join("\n")}
});
`;
}

/** Declares a first mirror in schema.ts, where the app has none. */
export function planSchema({ project, options }: Planning): Step {
  const { schema, hasMirrors } = schemaOf(project);
  if (options.tables !== undefined) return planMirrors(project, schema, options.tables);
  const bareStream = options.source.slice(options.source.indexOf(".") + 1);
  const table = cleanTableName(bareStream);
  if (schema === null)
    return create(
      `${project.functionsDir}/schema.${project.language}`,
      whole(firstMirror(table, options.source)),
    );
  if (hasMirrors) return keep(schema.file, schema.text);

  const { source, file, text } = schema;
  const otherwise = {
    why: "The tables of this schema are not written as an object. Add a mirror to them:",
    paste: `${IMPORT}\n\n${firstMirror(table, options.source)}`,
  };
  const define = localOf(source, "defineSchema", /^convex\/server$/);
  const call = findAll(source, ts.isCallExpression).find(
    ({ expression }) => ts.isIdentifier(expression) && expression.text === define,
  );
  const tables = call?.arguments[0];
  if (tables === undefined || !ts.isObjectLiteralExpression(tables))
    return byHand(file, text, otherwise.why, otherwise.paste);
  const taken = new Set(
    tables.properties.map(({ name }) => name?.getText(source).replace(/^["']|["']$/g, "")),
  );
  const name = taken.has(table) ? `imported_${table}` : table;
  const imports = [
    ...(localOf(source, "v", /^convex\/values$/) === null ? [`import { v } from "convex/values";`] : []),
    ...(localOf(source, "mirrorTable", /^convex-streaming-import\/schema$/) === null ? [IMPORT] : []),
  ];
  // A `v` or `mirrorTable` that is something else.
  const names = topLevelNames(source);
  if (imports.some((line) => names.has(/\{ (\w+) \}/.exec(line)![1]!)))
    return byHand(
      file,
      text,
      "A name that a mirror needs is taken in this file. Add a mirror to the schema:",
      otherwise.paste,
    );
  return edit(
    schema,
    [...importInsertion(schema, imports), ...append(schema, tables, firstMirror(name, options.source))],
    otherwise,
  );
}

/** Declares the tables of a source, as `generate` does; by hand where nothing can be added to the schema. */
function planMirrors(project: Project, schema: Module | null, source: SourceSchema): Step {
  const file = schema?.file ?? `${project.functionsDir}/schema.${project.language}`;
  const selected = selectTables(source.tables, ALL, () => false);
  const declared = (before: SchemaFile | null) => merge(plan(selected, source, before), before);
  if (schema === null) return create(file, declared(null));
  try {
    return { file, before: schema.text, after: declared(readSchemaFile(file, schema.text)), manual: null };
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "SchemaUnreadable") throw error;
    const why = "Nothing can be added to this schema safely. Add the mirrors of this one to it:";
    return byHand(file, schema.text, why, declared(null));
  }
}

const ALL = { tables: [], exclude: [] };
