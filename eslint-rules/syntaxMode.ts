import type ts from "typescript";
import { directivesOf } from "./engine/comments.js";
import { stripAssertions } from "./engine/contracts.js";
import { applyExemptions } from "./engine/exemptions.js";
import type { Finding, MirrorInfo, SchemaInfo, TypeScript } from "./engine/model.js";
import type { GuardOptions } from "./engine/options.js";
import { Report } from "./engine/report.js";
import { parse, readSchemaSyntax, schemaFile } from "./engine/schemaSyntax.js";
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
    if (ts.isImportDeclaration(node)) visitImport(ts, report, node);
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

/** The schema of an app with convex-ents: what its ents write has no literal name of a table beside it. */
function visitImport(ts: TypeScript, report: Report, node: ts.ImportDeclaration): void {
  const { moduleSpecifier } = node;
  const isSchema = report.schema.file?.fileName === report.file.fileName;
  if (isSchema && ts.isStringLiteralLike(moduleSpecifier) && moduleSpecifier.text === "convex-ents")
    report.add("mirror-schema", "entsUnseen", node);
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
