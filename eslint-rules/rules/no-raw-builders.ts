import type ts from "typescript";
import type { GuardContext } from "../engine/context.js";
import type { TextEdit } from "../engine/model.js";
import { directoryOf } from "../engine/packages.js";
import type { Report } from "../engine/report.js";
import { isTrustedCallee } from "../engine/trust.js";
import type { RuleDefinition } from "../engine/rule.js";
import { unaliased } from "../engine/references.js";

/** Reports builders whose ctx.db is not guarded at run time, where the app has guarded ones. */
export const noRawBuilders: RuleDefinition = {
  name: "no-raw-builders",
  description: "Require the guarded mutation builders where the app has them",
  messages: ["rawBuilder", "missingGuardModule"],
  type: "suggestion",
  fixable: true,
};

/** The builders whose ctx.db writes. */
export const RAW = new Set(["mutation", "internalMutation", "mutationGeneric", "internalMutationGeneric"]);

/** The module of guarded builders that apps have by convention. */
const DEFAULT_GUARD_MODULE = "functions";

/** The guard module of an app: its source file, or why there is none. */
type GuardModule =
  | { readonly kind: "file"; readonly file: ts.SourceFile }
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "none" };

/** Reports imports of raw builders where guarded ones exist. */
export function visitBuilders(cx: GuardContext, report: Report): void {
  const guard = guardModule(cx, report);
  if (guard.kind === "none") return;
  if (guard.kind === "missing") {
    report.addAt("no-raw-builders", "missingGuardModule", 0, 0, { guardModule: `"${guard.path}"` });
    return;
  }
  if (guard.file === report.file) {
    visitGuardModule(cx, report);
    return;
  }
  const path = relativePath(directoryOf(report.file.fileName), guard.file.fileName);
  for (const statement of report.file.statements) visitStatement(cx, report, statement, path, guard.file);
  visitDynamic(cx, report, report.file, path);
}

/** The module of guarded builders of the app. */
export function guardModule(cx: GuardContext, report: Report): GuardModule {
  const { schema } = report;
  if (schema.file === null) return { kind: "none" };
  const directory = directoryOf(schema.file.fileName);
  const configured = cx.options.guardModule;
  const base = (configured ?? DEFAULT_GUARD_MODULE).replace(/^\.\//, "").replace(/\.[cm]?[jt]sx?$/, "");
  for (const extension of ["ts", "tsx", "mts", "js", "mjs"]) {
    const file = cx.program.getSourceFile(`${directory}/${base}.${extension}`);
    if (file === undefined) continue;
    if (configured !== null || exportsBuilder(cx, file)) return { kind: "file", file };
  }
  return configured === null ? { kind: "none" } : { kind: "missing", path: configured };
}

/** `functions.ts` is the guard module when it exports a mutation builder that is made with the guard. */
function exportsBuilder(cx: GuardContext, file: ts.SourceFile): boolean {
  const { checker } = cx;
  const module = checker.getSymbolAtLocation(file);
  if (module === undefined) return false;
  return checker.getExportsOfModule(module).some((symbol) => {
    if (symbol.name !== "mutation" && symbol.name !== "internalMutation") return false;
    const target = unaliased(cx, symbol);
    const origin = target.declarations?.[0]?.getSourceFile();
    return (
      origin !== undefined &&
      !isRawModule(origin.fileName.replace(/\.d\.ts$/, "")) &&
      cx.packages.isProject(origin) &&
      importsGuard(cx, origin)
    );
  });
}

/** Apps wrap builders for other reasons, too; what guards comes from this package. */
function importsGuard({ ts, checker, packages }: GuardContext, file: ts.SourceFile): boolean {
  return file.statements.some((statement) => {
    if (!ts.isImportDeclaration(statement)) return false;
    const module = checker.getSymbolAtLocation(statement.moduleSpecifier)?.valueDeclaration;
    return module !== undefined && packages.originOf(module.getSourceFile()).kind === "self";
  });
}

/** The module of guarded builders takes raw ones to give them to `guard` or a library; it gives none out. */
function visitGuardModule(cx: GuardContext, report: Report): void {
  const { ts, checker } = cx;
  const own = report.file.fileName.slice(report.file.fileName.lastIndexOf("/") + 1);
  const data = { guardModule: `"./${own.replace(/\.([cm]?)tsx?$/, ".$1js")}"` };
  const rawNames = new Map<ts.Symbol, { name: string; from: string }>();
  for (const statement of report.file.statements) {
    const specifier =
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)
        ? statement.moduleSpecifier
        : undefined;
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !isRawModule(specifier.text)) continue;
    const from = `"${specifier.text}"`;
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      const names = clause !== undefined && ts.isNamedExports(clause) ? clause.elements : null;
      if (names === null)
        report.add("no-raw-builders", "rawBuilder", statement, { name: "*", from, ...data });
      for (const one of names ?? []) {
        const name = (one.propertyName ?? one.name).text;
        if (RAW.has(name)) report.add("no-raw-builders", "rawBuilder", one, { name, from, ...data });
      }
    } else if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      const names =
        bindings === undefined ? [] : ts.isNamedImports(bindings) ? bindings.elements : [bindings];
      for (const one of names) {
        const name = ts.isImportSpecifier(one) ? (one.propertyName ?? one.name).text : "*";
        const symbol = checker.getSymbolAtLocation(one.name);
        if (symbol !== undefined && (name === "*" || RAW.has(name))) rawNames.set(symbol, { name, from });
      }
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node)) {
      const symbol = ts.isShorthandPropertyAssignment(node.parent)
        ? checker.getShorthandAssignmentValueSymbol(node.parent)
        : ts.isExportSpecifier(node.parent)
          ? checker.getExportSpecifierLocalTargetSymbol(node.parent)
          : checker.getSymbolAtLocation(node);
      const raw = symbol && rawNames.get(symbol);
      // `server.query` of a namespace is no builder that writes.
      const isRead = ts.isPropertyAccessExpression(node.parent) && !RAW.has(node.parent.name.text);
      if (raw !== undefined && !isRead && !isGivenToCall(cx, node))
        report.add("no-raw-builders", "rawBuilder", node, { ...raw, ...data });
    }
    ts.forEachChild(node, visit);
  };
  visit(report.file);
}

/** Whether an expression is a part of an argument of a call of `guard`, or of a library that the guard knows. */
function isGivenToCall(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  for (
    let node: ts.Node = expression;
    !ts.isSourceFile(node) && !ts.isFunctionLike(node);
    node = node.parent
  ) {
    const { parent } = node;
    if ((!ts.isCallExpression(parent) && !ts.isNewExpression(parent)) || parent.expression === node) continue;
    const signature = cx.checker.getResolvedSignature(parent);
    return signature !== undefined && isTrustedCallee(cx, signature);
  }
  return false;
}

function visitStatement(
  cx: GuardContext,
  report: Report,
  statement: ts.Statement,
  path: string,
  guard: ts.SourceFile,
): void {
  const { ts } = cx;
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return;
  const specifier = statement.moduleSpecifier;
  if (specifier === undefined || !ts.isStringLiteral(specifier) || !isRawModule(specifier.text)) return;
  const names: ts.NodeArray<ts.ImportSpecifier | ts.ExportSpecifier> | null = ts.isExportDeclaration(
    statement,
  )
    ? statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements
      : null
    : statement.importClause?.namedBindings !== undefined &&
        ts.isNamedImports(statement.importClause.namedBindings)
      ? statement.importClause.namedBindings.elements
      : null;
  const isTypeOnly = ts.isExportDeclaration(statement)
    ? statement.isTypeOnly
    : // Deprecated since 5.9, but its successor is missing before.
      statement.importClause?.isTypeOnly === true;
  if (isTypeOnly) return;
  if (names === null) {
    visitNamespace(cx, report, statement, specifier.text, path);
    return;
  }
  const raw = names.filter((one) => !one.isTypeOnly && RAW.has((one.propertyName ?? one.name).text));
  for (const one of raw) {
    const name = (one.propertyName ?? one.name).text;
    const fixable =
      one === raw[0] && ts.isImportDeclaration(statement) && raw.every((each) => isOffered(cx, guard, each));
    report.add(
      "no-raw-builders",
      "rawBuilder",
      one,
      { name, from: `"${specifier.text}"`, guardModule: `"${path}"` },
      fixable ? { fix: importEdits(report.file, statement, specifier, names, raw, path) } : {},
    );
  }
}

/** A fix must not import what the guard module does not have; generic builders have another type, so they stay. */
function isOffered(
  cx: GuardContext,
  guard: ts.SourceFile,
  one: ts.ImportSpecifier | ts.ExportSpecifier,
): boolean {
  const module = cx.checker.getSymbolAtLocation(guard);
  const name = (one.propertyName ?? one.name).text;
  return module !== undefined && cx.checker.getExportsOfModule(module).some((symbol) => symbol.name === name);
}

function importEdits(
  file: ts.SourceFile,
  statement: ts.Statement,
  specifier: ts.StringLiteral,
  names: ts.NodeArray<ts.ImportSpecifier | ts.ExportSpecifier>,
  raw: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[],
  path: string,
): TextEdit[] {
  const quote = specifier.getText(file).startsWith("'") ? "'" : '"';
  if (raw.length === names.length) {
    return [{ start: specifier.getStart(file), end: specifier.end, text: `${quote}${path}${quote}` }];
  }
  const kept = names.filter((one) => !raw.includes(one)).map((one) => one.getText(file));
  const moved = raw.map((one) => one.getText(file));
  return [
    {
      start: statement.getStart(file),
      end: statement.end,
      text:
        `import { ${kept.join(", ")} } from ${specifier.getText(file)};\n` +
        `import { ${moved.join(", ")} } from ${quote}${path}${quote};`,
    },
  ];
}

/** `import * as server from "./_generated/server"`: the uses of its raw builders; `export *`: the statement. */
function visitNamespace(
  cx: GuardContext,
  report: Report,
  statement: ts.Statement,
  from: string,
  path: string,
): void {
  const { ts } = cx;
  const data = { from: `"${from}"`, guardModule: `"${path}"` };
  if (ts.isExportDeclaration(statement)) {
    report.add("no-raw-builders", "rawBuilder", statement, { name: "*", ...data });
    return;
  }
  if (!ts.isImportDeclaration(statement)) return;
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamespaceImport(bindings)) return;
  const namespace = bindings.name.text;
  const visit = (node: ts.Node): void => {
    if (
      ts.isPropertyAccessExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === namespace
    ) {
      if (RAW.has(node.name.text))
        report.add("no-raw-builders", "rawBuilder", node, { name: node.name.text, ...data });
    } else if (
      ts.isElementAccessExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === namespace
    ) {
      report.add("no-raw-builders", "rawBuilder", node, { name: node.argumentExpression.getText(), ...data });
    } else if (
      ts.isVariableDeclaration(node) &&
      node.initializer !== undefined &&
      ts.isIdentifier(node.initializer)
    ) {
      if (node.initializer.text === namespace)
        report.add("no-raw-builders", "rawBuilder", node, { name: "*", ...data });
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(report.file, visit);
}

/** `await import("./_generated/server")` and `require`: whatever is taken from them. */
function visitDynamic(cx: GuardContext, report: Report, root: ts.Node, path: string): void {
  const { ts } = cx;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const isImport =
        node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(node.expression) && node.expression.text === "require");
      const [first] = node.arguments;
      if (isImport && first !== undefined && ts.isStringLiteralLike(first) && isRawModule(first.text)) {
        report.add("no-raw-builders", "rawBuilder", node, {
          name: "*",
          from: `"${first.text}"`,
          guardModule: `"${path}"`,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
}

export function isRawModule(specifier: string): boolean {
  return specifier === "convex/server" || /(?:^|\/)_generated\/server(?:\.[jt]s)?$/.test(specifier);
}

function relativePath(from: string, to: string): string {
  const source = from.split("/");
  const target = to.replace(/\.([cm]?)tsx?$/, ".$1js").split("/");
  let shared = 0;
  while (shared < source.length && source[shared] === target[shared]) shared += 1;
  const up = source.length - shared;
  return `${up === 0 ? "./" : "../".repeat(up)}${target.slice(shared).join("/")}`;
}
