/** Code that puts something else in the place of what a type shows: other members, and members of the language. */
import type ts from "typescript";
import { carries, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { losesByParameter } from "./conversions.js";
import { shortType } from "./typeText.js";
import { isGlobal } from "./dynamicCode.js";
import { reportEscape } from "./escape.js";
import { declarationOf, isAssigned } from "./references.js";
import type { Report } from "./report.js";
import { trustedPackage } from "./packages.js";

/** Functions of the language that change what an object is, in a way that no type shows. */
const CHANGES =
  /^(?:Object\.(?:define(?:Property|Properties)|setPrototypeOf)|Reflect\.(?:set|defineProperty|setPrototypeOf))$/;

/**
 * `Object.defineProperty(log, "write", …)`, `new Proxy(state, …)` where members of the object get the writer: other code
 * than its type shows gets it from then on.
 */
export function visitReplacement(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression | ts.NewExpression,
): void {
  const { ts, checker } = cx;
  const [object, ...sources] = call.arguments ?? [];
  if (object === undefined) return;
  const { expression: callee } = call;
  if (ts.isIdentifier(callee)) {
    if (!ts.isNewExpression(call) || callee.text !== "Proxy" || !isGlobal(cx, callee)) return;
    const [handler] = sources;
    if (handler !== undefined && ts.isObjectLiteralExpression(handler) && handler.properties.length === 0)
      return;
  } else {
    if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return;
    const name = `${callee.expression.text}.${callee.name.text}`;
    const isAssign = name === "Object.assign";
    if ((!isAssign && !CHANGES.test(name)) || !isGlobal(cx, callee.expression)) return;
    if (isAssign && !isOfLanguage(cx, object)) {
      for (const source of sources) visitAssigned(cx, report, object, source);
      return;
    }
  }
  if (!ts.isNewExpression(call) && isOfLanguage(cx, object)) {
    reportEscape(cx, report, object, `what \`${callee.getText(report.file)}\` makes of it`);
    return;
  }
  const made = ts.isNewExpression(call) ? checker.getTypeAtLocation(call) : null;
  if (isConcerned(cx, checker.getTypeAtLocation(object)) || (made !== null && isConcerned(cx, made)))
    reportEscape(cx, report, object, `what \`${callee.getText(report.file)}\` makes of it`);
}

/** `Object.assign(log, { write })`: a member that gets another type than the object has it with. */
function visitAssigned(cx: GuardContext, report: Report, object: ts.Expression, source: ts.Expression): void {
  const { checker } = cx;
  const [type, given] = [checker.getTypeAtLocation(object), checker.getTypeAtLocation(source)];
  const replaces = type.getProperties().some((property) => {
    const own = checker.getTypeOfSymbol(property);
    const other = given.getProperty(property.name);
    const put = other && checker.getTypeOfSymbol(other);
    const gets = put !== undefined && carries(cx, put);
    if (!gets && !isConcerned(cx, own) && own.getCallSignatures().length === 0) return false;
    // A record, or any: nobody can say what is in it.
    if (put === undefined) return !isClosed(cx, given) && isConcerned(cx, own);
    return !checker.isTypeAssignableTo(put, own) || losesByParameter(cx, put, own) !== null;
  });
  if (replaces) reportEscape(cx, report, object, "what `Object.assign` puts into it");
}

/** A member that is assigned to: one of the language, or one whose setter takes more than its getter gives. */
export function visitTarget(
  cx: GuardContext,
  report: Report,
  target: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): void {
  const { ts, checker } = cx;
  if (!isAssigned(cx, target)) return;
  visitPatch(cx, report, target);
  const name = memberName(cx, target);
  const member = name === null ? undefined : checker.getTypeAtLocation(target.expression).getProperty(name);
  if (member === undefined || (member.flags & ts.SymbolFlags.SetAccessor) === 0) return;
  const given = checker.getTypeOfSymbol(member);
  const taken = member.declarations?.flatMap((one) => (ts.isSetAccessor(one) ? one.parameters : []))[0];
  if (taken === undefined || carries(cx, given) || !carries(cx, checker.getTypeAtLocation(taken))) return;
  reportEscape(cx, report, target, shortType(cx, given));
}

/**
 * `Object.keys = …`, `Map.prototype.set = …`: a function of the language is another one from then on, also for code that
 * gives it the writer.
 */
function visitPatch(
  cx: GuardContext,
  report: Report,
  target: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): void {
  const { ts, checker } = cx;
  if (!isOfLanguage(cx, target.expression)) return;
  const owner = stripAssertions(ts, target.expression);
  const name = memberName(cx, target);
  if (name !== null) {
    const member = checker.getTypeAtLocation(owner).getProperty(name);
    const isCalled = member !== undefined && checker.getTypeOfSymbol(member).getCallSignatures().length > 0;
    // Each object has what is added to their prototype.
    if (!isCalled && owner.getText() !== "Object.prototype") return;
  }
  const to = "what is put in its place";
  report.add("no-writer-escape", "escape", target, { from: `\`${target.getText(report.file)}\``, to });
}

/** `Map.prototype`, `console`: what the language or the platform declares, also under a name of the app. */
function isOfLanguage(cx: GuardContext, object: ts.Expression, steps = 5): boolean {
  const { ts, checker } = cx;
  let root = stripAssertions(ts, object);
  while (ts.isPropertyAccessExpression(root)) root = stripAssertions(ts, root.expression);
  // New names on the global object, and what a module exports, replace nothing.
  if (!ts.isIdentifier(root) || steps === 0) return false;
  if (/^(?:globalThis|global|self|window|module|exports|process)$/.test(root.text)) return false;
  const declaration = checker.getSymbolAtLocation(root)?.valueDeclaration;
  if (declaration === undefined) return false;
  if (declaration.getSourceFile().isDeclarationFile) return isGlobal(cx, root);
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value !== undefined && isOfLanguage(cx, value, steps - 1);
}

function isClosed({ ts }: GuardContext, type: ts.Type): boolean {
  return (type.flags & ts.TypeFlags.Object) !== 0 && type.getStringIndexType() === undefined;
}

/** Whether a value, or a member of it, holds the writer or gets it from who calls it. */
function isConcerned(cx: GuardContext, type: ts.Type): boolean {
  const takes = (one: ts.Type): boolean =>
    carries(cx, one) ||
    receives(cx, one) ||
    one
      .getConstructSignatures()
      .some(({ parameters }) => parameters.some((each) => carries(cx, cx.checker.getTypeOfSymbol(each))));
  return takes(type) || type.getProperties().some((one) => takes(cx.checker.getTypeOfSymbol(one)));
}

/**
 * `declare module "convex/server"`: members that are added to the writer's own types have nothing behind them. So have
 * those that `declare global` adds to every object, every function, or every list, map and promise.
 */
export function visitAugmentation(cx: GuardContext, report: Report, module: ts.ModuleDeclaration): void {
  const { ts } = cx;
  if ((module.flags & ts.NodeFlags.GlobalAugmentation) !== 0) {
    if (module.body === undefined || !ts.isModuleBlock(module.body)) return;
    for (const one of module.body.statements) {
      if (!ts.isInterfaceDeclaration(one) || !isOfEveryValue(cx, one)) continue;
      const from = `\`${one.name.text}\` of the language`;
      report.add("no-writer-escape", "escape", one, { from, to: "what is declared here" });
    }
    return;
  }
  const name = ts.isStringLiteral(module.name)
    ? /^(?:@[^/]+\/)?[^/]+/.exec(module.name.text)?.[0]
    : undefined;
  if (name === undefined || !trustedPackage(name)) return;
  const from = `a type of "${name}"`;
  report.add("no-writer-escape", "escape", module, { from, to: "what is declared here" });
}

/** An interface of the language that the writer, or something that holds it, may have. */
function isOfEveryValue(
  { packages, checker }: GuardContext,
  { name, typeParameters }: ts.InterfaceDeclaration,
): boolean {
  if (typeParameters === undefined && !/^(?:Object|(?:Callable|Newable)?Function)$/.test(name.text))
    return false;
  return (
    checker
      .getSymbolAtLocation(name)
      ?.declarations?.some((one) => packages.originOf(one.getSourceFile()).kind === "lib") ?? false
  );
}

/** The name of a member where it is written out, or a constant is. */
export function memberName(
  cx: GuardContext,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): string | null {
  const { ts } = cx;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  const key = stripAssertions(ts, node.argumentExpression);
  if (ts.isStringLiteralLike(key)) return key.text;
  const declaration = ts.isIdentifier(key) ? declarationOf(cx, key) : null;
  if (declaration === null || !ts.isVariableDeclaration(declaration)) return null;
  const value = declaration.initializer && stripAssertions(ts, declaration.initializer);
  return value !== undefined && ts.isStringLiteralLike(value) ? value.text : null;
}
