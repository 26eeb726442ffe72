import type ts from "typescript";
import { carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness, isOfApp, passesForEverything, takenByNext } from "./conversions.js";
import { stripAssertions } from "./contracts.js";
import { isGlobal } from "./dynamicCode.js";
import { declarationOf } from "./references.js";

/**
 * Whether an expression can carry the writer, asking for as few types as possible: the checker keeps the types of names
 * and calls, but works those of object and function literals out again each time, bodies and all.
 */
export function mayCarry(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  // In JavaScript, a comment before the parenthesis may be an assertion.
  const isJavaScript = (expression.flags & ts.NodeFlags.JavaScriptFile) !== 0;
  if (ts.isParenthesizedExpression(expression) && !isJavaScript) return mayCarry(cx, expression.expression);
  const inner = stripAssertions(ts, expression);
  // Asserted to be what passes for every type, it may take the place of a function that gets the writer.
  if (inner !== expression && passesForEverything(cx, cx.checker.getTypeAtLocation(expression))) return true;
  if (isPrimitive(cx, inner)) return false;
  if (ts.isSpreadElement(inner) || ts.isAwaitExpression(inner)) return mayCarry(cx, inner.expression);
  if (ts.isObjectLiteralExpression(inner))
    return inner.properties.some((property) => propertyMayCarry(cx, property));
  if (ts.isArrayLiteralExpression(inner)) return inner.elements.some((element) => mayCarry(cx, element));
  if (ts.isConditionalExpression(inner)) return mayCarry(cx, inner.whenTrue) || mayCarry(cx, inner.whenFalse);
  if (ts.isBinaryExpression(inner)) return mayCarry(cx, inner.left) || mayCarry(cx, inner.right);
  if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner)) return bodyMayCarry(cx, inner.body);
  if (isHarmlessByRoot(cx, inner) || isData(cx, inner)) return false;
  const type = cx.checker.getTypeAtLocation(inner);
  // A value of type any may take the place of a function that gets the writer.
  if ((type.flags & cx.ts.TypeFlags.Any) !== 0) return true;
  return (
    carries(cx, type) ||
    (isReference(cx, inner) && type.getCallSignatures().length > 0) ||
    ((isReference(cx, inner) || ts.isCallExpression(inner)) && holdsBlind(cx, type))
  );
}

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
  const [declaration] = checker.getSymbolAtLocation(name)?.declarations ?? [];
  const origin = declaration && packages.originOf(declaration.getSourceFile());
  return origin?.kind === "package" && origin.name === "convex";
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
  const inner = stripAssertions(ts, expression);
  if (inner !== expression) return isData(cx, inner);
  if (
    ts.isAwaitExpression(inner) ||
    ts.isPropertyAccessExpression(inner) ||
    ts.isElementAccessExpression(inner)
  )
    return isData(cx, inner.expression);
  if (ts.isIdentifier(inner)) return isNameOfData(cx, inner);
  if (ts.isBinaryExpression(inner)) return [inner.left, inner.right].every((one) => isDataOrText(cx, one));
  if (ts.isConditionalExpression(inner))
    return [inner.whenTrue, inner.whenFalse].every((one) => isDataOrText(cx, one));
  if (!ts.isCallExpression(inner)) return false;
  if (isFunctionCall(cx, inner)) return true;
  if (!ts.isPropertyAccessExpression(inner.expression)) return false;
  const { expression: holder, name } = inner.expression;
  const isOfData =
    isData(cx, holder) || (ts.isIdentifier(holder) && OF_LANGUAGE.has(holder.text) && isGlobal(cx, holder));
  return isOfData && name.text !== "reduce" && inner.arguments.every((one) => !mayCarry(cx, one));
}

const OF_LANGUAGE: ReadonlySet<string> = new Set(["Array", "Object", "Promise"]);

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

/** Whether an object holds a function that takes any: the writer may be passed in. */
function holdsBlind(cx: GuardContext, type: ts.Type, depth = 2): boolean {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Object) === 0) return false;
  const taken = takenByNext(cx, type);
  if (taken !== null) return blindness(cx, taken) !== null;
  const isPlain =
    ((type as ts.ObjectType).objectFlags & (ts.ObjectFlags.Anonymous | ts.ObjectFlags.ObjectLiteral)) !== 0;
  if (!isPlain && !isOfApp(cx, type)) return false;
  return type.getProperties().some((property) => {
    const own = checker.getTypeOfSymbol(property);
    const takesAny = own
      .getCallSignatures()
      .some(({ parameters }) =>
        parameters.some((one) => (checker.getTypeOfSymbol(one).flags & ts.TypeFlags.Any) !== 0),
      );
    return takesAny || (depth > 0 && holdsBlind(cx, own, depth - 1));
  });
}

/** Modules that give out function references and validators, whose types are the most costly ones of an app. */
const HARMLESS_MODULES = /(?:^|\/)_generated\/api(?:\.js)?$|^convex\/values$/;

/** `internal.x.y` and `v.object(…)`: told by the import that their first name comes from. */
export function isHarmlessByRoot(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  let root = expression;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) {
    // v.any().check(ctx) would be a call that takes something; only the validators of `v` itself are known.
    if (ts.isCallExpression(root) && !isValidatorCall(cx, root)) return false;
    root = root.expression;
  }
  if (!ts.isIdentifier(root) || root === expression) return false;
  const declaration = cx.checker.getSymbolAtLocation(root)?.declarations?.[0];
  if (declaration === undefined || !ts.isImportSpecifier(declaration)) return false;
  const specifier = declaration.parent.parent.parent.moduleSpecifier;
  return ts.isStringLiteral(specifier) && HARMLESS_MODULES.test(specifier.text);
}

function isValidatorCall(cx: GuardContext, call: ts.CallExpression): boolean {
  const { ts } = cx;
  const { expression } = call;
  return ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression);
}

function propertyMayCarry(cx: GuardContext, property: ts.ObjectLiteralElementLike): boolean {
  const { ts, checker } = cx;
  if (ts.isPropertyAssignment(property)) return mayCarry(cx, property.initializer);
  if (ts.isSpreadAssignment(property)) return mayCarry(cx, property.expression);
  if (ts.isShorthandPropertyAssignment(property)) {
    if (isData(cx, property.name)) return false;
    const type = checker.getTypeAtLocation(property.name);
    return carries(cx, type) || type.getCallSignatures().length > 0;
  }
  return property.body !== undefined && bodyMayCarry(cx, property.body);
}

/** What a function gives back: its expression, or that of its returns. */
function bodyMayCarry(cx: GuardContext, body: ts.ConciseBody): boolean {
  const { ts } = cx;
  if (!ts.isBlock(body)) return mayCarry(cx, body);
  const visit = (node: ts.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
    if (ts.isReturnStatement(node) || ts.isYieldExpression(node)) {
      if (node.expression !== undefined && mayCarry(cx, node.expression)) return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(body);
}

function isReference(cx: GuardContext, expression: ts.Expression): boolean {
  const inner = stripAssertions(cx.ts, expression);
  return cx.ts.isIdentifier(inner) || cx.ts.isPropertyAccessExpression(inner);
}
