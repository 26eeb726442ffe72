/** Functions and classes of the app with type parameters, whose code sees what these stand for. */
import type ts from "typescript";
import { carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness } from "./conversions.js";
import { declarationOf } from "./references.js";

/** `Seen<T>`, declared as a conditional type, becomes any for the writer. */
export function losesByResult(cx: GuardContext, signature: ts.Signature): string | null {
  const { ts } = cx;
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  const declared = declaration && cx.checker.getSignatureFromDeclaration(declaration);
  const isOpen = ((declared?.getReturnType().flags ?? 0) & ts.TypeFlags.Instantiable) !== 0;
  return isOpen ? blindness(cx, signature.getReturnType()) : null;
}

/** The class of the app that another one extends. */
export function classOf(
  cx: GuardContext,
  { expression }: ts.ExpressionWithTypeArguments | ts.NewExpression,
): ts.ClassLikeDeclaration | null {
  const { ts } = cx;
  const declaration = ts.isIdentifier(expression) ? declarationOf(cx, expression) : null;
  if (declaration === null || !cx.packages.isProject(declaration.getSourceFile())) return null;
  return ts.isClassLike(declaration) ? declaration : null;
}

/** The code behind an overload. */
export function implementationOf(
  { ts, checker }: GuardContext,
  fn: ts.SignatureDeclaration,
): ts.SignatureDeclaration {
  if (("body" in fn && fn.body !== undefined) || fn.name === undefined) return fn;
  const others = checker.getSymbolAtLocation(fn.name)?.declarations ?? [];
  const found = others.find((one) => ts.isFunctionLike(one) && "body" in one && one.body !== undefined);
  return (found as ts.SignatureDeclaration | undefined) ?? fn;
}

/**
 * The type parameters of a function and of what is around it, whose values it may keep there, with the outermost
 * function or class that has some: all of its code sees what they stand for.
 */
export function genericAround(
  { ts }: GuardContext,
  fn: ts.SignatureDeclaration,
): { readonly owner: ts.Node; readonly typeParameters: readonly ts.TypeParameterDeclaration[] } {
  const typeParameters: ts.TypeParameterDeclaration[] = [];
  let owner: ts.Node = fn;
  for (let node: ts.Node = fn; !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isFunctionLike(node) && !ts.isClassLike(node)) continue;
    const own = ts.getEffectiveTypeParameterDeclarations(node as ts.DeclarationWithTypeParameters);
    if (own.length > 0) owner = node;
    typeParameters.push(...own);
  }
  return { owner, typeParameters };
}

/** `target[key]` with a key that is not written there, on what stands for the writer. */
export function isChosen(cx: GuardContext, node: ts.ElementAccessExpression): boolean {
  const { ts, checker } = cx;
  if (ts.isStringLiteralLike(node.argumentExpression) || ts.isNumericLiteral(node.argumentExpression))
    return false;
  const receiver = checker.getTypeAtLocation(node.expression);
  return (receiver.flags & ts.TypeFlags.Instantiable) !== 0 && carries(cx, receiver);
}

/**
 * `(...args: Args) => fn(...args)`: whether a list that a type parameter stands for is only spread into calls, which keep
 * it, and counted. Its own methods and loops give out what the bound says, `unknown`.
 */
export function isPassedOn(
  { ts, checker }: GuardContext,
  { name }: ts.ParameterDeclaration,
  body: ts.Node,
): boolean {
  if (!ts.isIdentifier(name)) return false;
  const list = checker.getSymbolAtLocation(name);
  const visit = (node: ts.Node): boolean => {
    if (!ts.isIdentifier(node) || node.text !== name.text || checker.getSymbolAtLocation(node) !== list)
      return ts.forEachChild(node, (child) => !visit(child) || undefined) !== true;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent)) return parent.name.text === "length";
    return ts.isSpreadElement(parent) && ts.isCallExpression(parent.parent);
  };
  return visit(body);
}
