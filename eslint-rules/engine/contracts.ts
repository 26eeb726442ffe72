import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { TypeScript, WrittenContract } from "./model.js";
import { unaliased } from "./references.js";

/** How far the search for the call follows variables and wrappers. */
const MAX_DEPTH = 12;

/** The functions of this package that declare tables. */
type Declares = "mirrorTable" | "exportTable";

/** The call of `wanted` that a table's declaration leads to, through `.index()`, wrappers, variables and imports. */
export function declaredCall(
  cx: GuardContext,
  declaration: ts.Node,
  wanted: Declares,
  depth = 0,
): ts.CallExpression | null {
  const { ts } = cx;
  if (depth > MAX_DEPTH) return null;
  if (ts.isPropertyAssignment(declaration) || ts.isVariableDeclaration(declaration)) {
    return declaration.initializer === undefined
      ? null
      : callIn(cx, declaration.initializer, wanted, depth + 1);
  }
  if (ts.isShorthandPropertyAssignment(declaration)) {
    const value = cx.checker.getShorthandAssignmentValueSymbol(declaration);
    return value === undefined ? null : followSymbol(cx, value, wanted, depth + 1);
  }
  return null;
}

function callIn(
  cx: GuardContext,
  expression: ts.Expression,
  wanted: Declares,
  depth: number,
): ts.CallExpression | null {
  const { ts } = cx;
  if (depth > MAX_DEPTH) return null;
  const inner = stripAssertions(ts, expression);
  if (ts.isCallExpression(inner)) {
    if (isNamed(cx, inner.expression, wanted)) return inner;
    if (ts.isPropertyAccessExpression(inner.expression)) {
      const found = callIn(cx, inner.expression.expression, wanted, depth + 1);
      if (found !== null) return found;
    }
    for (const argument of inner.arguments) {
      const found = callIn(cx, argument, wanted, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }
  if (ts.isConditionalExpression(inner)) {
    return callIn(cx, inner.whenTrue, wanted, depth + 1) ?? callIn(cx, inner.whenFalse, wanted, depth + 1);
  }
  if (ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner)) {
    const symbol = cx.checker.getSymbolAtLocation(inner);
    return symbol === undefined ? null : followSymbol(cx, symbol, wanted, depth + 1);
  }
  return null;
}

function followSymbol(
  cx: GuardContext,
  symbol: ts.Symbol,
  wanted: Declares,
  depth: number,
): ts.CallExpression | null {
  const declaration = unaliased(cx, symbol).declarations?.[0];
  return declaration === undefined ? null : declaredCall(cx, declaration, wanted, depth);
}

function isNamed(cx: GuardContext, callee: ts.Expression, wanted: Declares): boolean {
  const { ts, checker } = cx;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  if (!ts.isIdentifier(name)) return false;
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol === undefined) return name.text === wanted;
  const target = unaliased(cx, symbol);
  // An import that does not resolve leaves only its written name.
  return target.name === wanted || name.text === wanted;
}

/** Parentheses, `as`, `satisfies` and `!` around an expression, taken off. */
export function stripAssertions(ts: TypeScript, expression: ts.Expression): ts.Expression {
  let inner = expression;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isTypeAssertionExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isNonNullExpression(inner)
  ) {
    inner = inner.expression;
  }
  return inner;
}

/** Reads the options of a `mirrorTable` call by syntax alone. */
export function readContract(ts: TypeScript, call: ts.CallExpression): WrittenContract {
  const options = call.arguments[1];
  const found: { source: string | null; owner: string | null; primaryKey: readonly string[] | null } = {
    source: null,
    owner: null,
    primaryKey: null,
  };
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return found;
  for (const property of options.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) continue;
    const value = stripAssertions(ts, property.initializer);
    if (property.name.text === "source" && ts.isStringLiteralLike(value)) found.source = value.text;
    if (property.name.text === "owner" && ts.isStringLiteralLike(value)) found.owner = value.text;
    if (property.name.text === "primaryKey" && ts.isArrayLiteralExpression(value)) {
      found.primaryKey = value.elements.map((part) =>
        ts.isStringLiteralLike(part)
          ? part.text
          : part
              .getText()
              .replace(/["'[\]\s]/g, "")
              .replaceAll(",", "."),
      );
    }
  }
  return found;
}
