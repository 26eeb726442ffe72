import type ts from "typescript";
import { directivesOf } from "./engine/comments.js";
import { readContract, stripAssertions } from "./engine/contracts.js";
import { applyExemptions } from "./engine/exemptions.js";
import type { Finding, MirrorInfo, SchemaInfo, TypeScript } from "./engine/model.js";
import type { GuardOptions } from "./engine/options.js";
import { directoryOf } from "./engine/packages.js";
import { Report } from "./engine/report.js";
import { visitDisables } from "./rules/no-unreasoned-disable.js";
import { visitSyscall } from "./rules/no-raw-syscalls.js";

interface SourceCode {
  readonly ast: object;
  readonly text: string;
}

interface SyntaxAnalysis {
  readonly schema: SchemaInfo;
  readonly findings: readonly Finding[];
}

const EXTENSIONS = ["ts", "tsx", "mts", "js", "jsx", "mjs"];

const analyses = new WeakMap<object, Map<string, SyntaxAnalysis>>();

/** The findings of a file without type information; parsed with the plugin's own TypeScript, once for all rules. */
export function syntaxFindings(
  typescript: TypeScript,
  sourceCode: SourceCode,
  fileName: string,
  options: GuardOptions,
): SyntaxAnalysis {
  let ofFile = analyses.get(sourceCode.ast);
  if (ofFile === undefined) analyses.set(sourceCode.ast, (ofFile = new Map<string, SyntaxAnalysis>()));
  const key = JSON.stringify(options);
  let analysis = ofFile.get(key);
  if (analysis === undefined) {
    const path = fileName.replaceAll("\\", "/");
    const schema = readSchemaSyntax(typescript, schemaFile(typescript, path, options), options.tables);
    const findings = analyzeSyntax(typescript, parse(typescript, path, sourceCode.text), schema, options);
    analysis = { schema, findings };
    ofFile.set(key, analysis);
  }
  return analysis;
}

function parse(typescript: TypeScript, path: string, text: string): ts.SourceFile {
  return typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
}

/** The schema by its place: an option, or the nearest `schema.ts` in the directories above and their `convex`. */
function schemaFile(typescript: TypeScript, path: string, options: GuardOptions): ts.SourceFile | null {
  const { sys } = typescript;
  const cwd = sys.getCurrentDirectory().replaceAll("\\", "/");
  const read = (file: string): ts.SourceFile | null => {
    const text = sys.readFile(file);
    return text === undefined ? null : parse(typescript, file, text);
  };
  const absolute = (file: string): string => (/^(?:\/|[A-Za-z]:)/.test(file) ? file : `${cwd}/${file}`);
  if (options.schema !== null) return read(absolute(options.schema));
  const bases =
    options.functionsDir === null ? undefined : [absolute(options.functionsDir.replace(/\/$/, ""))];
  if (bases !== undefined) return firstSchema(bases, read);
  for (let directory = directoryOf(path); ; directory = directoryOf(directory)) {
    const found = firstSchema([directory, `${directory}/convex`], read);
    if (found !== null) return found;
    if (directory === "" || directory === directoryOf(directory)) return null;
  }
}

function firstSchema(
  directories: readonly string[],
  read: (file: string) => ts.SourceFile | null,
): ts.SourceFile | null {
  for (const directory of directories) {
    for (const extension of EXTENSIONS) {
      const file = read(`${directory}/schema.${extension}`);
      if (file !== null && /\bdefine(?:Ent)?Schema\b/.test(file.text)) return file;
    }
  }
  return null;
}

/** Calls of `x.db.m(…)` and `db.m(…)`: all that can be known of a receiver without types. */
const DATABASE = /^(?:db|\w*Db|database|writer|dbWriter)$/;

const METHODS: ReadonlySet<string> = new Set(["insert", "patch", "replace", "delete"]);

/** What a file says by syntax alone: a hint. Aliases, helpers and table names in variables are not followed. */
function analyzeSyntax(
  ts: TypeScript,
  file: ts.SourceFile,
  schema: SchemaInfo,
  options: GuardOptions,
): readonly Finding[] {
  const report = new Report(file, schema);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) visitCall(ts, report, node);
    visitSyscall(ts, report, node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  const directives = directivesOf(ts, file);
  visitDisables(report, directives);
  applyExemptions({ ts, options }, report, directives);
  return report.findings;
}

function visitCall(ts: TypeScript, report: Report, call: ts.CallExpression): void {
  const callee = stripAssertions(ts, call.expression);
  const [first] = call.arguments;
  if (first === undefined) return;
  if (ts.isIdentifier(callee) && callee.text === "crud") {
    const [, table] = call.arguments;
    const mirror = table !== undefined && mirrorNamed(ts, report, table);
    if (mirror) {
      const data = { fn: "crud", what: "registers functions that create, update and delete rows" };
      report.add("no-mirror-factories", "factory", call, { ...data, ...Report.about(mirror) });
    }
    return;
  }
  const method = methodOf(ts, callee);
  if (method === null) return;
  const mirror = mirrorNamed(ts, report, first);
  if (mirror !== null) {
    report.add("no-mirror-writes", "syntaxWrite", call, { method, ...Report.about(mirror) });
    return;
  }
  const idOnly = method === "delete" ? 1 : method === "insert" ? 0 : 2;
  if (call.arguments.length <= idOnly && !call.arguments.some((one) => ts.isSpreadElement(one))) {
    report.add("explicit-write-table", "explicitUntyped", call, { method });
  }
}

function methodOf(ts: TypeScript, callee: ts.Expression): string | null {
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return null;
  const method = ts.isPropertyAccessExpression(callee)
    ? callee.name.text
    : ts.isStringLiteralLike(callee.argumentExpression)
      ? callee.argumentExpression.text
      : "";
  if (!METHODS.has(method)) return null;
  const receiver = stripAssertions(ts, callee.expression);
  const name = ts.isIdentifier(receiver)
    ? receiver
    : ts.isPropertyAccessExpression(receiver)
      ? receiver.name
      : null;
  return name !== null && DATABASE.test(name.text) ? method : null;
}

function mirrorNamed(ts: TypeScript, report: Report, expression: ts.Expression): MirrorInfo | null {
  const inner = stripAssertions(ts, expression);
  return ts.isStringLiteralLike(inner) ? (report.schema.mirrors.get(inner.text) ?? null) : null;
}

/** Reads the mirrors of a schema by syntax: the properties of `defineSchema({ … })` that lead to `mirrorTable(…)`. */
function readSchemaSyntax(ts: TypeScript, file: ts.SourceFile | null, tables: readonly string[]): SchemaInfo {
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
