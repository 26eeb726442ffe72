import type ts from "typescript";
import { isWriteMethod } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { stripAssertions } from "../engine/contracts.js";
import { entsWrite } from "../engine/ents.js";
import { judgeWrite, type Write } from "./judge.js";
import { memberOf, WRITE_METHODS, type Member } from "../engine/members.js";
import type { Report } from "../engine/report.js";
import { constraintOf } from "../engine/tables.js";

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

/** Judges `receiver.method` and `receiver[key]`: a write, a method taken off the writer, or nothing. */
export function visitAccess(cx: GuardContext, report: Report, node: Access): void {
  const methods = methodsNamed(cx, node);
  if (methods === null) return;
  const receiver = cx.checker.getTypeAtLocation(node.expression);
  if (methods === "dynamic") {
    visitDynamic(cx, report, node, receiver);
    return;
  }
  for (const method of methods) {
    const member = memberOf(cx, receiver, method);
    if (member.kind === "harmless") continue;
    const call = callOf(cx, node);
    if (call !== null) {
      const write: Write = { node: call, callee: node, method, member, receiver, args: call.arguments };
      if (member.kind === "ents") entsWrite(cx, report, write);
      else judgeWrite(cx, report, write);
    } else if (!isAssignedTo(cx, node)) {
      reportDetached(report, node, method, member);
    }
    return;
  }
}

/** The write methods that an access can mean; null when it means none, "dynamic" when nobody knows. */
function methodsNamed(cx: GuardContext, node: Access): readonly string[] | "dynamic" | null {
  const { ts, checker } = cx;
  if (ts.isPropertyAccessExpression(node)) return WRITE_METHODS.has(node.name.text) ? [node.name.text] : null;
  const key = node.argumentExpression;
  if (ts.isStringLiteralLike(key)) return WRITE_METHODS.has(key.text) ? [key.text] : null;
  if (ts.isNumericLiteral(key)) return null;
  return methodsOfType(cx, constraintOf(cx, checker.getTypeAtLocation(key)));
}

function methodsOfType(cx: GuardContext, type: ts.Type): readonly string[] | "dynamic" | null {
  const { TypeFlags } = cx.ts;
  const names: string[] = [];
  for (const arm of type.isUnion() ? type.types : [type]) {
    if (arm.isStringLiteral()) names.push(arm.value);
    else if ((arm.flags & (TypeFlags.NumberLike | TypeFlags.ESSymbolLike)) === 0) return "dynamic";
  }
  const writes = names.filter((name) => WRITE_METHODS.has(name));
  // insert|patch|… at one place: the meaning of the arguments differs, so no one table can be told.
  return writes.length === 0 ? null : writes.length === 1 ? writes : "dynamic";
}

function visitDynamic(cx: GuardContext, report: Report, node: ts.Node & Access, receiver: ts.Type): void {
  const member = memberOf(cx, receiver, "insert");
  const patch = member.kind === "harmless" ? memberOf(cx, receiver, "patch") : member;
  const key = cx.ts.isElementAccessExpression(node) ? node.argumentExpression.getText(report.file) : "";
  if (patch.kind === "writer" || patch.kind === "tableWriter" || patch.kind === "ents") {
    if (!isAssignedTo(cx, node)) report.add("require-known-table", "dynamicMethod", node, { key });
  } else if (patch.kind === "any" && callOf(cx, node) !== null) {
    report.add("no-writer-escape", "anyCall", node);
  }
}

function reportDetached(report: Report, node: ts.Node, method: string, member: Member): void {
  if (member.kind === "any") report.add("no-writer-escape", "anyMethod", node, { method });
  else if (member.kind !== "structural") report.add("no-writer-escape", "detached", node, { method });
}

/** The call whose callee this access is, through parentheses, `!` and assertions. */
function callOf(cx: GuardContext, node: ts.Node): ts.CallExpression | null {
  const { ts } = cx;
  let current = node;
  let parent = node.parent;
  while (
    ts.isParenthesizedExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isTypeAssertionExpression(parent) ||
    ts.isSatisfiesExpression(parent)
  ) {
    current = parent;
    parent = parent.parent;
  }
  return ts.isCallExpression(parent) && parent.expression === current ? parent : null;
}

/** `x.insert = …` and `delete x.insert` change an object; they take nothing off a writer. */
function isAssignedTo(cx: GuardContext, node: ts.Node): boolean {
  const { ts } = cx;
  const parent = node.parent;
  return (
    (ts.isBinaryExpression(parent) &&
      parent.left === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) ||
    ts.isDeleteExpression(parent)
  );
}

/** `const { insert } = db`: a method taken off by a pattern. */
export function visitBindingPattern(
  cx: GuardContext,
  report: Report,
  pattern: ts.ObjectBindingPattern,
): void {
  const { ts, checker } = cx;
  let type: ts.Type | null = null;
  for (const element of pattern.elements) {
    if (element.dotDotDotToken !== undefined) continue;
    const key = element.propertyName ?? element.name;
    const name = ts.isIdentifier(key) || ts.isStringLiteralLike(key) ? key.text : null;
    if (name !== null && !WRITE_METHODS.has(name)) continue;
    if (name === null && !ts.isComputedPropertyName(key)) continue;
    type ??= checker.getTypeAtLocation(pattern);
    if (ts.isComputedPropertyName(key)) visitComputedKey(cx, report, type, key);
    else if (name !== null) reportPatternMember(cx, report, type, name, key);
  }
}

/** `({ insert: write } = db)`: the same as an assignment. */
export function visitAssignmentPattern(
  cx: GuardContext,
  report: Report,
  pattern: ts.ObjectLiteralExpression,
): void {
  const { ts, checker } = cx;
  for (const property of pattern.properties) {
    const key = property.name;
    if (key === undefined) continue;
    if (ts.isComputedPropertyName(key)) {
      const source = patternSource(cx, pattern);
      if (source !== null) visitComputedKey(cx, report, source, key);
      continue;
    }
    if (!(ts.isIdentifier(key) || ts.isStringLiteralLike(key)) || !WRITE_METHODS.has(key.text)) continue;
    const source = patternSource(cx, pattern) ?? checker.getTypeAtLocation(pattern);
    reportPatternMember(cx, report, source, key.text, key);
  }
}

/** The type that a pattern on the left of `=` takes apart; nested patterns step down by their key. */
function patternSource(cx: GuardContext, pattern: ts.Expression): ts.Type | null {
  const { ts, checker } = cx;
  let parent: ts.Node = pattern.parent;
  while (ts.isParenthesizedExpression(parent)) parent = parent.parent;
  if (ts.isBinaryExpression(parent)) return checker.getTypeAtLocation(parent.right);
  if (ts.isForOfStatement(parent)) {
    const list = checker.getTypeAtLocation(parent.expression);
    return checker.getIndexTypeOfType(list, ts.IndexKind.Number) ?? null;
  }
  if (ts.isPropertyAssignment(parent) && ts.isObjectLiteralExpression(parent.parent)) {
    const outer = patternSource(cx, parent.parent);
    const name =
      ts.isIdentifier(parent.name) || ts.isStringLiteralLike(parent.name) ? parent.name.text : null;
    const property = outer === null || name === null ? undefined : checker.getPropertyOfType(outer, name);
    return property === undefined ? null : checker.getTypeOfSymbol(property);
  }
  return null;
}

function visitComputedKey(
  cx: GuardContext,
  report: Report,
  type: ts.Type,
  key: ts.ComputedPropertyName,
): void {
  const names = methodsOfType(cx, constraintOf(cx, cx.checker.getTypeAtLocation(key.expression)));
  if (names === null) return;
  const member = memberOf(cx, type, names === "dynamic" ? "insert" : (names[0] ?? "insert"));
  if (member.kind === "writer" || member.kind === "tableWriter") {
    report.add("require-known-table", "dynamicMethod", key, { key: key.expression.getText(report.file) });
  } else if (member.kind === "any") {
    report.add("no-writer-escape", "anyMethod", key, { method: key.expression.getText(report.file) });
  }
}

function reportPatternMember(
  cx: GuardContext,
  report: Report,
  type: ts.Type,
  name: string,
  node: ts.Node,
): void {
  const member = memberOf(cx, type, name);
  if (member.kind !== "harmless") reportDetached(report, node, name, member);
}

/** `const write = db.insert; write("customers", …)`: the method is known by its type wherever it went. */
export function visitDetachedCall(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const callee = stripAssertions(ts, call.expression);
  // Members of objects keep the name of the method in nearly all code; where it was taken off is reported anyway.
  if (ts.isPropertyAccessExpression(callee)) return;
  if (ts.isElementAccessExpression(callee) && methodsNamed(cx, callee) !== null) return;
  const type = checker.getTypeAtLocation(callee);
  if (!isWriteMethod(cx, type)) return;
  judgeWrite(cx, report, {
    node: call,
    callee,
    method: type.symbol.name,
    member: { kind: "writer", owner: type, symbol: null },
    receiver: type,
    args: call.arguments,
  });
}
