/** Places where a value or a type is given to something that has another type. */
import type ts from "typescript";
import { argumentsOf, carries } from "./carriers.js";
import { isDeclaredWithout } from "./checker.js";
import type { GuardContext } from "./context.js";
import { calledBy } from "./references.js";
import { blindness, losesWriter } from "./conversions.js";
import { reportEscape } from "./escape.js";
import type { Report } from "./report.js";

/** `new Triggers<DataModel, any>()`: any in the place of a type that holds the writer. */
export function visitTypeArguments(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression | ts.NewExpression,
  given: readonly ts.TypeNode[],
): void {
  const { ts, checker } = cx;
  if (!given.some((one) => blindness(cx, checker.getTypeAtLocation(one)) !== null)) return;
  const made = ts.isNewExpression(call) ? checker.getTypeAtLocation(call.expression).symbol : undefined;
  const called = calledBy(cx, call);
  const owner = (made as ts.Symbol | undefined)?.valueDeclaration ?? called;
  if (owner === undefined || (!ts.isClassLike(owner) && !ts.isFunctionLike(owner))) return;
  for (const [index, parameter] of ts.getEffectiveTypeParameterDeclarations(owner).entries()) {
    const argument = given[index];
    const lost = argument === undefined ? null : blindness(cx, checker.getTypeAtLocation(argument));
    const bounds = [parameter.constraint, parameter.default].filter((one) => one !== undefined);
    if (
      argument !== undefined &&
      lost !== null &&
      bounds.some((one) => carries(cx, checker.getTypeAtLocation(one)))
    )
      report.add("no-writer-escape", "escape", argument, { from: `\`${parameter.name.text}\``, to: lost });
  }
}

/** `for (kept of [ctx.db])`: each element is assigned to what is there. */
export function visitLoop(
  cx: GuardContext,
  report: Report,
  { initializer, expression }: ts.ForOfStatement,
): void {
  const { ts, checker } = cx;
  if (ts.isVariableDeclarationList(initializer)) return;
  const type = checker.getTypeAtLocation(expression);
  if (!carries(cx, type)) return;
  const element = type.getNumberIndexType() ?? argumentsOf(cx, type)[0];
  const lost =
    element === undefined ||
    ts.isObjectLiteralExpression(initializer) ||
    ts.isArrayLiteralExpression(initializer)
      ? "the parts of a pattern"
      : losesWriter(cx, checker.getAwaitedType(element) ?? element, checker.getTypeAtLocation(initializer));
  if (lost !== null) reportEscape(cx, report, expression, lost);
}

/** The type of an argument; of spread arguments that a type parameter stands for, that parameter. */
export function typeOfArgument({ ts, checker }: GuardContext, argument: ts.Expression): ts.Type {
  if (!ts.isSpreadElement(argument)) return checker.getTypeAtLocation(argument);
  const list = checker.getTypeAtLocation(argument.expression);
  return (list.flags & ts.TypeFlags.Instantiable) === 0 ? checker.getTypeAtLocation(argument) : list;
}

/**
 * Whether the type of a parameter is asked of the caller (`Rules<Ctx>`): a trusted package calls the app's own functions
 * with the argument as what the app says it is.
 */
export function isAsked(cx: GuardContext, { declaration }: ts.Signature, index: number): boolean {
  const parameter = declaration?.parameters[index];
  if (parameter === undefined || cx.packages.originOf(parameter.getSourceFile()).kind !== "package")
    return false;
  return (cx.checker.getTypeAtLocation(parameter).flags & cx.ts.TypeFlags.TypeParameter) !== 0;
}

/** What is handed to a component of JSX gets the type that the component declares. */
export function propsOf(
  cx: GuardContext,
  attribute: ts.JsxAttribute | ts.JsxSpreadAttribute,
): { readonly value: ts.Expression; readonly target: ts.Type } | null {
  const { ts, checker } = cx;
  const value = ts.isJsxSpreadAttribute(attribute)
    ? attribute.expression
    : attribute.initializer !== undefined && ts.isJsxExpression(attribute.initializer)
      ? attribute.initializer.expression
      : undefined;
  if (value === undefined || !carries(cx, checker.getTypeAtLocation(value))) return null;
  const target = ts.isJsxSpreadAttribute(attribute)
    ? checker.getContextualType(attribute.parent)
    : checker.getContextualType(value);
  return { value, target: target ?? checker.getAnyType() };
}

/**
 * The signature of a call, as far as it tells what takes these arguments. The only signature of a package's function need
 * not be inferred for parameters that are written without its type parameters: the compiler would work out all
 * arguments, and for a reference to a function of the app, the whole app.
 */
export function signatureFor(
  cx: GuardContext,
  call: ts.CallExpression | ts.NewExpression,
  wanted: readonly ts.Expression[],
): ts.Signature | undefined {
  const { ts, checker } = cx;
  const callee = checker.getTypeAtLocation(call.expression);
  const [signature, ...others] = ts.isNewExpression(call)
    ? callee.getConstructSignatures()
    : callee.getCallSignatures();
  const declaration = signature?.declaration;
  const isOfPackage =
    declaration !== undefined && cx.packages.originOf(declaration.getSourceFile()).kind === "package";
  const args: readonly ts.Expression[] = call.arguments ?? [];
  if (
    signature !== undefined &&
    others.length === 0 &&
    isOfPackage &&
    !args.some(ts.isSpreadElement) &&
    wanted.every((one) => {
      const parameter = signature.parameters[args.indexOf(one)];
      return parameter !== undefined && isDeclaredWithout(ts, parameter, signature.typeParameters ?? []);
    })
  )
    return signature;
  return checker.getResolvedSignature(call);
}

/** The type of the parameter that takes the argument, a rest parameter's element included. */
export function parameterType(
  cx: GuardContext,
  signature: ts.Signature,
  index: number,
  call: ts.CallExpression | ts.NewExpression,
): ts.Type | null {
  const { checker } = cx;
  const last = signature.parameters.length - 1;
  const parameter = signature.parameters[Math.min(index, last)];
  if (parameter === undefined) return null;
  const type = checker.getTypeOfSymbolAtLocation(parameter, call);
  const declaration = parameter.valueDeclaration;
  const isRest =
    declaration !== undefined && cx.ts.isParameter(declaration) && declaration.dotDotDotToken !== undefined;
  if (!isRest) return index <= last ? type : null;
  if (checker.isTupleType(type)) return argumentAt(cx, type, index - last);
  if ((type.flags & cx.ts.TypeFlags.Instantiable) !== 0) return type;
  return type.getNumberIndexType() ?? type;
}

function argumentAt(cx: GuardContext, tuple: ts.Type, index: number): ts.Type | null {
  return cx.checker.getTypeArguments(tuple as ts.TypeReference)[index] ?? null;
}
