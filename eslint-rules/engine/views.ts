/**
 * Values that may be the writer although their type shows only a part of it (QueryCtx, DatabaseReader, `{ auth }`). Their
 * type gives no way to write, so they are harmless until code drops the type and uses the rest.
 */
import type ts from "typescript";
import { argumentsOf, carries, isView, madeByStranger } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { blindness } from "./conversions.js";
import { shortType } from "./typeText.js";
import { isData, isOfPrimitives, isPrimitive, literalOf, typeByDeclaration } from "./data.js";
import { isHarmlessByRoot, openResult } from "./flows.js";
import { calledBy, unaliased, valueOf } from "./references.js";
import type { Report } from "./report.js";

/** How many names, calls and members lead back to where a value comes from. */
const MAX_STEPS = 8;

/** How deep a view is looked for: `{ deps: { session } }`. */
const VIEW_DEPTH = 2;

/** What becomes of a view that is used as another type. */
export function losesView(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const declared = carries(cx, target) ? null : narrowedAway(cx, expression);
  const type = declared && cx.checker.getTypeAtLocation(expression);
  // Another member of the union has the writer where this one has something else.
  if (
    type?.getProperties().some(({ name }) => holdsWriter(cx, declared!, name) && !holdsWriter(cx, type, name))
  )
    return shortType(cx, type);
  const lost = hidesView(cx, target) ?? hidesMember(cx, expression, target);
  return lost !== null && isLostView(cx, expression) ? lost : null;
}

/** `const blind: { db: any } = ctx`: the type hides a view that is a member. */
function hidesMember(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const { ts, checker } = cx;
  if ((target.flags & ts.TypeFlags.Object) === 0) return null;
  const blind = target.getProperties().filter((one) => blindness(cx, checker.getTypeOfSymbol(one)) !== null);
  if (blind.length === 0) return null;
  const type = checker.getTypeAtLocation(expression);
  const hides = blind.some(({ name }) => {
    const member = type.getProperty(name);
    return member !== undefined && isView(cx, checker.getTypeOfSymbol(member));
  });
  return hides ? shortType(cx, target) : null;
}

/** Types through which the unseen part of a view comes out: those that show nothing, and records of something else. */
export function hidesView(cx: GuardContext, type: ts.Type): string | null {
  if (type.isUnion()) {
    for (const arm of type.types) {
      const lost = hidesView(cx, arm);
      if (lost !== null) return lost;
    }
    return null;
  }
  const lost = blindness(cx, type);
  if (lost !== null) return lost;
  const values = (type.flags & cx.ts.TypeFlags.StructuredType) === 0 ? undefined : type.getStringIndexType();
  return values === undefined || carries(cx, values) ? null : shortType(cx, type);
}

/** Whether an expression is a view that comes from someone who may have had the writer. */
export function isLostView(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (ts.isObjectLiteralExpression(inner))
    return inner.properties.some((one) => ts.isSpreadAssignment(one) && isLostView(cx, one.expression));
  if (ts.isArrayLiteralExpression(inner))
    return inner.elements.some((one) => isLostView(cx, ts.isSpreadElement(one) ? one.expression : one));
  if (isPrimitive(cx, inner) || isHarmlessByRoot(cx, inner) || isData(cx, inner)) return false;
  if (ts.isAwaitExpression(inner)) return isLostView(cx, inner.expression);
  if (narrowedAway(cx, inner) !== null) return true;
  const isSource =
    ts.isIdentifier(inner) ||
    ts.isPropertyAccessExpression(inner) ||
    ts.isElementAccessExpression(inner) ||
    ts.isCallExpression(inner) ||
    ts.isNewExpression(inner);
  const type = () =>
    typeByDeclaration(cx, inner) ?? openResult(cx, inner) ?? checker.getTypeAtLocation(inner);
  return isSource && showsView(cx, type()) && isGiven(cx, inner);
}

/** The union that a name is declared as, when a check has taken those of its arms away that carry the writer. */
export function narrowedAway(cx: GuardContext, expression: ts.Expression): ts.UnionType | null {
  const { ts, checker } = cx;
  const name = stripAssertions(ts, expression);
  if (isHarmlessByRoot(cx, name) || isData(cx, name) || literalOf(cx, name) !== undefined) return null;
  const declared = declaredType(cx, name);
  if (declared?.isUnion() !== true || !carries(cx, declared)) return null;
  const type = checker.getTypeAtLocation(name);
  const isKnown = (type.flags & ts.TypeFlags.StructuredType) !== 0 || isOfPrimitives(cx, type);
  return isKnown && type !== declared && !carries(cx, type) ? declared : null;
}

/** What a name, or an element of a list, is before a check. */
function declaredType(cx: GuardContext, name: ts.Expression): ts.Type | null {
  const { ts, checker } = cx;
  if (ts.isElementAccessExpression(name)) {
    if (!ts.isNumericLiteral(name.argumentExpression) && !ts.isStringLiteralLike(name.argumentExpression))
      return null;
    const holder = checker.getTypeAtLocation(name.expression);
    const member = holder.getProperty(name.argumentExpression.text);
    return member === undefined ? (holder.getNumberIndexType() ?? null) : checker.getTypeOfSymbol(member);
  }
  if (!ts.isIdentifier(name) && !ts.isPropertyAccessExpression(name)) return null;
  const own = ts.isIdentifier(name) ? valueOf(cx, name) : undefined;
  const isImport = own !== undefined && (own.flags & ts.SymbolFlags.Alias) !== 0;
  const type = isImport ? null : typeByDeclaration(cx, name);
  if (type !== null) return type;
  const symbol = own ?? checker.getSymbolAtLocation(name);
  const isValue =
    symbol !== undefined &&
    (symbol.flags & (ts.SymbolFlags.Variable | ts.SymbolFlags.Property | ts.SymbolFlags.Accessor)) !== 0;
  return isValue ? checker.getTypeOfSymbol(symbol) : null;
}

/** Whether a member of this name has the writer, in one arm of a union at least. */
export function holdsWriter(cx: GuardContext, type: ts.Type, name: string): boolean {
  return (type.isUnion() ? type.types : [type]).some((arm) => {
    const member = arm.getProperty(name);
    return member !== undefined && carries(cx, cx.checker.getTypeOfSymbol(member));
  });
}

/** Whether a type is a view, or holds one: a list or a promise of it, an object of the app around it. */
export function showsView(cx: GuardContext, type: ts.Type, depth = VIEW_DEPTH): boolean {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.StructuredOrInstantiable) === 0) return false;
  if ((type.flags & ts.TypeFlags.Instantiable) !== 0) {
    const made = madeByStranger(cx, type);
    if (made !== null) return depth > 0 && made.some((one) => showsView(cx, one, depth - 1));
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint !== undefined && constraint !== type && showsView(cx, constraint, depth);
  }
  if (isView(cx, type)) return true;
  if (depth === 0 || type.getCallSignatures().length > 0) return false;
  if (type.isUnion()) return type.types.some((arm) => showsView(cx, arm, depth));
  const [declaration] = (type.symbol as ts.Symbol | undefined)?.declarations ?? [];
  const origin = declaration && cx.packages.originOf(declaration.getSourceFile()).kind;
  if (origin !== "project") return argumentsOf(cx, type).some((one) => showsView(cx, one, depth - 1));
  return type.getProperties().some((property) => showsView(cx, checker.getTypeOfSymbol(property), depth - 1));
}

/**
 * Whether who gave a value may have had the writer: an annotation says what it is, or code of the app gives it out. What
 * Convex hands to a query is exactly what it is said to be.
 */
function isGiven(cx: GuardContext, expression: ts.Expression, steps = MAX_STEPS): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (steps === 0 || (inner !== expression && !ts.isParenthesizedExpression(expression))) return true;
  const any = (all: readonly ts.Expression[]): boolean => all.some((one) => isGiven(cx, one, steps - 1));
  if (ts.isAwaitExpression(inner) || ts.isSpreadElement(inner)) return any([inner.expression]);
  if (ts.isElementAccessExpression(inner)) return any([inner.expression]);
  if (ts.isArrayLiteralExpression(inner)) return any(inner.elements);
  if (ts.isConditionalExpression(inner)) return any([inner.whenTrue, inner.whenFalse]);
  if (ts.isBinaryExpression(inner)) return any([inner.left, inner.right]);
  if (ts.isObjectLiteralExpression(inner))
    return any(inner.properties.flatMap((one) => (ts.isSpreadAssignment(one) ? [one.expression] : [])));
  if (ts.isCallExpression(inner) || ts.isNewExpression(inner)) {
    const called = calledBy(cx, inner);
    const args = inner.arguments ?? [];
    if (called !== undefined && cx.packages.isProject(called.getSourceFile())) {
      // What a function of the app gives back is what it was given, or its own.
      const shown = args.filter((one) => showsView(cx, checker.getTypeAtLocation(one)));
      return (
        shown.length === 0 || shown.some((one) => carries(cx, checker.getTypeAtLocation(one))) || any(shown)
      );
    }
    const receiver = ts.isPropertyAccessExpression(inner.expression) ? [inner.expression.expression] : [];
    return any([...receiver, ...args]);
  }
  if (ts.isPropertyAccessExpression(inner)) {
    const property = checker.getSymbolAtLocation(inner);
    if (isOfProject(cx, property))
      return (
        inner.expression.kind !== ts.SyntaxKind.ThisKeyword || isTyped(cx, property?.valueDeclaration, steps)
      );
    return any([inner.expression]);
  }
  if (!ts.isIdentifier(inner)) return false;
  const symbol = checker.getSymbolAtLocation(inner);
  return isTyped(cx, symbol && unaliased(cx, symbol).valueDeclaration, steps);
}

/** Whether an annotation says what a name is, or what its value comes from. */
function isTyped(cx: GuardContext, declaration: ts.Node | undefined, steps: number): boolean {
  const { ts, checker } = cx;
  if (declaration === undefined) return false;
  if (ts.isBindingElement(declaration)) {
    const key = declaration.propertyName ?? declaration.name;
    const holder = checker.getTypeAtLocation(declaration.parent);
    if (ts.isIdentifier(key) && isOfProject(cx, holder.getProperty(key.text))) return true;
    return isTyped(cx, declaration.parent.parent, steps);
  }
  if (ts.isAccessor(declaration) || ts.isPropertySignature(declaration)) return true;
  const isVariable = ts.isVariableDeclaration(declaration);
  if (!isVariable && !ts.isParameter(declaration) && !ts.isPropertyDeclaration(declaration)) return false;
  if (declaration.type !== undefined || ts.getJSDocType(declaration) !== undefined) return true;
  if (declaration.initializer !== undefined) return isGiven(cx, declaration.initializer, steps - 1);
  const around = declaration.parent.parent;
  if (isVariable) return ts.isForOfStatement(around) && isGiven(cx, around.expression, steps - 1);
  return ts.isParameter(declaration) && !isHandler(cx, declaration.parent);
}

/** Whether an object of the app, not one of Convex, has a member. */
function isOfProject(cx: GuardContext, member: ts.Symbol | undefined): boolean {
  return member?.declarations?.some((one) => cx.packages.isProject(one.getSourceFile())) === true;
}

/** `[session].map((one: any) => …)`: a view becomes more in a function that code of the app calls. */
export function losesByCallback(cx: GuardContext, fn: ts.Node, given: ts.Type, own: ts.Type): string | null {
  const lost = hidesView(cx, own);
  return lost !== null && isView(cx, given) && !isHandler(cx, fn) ? lost : null;
}

/** A function that Convex calls: the handler of `query({ … })`, or what a query's method is given. */
function isHandler(cx: GuardContext, fn: ts.Node): boolean {
  const { ts } = cx;
  let node = fn.parent;
  while (
    ts.isPropertyAssignment(node) ||
    ts.isObjectLiteralExpression(node) ||
    ts.isParenthesizedExpression(node)
  )
    node = node.parent;
  if (!ts.isCallExpression(node) || node.typeArguments !== undefined) return false;
  const called = calledBy(cx, node);
  const origin = called && cx.packages.originOf(called.getSourceFile());
  if (origin?.kind === "self") return true;
  return (
    origin?.kind === "package" &&
    (origin.name === "convex" ||
      /(?:customFunctions|zod\d?)\.d\.ts$/.test(called?.getSourceFile().fileName ?? ""))
  );
}

/** What a view may bring unseen, and what is written through where it stands under another type. */
const UNSEEN: readonly string[] = ["db", "insert", "patch", "replace", "delete", "table", "runMutation"];

/** `{ db: plain, ...session }`, `Object.assign(service, session)`: a view takes the place of members before it. */
export function overwrites(cx: GuardContext, given: ts.Expression, before: ts.Type): boolean {
  const named = UNSEEN.some((name) => {
    const member = before.getProperty(name);
    return member !== undefined && !carries(cx, cx.checker.getTypeOfSymbol(member));
  });
  return named && isLostView(cx, given);
}

/** The spread of a view over members of an object that are written before it. */
export function visitSpread(cx: GuardContext, report: Report, spread: ts.SpreadAssignment): void {
  const { ts } = cx;
  const { properties } = spread.parent;
  const before = properties.slice(0, properties.indexOf(spread));
  if (before.length === 0 || !isLostView(cx, spread.expression)) return;
  const isNamed = before.some((one) =>
    ts.isSpreadAssignment(one)
      ? UNSEEN.some((name) => cx.checker.getTypeAtLocation(one.expression).getProperty(name) !== undefined)
      : one.name !== undefined && UNSEEN.includes(one.name.getText()),
  );
  if (!isNamed) return;
  const from = shortType(cx, cx.checker.getTypeAtLocation(spread.expression));
  report.add("no-writer-escape", "escape", spread.expression, { from, to: "what stands before it" });
}

/** `({ auth, [key]: member }: Session)`, `({ [key]: member } = session)`: whether a pattern takes a view apart. */
export function takesViewApart(cx: GuardContext, pattern: ts.Expression | ts.ObjectBindingPattern): boolean {
  if (!cx.ts.isExpression(pattern))
    return showsView(cx, cx.checker.getTypeAtLocation(pattern), 0) && isTyped(cx, pattern.parent, MAX_STEPS);
  const source = sourceOf(cx, pattern);
  return source !== null && showsView(cx, source.type, 0) && isGiven(cx, source.whole, MAX_STEPS);
}

/** What a pattern on the left of `=` takes apart: its type, and the expression that it is a part of. */
export function sourceOf(
  cx: GuardContext,
  pattern: ts.Expression,
): { readonly type: ts.Type; readonly whole: ts.Expression } | null {
  const { ts, checker } = cx;
  let { parent } = pattern as ts.Node;
  let part: ts.Node = pattern;
  while (ts.isParenthesizedExpression(parent)) [part, parent] = [parent, parent.parent];
  if (ts.isBinaryExpression(parent)) {
    if (parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken || parent.left !== part) return null;
    // `{ a: { b } = {} } = c`: a default, and not what is taken apart.
    return partOf(cx, parent) ?? { type: checker.getTypeAtLocation(parent.right), whole: parent.right };
  }
  if (ts.isForOfStatement(parent)) {
    const type = checker.getTypeAtLocation(parent.expression).getNumberIndexType();
    return type === undefined ? null : { type, whole: parent.expression };
  }
  return partOf(cx, pattern);
}

/** The source of a pattern that stands in another one. */
function partOf(
  cx: GuardContext,
  pattern: ts.Expression,
): { readonly type: ts.Type; readonly whole: ts.Expression } | null {
  const { ts, checker } = cx;
  const { parent } = pattern;
  if (ts.isArrayLiteralExpression(parent)) {
    const outer = sourceOf(cx, parent);
    const type = outer?.type.getNumberIndexType();
    return outer === null || type === undefined ? null : { type, whole: outer.whole };
  }
  if (!ts.isPropertyAssignment(parent) || !ts.isObjectLiteralExpression(parent.parent)) return null;
  const outer = sourceOf(cx, parent.parent);
  const { name } = parent;
  const isNamed = ts.isIdentifier(name) || ts.isStringLiteralLike(name);
  const property = outer === null || !isNamed ? undefined : outer.type.getProperty(name.text);
  return outer === null || property === undefined
    ? null
    : { type: checker.getTypeOfSymbol(property), whole: outer.whole };
}

/** `({ auth, ...rest }: Session)`: the rest of a view is what its type does not show. */
export function visitRest(cx: GuardContext, report: Report, element: ts.BindingElement): void {
  const { ts, checker } = cx;
  if (!ts.isObjectBindingPattern(element.parent)) return;
  const whole = checker.getTypeAtLocation(element.parent);
  if (!takesViewApart(cx, element.parent)) return;
  if (showsView(cx, checker.getTypeAtLocation(element.name), 0)) return;
  const to = "the rest of what its type shows";
  report.add("no-writer-escape", "escape", element, { from: shortType(cx, whole), to });
}
