/** Values that lose the writer where they are used as another type. */
import type ts from "typescript";
import { carries, isView, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import {
  blindness,
  gainsWriter,
  losesByParameter,
  losesWriter,
  passesForEverything,
  shortType,
} from "./conversions.js";
import { stripAssertions } from "./contracts.js";
import { mayCarry } from "./flows.js";
import type { Report } from "./report.js";
import { isTrusted, trustedPackage } from "./trust.js";

export function convert(cx: GuardContext, report: Report, expression: ts.Expression, target: ts.Type): void {
  const type = cx.checker.getTypeAtLocation(expression);
  const lost =
    losesWriter(cx, type, target) ??
    losesByParameter(cx, type, target) ??
    losesView(cx, expression, target) ??
    losesByAssertion(cx, expression, target) ??
    putsWriterIn(cx, expression, target);
  if (lost !== null) reportEscape(cx, report, expression, lost);
}

/** An arm of a conditional or an element of a list whose other arms make the complete expression `any` or `unknown`. */
export function absorb(cx: GuardContext, report: Report, arm: ts.Expression, whole: ts.Type): void {
  if ((whole.flags & (cx.ts.TypeFlags.Any | cx.ts.TypeFlags.Unknown)) !== 0) convert(cx, report, arm, whole);
}

export function contextual(cx: GuardContext, report: Report, expression: ts.Expression): void {
  const { ts } = cx;
  const isLiteral = ts.isObjectLiteralExpression(expression) || ts.isArrayLiteralExpression(expression);
  if (isLiteral && !mayCarry(cx, expression)) return;
  const type = cx.checker.getTypeAtLocation(expression);
  const callable = passesForEverything(cx, type) || type.getCallSignatures().length > 0;
  if (!callable && !carries(cx, type)) return;
  const expected = cx.checker.getContextualType(expression) ?? returnedType(cx, expression);
  if (expected === undefined) return;
  const lost = losesWriter(cx, type, expected);
  if (lost !== null) reportEscape(cx, report, expression, lost);
  else if (callable) {
    const parameter = losesByParameter(cx, type, expected);
    if (parameter === null) visitPackageHandler(cx, report, expression, type, expected);
    if (parameter !== null) report.add("no-writer-escape", "anyParameter", expression, { to: parameter });
  }
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

/** What a function without an annotation gives back: another return may have made it any. */
function returnedType(cx: GuardContext, expression: ts.Expression): ts.Type | undefined {
  const { ts, checker } = cx;
  if (!ts.isReturnStatement(expression.parent)) return undefined;
  let fn: ts.Node = expression.parent;
  while (!ts.isFunctionLike(fn)) {
    if (ts.isSourceFile(fn)) return undefined;
    fn = fn.parent;
  }
  const signature = checker.getSignatureFromDeclaration(fn);
  const returned = signature?.getReturnType();
  return returned && (checker.getAwaitedType(returned) ?? returned);
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
  return gainsWriter(cx, checker.getTypeAtLocation(stripAssertions(ts, expression)), target);
}

export function isPlainName({ ts }: GuardContext, expression: ts.Expression): boolean {
  const inner = stripAssertions(ts, expression);
  return (
    ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner)
  );
}

/** What becomes of a value that may be the writer although its type shows only a part of it; see `isView`. */
export function losesView(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const lost = blindness(cx, target);
  return lost !== null && isLostView(cx, expression) ? lost : null;
}

/** A name, or a part of one, that is annotated with a view of the writer: who gave the value may have had the writer. */
export function isLostView(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  const inner = stripAssertions(ts, expression);
  if (!ts.isIdentifier(inner) && !ts.isPropertyAccessExpression(inner)) return false;
  return isView(cx, cx.checker.getTypeAtLocation(inner)) && isAnnotated(cx, inner);
}

/** Whether an annotation says what a name is. A parameter without one has exactly the type of what Convex gives it. */
function isAnnotated(cx: GuardContext, expression: ts.Expression, depth = 8): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (depth === 0 || (inner !== expression && !ts.isParenthesizedExpression(expression))) return true;
  if (ts.isPropertyAccessExpression(inner) && inner.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return isAnnotated(cx, inner.expression, depth - 1);
  const symbol = checker.getSymbolAtLocation(inner);
  let declaration: ts.Node | undefined = symbol?.valueDeclaration;
  while (declaration !== undefined && ts.isBindingElement(declaration))
    declaration = declaration.parent.parent;
  if (declaration === undefined) return false;
  if (!ts.isVariableDeclaration(declaration) && !ts.isParameter(declaration))
    return ts.isPropertyDeclaration(declaration) && declaration.type !== undefined;
  if (declaration.type !== undefined || ts.getJSDocType(declaration) !== undefined) return true;
  return declaration.initializer !== undefined && isAnnotated(cx, declaration.initializer, depth - 1);
}

export function reportEscape(cx: GuardContext, report: Report, node: ts.Node, to: string): void {
  const from = shortType(cx, cx.checker.getTypeAtLocation(node));
  report.add("no-writer-escape", "escape", node, { from, to });
}
