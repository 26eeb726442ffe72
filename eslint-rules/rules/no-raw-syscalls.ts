import type ts from "typescript";
import { stripAssertions } from "../engine/contracts.js";
import { GLOBALS } from "../engine/dynamicCode.js";
import type { TypeScript } from "../engine/model.js";
import type { Report } from "../engine/report.js";
import type { RuleDefinition } from "../engine/rule.js";

/** Reports what passes below ctx.db: system calls, the inside of the convex package, import endpoints, code from strings. */
export const noRawSyscalls: RuleDefinition = {
  name: "no-raw-syscalls",
  description: "Disallow reaching the database below ctx.db",
  messages: ["syscall", "syscallName", "deepImport", "importUrl", "dynamicCode"],
  syntactic: true,
};

/** Convex's system calls that change rows. */
const WRITE_SYSCALLS: ReadonlySet<string> = new Set([
  "1.0/insert",
  "1.0/shallowMerge",
  "1.0/replace",
  "1.0/remove",
  "1.0/patch",
  "1.0/delete",
]);

/**
 * Names by which functions are called that no API lists: those of Convex's dashboard, which write any table, and those
 * of a component by the path that its references are made of.
 */
const BELOW = /^_system\/|^_reference\/childComponent\/|^toReferencePath$/;

/** Methods of the global `Convex`. */
const SYSCALL_METHODS: ReadonlySet<string> = new Set(["syscall", "asyncSyscall", "jsSyscall", "op"]);

/** Reports what passes below `ctx.db`. Works on syntax alone: these names have no other meaning in Convex functions. */
export function visitSyscall(ts: TypeScript, report: Report, node: ts.Node): void {
  if (ts.isStringLiteralLike(node)) visitText(ts, report, node, node.text);
  else if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) {
    visitUrl(report, node, node.text);
  } else if (ts.isPropertyAccessExpression(node)) {
    visitMember(ts, report, node, node.expression, node.name.text);
  } else if (ts.isElementAccessExpression(node)) {
    const key = node.argumentExpression;
    visitMember(ts, report, node, node.expression, ts.isStringLiteralLike(key) ? key.text : null);
  } else if (ts.isVariableDeclaration(node)) {
    if (node.initializer !== undefined && isConvexGlobal(ts, node.initializer)) {
      report.add("no-raw-syscalls", "syscall", node, { name: "…" });
    }
  } else if (ts.isCallExpression(node) || ts.isNewExpression(node)) visitCode(ts, report, node);
  else if (ts.isIdentifier(node)) visitGlobal(ts, report, node);
  else if (ts.isBindingElement(node)) {
    const key = node.propertyName ?? node.name;
    if (node.propertyName !== undefined && ts.isIdentifier(key) && key.text === "constructor")
      report.add("no-raw-syscalls", "dynamicCode", node);
  }
  visitConstructor(ts, report, node);
}

function visitMember(
  ts: TypeScript,
  report: Report,
  node: ts.Node,
  receiver: ts.Expression,
  name: string | null,
): void {
  if (isConvexGlobal(ts, receiver) && (name === null || SYSCALL_METHODS.has(name))) {
    report.add("no-raw-syscalls", "syscall", node, { name: name ?? "[…]" });
  }
}

/** `Convex`, `globalThis.Convex`, `(globalThis as any)["Convex"]`. */
function isConvexGlobal(ts: TypeScript, expression: ts.Expression): boolean {
  const inner = stripAssertions(ts, expression);
  if (ts.isIdentifier(inner)) return inner.text === "Convex" && !isDeclaredAround(ts, inner);
  if (ts.isPropertyAccessExpression(inner))
    return inner.name.text === "Convex" && isGlobalObject(ts, inner.expression);
  if (ts.isElementAccessExpression(inner)) {
    const key = inner.argumentExpression;
    return ts.isStringLiteralLike(key) && key.text === "Convex" && isGlobalObject(ts, inner.expression);
  }
  return false;
}

function isGlobalObject(ts: TypeScript, expression: ts.Expression): boolean {
  const inner = stripAssertions(ts, expression);
  return ts.isIdentifier(inner) && GLOBALS.has(inner.text) && !isDeclaredAround(ts, inner);
}

/** Whether an import, a variable or a parameter of the app happens to have the name of a global. */
function isDeclaredAround(ts: TypeScript, { text, parent }: ts.Identifier): boolean {
  const declares = (name: ts.Node | undefined): boolean =>
    name !== undefined &&
    (ts.isIdentifier(name)
      ? name.text === text
      : (ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name)) &&
        name.elements.some((one) => ts.isBindingElement(one) && declares(one.name)));
  const inList = (list: ts.Node | undefined): boolean =>
    list !== undefined &&
    ts.isVariableDeclarationList(list) &&
    list.declarations.some(({ name }) => declares(name));
  const inStatement = (statement: ts.Statement): boolean => {
    if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      if (namedBindings === undefined || ts.isNamespaceImport(namedBindings))
        return declares(name) || declares(namedBindings?.name);
      return declares(name) || namedBindings.elements.some((one) => declares(one.name));
    }
    if (isAmbient(ts, statement)) return false;
    if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement))
      return declares(statement.name);
    return ts.isVariableStatement(statement) && inList(statement.declarationList);
  };
  for (let scope: ts.Node = parent; ; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some(({ name }) => declares(name))) return true;
    if (ts.isCatchClause(scope) && declares(scope.variableDeclaration?.name)) return true;
    if ((ts.isForStatement(scope) || ts.isForOfStatement(scope)) && inList(scope.initializer)) return true;
    if ((ts.isBlock(scope) || ts.isSourceFile(scope)) && scope.statements.some(inStatement)) return true;
    if (ts.isSourceFile(scope)) return false;
  }
}

/** `declare const Convex: …` and `declare class Convex` only type the global. */
function isAmbient(ts: TypeScript, statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

function visitText(ts: TypeScript, report: Report, node: ts.StringLiteralLike, text: string): void {
  if (isModuleSpecifier(ts, node)) {
    if (/^convex\/(?:dist|src)\/|^convex\/server\/(?:impl|database)|\/node_modules\/convex\//.test(text)) {
      report.add("no-raw-syscalls", "deepImport", node, { name: text });
    }
    return;
  }
  if (WRITE_SYSCALLS.has(text) || BELOW.test(text))
    report.add("no-raw-syscalls", "syscallName", node, { name: text });
  else visitUrl(report, node, text);
}

function visitUrl(report: Report, node: ts.Node, text: string): void {
  const found = /\/api\/(?:streaming_import\/\w+|import(?:\/\w+)?)(?=$|[/?#&\s])/.exec(text);
  if (found !== null) report.add("no-raw-syscalls", "importUrl", node, { name: found[0] });
}

function isModuleSpecifier(ts: TypeScript, node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  return (
    ts.isCallExpression(parent) &&
    (parent.expression.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(parent.expression) && parent.expression.text === "require"))
  );
}

/** `eval(…)`, `new Function(…)`, `(0, eval)(…)`. */
function visitCode(ts: TypeScript, report: Report, node: ts.CallExpression | ts.NewExpression): void {
  let callee = stripAssertions(ts, node.expression);
  if (ts.isBinaryExpression(callee) && callee.operatorToken.kind === ts.SyntaxKind.CommaToken) {
    callee = stripAssertions(ts, callee.right);
  }
  if (ts.isPropertyAccessExpression(callee) && isGlobalObject(ts, callee.expression)) callee = callee.name;
  const [first] = node.arguments ?? [];
  if (first === undefined) return;
  const name = ts.isIdentifier(callee) ? callee.text : "";
  const makesCode = name === "Function" || (name === "eval" && ts.isCallExpression(node));
  const isTimer =
    /^set(?:Timeout|Interval)$/.test(name) && ts.isStringLiteralLike(stripAssertions(ts, first));
  if (makesCode || isTimer) report.add("no-raw-syscalls", "dynamicCode", node);
}

/** Globals through which code or the database is reached, as values: what becomes of them, nobody can follow. */
function visitGlobal(ts: TypeScript, report: Report, name: ts.Identifier): void {
  const makesCode = name.text === "Function" || name.text === "eval";
  if (!makesCode && name.text !== "Convex" && !GLOBALS.has(name.text)) return;
  if (!isValue(ts, name) || isDeclaredAround(ts, name)) return;
  let use: ts.Node = name;
  while (
    ts.isParenthesizedExpression(use.parent) ||
    ts.isAsExpression(use.parent) ||
    ts.isTypeAssertionExpression(use.parent) ||
    ts.isNonNullExpression(use.parent)
  )
    use = use.parent;
  const { parent } = use;
  if (makesCode) {
    // Calls are judged by visitCode.
    const isCalled = (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === use;
    const isCompared =
      ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
    const isComma = ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.CommaToken;
    if (
      !isCalled &&
      !isCompared &&
      !isComma &&
      !ts.isTypeOfExpression(parent) &&
      !ts.isPropertyAccessExpression(parent)
    )
      report.add("no-raw-syscalls", "dynamicCode", name);
    return;
  }
  if (
    ts.isTypeOfExpression(parent) ||
    (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword)
  )
    return;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === use) return;
  if (ts.isElementAccessExpression(parent) && parent.expression === use) {
    const isWritten = ts.isStringLiteralLike(parent.argumentExpression);
    if (!isWritten && name.text !== "Convex")
      report.add("no-raw-syscalls", "syscall", parent, { name: "[…]" });
    return;
  }
  // `const raw = Convex` is reported as a whole.
  if (name.text === "Convex" && ts.isVariableDeclaration(parent)) return;
  report.add("no-raw-syscalls", "syscall", name, { name: "…" });
}

/** Not a name in a declaration, a property's name or a type. */
function isValue(ts: TypeScript, name: ts.Identifier): boolean {
  const parent = name.parent as ts.Node & { readonly name?: ts.Node };
  if (parent.name === name && !ts.isShorthandPropertyAssignment(parent)) return false;
  return !ts.isTypeNode(parent) && !ts.isQualifiedName(parent) && !ts.isImportSpecifier(parent);
}

/** `fn.constructor("…")`: the constructor of functions makes code, whatever it is called by. */
function visitConstructor(ts: TypeScript, report: Report, node: ts.Node): void {
  const isNamed =
    (ts.isPropertyAccessExpression(node) && node.name.text === "constructor") ||
    (ts.isElementAccessExpression(node) &&
      ts.isStringLiteralLike(node.argumentExpression) &&
      node.argumentExpression.text === "constructor");
  if (!isNamed || node.expression.kind === ts.SyntaxKind.ThisKeyword) return;
  let use: ts.Node = node;
  while (
    ts.isParenthesizedExpression(use.parent) ||
    ts.isAsExpression(use.parent) ||
    ts.isNonNullExpression(use.parent)
  )
    use = use.parent;
  const { parent } = use;
  if (ts.isPropertyAccessExpression(parent) || ts.isBinaryExpression(parent) || ts.isTypeOfExpression(parent))
    return;
  report.add("no-raw-syscalls", "dynamicCode", node);
}
