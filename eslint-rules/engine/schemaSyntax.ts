import type ts from "typescript";
import { readContract, stripAssertions } from "./contracts.js";
import type { MirrorInfo, SchemaInfo, TypeScript } from "./model.js";
import { GuardConfigurationError, type GuardOptions } from "./options.js";
import { directoryOf } from "./packages.js";
import { didYouMean } from "../../src/core/suggest.js";

const EXTENSIONS = ["ts", "tsx", "mts", "js", "jsx", "mjs"];

/** A file's syntax tree, without types. */
export function parse(typescript: TypeScript, path: string, text: string): ts.SourceFile {
  return typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
}

/**
 * The schema by its place: the one that an option names, from the file's directory or one above it, or the nearest
 * `schema.ts` in the directories above and their `convex`.
 * @throws GuardConfigurationError when the one that the option names is not there
 */
export function schemaFile(
  typescript: TypeScript,
  path: string,
  options: GuardOptions,
): ts.SourceFile | null {
  const read = (file: string): ts.SourceFile | null => {
    const text = typescript.sys.readFile(file);
    return text === undefined ? null : parse(typescript, file, text);
  };
  if (options.schema !== null) {
    const named = namedSchema(directoryOf(path), options.schema, read);
    if (named !== null) return named;
    throw missingSchema(typescript, directoryOf(path), options.schema);
  }
  return nearestSchema(typescript, directoryOf(path), (directory) => {
    for (const extension of EXTENSIONS) {
      const file = read(`${directory}/schema.${extension}`);
      if (file !== null && /\bdefine(?:Ent)?Schema\b/.test(file.text)) return file;
    }
    return null;
  });
}

/** The option `schema` names a file that is not there: without it, no mirror would be known. */
function missingSchema({ sys }: TypeScript, start: string, path: string): GuardConfigurationError {
  const folders: string[] = [];
  for (let directory = start; directory !== ""; directory = directoryOf(directory)) folders.push(directory);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const others = folders
    .map((directory) => (folder.startsWith("/") ? folder : `${directory}/${folder}`))
    .filter((directory) => sys.directoryExists(directory))
    .flatMap((directory) => sys.readDirectory(directory, [".ts", ".js"], undefined, ["*"], 1))
    .map((file) => folder + file.slice(file.replaceAll("\\", "/").lastIndexOf("/") + 1));
  return new GuardConfigurationError(
    "InvalidOptions",
    `The option "schema" names ${path}, which is not there.${didYouMean(path, others)} Correct the path, or remove the option.`,
  );
}

/** The schema at a path that an option names, from a directory or one above it. */
export function namedSchema(
  start: string,
  path: string,
  read: (file: string) => ts.SourceFile | null,
): ts.SourceFile | null {
  if (/^(?:\/|[A-Za-z]:)/.test(path)) return read(path);
  for (let directory = start; ; directory = directoryOf(directory)) {
    const found = read(`${directory}/${path.replace(/^\.\//, "")}`);
    if (found !== null || directory === "" || directory === directoryOf(directory)) return found;
  }
}

/**
 * The schema of the functions directory around or beside a directory: the nearest one. A schema in a directory that
 * Convex does not generate code into is not deployed if a directory around it, in the same package, has one.
 */
export function nearestSchema(
  { sys }: TypeScript,
  start: string,
  schemaIn: (directory: string) => ts.SourceFile | null,
): ts.SourceFile | null {
  let nearest: ts.SourceFile | null = null;
  for (let directory = start; ; directory = directoryOf(directory)) {
    for (const base of nearest === null ? [directory, `${directory}/convex`] : [directory]) {
      const found = schemaIn(base);
      if (found !== null && sys.directoryExists(`${base}/_generated`)) return found;
      nearest ??= found;
    }
    const isTop = directory === "" || directory === directoryOf(directory);
    if (isTop || (nearest !== null && sys.fileExists(`${directory}/package.json`))) return nearest;
  }
}

/** Reads the mirrors of a schema by syntax: the properties of `defineSchema({ … })` that lead to `mirrorTable(…)`. */
export function readSchemaSyntax(
  ts: TypeScript,
  file: ts.SourceFile | null,
  tables: readonly string[],
): SchemaInfo {
  const names = new Set<string>(tables);
  const mirrors = new Map<string, MirrorInfo>();
  const schemas: ts.CallExpression[] = [];
  const variables = file === null ? new Map<string, ts.Expression>() : variablesOf(ts, file);
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      /^define(?:Ent)?Schema$/.test(node.expression.text)
    ) {
      const [first] = node.arguments;
      const object = first === undefined ? null : follow(ts, first, variables);
      if (object !== null && ts.isObjectLiteralExpression(object)) {
        schemas.push(node);
        for (const property of object.properties) readTable(ts, property, variables, names, mirrors);
      }
    }
    ts.forEachChild(node, visit);
  };
  if (file !== null) ts.forEachChild(file, visit);
  for (const table of tables) {
    if (!mirrors.has(table)) mirrors.set(table, plain(table));
  }
  const problem = mirrors.size > 0 ? null : schemas.length > 0 ? "noMirrors" : "noSchema";
  return { file, tables: names, mirrors, exported: new Set(), problem, component: null };
}

function plain(table: string): MirrorInfo {
  return { table, source: null, owner: null, primaryKey: null, branded: false, declaration: null };
}

function readTable(
  ts: TypeScript,
  property: ts.ObjectLiteralElementLike,
  variables: ReadonlyMap<string, ts.Expression>,
  names: Set<string>,
  mirrors: Map<string, MirrorInfo>,
): void {
  if (property.name === undefined || !(ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)))
    return;
  const table = property.name.text;
  names.add(table);
  const value = ts.isPropertyAssignment(property)
    ? property.initializer
    : ts.isShorthandPropertyAssignment(property)
      ? property.name
      : null;
  const call = value === null ? null : findMirrorCall(ts, value, variables, 0);
  if (call !== null) mirrors.set(table, { ...plain(table), ...readContract(ts, call), branded: true });
}

function findMirrorCall(
  ts: TypeScript,
  expression: ts.Expression,
  variables: ReadonlyMap<string, ts.Expression>,
  depth: number,
): ts.CallExpression | null {
  if (depth > 10) return null;
  const inner = follow(ts, expression, variables);
  if (!ts.isCallExpression(inner)) return null;
  if (ts.isIdentifier(inner.expression) && inner.expression.text === "mirrorTable") return inner;
  if (ts.isPropertyAccessExpression(inner.expression)) {
    if (inner.expression.name.text === "mirrorTable") return inner;
    return findMirrorCall(ts, inner.expression.expression, variables, depth + 1);
  }
  for (const argument of inner.arguments) {
    const found = findMirrorCall(ts, argument, variables, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function follow(
  ts: TypeScript,
  expression: ts.Expression,
  variables: ReadonlyMap<string, ts.Expression>,
): ts.Expression {
  const inner = stripAssertions(ts, expression);
  const value = ts.isIdentifier(inner) ? variables.get(inner.text) : undefined;
  return value === undefined ? inner : stripAssertions(ts, value);
}

function variablesOf(ts: TypeScript, file: ts.SourceFile): Map<string, ts.Expression> {
  const variables = new Map<string, ts.Expression>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined) variables.set(name.text, initializer);
    }
  }
  return variables;
}
