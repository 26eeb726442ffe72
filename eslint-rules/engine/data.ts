/** Values that cannot be the writer, told without asking for their types where these lead to those of the whole app. */
import type ts from "typescript";
import { carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { isGlobal } from "./dynamicCode.js";
import { declarationOf } from "./references.js";

/** Operators that may give one of the two values that they stand between. */
const CHOOSING = /^(?:\|\|=?|&&=?|\?\?=?|=|,)$/;

/** An expression whose value is a string, a number or the like, by its form. */
export function isPrimitive({ ts }: GuardContext, expression: ts.Expression): boolean {
  if (ts.isBinaryExpression(expression)) return !CHOOSING.test(expression.operatorToken.getText());
  return (
    ts.isLiteralExpression(expression) ||
    ts.isTemplateExpression(expression) ||
    ts.isPrefixUnaryExpression(expression) ||
    ts.isPostfixUnaryExpression(expression) ||
    ts.isTypeOfExpression(expression) ||
    ts.isVoidExpression(expression) ||
    ts.isDeleteExpression(expression) ||
    PRIMITIVES.has(ts.SyntaxKind[expression.kind])
  );
}

const PRIMITIVES: ReadonlySet<string> = new Set(["NullKeyword", "TrueKeyword", "FalseKeyword"]);

/** What a function of the app gives back to another one crosses a border that only data can cross. */
const FUNCTION_CALLS: ReadonlySet<string> = new Set(["runQuery", "runMutation", "runAction"]);

/** `ctx.runQuery(internal.x.y, …)`: the type of its result is that of every function of the app together. */
export function isFunctionCall({ ts, checker, packages }: GuardContext, node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name } = node.expression;
  if (!FUNCTION_CALLS.has(name.text)) return false;
  return packages.isOfConvex(checker.getSymbolAtLocation(name)?.declarations?.[0]);
}

const data = new WeakMap<GuardContext, WeakMap<ts.Node, boolean>>();

/** Whether a value is the result of a function of the app, or is made of one alone: told without asking for its type. */
export function isData(cx: GuardContext, expression: ts.Expression): boolean {
  let known = data.get(cx);
  if (known === undefined) data.set(cx, (known = new WeakMap<ts.Node, boolean>()));
  let is = known.get(expression);
  if (is === undefined) {
    known.set(expression, false); // a value that is made of itself is what else it is made of
    known.set(expression, (is = comesFromFunction(cx, expression)));
  }
  return is;
}

function comesFromFunction(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  if (ts.isAsExpression(expression) || ts.isTypeAssertionExpression(expression)) {
    // Asserted to hold the writer, it may get it later.
    const isConst = ts.isConstTypeReference(expression.type);
    if (!isConst && carries(cx, cx.checker.getTypeFromTypeNode(expression.type))) return false;
    return isData(cx, expression.expression);
  }
  if (
    ts.isParenthesizedExpression(expression) ||
    ts.isNonNullExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isAwaitExpression(expression) ||
    ts.isPropertyAccessExpression(expression) ||
    ts.isElementAccessExpression(expression)
  )
    return isData(cx, expression.expression);
  if (ts.isIdentifier(expression)) return isNameOfData(cx, expression);
  if (ts.isArrayLiteralExpression(expression))
    return expression.elements.length > 0 && expression.elements.every((one) => isData(cx, one));
  if (ts.isBinaryExpression(expression))
    return [expression.left, expression.right].every((one) => isDataOrText(cx, one));
  if (ts.isConditionalExpression(expression))
    return [expression.whenTrue, expression.whenFalse].every((one) => isDataOrText(cx, one));
  if (!ts.isCallExpression(expression)) return false;
  if (isFunctionCall(cx, expression)) return true;
  if (!ts.isPropertyAccessExpression(expression.expression)) return false;
  const { expression: holder } = expression.expression;
  const isOfData =
    isData(cx, holder) || (ts.isIdentifier(holder) && OF_LANGUAGE.has(holder.text) && isGlobal(cx, holder));
  return isOfData && expression.arguments.every((one) => addsNothing(cx, one));
}

const OF_LANGUAGE: ReadonlySet<string> = new Set(["Array", "Object", "Promise"]);

/** Whether an argument leaves the result of a call what it is without it: data, text, or a function that gives these. */
function addsNothing(cx: GuardContext, argument: ts.Expression): boolean {
  const { ts } = cx;
  if (isDataOrText(cx, argument)) return true;
  if (ts.isParenthesizedExpression(argument)) return addsNothing(cx, argument.expression);
  if (ts.isArrowFunction(argument) || ts.isFunctionExpression(argument))
    return !someResult(cx, argument.body, (one) => !addsNothing(cx, one));
  if (ts.isArrayLiteralExpression(argument)) return argument.elements.every((one) => addsNothing(cx, one));
  if (ts.isSpreadElement(argument)) return addsNothing(cx, argument.expression);
  if (ts.isObjectLiteralExpression(argument))
    return argument.properties.every(
      (one) =>
        (ts.isPropertyAssignment(one) && addsNothing(cx, one.initializer)) ||
        (ts.isShorthandPropertyAssignment(one) && addsNothing(cx, one.name)) ||
        (ts.isSpreadAssignment(one) && addsNothing(cx, one.expression)),
    );
  return isOfPrimitives(cx, cx.checker.getTypeAtLocation(argument));
}

function isDataOrText(cx: GuardContext, expression: ts.Expression): boolean {
  return isPrimitive(cx, expression) || isData(cx, expression);
}

/** A constant that is made of data, or the parameter of a function that a method of data calls. */
function isNameOfData(cx: GuardContext, name: ts.Identifier): boolean {
  const { ts } = cx;
  let declaration: ts.Node | null = declarationOf(cx, name);
  while (declaration !== null && ts.isBindingElement(declaration)) {
    if (declaration.initializer !== undefined) return false;
    declaration = declaration.parent.parent;
  }
  if (declaration === null) return false;
  if (ts.isVariableDeclaration(declaration)) {
    if ((declaration.parent.flags & ts.NodeFlags.Const) === 0) return false;
    const isTyped = declaration.type !== undefined;
    if (isTyped && carries(cx, cx.checker.getTypeAtLocation(declaration.name))) return false;
    const loop = declaration.parent.parent;
    const value = ts.isForOfStatement(loop) ? loop.expression : declaration.initializer;
    return value !== undefined && isData(cx, value);
  }
  if (!ts.isParameter(declaration)) return false;
  const call = declaration.parent.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    call.arguments.length === 1 &&
    call.arguments[0] === (declaration.parent as ts.Node) &&
    !/^reduce/.test(call.expression.name.text) &&
    isData(cx, call.expression.expression)
  );
}

/** Whether a type has only strings, numbers and the like. */
export function isOfPrimitives({ ts }: GuardContext, type: ts.Type): boolean {
  const { StringLike, NumberLike, BooleanLike, BigIntLike, Undefined, Null, Void } = ts.TypeFlags;
  const primitives = StringLike | NumberLike | BooleanLike | BigIntLike | Undefined | Null | Void;
  return (type.isUnion() ? type.types : [type]).every(({ flags }) => (flags & primitives) !== 0);
}

/** Whether something holds for what a function gives back: its expression, or that of a return. */
export function someResult(
  { ts }: GuardContext,
  body: ts.ConciseBody,
  holds: (one: ts.Expression) => boolean,
): boolean {
  if (!ts.isBlock(body)) return holds(body);
  const visit = (node: ts.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
    if (ts.isReturnStatement(node) || ts.isYieldExpression(node)) {
      if (node.expression !== undefined && holds(node.expression)) return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(body);
}
