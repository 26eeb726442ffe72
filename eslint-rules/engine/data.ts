/** Values that cannot be the writer, told without asking for their types where these lead to those of the whole app. */
import type ts from "typescript";
import { argumentsOf, carries } from "./carriers.js";
import { builderOf, registrationOf, sameResult, type Builder } from "./checker.js";
import type { GuardContext } from "./context.js";
import { isGlobal } from "./dynamicCode.js";
import type { Origin } from "./packages.js";
import { isGivenByQuery, isOfConvex, isOfQuery, isRead } from "./reads.js";
import { assignmentsTo, declarationOf, valueOf } from "./references.js";

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

/** What a function of the app gives back to another one crosses a border that only data can cross; a job has an id. */
const FUNCTION_CALLS: ReadonlySet<string> = new Set([
  "runQuery",
  "runMutation",
  "runAction",
  "runAfter",
  "runAt",
]);

/**
 * `ctx.runQuery(internal.x.y, …)`, and `runQuery(…)` where that is its type: the type of its result is that of every
 * function of the app together.
 */
export function isFunctionCall(cx: GuardContext, node: ts.Node): boolean {
  const { ts } = cx;
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) return isFunctionCaller(cx, expression);
  if (!ts.isIdentifier(expression) || !FUNCTION_CALLS.has(expression.text)) return false;
  const signatures = cx.checker.getTypeAtLocation(expression).getCallSignatures();
  return (
    signatures.length > 0 &&
    signatures.every(
      ({ declaration }) =>
        declaration !== undefined &&
        ts.isMethodSignature(declaration) &&
        FUNCTION_CALLS.has(declaration.name.getText()) &&
        cx.packages.isOfConvex(declaration),
    )
  );
}

/** `ctx.runQuery` */
function isFunctionCaller(cx: GuardContext, { name, expression }: ts.PropertyAccessExpression): boolean {
  const { checker, packages } = cx;
  if (!FUNCTION_CALLS.has(name.text)) return false;
  return (
    isActionContext(cx, expression) ||
    packages.isOfConvex(checker.getSymbolAtLocation(name)?.declarations?.[0])
  );
}

/** The types of Convex's builders, by what their handlers are given. */
const ACTIONS: ReadonlySet<Builder> = new Set(["ActionBuilder", "HttpActionBuilder"]);
const WITH_ARGUMENTS: ReadonlySet<Builder> = new Set(["QueryBuilder", "MutationBuilder", "ActionBuilder"]);

/**
 * The `ctx` of an action, whatever its type says: the compiler tells that only with what the handler gives back, which
 * may come from any function of the app.
 */
export function isActionContext(cx: GuardContext, expression: ts.Expression): boolean {
  if (!cx.ts.isIdentifier(expression)) return false;
  const parameter = cx.checker.getSymbolAtLocation(expression)?.valueDeclaration;
  return parameter !== undefined && isOfHandler(cx, parameter, 0, ACTIONS);
}

/** Whether a declaration is a parameter of the handler of a function that one of these builders makes. */
function isOfHandler(
  cx: GuardContext,
  parameter: ts.Node,
  index: number,
  builders: ReadonlySet<Builder>,
): boolean {
  if (!cx.ts.isParameter(parameter) || parameter.dotDotDotToken !== undefined) return false;
  const { parent: handler } = parameter;
  return handler.parameters[index] === parameter && isRegisteredHandler(cx, handler, builders);
}

/** Whether a function is the handler of an action, written where the action is made. */
export function isHandlerOfAction(cx: GuardContext, node: ts.Node): boolean {
  return cx.ts.isFunctionLike(node) && isRegisteredHandler(cx, node, ACTIONS);
}

/** Whether a function is the handler of a function that one of these builders makes. */
function isRegisteredHandler(
  { ts, checker, packages }: GuardContext,
  handler: ts.Node,
  builders: ReadonlySet<Builder>,
): boolean {
  const call = registrationOf(ts, handler)?.call;
  if (call === undefined || !ts.isIdentifier(call.expression)) return false;
  const builder = builderOf(packages, checker.getTypeAtLocation(call.expression));
  return builder !== null && builders.has(builder);
}

/** Whether a parameter is the arguments of a function of the app, as its caller sent them. */
function isArguments(cx: GuardContext, parameter: ts.ParameterDeclaration): boolean {
  if (isOfHandler(cx, parameter, 1, WITH_ARGUMENTS)) return true;
  const { ts, checker } = cx;
  const { parent: handler, dotDotDotToken } = parameter;
  const callee = registrationOf(ts, handler)?.call.expression;
  if (callee === undefined || !ts.isIdentifier(callee) || dotDotDotToken !== undefined) return false;
  return handler.parameters[1] === parameter && addsNoArguments(cx, checker.getTypeAtLocation(callee));
}

/** Whether a builder is one of convex-helpers that makes no arguments of its own, as `customCtx` does not. */
function addsNoArguments(cx: GuardContext, { aliasSymbol, aliasTypeArguments = [] }: ts.Type): boolean {
  const origin = originOf(cx, aliasSymbol?.declarations?.[0]);
  if (origin?.kind !== "package" || origin.name !== "convex-helpers" || aliasSymbol?.name !== "CustomBuilder")
    return false;
  const made = aliasTypeArguments[3];
  const others = made && cx.checker.getIndexTypeOfType(made, cx.ts.IndexKind.String);
  return (
    made !== undefined &&
    (made.flags & cx.ts.TypeFlags.Object) !== 0 &&
    made.getProperties().length === 0 &&
    (others === undefined || (others.flags & cx.ts.TypeFlags.Never) !== 0)
  );
}

/** The table of an argument that is an id, or a list of ids: `args: { note: v.id("notes"), tags: v.array(v.id("tags")) }`. */
export function tableOfArgument(
  cx: GuardContext,
  parameter: ts.ParameterDeclaration,
  name: string,
  isList: boolean,
): string | null {
  const validator = validatorOf(cx, parameter, name);
  const id = argumentOf(cx, isList ? argumentOf(cx, validator, "array") : validator, "id");
  return id !== undefined && cx.ts.isStringLiteralLike(id) ? id.text : null;
}

/** `v.id("notes")` in `args: { note: v.optional(v.id("notes")) }`. */
function validatorOf(
  cx: GuardContext,
  parameter: ts.ParameterDeclaration,
  name: string,
): ts.Expression | undefined {
  if (!isArguments(cx, parameter)) return undefined;
  const [definition] = registrationOf(cx.ts, parameter.parent)?.call.arguments ?? [];
  const args = definition && memberIn(cx, definition, "args");
  const validator = args && memberIn(cx, args, name);
  return argumentOf(cx, validator, "optional") ?? validator;
}

/** Validators of what neither is an id nor has a literal type. */
const PLAIN_VALIDATORS: ReadonlySet<string> = new Set([
  "string",
  "number",
  "boolean",
  "bigint",
  "array",
  "object",
]);

/** Whether a value is the arguments of a function, or one of them that is no id of these tables and names none. */
export function isArgumentBeside(
  cx: GuardContext,
  value: ts.Expression,
  tables: { has(table: string): boolean },
): boolean {
  const { ts } = cx;
  const whole = ts.isPropertyAccessExpression(value) ? value.expression : value;
  const parameter = ts.isIdentifier(whole) ? declarationOf(cx, whole) : null;
  if (parameter === null || !ts.isParameter(parameter)) return false;
  if (!ts.isPropertyAccessExpression(value)) return isArguments(cx, parameter);
  const validator = validatorOf(cx, parameter, value.name.text);
  if (validator === undefined || !ts.isCallExpression(validator)) return false;
  const id = argumentOf(cx, validator, "id");
  if (id !== undefined) return ts.isStringLiteralLike(id) && !tables.has(id.text);
  const { expression: callee } = validator;
  return (
    ts.isPropertyAccessExpression(callee) && PLAIN_VALIDATORS.has(callee.name.text) && isOfConvex(cx, callee)
  );
}

/** What stands in `v.id(…)` or `v.optional(…)`. */
function argumentOf(
  cx: GuardContext,
  validator: ts.Expression | undefined,
  kind: string,
): ts.Expression | undefined {
  const { ts } = cx;
  if (validator === undefined || !ts.isCallExpression(validator)) return undefined;
  const { expression: callee } = validator;
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== kind) return undefined;
  return isOfConvex(cx, callee) ? validator.arguments[0] : undefined;
}

/** `held.name` where `const held = { name: … }`, or null: what the literal has there. */
function partOf(
  cx: GuardContext,
  { expression, name }: ts.PropertyAccessExpression,
): ts.Expression | undefined {
  const literal = literalOf(cx, expression);
  return literal && memberIn(cx, literal, name.text);
}

/** The literal that a name always stands for, unless it stands for null. */
export function literalOf(cx: GuardContext, name: ts.Expression): ts.ObjectLiteralExpression | undefined {
  const { ts } = cx;
  const holder = ts.isIdentifier(name) ? declarationOf(cx, name) : null;
  if (holder === null || !ts.isVariableDeclaration(holder) || holder.type !== undefined) return undefined;
  const { initializer, parent } = holder;
  const isConstant = (parent.flags & ts.NodeFlags.Const) !== 0 && ts.isIdentifier(holder.name);
  if (!isConstant || initializer === undefined) return undefined;
  const literal = unlessMissing(cx, initializer) ?? initializer;
  return ts.isObjectLiteralExpression(literal) && isWhole(cx, literal) ? literal : undefined;
}

/** What stands beside null in a conditional. */
function unlessMissing({ ts }: GuardContext, expression: ts.Expression): ts.Expression | null {
  if (!ts.isConditionalExpression(expression)) return null;
  const { whenTrue, whenFalse } = expression;
  if (whenTrue.kind === ts.SyntaxKind.NullKeyword) return whenFalse;
  return whenFalse.kind === ts.SyntaxKind.NullKeyword ? whenTrue : null;
}

/** Whether all members of a literal stand in it, under their names. */
function isWhole({ ts }: GuardContext, { properties }: ts.ObjectLiteralExpression): boolean {
  return properties.every((one) => !ts.isSpreadAssignment(one) && !ts.isComputedPropertyName(one.name));
}

/** The value of the only member of that name, of a literal in which all members stand. */
function memberIn(cx: GuardContext, literal: ts.Expression, name: string): ts.Expression | undefined {
  const { ts } = cx;
  if (!ts.isObjectLiteralExpression(literal) || !isWhole(cx, literal)) return undefined;
  const [member, ...others] = literal.properties.filter(
    ({ name: own }) => own !== undefined && "text" in own && own.text === name,
  );
  return member !== undefined && ts.isPropertyAssignment(member) && others.length === 0
    ? member.initializer
    : undefined;
}

/** Whether an expression is what the handler of a function of the app gives back: only data leaves it. */
export function isResultOfHandler(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  let fn: ts.Node = expression.parent;
  if (!ts.isArrowFunction(fn)) {
    if (!ts.isReturnStatement(fn)) return false;
    while (!ts.isFunctionLike(fn)) fn = fn.parent;
  }
  const isGenerator = ts.isFunctionExpression(fn) && fn.asteriskToken !== undefined;
  return (
    !isGenerator && (fn as ts.ArrowFunction).body !== undefined && isRegisteredHandler(cx, fn, WITH_ARGUMENTS)
  );
}

/** `ctx.runQuery.bind(ctx)`: what it gives back when it is called is data. */
export function isBound(cx: GuardContext, { expression }: ts.CallExpression): boolean {
  const { ts } = cx;
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== "bind") return false;
  return ts.isPropertyAccessExpression(expression.expression) && isFunctionCaller(cx, expression.expression);
}

/** A call of the language, or of a package that knows nothing of Convex, whose result is data by its type. */
function isOfStranger(cx: GuardContext, call: ts.CallExpression): boolean {
  const signatures = typeByDeclaration(cx, call.expression)?.getCallSignatures() ?? [];
  const isStrange = signatures.every(
    ({ declaration }) => originOf(cx, declaration)?.kind === "lib" || cx.packages.isOfStranger(declaration),
  );
  const result = isStrange ? sameResult(cx.ts, signatures) : null;
  return result !== null && isOfData(cx, cx.checker.getAwaitedType(result) ?? result);
}

function originOf({ packages }: GuardContext, declaration: ts.Node | undefined): Origin | undefined {
  return declaration && packages.originOf(declaration.getSourceFile());
}

/** The type that a name, its members and their results are declared with; null where arguments or checks tell it. */
export function typeByDeclaration(cx: GuardContext, expression: ts.Expression): ts.Type | null {
  const { ts, checker } = cx;
  if (ts.isParenthesizedExpression(expression) || ts.isNonNullExpression(expression))
    return typeByDeclaration(cx, expression.expression);
  const present = unlessMissing(cx, expression);
  if (present !== null) return typeByDeclaration(cx, present);
  if (ts.isAwaitExpression(expression)) {
    const promise = typeByDeclaration(cx, expression.expression);
    return promise && (checker.getAwaitedType(promise) ?? null);
  }
  if (ts.isPropertyAccessExpression(expression)) {
    const holder = typeByDeclaration(cx, expression.expression);
    const member = holder && checker.getNonNullableType(holder).getProperty(expression.name.text);
    if (member) return checker.getTypeOfSymbol(member);
    const part = partOf(cx, expression);
    return part === undefined ? null : typeByDeclaration(cx, part);
  }
  if (ts.isCallExpression(expression) || ts.isNewExpression(expression)) {
    const callee = typeByDeclaration(cx, expression.expression);
    if (callee === null) return null;
    return sameResult(
      ts,
      ts.isNewExpression(expression) ? callee.getConstructSignatures() : callee.getCallSignatures(),
    );
  }
  if (!ts.isIdentifier(expression)) return null;
  // `JSON` is an interface and a variable.
  const symbol = valueOf(cx, expression);
  const declaration = symbol?.valueDeclaration ?? symbol?.declarations?.[0];
  if (declaration === undefined) return null;
  const isImport = ts.isImportSpecifier(declaration) || ts.isImportClause(declaration);
  if (isImport || ts.isFunctionDeclaration(declaration)) return checker.getTypeAtLocation(expression);
  if (!ts.isVariableDeclaration(declaration)) return null;
  if (declaration.type !== undefined) return checker.getTypeAtLocation(declaration.name);
  const { name, initializer, parent } = declaration;
  const isConstant = (parent.flags & ts.NodeFlags.Const) !== 0 && ts.isIdentifier(name);
  return isConstant && initializer !== undefined ? typeByDeclaration(cx, initializer) : null;
}

/** Whether a type is of data by what it shows: strings and the like, and a stranger's objects without functions. */
function isOfData(cx: GuardContext, type: ts.Type): boolean {
  const { ts, checker } = cx;
  if (isOfPrimitives(cx, type)) return true;
  if (type.isUnionOrIntersection()) return type.types.every((one) => isOfData(cx, one));
  const args = argumentsOf(cx, type);
  if (checker.isArrayType(type)) return args.every((one) => isOfData(cx, one));
  if ((type.flags & ts.TypeFlags.Object) === 0 || type.getCallSignatures().length > 0) return false;
  return (
    cx.packages.isOfStranger((type.symbol as ts.Symbol | undefined)?.declarations?.[0]) &&
    [...args, ...(type.aliasTypeArguments ?? [])].every((one) => isOfData(cx, one)) &&
    !carries(cx, type) &&
    type.getProperties().every((one) => {
      const own = checker.getNonNullableType(checker.getTypeOfSymbol(one));
      return (own.flags & ts.TypeFlags.Any) === 0 && own.getCallSignatures().length === 0;
    })
  );
}

const data = new WeakMap<GuardContext, WeakMap<ts.Node, boolean>>();

/**
 * Whether a value is what a function of the app, Convex's database or a stranger gives back, or is made of that alone: told
 * without asking for its type.
 */
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
  if (ts.isAsExpression(expression) || ts.isTypeAssertionExpression(expression))
    return !isAssertedToCarry(cx, expression) && isData(cx, expression.expression);
  if (
    ts.isParenthesizedExpression(expression) ||
    ts.isNonNullExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isAwaitExpression(expression) ||
    ts.isPropertyAccessExpression(expression) ||
    ts.isElementAccessExpression(expression)
  )
    return isData(cx, expression.expression) || isPartOfData(cx, expression);
  if (ts.isIdentifier(expression)) return isNameOfData(cx, expression);
  if (ts.isArrayLiteralExpression(expression))
    return expression.elements.length > 0 && expression.elements.every((one) => isData(cx, one));
  if (ts.isBinaryExpression(expression))
    return [expression.left, expression.right].every((one) => isDataOrText(cx, one));
  if (ts.isConditionalExpression(expression))
    return [expression.whenTrue, expression.whenFalse].every((one) => isDataOrText(cx, one));
  if (!ts.isCallExpression(expression)) return false;
  if (isFunctionCall(cx, expression) || isRead(cx, expression)) return true;
  if (isBound(cx, expression) || isOfStranger(cx, expression)) return true;
  if (!ts.isPropertyAccessExpression(expression.expression)) return false;
  if (isOfQuery(cx, expression.expression)) return true;
  const { expression: holder } = expression.expression;
  const isOfData =
    isData(cx, holder) || (ts.isIdentifier(holder) && OF_LANGUAGE.has(holder.text) && isGlobal(cx, holder));
  return isOfData && expression.arguments.every((one) => addsNothing(cx, one));
}

/** Asserted to hold the writer, a value may get it later. */
function isAssertedToCarry(cx: GuardContext, { type }: ts.AsExpression | ts.TypeAssertion): boolean {
  return !cx.ts.isConstTypeReference(type) && carries(cx, cx.checker.getTypeFromTypeNode(type));
}

/** `held.name` where a literal has data under that name. */
function isPartOfData(cx: GuardContext, expression: ts.Expression): boolean {
  const part = cx.ts.isPropertyAccessExpression(expression) ? partOf(cx, expression) : undefined;
  return part !== undefined && isDataOrText(cx, part);
}

const OF_LANGUAGE: ReadonlySet<string> = new Set(["Array", "Object", "Promise"]);

/** Whether an argument leaves the result of a call what it is without it: data, text, or a function that gives these. */
function addsNothing(cx: GuardContext, argument: ts.Expression): boolean {
  const { ts } = cx;
  if (isDataOrText(cx, argument)) return true;
  if (ts.isParenthesizedExpression(argument)) return addsNothing(cx, argument.expression);
  if (ts.isAsExpression(argument))
    return !isAssertedToCarry(cx, argument) && addsNothing(cx, argument.expression);
  if (ts.isArrowFunction(argument) || ts.isFunctionExpression(argument))
    return !someResult(cx, argument.body, (one) => !addsNothing(cx, one));
  if (ts.isArrayLiteralExpression(argument)) return argument.elements.every((one) => addsNothing(cx, one));
  if (ts.isSpreadElement(argument)) return addsNothing(cx, argument.expression);
  if (ts.isConditionalExpression(argument))
    return addsNothing(cx, argument.whenTrue) && addsNothing(cx, argument.whenFalse);
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

/** What is made of data alone, the arguments of a function, or the parameter of a function that a method of data calls. */
function isNameOfData(cx: GuardContext, name: ts.Identifier): boolean {
  const { ts, checker } = cx;
  const own = declarationOf(cx, name);
  let declaration: ts.Node | null = own;
  while (declaration !== null && ts.isBindingElement(declaration)) {
    if (declaration.initializer !== undefined) return false;
    declaration = declaration.parent.parent;
  }
  if (own === null || declaration === null) return name.text === "undefined";
  if (ts.isVariableDeclaration(declaration)) {
    if ((declaration.parent.flags & ts.NodeFlags.Const) === 0) return isVariableOfData(cx, declaration);
    const isTyped = declaration.type !== undefined;
    if (isTyped && carries(cx, checker.getTypeAtLocation(declaration.name))) return false;
    const loop = declaration.parent.parent;
    const value = ts.isForOfStatement(loop) ? loop.expression : declaration.initializer;
    return value !== undefined && isData(cx, value);
  }
  if (!ts.isParameter(declaration)) return false;
  if (isArguments(cx, declaration))
    return declaration.type === undefined || !carries(cx, checker.getTypeAtLocation(declaration));
  if (isGivenByQuery(cx, declaration)) return true;
  const call = declaration.parent.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    call.arguments.length === 1 &&
    call.arguments[0] === (declaration.parent as ts.Node) &&
    !/^reduce/.test(call.expression.name.text) &&
    assignmentsTo(cx, own, name).length === 0 &&
    isData(cx, call.expression.expression)
  );
}

/** A variable that is only ever set to data. */
function isVariableOfData(cx: GuardContext, { name, type, initializer }: ts.VariableDeclaration): boolean {
  const { ts } = cx;
  if (!ts.isIdentifier(name) || type !== undefined) return false;
  const assigned = assignmentsTo(cx, name.parent, name);
  const values = initializer === undefined ? assigned : [initializer, ...assigned];
  return values.length > 0 && values.every((one) => one !== null && isDataOrText(cx, one));
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
