import { CliError } from "../terminal/exit.js";
import ts from "typescript";
import { type Declaration, readDeclaration } from "./declaration.js";
import { bare, localOf, MAX_STEPS, nameOf, resolved } from "../project/syntax.js";

/** The app's `schema.ts`, read by its syntax alone. What the syntax does not show is left to the author. */
export interface SchemaFile {
  source: ts.SourceFile;
  text: string;
  /** The object that `defineSchema` is called with: new mirrors go there. */
  tables: ts.ObjectLiteralExpression;
  entries: readonly Entry[];
  /** Entries that come from elsewhere (`...authTables`) may have any name. */
  hasForeignEntries: boolean;
  /** What the file calls `v` of `convex/values`; null when it does not import it. */
  v: string | null;
  /** What it calls `mirrorTable`. */
  mirrorTable: string | null;
}

/** A table of the schema. */
export interface Entry {
  name: string;
  /** Null for a table that is no mirror, or whose declaration is not in this file. */
  mirror: Declaration | null;
  /** The declaration is not in this file, so that it may be a mirror. */
  isForeign: boolean;
}

/** @throws CliError when the file is no schema, or is written in a way that nothing can be added to. */
export function readSchemaFile(file: string, text: string): SchemaFile {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const { parseDiagnostics = [] } = source as unknown as { parseDiagnostics?: readonly ts.Diagnostic[] };
  const [mistake] = parseDiagnostics;
  if (mistake !== undefined) {
    const { line } = source.getLineAndCharacterOfPosition(mistake.start ?? 0);
    const why = ts.flattenDiagnosticMessageText(mistake.messageText, " ");
    throw new CliError("SchemaUnreadable", `${file}, line ${String(line + 1)}: ${why} Correct it first.`);
  }
  const tables = tablesOf(source);
  if (tables === null) {
    throw new CliError(
      "SchemaUnreadable",
      `${file} has no defineSchema({ … }) with an object in the same file, so nothing can be added. Write one, or name another file with --out and paste its mirrors.`,
    );
  }
  const reader = new EntryReader(source);
  reader.read(tables, 0);
  return {
    source,
    text,
    tables,
    entries: reader.entries,
    hasForeignEntries: reader.hasForeignEntries,
    v: reader.v,
    mirrorTable: reader.mirrorTable,
  };
}

function tablesOf(source: ts.SourceFile): ts.ObjectLiteralExpression | null {
  const defineSchema = localOf(source, "defineSchema", /^convex\/server$/);
  let found: ts.ObjectLiteralExpression | null = null;
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === defineSchema
    ) {
      const tables = node.arguments[0] === undefined ? null : resolved(source, node.arguments[0]);
      if (tables !== null && ts.isObjectLiteralExpression(tables)) found ??= tables;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

class EntryReader {
  readonly entries: Entry[] = [];
  hasForeignEntries = false;
  readonly v: string | null;
  readonly mirrorTable: string | null;
  readonly #defineTable: string | null;

  constructor(private readonly source: ts.SourceFile) {
    this.v = localOf(source, "v", /^convex\/values$/);
    this.mirrorTable = localOf(source, "mirrorTable", /^convex-streaming-import\/schema$/);
    this.#defineTable = localOf(source, "defineTable", /^convex\/server$/);
  }

  read(tables: ts.ObjectLiteralExpression, depth: number): void {
    for (const property of tables.properties) {
      if (ts.isSpreadAssignment(property)) {
        const spread = resolved(this.source, property.expression);
        if (ts.isObjectLiteralExpression(spread) && depth < MAX_STEPS) this.read(spread, depth + 1);
        else this.hasForeignEntries = true;
        continue;
      }
      const name = nameOf(property);
      if (name === null) this.hasForeignEntries = true;
      else if (ts.isPropertyAssignment(property)) this.entries.push(this.#entry(name, property.initializer));
      else if (ts.isShorthandPropertyAssignment(property))
        this.entries.push(this.#entry(name, property.name));
    }
  }

  #entry(name: string, expression: ts.Expression): Entry {
    const call = firstCall(this.source, expression);
    const callee = call === null ? null : bare(call.expression);
    const called = callee !== null && ts.isIdentifier(callee) ? callee.text : null;
    if (call !== null && called !== null && called === this.mirrorTable)
      return { name, mirror: readDeclaration(this.source, call, this.v), isForeign: false };
    return { name, mirror: null, isForeign: called === null || called !== this.#defineTable };
  }
}

/** The call that a chain begins with: `mirrorTable(…)` of `mirrorTable(…).index(…)`. */
function firstCall(source: ts.SourceFile, expression: ts.Expression): ts.CallExpression | null {
  let current = resolved(source, expression);
  while (ts.isCallExpression(current)) {
    const callee = bare(current.expression);
    if (!ts.isPropertyAccessExpression(callee)) return current;
    current = resolved(source, callee.expression);
  }
  return null;
}
