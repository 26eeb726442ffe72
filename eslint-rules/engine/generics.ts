/** Functions and classes of the app with type parameters, whose code sees what these stand for. */
import type ts from "typescript";
import { carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness, losesByParameter } from "./conversions.js";
import { isData, isOfPrimitives, someResult } from "./data.js";
import { declarationOf, unaliased, valueOf } from "./references.js";
import { isLostView, showsView } from "./views.js";

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

/**
 * Those of a function's type parameters that may stand for what a call gives as one argument: the ones that its parameter
 * mentions, and the ones of what a callback makes that is given the like. The others stand for something else, whatever
 * the code does to it.
 */
export function standInsFor(
  cx: GuardContext,
  signature: ts.Signature,
  parameter: ts.ParameterDeclaration,
  { owner, typeParameters }: ReturnType<typeof genericAround>,
): ts.Type[] {
  const given = parameter.type;
  const mentioned = given === undefined ? typeParameters : reachedFrom(cx, given, typeParameters);
  return typeParameters
    .filter((one) => mentioned.includes(one) || isMadeOfView(cx, signature, owner, one))
    .map((one) => cx.checker.getTypeAtLocation(one))
    .filter((type) => {
      const bound = cx.checker.getBaseConstraintOfType(type);
      return bound === undefined || !isOfPrimitives(cx, bound);
    });
}

/** The type parameters that a type mentions, and those that their constraints mention. */
function reachedFrom(
  cx: GuardContext,
  from: ts.TypeNode,
  typeParameters: readonly ts.TypeParameterDeclaration[],
): readonly ts.TypeParameterDeclaration[] {
  const reached = new Set<ts.TypeParameterDeclaration>();
  const visit = (type: ts.TypeNode): void => {
    for (const one of typeParameters) {
      if (reached.has(one) || !mentions(cx, type, one)) continue;
      reached.add(one);
      if (one.constraint !== undefined) visit(one.constraint);
    }
  };
  visit(from);
  return [...reached];
}

function mentions(
  cx: GuardContext,
  node: ts.Node | undefined,
  typeParameter: ts.TypeParameterDeclaration,
): boolean {
  if (node === undefined) return false;
  return (
    (cx.ts.isIdentifier(node) && node.text === typeParameter.name.text) ||
    (cx.ts.forEachChild(node, (child) => mentions(cx, child, typeParameter) || undefined) ?? false)
  );
}

/** `load: (ctx: QueryCtx) => T`: whether a type parameter may stand for what a callback makes of a writer or a view. */
function isMadeOfView(
  cx: GuardContext,
  signature: ts.Signature,
  owner: ts.Node,
  typeParameter: ts.TypeParameterDeclaration,
): boolean {
  const { ts, checker } = cx;
  const takesView = (type: ts.Type): boolean =>
    type
      .getCallSignatures()
      .some(({ parameters }) => parameters.some((one) => carriesOrShows(cx, checker.getTypeOfSymbol(one))));
  const visit = (node: ts.Node): boolean => {
    // Of a type of the app with arguments, such as `Loader<T>`, it is not known what it makes of them.
    const isNamed = ts.isTypeReferenceNode(node);
    const made = ts.isFunctionTypeNode(node) || ts.isMethodSignature(node) ? node.type : undefined;
    if (mentions(cx, isNamed ? node : made, typeParameter)) {
      const type = checker.getTypeAtLocation(node);
      const makers = [type, ...type.getProperties().map((one) => checker.getTypeOfSymbol(one))];
      if (makers.some(takesView) && !isKnownHere(cx, signature, node)) return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(owner);
}

/** The type parameters of a function type without code that a callback of it makes of a view. */
export function madeOfView(
  cx: GuardContext,
  signature: ts.Signature,
): readonly ts.TypeParameterDeclaration[] {
  const declaration = signature.declaration as ts.SignatureDeclaration;
  const typeParameters = cx.ts.getEffectiveTypeParameterDeclarations(
    declaration as ts.DeclarationWithTypeParameters,
  );
  return typeParameters.filter((one) => isMadeOfView(cx, signature, declaration, one));
}

/** Whether a callback is an argument of this call, and what it gives back is no view. */
function isKnownHere(cx: GuardContext, signature: ts.Signature, callback: ts.Node): boolean {
  const at =
    signature.declaration?.parameters.findIndex((one) => cx.ts.isParameter(one) && one.type === callback) ??
    -1;
  const parameter = signature.parameters[at];
  if (parameter === undefined) return false;
  const made = cx.checker.getTypeOfSymbol(parameter).getCallSignatures();
  return made.length > 0 && !made.some((one) => carriesOrShows(cx, one.getReturnType()));
}

/** `<F extends (ctx: QueryCtx) => unknown>(load: F)`: what the code sees of a function is what its bound says. */
export function losesInCallback(
  cx: GuardContext,
  type: ts.Type,
  { name }: ts.ParameterDeclaration,
): string | null {
  const declared = cx.checker.getTypeAtLocation(name);
  const bound = cx.checker.getBaseConstraintOfType(declared);
  return bound === undefined || bound === declared ? null : losesByParameter(cx, type, bound);
}

/** Whether an argument is a function that gives back a view, and the callee knows it by the bound of a type parameter. */
export function givesView(
  cx: GuardContext,
  { expression }: ts.CallExpression | ts.NewExpression,
  argument: ts.Expression,
): boolean {
  const { ts } = cx;
  if (!ts.isArrowFunction(argument) && !ts.isFunctionExpression(argument)) return false;
  // What a call gives back has been given to a function before.
  if (!someResult(cx, argument.body, (one) => !ts.isCallExpression(one) && !isData(cx, one))) return false;
  if (ts.isPropertyAccessExpression(expression) && isData(cx, expression.expression)) return false;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  const symbol = ts.isIdentifier(name) ? valueOf(cx, name) : undefined;
  const declaration = symbol && unaliased(cx, symbol).valueDeclaration;
  const isVariable = declaration !== undefined && ts.isVariableDeclaration(declaration);
  const value = isVariable ? declaration.initializer : declaration;
  const hasBound =
    value !== undefined &&
    ts.isFunctionLike(value) &&
    ts
      .getEffectiveTypeParameterDeclarations(value as ts.DeclarationWithTypeParameters)
      .some(({ constraint }) => constraint !== undefined);
  return hasBound && someResult(cx, argument.body, (one) => isLostView(cx, one));
}

function carriesOrShows(cx: GuardContext, type: ts.Type): boolean {
  return carries(cx, type) || showsView(cx, type);
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
