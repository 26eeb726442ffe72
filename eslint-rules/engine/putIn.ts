/** Values without the writer that get it: by a function that they are given to, by `Object.assign`, by an assignment. */
import type ts from "typescript";
import { carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness } from "./conversions.js";
import { shortType } from "./typeText.js";
import { isData } from "./data.js";
import { isGlobal } from "./dynamicCode.js";
import { isPlainName, putsWriterIn, reportEscape } from "./escape.js";
import { isHarmlessByRoot, mayCarry } from "./flows.js";
import { holdsReceiver, replacesReceiver } from "./receivers.js";
import { parameterType, signatureFor } from "./positions.js";
import type { Report } from "./report.js";
import { isLostView, overwrites } from "./views.js";

/** An argument without the writer that the callee, or `Object.assign`, puts the writer into. */
export function visitPutIn(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression | ts.NewExpression,
): void {
  const { ts, checker } = cx;
  const args: readonly ts.Expression[] = call.arguments ?? [];
  if (!args.some((argument) => isPlainName(cx, argument))) return;
  if (isData(cx, call) || isData(cx, call.expression)) return;
  const callee = call.expression;
  const isAssign =
    ts.isPropertyAccessExpression(callee) &&
    callee.getText() === "Object.assign" &&
    ts.isIdentifier(callee.expression) &&
    isGlobal(cx, callee.expression);
  if (isAssign) {
    const [object, ...others] = args;
    const view = object && others.find((one) => overwrites(cx, one, checker.getTypeAtLocation(object)));
    if (view !== undefined) reportEscape(cx, report, view, "what it is put over");
    if (object !== undefined) visitReplaced(cx, report, object, others);
    if (object === undefined || !isPlainName(cx, object) || !others.some((one) => mayCarry(cx, one))) return;
    const type = checker.getTypeAtLocation(object);
    const given = others.find((one) => carries(cx, checker.getTypeAtLocation(one)));
    if (given !== undefined && (isData(cx, object) || !carries(cx, type)))
      reportEscape(cx, report, given, shortType(cx, type));
    return;
  }
  const fn = checker.getTypeAtLocation(callee);
  if ((fn.flags & ts.TypeFlags.Any) !== 0 || isConvexFunction(cx, fn)) return;
  if (takesNoWriter(cx, ts.isNewExpression(call) ? fn.getConstructSignatures() : fn.getCallSignatures()))
    return;
  // A reference to a function keeps nothing: each access makes a new one.
  const fillable = args.filter((one) => isPlainName(cx, one) && !isHarmlessByRoot(cx, one));
  if (fillable.length === 0) return;
  const signature = signatureFor(cx, call, fillable);
  if (signature === undefined) return;
  for (const argument of fillable) {
    const expected = parameterType(cx, signature, args.indexOf(argument), call);
    if (expected === null) continue;
    const fills = isData(cx, argument) && carries(cx, expected);
    const lost = fills ? shortType(cx, expected) : putsWriterIn(cx, argument, expected);
    if (lost !== null) reportEscape(cx, report, argument, lost);
  }
}

/** `Object.assign(jobs, more)`: functions that get the writer are replaced by others. */
function visitReplaced(
  cx: GuardContext,
  report: Report,
  object: ts.Expression,
  others: readonly ts.Expression[],
): void {
  const { checker } = cx;
  const type = checker.getTypeAtLocation(object);
  if (!holdsReceiver(cx, type)) return;
  for (const other of others) {
    const given = checker.getTypeAtLocation(other);
    const lost = blindness(cx, given) ?? replacesReceiver(cx, given, type);
    if (lost !== null) report.add("no-writer-escape", "anyParameter", other, { to: lost });
  }
}

/**
 * What a function of the app gave back, or is called with, has no writer in it, and is not looked at again: nothing may
 * put one there.
 */
export function putInData(
  cx: GuardContext,
  report: Report,
  value: ts.Expression,
  to = "data that another function gave back",
): void {
  if (carries(cx, cx.checker.getTypeAtLocation(value)) || isLostView(cx, value))
    reportEscape(cx, report, value, to);
}

/** Whether no parameter of a function that is not generic takes the writer: which overload is called does not matter. */
function takesNoWriter(cx: GuardContext, signatures: readonly ts.Signature[]): boolean {
  return (
    signatures.length > 0 &&
    signatures.every(
      ({ typeParameters, parameters }) =>
        typeParameters === undefined &&
        parameters.every((one) => !carries(cx, cx.checker.getTypeOfSymbol(one))),
    )
  );
}

/** A function of Convex stores or sends what it is given, and puts nothing into it. */
function isConvexFunction({ packages }: GuardContext, fn: ts.Type): boolean {
  const signatures = fn.getCallSignatures();
  return signatures.length > 0 && signatures.every(({ declaration }) => packages.isOfConvex(declaration));
}
