/** Values that lose the writer where they are used as another type. */
import type ts from "typescript";
import { carries, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { gainsWriter, losesByParameter, losesWriter, passesForEverything, shortType } from "./conversions.js";
import { stripAssertions } from "./contracts.js";
import { mayCarry } from "./flows.js";
import type { Report } from "./report.js";
import { isTrusted, trustedPackage } from "./trust.js";
import { isLostView, losesView } from "./views.js";

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
  if (isLiteral && !mayCarry(cx, expression) && !isLostView(cx, expression)) return;
  const type = cx.checker.getTypeAtLocation(expression);
  const callable = passesForEverything(cx, type) || type.getCallSignatures().length > 0;
  const isViewOnly = !callable && !carries(cx, type);
  if (isViewOnly && !isLostView(cx, expression)) return;
  const expected = cx.checker.getContextualType(expression) ?? returnedType(cx, expression);
  if (expected === undefined) return;
  const lost = isViewOnly ? losesView(cx, expression, expected) : losesWriter(cx, type, expected);
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

export function reportEscape(cx: GuardContext, report: Report, node: ts.Node, to: string): void {
  const from = shortType(cx, cx.checker.getTypeAtLocation(node));
  report.add("no-writer-escape", "escape", node, { from, to });
}
