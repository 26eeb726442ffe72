/** Values that lose the writer where they are used as another type. */
import type ts from "typescript";
import { argumentsOf, carries, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import {
  gainsWriter,
  losesByParameter,
  losesWriter,
  passesForEverything,
  passesForWriter,
} from "./conversions.js";
import { shortType } from "./typeText.js";
import { stripAssertions } from "./contracts.js";
import { compareArms, definesFunction } from "./choices.js";
import { isData, isOfPrimitives, isPrimitive, isResultOfHandler, typeByDeclaration } from "./data.js";
import { isBlind, isHarmlessByRoot, mayCarry, openResult } from "./flows.js";
import { holdsReceiver, losesReceiver } from "./receivers.js";
import type { Report } from "./report.js";
import { trustedPackage } from "./packages.js";
import { isTrusted } from "./trust.js";
import { isLostView, losesView } from "./views.js";

/**
 * A value that is used as another type.
 * @param targetOf The other type; asked for only when the value may lose the writer, or get it.
 */
export function convert(
  cx: GuardContext,
  report: Report,
  expression: ts.Expression,
  targetOf: () => ts.Type,
): void {
  const isSafe = isOutOfQuestion(cx, expression);
  if (isSafe && (isData(cx, expression) || !definesFunction(cx, expression))) return;
  if (isTypedByPlace(cx, expression) && !mayCarry(cx, expression)) return;
  const type = cx.checker.getTypeAtLocation(expression);
  const isPlain = stripAssertions(cx.ts, expression) === expression && isOfPrimitives(cx, type);
  if (isPlain && !isLostView(cx, expression)) return;
  const target = targetOf();
  const lost =
    losesWriter(cx, type, target) ??
    losesByParameter(cx, type, target) ??
    losesView(cx, expression, target) ??
    losesByAssertion(cx, expression, target) ??
    losesReceiver(cx, type, target) ??
    putsWriterIn(cx, expression, target);
  if (lost !== null) reportEscape(cx, report, expression, lost);
}

/** Arms of a conditional or elements of a list, of which another one makes the complete expression show less of them. */
export function absorb(
  cx: GuardContext,
  report: Report,
  arms: readonly ts.Expression[],
  typeOfWhole: () => ts.Type | undefined,
): void {
  compareArms(cx, report, arms, typeOfWhole);
  const carriers = arms.filter((arm) => mayCarry(cx, arm) || isLostView(cx, arm));
  const whole = carriers.length === 0 ? undefined : typeOfWhole();
  if (whole === undefined) return;
  for (const arm of carriers) convert(cx, report, arm, () => whole);
}

export function contextual(cx: GuardContext, report: Report, expression: ts.Expression): void {
  if (isResultOfHandler(cx, expression) || isOutOfQuestion(cx, expression)) return;
  const type = cx.checker.getTypeAtLocation(expression);
  if (keepsType(cx, expression, type)) return;
  const callable = passesForEverything(cx, type) || type.getCallSignatures().length > 0 || isBlind(cx, type);
  const isHolder = holdsReceiver(cx, type);
  const isViewOnly = !callable && !isHolder && !carries(cx, type);
  if (isViewOnly && !isLostView(cx, expression)) return;
  const expected = expectedOf(cx, expression) ?? returnedType(cx, expression);
  if (expected === undefined) return;
  const lost =
    (isViewOnly ? losesView(cx, expression, expected) : losesWriter(cx, type, expected)) ??
    losesReceiver(cx, type, expected) ??
    (passesForEverything(cx, type) ? putsWriterIn(cx, expression, expected) : null);
  if (lost !== null) reportEscape(cx, report, expression, lost);
  else if (callable) {
    const parameter = losesByParameter(cx, type, expected);
    if (parameter === null) visitPackageHandler(cx, report, expression, type, expected);
    if (parameter !== null) report.add("no-writer-escape", "anyParameter", expression, { to: parameter });
  }
}

/** What the place of an expression asks of it; for an element of a list, also of an object with numbers as its names. */
function expectedOf({ ts, checker }: GuardContext, expression: ts.Expression): ts.Type | undefined {
  const { parent } = expression;
  const expected = checker.getContextualType(expression);
  if (expected !== undefined || !ts.isArrayLiteralExpression(parent)) return expected;
  const member = checker
    .getContextualType(parent)
    ?.getProperty(String(parent.elements.findIndex((one) => one === expression)));
  return member && checker.getTypeOfSymbol(member);
}

/** A function whose parameters are what its place says they are. */
function isTypedByPlace({ ts }: GuardContext, expression: ts.Expression): boolean {
  if (!ts.isArrowFunction(expression) && !ts.isFunctionExpression(expression)) return false;
  if ((expression.flags & ts.NodeFlags.JavaScriptFile) !== 0 || expression.typeParameters !== undefined)
    return false;
  return expression.parameters.every(
    ({ name, type, initializer, dotDotDotToken }) =>
      ts.isIdentifier(name) && (type ?? initializer ?? dotDotDotToken) === undefined,
  );
}

/** Whether an expression is known not to be the writer before its type is asked for. */
function isOutOfQuestion(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  const isJavaScript = (expression.flags & ts.NodeFlags.JavaScriptFile) !== 0;
  if (ts.isParenthesizedExpression(expression) && !isJavaScript)
    return isOutOfQuestion(cx, expression.expression);
  if (ts.isSatisfiesExpression(expression)) return isOutOfQuestion(cx, expression.expression);
  if (ts.isAsExpression(expression) && ts.isConstTypeReference(expression.type))
    return isOutOfQuestion(cx, expression.expression);
  if (ts.isConditionalExpression(expression))
    return isOutOfQuestion(cx, expression.whenTrue) && isOutOfQuestion(cx, expression.whenFalse);
  if (isPrimitive(cx, expression) || isData(cx, expression) || isHarmlessByRoot(cx, expression)) return true;
  const declared = typeByDeclaration(cx, expression);
  if (declared !== null && isOfPrimitives(cx, declared)) return true;
  // The compiler works the type of a literal out again and again.
  const isLiteral = ts.isObjectLiteralExpression(expression) || ts.isArrayLiteralExpression(expression);
  const made = ts.isAwaitExpression(expression) ? expression.expression : expression;
  const isTold = isLiteral || openResult(cx, made) !== null;
  return isTold && !mayCarry(cx, expression) && !isLostView(cx, expression);
}

/** A function of a package where the writer is passed in. */
export function visitPackageHandler(
  cx: GuardContext,
  report: Report,
  expression: ts.Expression,
  type: ts.Type,
  expected: ts.Type,
): void {
  for (const { declaration } of type.getCallSignatures()) {
    const origin = declaration && cx.packages.originOf(declaration.getSourceFile());
    if (declaration === undefined || origin?.kind !== "package") continue;
    if (trustedPackage(origin.name) || isTrusted(cx, declaration)) continue;
    const arms = expected.isUnion() ? expected.types : [expected];
    if (!arms.some((arm) => receives(cx, arm))) return;
    const name = expression.getText(report.file);
    report.add("no-writer-escape", "untrustedPackage", expression, { package: origin.name, name });
    return;
  }
}

/** Whether a value is all that a function gives back, of which nothing else says what it is. */
function keepsType(cx: GuardContext, expression: ts.Expression, type: ts.Type): boolean {
  const { ts } = cx;
  const fn = functionAround(cx, expression);
  if (fn === null || fn.type !== undefined || (fn.flags & ts.NodeFlags.JavaScriptFile) !== 0) return false;
  const isUntyped = ts.isVariableDeclaration(fn.parent)
    ? fn.parent.type === undefined
    : ts.isFunctionDeclaration(fn);
  return isUntyped && returnedType(cx, expression) === type;
}

/** The function that a return statement ends, or that a yield is of. */
function functionAround({ ts }: GuardContext, expression: ts.Expression): ts.SignatureDeclaration | null {
  if (!ts.isReturnStatement(expression.parent) && !ts.isYieldExpression(expression.parent)) return null;
  let fn: ts.Node = expression.parent;
  while (!ts.isFunctionLike(fn)) {
    if (ts.isSourceFile(fn)) return null;
    fn = fn.parent;
  }
  return fn;
}

/** What a function without an annotation gives back: another return may have made it any. */
function returnedType(cx: GuardContext, expression: ts.Expression): ts.Type | undefined {
  const { checker } = cx;
  const fn = functionAround(cx, expression);
  if (fn === null) return undefined;
  const signature = checker.getSignatureFromDeclaration(fn);
  const returned = signature?.getReturnType();
  if (returned === undefined) return undefined;
  if (cx.ts.isYieldExpression(expression.parent)) return argumentsOf(cx, returned)[0];
  return checker.getAwaitedType(returned) ?? returned;
}

/** `fn as unknown as (ctx: MutationCtx) => …`: what the function takes is seen below the assertions. */
function losesByAssertion(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const inner = stripAssertions(cx.ts, expression);
  return inner === expression ? null : losesByParameter(cx, cx.checker.getTypeAtLocation(inner), target);
}

/** A value with a name of its own that is used as something the writer can be put into. */
export function putsWriterIn(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const { ts, checker } = cx;
  if (!isPlainName(cx, expression) || !carries(cx, target)) return null;
  const type = checker.getTypeAtLocation(stripAssertions(ts, expression));
  return (
    gainsWriter(cx, type, target) ?? (isAsserted(cx, expression) ? passesForWriter(cx, type, target) : null)
  );
}

/** Whether an assertion stands in or around an expression; in JavaScript, it is a comment before a parenthesis. */
function isAsserted({ ts }: GuardContext, expression: ts.Expression): boolean {
  const { parent, flags } = expression;
  const isComment = ts.isParenthesizedExpression(parent) && (flags & ts.NodeFlags.JavaScriptFile) !== 0;
  return (
    stripAssertions(ts, expression) !== expression ||
    isComment ||
    ts.isAsExpression(parent) ||
    ts.isTypeAssertionExpression(parent)
  );
}

export function isPlainName({ ts }: GuardContext, expression: ts.Expression): boolean {
  const inner = stripAssertions(ts, expression);
  return (
    ts.isIdentifier(inner) ||
    inner.kind === ts.SyntaxKind.ThisKeyword ||
    ts.isPropertyAccessExpression(inner) ||
    ts.isElementAccessExpression(inner)
  );
}

export function reportEscape(cx: GuardContext, report: Report, node: ts.Node, to: string): void {
  const from = shortType(cx, cx.checker.getTypeAtLocation(node));
  report.add("no-writer-escape", "escape", node, { from, to });
}
