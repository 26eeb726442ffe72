/** The writer as `this`: before the dot of a call, or as an argument of `call`, `apply` and `bind`. */
import type ts from "typescript";
import { carries, isFactory } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { losesByParameter, losesWriter, parameterAt } from "./conversions.js";
import { stripAssertions } from "./contracts.js";
import { reportEscape } from "./escape.js";
import { isData } from "./data.js";
import { isHarmlessByRoot, mayCarry } from "./flows.js";
import type { Report } from "./report.js";

/** `this: any`: what stands before the dot, or is given to `call`, `apply` and `bind`, carries the writer there. */
export function visitThis(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const callee = stripAssertions(ts, call.expression);
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return;
  if (isHarmlessByRoot(cx, callee.expression)) return;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  const [first] = call.arguments;
  if (INDIRECT.test(name) && first !== undefined && mayCarry(cx, first)) {
    for (const signature of checker.getTypeAtLocation(callee.expression).getCallSignatures())
      loseAsThis(cx, report, first, signature);
  }
  if (INDIRECT.test(name)) {
    if (
      first !== undefined &&
      callsLanguage(cx, callee.expression) &&
      carries(cx, checker.getTypeAtLocation(first))
    )
      reportEscape(cx, report, first, `\`this\` of ${callee.expression.getText()}`);
    if (isFactory(cx, checker.getTypeAtLocation(callee.expression)))
      reportEscape(cx, report, callee.expression, `what \`${name}\` calls`);
    visitIndirectCall(cx, report, callee.expression, name, call.arguments.slice(1));
    return;
  }
  if (!declaresThis(cx) || isData(cx, callee.expression)) return;
  const declares = checker.getTypeAtLocation(callee).getCallSignatures();
  if (!declares.some((one) => thisOf(cx, one) !== undefined) || !mayCarry(cx, callee.expression)) return;
  const signature = checker.getResolvedSignature(call);
  if (signature !== undefined && thisOf(cx, signature) !== undefined)
    loseAsThis(cx, report, callee.expression, signature);
}

const declaring = new WeakMap<ts.Program, boolean>();

/** Whether a function of the app says what its `this` is; few apps have one. */
function declaresThis({ ts, program, packages }: GuardContext): boolean {
  let declares = declaring.get(program);
  if (declares === undefined) {
    const hasParameter = (node: ts.Node): boolean =>
      (ts.isParameter(node) && node.name.getText() === "this") ||
      (ts.forEachChild(node, (child) => hasParameter(child) || undefined) ?? false);
    declares = program
      .getSourceFiles()
      .some(
        (file) =>
          /\bthis\b/.test(file.text) &&
          packages.isProject(file) &&
          (/@this\b/.test(file.text) || hasParameter(file)),
      );
    declaring.set(program, declares);
  }
  return declares;
}

/** A function of the language that gives out parts of its `this`: `Array.prototype.map`. */
function callsLanguage(cx: GuardContext, fn: ts.Expression): boolean {
  const { ts, checker } = cx;
  const primitive = ts.TypeFlags.StringLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.NumberLike;
  return checker
    .getTypeAtLocation(fn)
    .getCallSignatures()
    .some((signature) => {
      const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
      return (
        declaration !== undefined &&
        cx.packages.originOf(declaration.getSourceFile()).kind === "lib" &&
        (signature.getReturnType().flags & primitive) === 0
      );
    });
}

const INDIRECT = /^(?:call|apply|bind)$/;

/** `fn.call(null, ctx)`: the compiler takes the types of the arguments for those of the function's parameters. */
function visitIndirectCall(
  cx: GuardContext,
  report: Report,
  fn: ts.Expression,
  name: string,
  args: readonly ts.Expression[],
): void {
  const { ts, checker } = cx;
  const [list] = args;
  const isWritten = name !== "apply" || (list !== undefined && ts.isArrayLiteralExpression(list));
  const given = name !== "apply" ? args : isWritten ? (list as ts.ArrayLiteralExpression).elements : [];
  const signatures = checker.getTypeAtLocation(fn).getCallSignatures();
  for (const [index, argument] of given.entries()) {
    if (!mayCarry(cx, argument)) continue;
    const type = checker.getTypeAtLocation(argument);
    for (const signature of signatures) {
      const expected = parameterAt(cx, signature, index);
      const lost = expected && (losesWriter(cx, type, expected) ?? losesByParameter(cx, type, expected));
      if (lost !== null) reportEscape(cx, report, argument, lost);
    }
  }
  if (!isWritten && list !== undefined && carries(cx, checker.getTypeAtLocation(list)))
    reportEscape(cx, report, list, "a list of any");
}

function loseAsThis(cx: GuardContext, report: Report, value: ts.Expression, signature: ts.Signature): void {
  const { ts, checker } = cx;
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  // An arrow function has the `this` of where it stands; functions of libraries are judged as callees.
  if (declaration === undefined || ts.isArrowFunction(declaration)) return;
  if (!cx.packages.isProject(declaration.getSourceFile())) return;
  const type = checker.getTypeAtLocation(value);
  const expected = thisOf(cx, signature);
  const lost =
    expected === undefined ? (carries(cx, type) ? "`this`" : null) : losesWriter(cx, type, expected);
  if (lost !== null) reportEscape(cx, report, value, lost);
}

/** The declared type of `this` in a function. */
function thisOf(cx: GuardContext, signature: ts.Signature): ts.Type | undefined {
  // The compiler keeps it beside the parameters, and offers no function for it.
  const { thisParameter } = signature as ts.Signature & { readonly thisParameter?: ts.Symbol };
  return thisParameter && cx.checker.getTypeOfSymbol(thisParameter);
}
