import type ts from "typescript";
import { argumentsOf, carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness, hasCode, isOfApp, passesForEverything, takenByNext } from "./conversions.js";
import { stripAssertions } from "./contracts.js";
import {
  isActionContext,
  isData,
  isOfPrimitives,
  isPrimitive,
  isResultOfHandler,
  someResult,
  typeByDeclaration,
} from "./data.js";
import { isGeneratedApi } from "./generated.js";
import { holdsReceiver, isCollection } from "./receivers.js";
import { declarationOf } from "./references.js";

/**
 * Whether an expression can carry the writer, asking for as few types as possible: the checker keeps the types of names
 * and calls, but works those of object and function literals out again each time, bodies and all.
 */
export function mayCarry(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  // In JavaScript, a comment before the parenthesis may be an assertion.
  const isJavaScript = (expression.flags & ts.NodeFlags.JavaScriptFile) !== 0;
  if (ts.isNonNullExpression(expression) || (ts.isParenthesizedExpression(expression) && !isJavaScript))
    return mayCarry(cx, expression.expression);
  const inner = stripAssertions(ts, expression);
  // Asserted to be what passes for every type, it may take the place of a function that gets the writer.
  const asserted = assertedType(cx, expression);
  if (asserted !== null && passesForEverything(cx, asserted)) return true;
  if (isPrimitive(cx, inner)) return false;
  if (ts.isSpreadElement(inner) || ts.isAwaitExpression(inner)) return mayCarry(cx, inner.expression);
  if (ts.isObjectLiteralExpression(inner))
    return inner.properties.some((property) => propertyMayCarry(cx, property));
  if (ts.isArrayLiteralExpression(inner)) return inner.elements.some((element) => mayCarry(cx, element));
  if (ts.isConditionalExpression(inner)) return mayCarry(cx, inner.whenTrue) || mayCarry(cx, inner.whenFalse);
  if (ts.isBinaryExpression(inner)) return mayCarry(cx, inner.left) || mayCarry(cx, inner.right);
  if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner)) return bodyMayCarry(cx, inner.body);
  if (isHarmlessByRoot(cx, inner) || isData(cx, inner)) return false;
  const type = typeByDeclaration(cx, inner) ?? openResult(cx, inner) ?? cx.checker.getTypeAtLocation(inner);
  // A value of type any may take the place of a function that gets the writer.
  if ((type.flags & cx.ts.TypeFlags.Any) !== 0) return true;
  return (
    carries(cx, type) ||
    ((isReference(cx, inner) || ts.isCallExpression(inner) || ts.isNewExpression(inner)) &&
      (type.getCallSignatures().length > 0 || isBlind(cx, type) || holdsReceiver(cx, type)))
  );
}

/** The type that the last assertion gives a value; `satisfies` and `as const` leave it what it is. */
function assertedType(cx: GuardContext, expression: ts.Expression): ts.Type | null {
  const { ts } = cx;
  // In JavaScript, it is a comment.
  if ((expression.flags & ts.NodeFlags.JavaScriptFile) !== 0)
    return stripAssertions(ts, expression) === expression ? null : cx.checker.getTypeAtLocation(expression);
  if (
    ts.isSatisfiesExpression(expression) ||
    ts.isParenthesizedExpression(expression) ||
    ts.isNonNullExpression(expression)
  )
    return assertedType(cx, expression.expression);
  if (!ts.isAsExpression(expression) && !ts.isTypeAssertionExpression(expression)) return null;
  return ts.isConstTypeReference(expression.type)
    ? assertedType(cx, expression.expression)
    : cx.checker.getTypeFromTypeNode(expression.type);
}

/**
 * What a generic function of the app, or of a package that knows nothing of Convex, makes of names that have no writer
 * and of functions that give back data: its type parameters stand for no writer either. To infer them, the compiler
 * would work out all that surrounds the call.
 */
export function openResult(cx: GuardContext, call: ts.Expression): ts.Type | null {
  const { ts, packages } = cx;
  if (!ts.isCallExpression(call) || call.typeArguments !== undefined) return null;
  const [signature, ...others] = typeByDeclaration(cx, call.expression)?.getCallSignatures() ?? [];
  const declaration = signature?.declaration;
  if (signature?.typeParameters === undefined || declaration === undefined || others.length > 0) return null;
  if (!packages.isOfStranger(declaration) && !packages.isProject(declaration.getSourceFile())) return null;
  const result = signature.getReturnType();
  // A generator takes what it is called with later.
  if ((result.flags & ts.TypeFlags.Object) === 0 || takenByNext(cx, result) !== null) return null;
  const isPlain = call.arguments.every((one) =>
    ts.isArrowFunction(one) || ts.isFunctionExpression(one)
      ? !someResult(cx, one.body, (given) => !isData(cx, given))
      : isReference(cx, one) && !mayCarry(cx, one),
  );
  return isPlain ? result : null;
}

/** Whether the writer may be passed to a function without the checker seeing it: as any, unknown or object, or unnamed. */
function takesBlindly(cx: GuardContext, fn: ts.Type): boolean {
  return [...fn.getCallSignatures(), ...fn.getConstructSignatures()].some(
    (signature) =>
      !hasCode(cx, signature) ||
      signature.parameters.some((one) => blindness(cx, cx.checker.getTypeOfSymbol(one)) !== null),
  );
}

/** Whether a value, as far as its type tells, is or holds a function that takes the writer blindly. */
export function isBlind(cx: GuardContext, type: ts.Type, depth = 3): boolean {
  return (type.isUnion() ? type.types : [type]).some(
    (one) => takesBlindly(cx, one) || (depth > 0 && holdsBlind(cx, one, depth - 1)),
  );
}

/** Whether an object or a list holds such a function. */
function holdsBlind(cx: GuardContext, type: ts.Type, depth: number): boolean {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Object) === 0) return false;
  const taken = takenByNext(cx, type);
  if (taken !== null) return blindness(cx, taken) !== null;
  if (isCollection(cx, type)) return argumentsOf(cx, type).some((one) => isBlind(cx, one, depth));
  const values = type.getStringIndexType();
  if (values !== undefined && isBlind(cx, values, 0)) return true;
  const isPlain =
    ((type as ts.ObjectType).objectFlags & (ts.ObjectFlags.Anonymous | ts.ObjectFlags.ObjectLiteral)) !== 0;
  if (!isPlain && !isOfApp(cx, type)) return false;
  return (
    type.getConstructSignatures().some((one) => isBlind(cx, one.getReturnType(), depth)) ||
    type.getProperties().some((one) => isBlind(cx, checker.getTypeOfSymbol(one), depth))
  );
}

/** Modules that give out function references and validators, whose types are the most costly ones of an app. */
const HARMLESS_MODULES = /(?:^|\/)_generated\/api(?:\.js)?$|^convex\/values$/;

/** `internal.x.y`, `v.object(…)`, `z.object(…)`, the `ctx` of an action: told by where their first name comes from. */
export function isHarmlessByRoot(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  if (ts.isCallExpression(expression) && isMadeByStranger(cx, expression)) return true;
  let root = expression;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) {
    // v.any().check(ctx) would be a call that takes something; only the validators of `v` itself are known.
    if (ts.isCallExpression(root) && !isValidatorCall(cx, root)) return false;
    root = root.expression;
  }
  if (isActionContext(cx, root)) return true;
  if (!ts.isIdentifier(root) || root === expression) return false;
  const declaration = cx.checker.getSymbolAtLocation(root)?.declarations?.[0];
  if (declaration === undefined || !ts.isImportSpecifier(declaration)) return false;
  const specifier = declaration.parent.parent.parent.moduleSpecifier;
  if (!ts.isStringLiteral(specifier) || !HARMLESS_MODULES.test(specifier.text)) return false;
  const file = importedBy(cx, root)?.getSourceFile();
  // What is not found is neither bundled nor run.
  return file === undefined || !cx.packages.isProject(file) || isGeneratedApi(cx, file);
}

/** What a package that knows nothing of Convex makes of data alone: it has neither the writer nor code that takes it. */
function isMadeByStranger(cx: GuardContext, call: ts.CallExpression): boolean {
  const { ts, packages } = cx;
  let root: ts.Expression = call;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) {
    if (ts.isCallExpression(root) && root.typeArguments !== undefined) return false;
    root = root.expression;
  }
  const module = ts.isIdentifier(root) ? importedBy(cx, root) : null;
  if (module === null || !packages.isOfStranger(module)) return false;
  for (let part: ts.Expression = call; part !== root; part = (part as ts.CallExpression).expression)
    if (ts.isCallExpression(part) && !part.arguments.every((one) => isMadeOfData(cx, one))) return false;
  return true;
}

/** Whether a value is of data to the last part: no object that may hold a function, which could take anything. */
function isMadeOfData(cx: GuardContext, value: ts.Expression): boolean {
  const { ts } = cx;
  if (isPrimitive(cx, value) || isData(cx, value) || isHarmlessByRoot(cx, value)) return true;
  if (ts.isArrayLiteralExpression(value)) return value.elements.every((one) => isMadeOfData(cx, one));
  if (ts.isObjectLiteralExpression(value))
    return value.properties.every((one) => ts.isPropertyAssignment(one) && isMadeOfData(cx, one.initializer));
  if (ts.isFunctionLike(value) || ts.isSpreadElement(value)) return false;
  const declared = typeByDeclaration(cx, value);
  // The compiler would work out a call within a call with all that surrounds it.
  if (declared === null && ts.isCallExpression(value)) return false;
  return isOfPrimitives(cx, declared ?? cx.checker.getTypeAtLocation(value));
}

/** The declaration that an imported name means. */
function importedBy({ ts, checker }: GuardContext, name: ts.Identifier): ts.Declaration | null {
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Alias) === 0) return null;
  return checker.getAliasedSymbol(symbol).declarations?.[0] ?? null;
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
    const chosen = chosenAs(cx, property.name);
    if (chosen !== null) return mayCarry(cx, chosen);
    const type = checker.getTypeAtLocation(property.name);
    return carries(cx, type) || type.getCallSignatures().length > 0;
  }
  return property.body !== undefined && bodyMayCarry(cx, property.body);
}

/** `const x = a ?? b`: one of two values, whose types are told apart more easily than their union is made. */
function chosenAs(cx: GuardContext, name: ts.Identifier): ts.Expression | null {
  const { ts } = cx;
  const declaration = declarationOf(cx, name);
  if (declaration === null || !ts.isVariableDeclaration(declaration)) return null;
  const { initializer, type, parent } = declaration;
  if (type !== undefined || initializer === undefined || (parent.flags & ts.NodeFlags.Const) === 0)
    return null;
  return ts.isBinaryExpression(initializer) || ts.isConditionalExpression(initializer) ? initializer : null;
}

/** Whether a function may give back the writer. */
function bodyMayCarry(cx: GuardContext, body: ts.ConciseBody): boolean {
  return someResult(cx, body, (one) => !isResultOfHandler(cx, one) && mayCarry(cx, one));
}

function isReference(cx: GuardContext, expression: ts.Expression): boolean {
  const inner = stripAssertions(cx.ts, expression);
  return cx.ts.isIdentifier(inner) || cx.ts.isPropertyAccessExpression(inner);
}
