import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { TypeScript, WrittenContract } from "./model.js";

/** How far the search for the `mirrorTable` call follows variables and wrappers. */
const MAX_DEPTH = 12;

/** The `mirrorTable(…)` call that a table's declaration leads to, through `.index()`, wrappers, variables and imports. */
export function declaredMirror(cx: GuardContext, declaration: ts.Node, depth = 0): ts.CallExpression | null {
  const { ts } = cx;
  if (depth > MAX_DEPTH) return null;
  if (ts.isPropertyAssignment(declaration) || ts.isVariableDeclaration(declaration)) {
    return declaration.initializer === undefined ? null : mirrorCall(cx, declaration.initializer, depth + 1);
  }
  if (ts.isShorthandPropertyAssignment(declaration)) {
    const value = cx.checker.getShorthandAssignmentValueSymbol(declaration);
    return value === undefined ? null : followSymbol(cx, value, depth + 1);
  }
  return null;
}

function mirrorCall(cx: GuardContext, expression: ts.Expression, depth: number): ts.CallExpression | null {
  const { ts } = cx;
  if (depth > MAX_DEPTH) return null;
  const inner = stripAssertions(ts, expression);
  if (ts.isCallExpression(inner)) {
    if (isMirrorTable(cx, inner.expression)) return inner;
    if (ts.isPropertyAccessExpression(inner.expression)) {
      const found = mirrorCall(cx, inner.expression.expression, depth + 1);
      if (found !== null) return found;
    }
    for (const argument of inner.arguments) {
      const found = mirrorCall(cx, argument, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }
  if (ts.isConditionalExpression(inner)) {
    return mirrorCall(cx, inner.whenTrue, depth + 1) ?? mirrorCall(cx, inner.whenFalse, depth + 1);
  }
  if (ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner)) {
    const symbol = cx.checker.getSymbolAtLocation(inner);
    return symbol === undefined ? null : followSymbol(cx, symbol, depth + 1);
  }
  return null;
}

function followSymbol(cx: GuardContext, symbol: ts.Symbol, depth: number): ts.CallExpression | null {
  const target =
    (symbol.flags & cx.ts.SymbolFlags.Alias) !== 0 ? cx.checker.getAliasedSymbol(symbol) : symbol;
  const declaration = target.declarations?.[0];
  return declaration === undefined ? null : declaredMirror(cx, declaration, depth);
}

function isMirrorTable(cx: GuardContext, callee: ts.Expression): boolean {
  const { ts, checker } = cx;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  if (!ts.isIdentifier(name)) return false;
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol === undefined) return name.text === "mirrorTable";
  const target = (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
  // An import that does not resolve leaves only its written name.
  return target.name === "mirrorTable" || name.text === "mirrorTable";
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
