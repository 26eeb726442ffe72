import type ts from "typescript";
import { argumentsOf, carries, CARRY_DEPTH, isView, isWriter, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { isOfPrimitives } from "./data.js";
import { memberOf } from "./members.js";
import { shortType } from "./typeText.js";

/**
 * What a value that carries the writer turns into when it is used as `target`, when the checker loses sight of the
 * writer by that; null when it keeps sight, or when the target gives no way to write (QueryCtx, DatabaseReader).
 */
export function losesWriter(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth = CARRY_DEPTH,
): string | null {
  const { ts, checker } = cx;
  if (source === target || !carries(cx, source, depth)) return null;
  const blind = blindness(cx, target);
  if (blind !== null) return blind;
  if (depth === CARRY_DEPTH && isUnproved(cx, source, target)) return shortType(cx, target);
  if ((source.flags & ts.TypeFlags.Instantiable) !== 0 && cx.standIns.size > 0) {
    const [element] = argumentsOf(cx, target);
    if (element !== undefined) return blindness(cx, element);
    const isLost = isThis(cx, source) ? isObject(cx, target) : becomesData(cx, source, target);
    return isLost && !carries(cx, target) ? shortType(cx, target) : null;
  }
  if (source.isUnion()) {
    for (const arm of source.types) {
      const lost = losesWriter(cx, arm, target, depth);
      if (lost !== null) return lost;
    }
    return null;
  }
  if (target.isUnion()) return losesToUnion(cx, source, target, depth);
  if ((target.flags & ts.TypeFlags.Instantiable) !== 0) {
    const constraint = checker.getBaseConstraintOfType(target);
    // A bare type parameter becomes the writer's type where the generic function is called.
    return constraint === undefined || constraint === target
      ? null
      : losesToBound(cx, source, constraint, depth);
  }
  if ((target.flags & ts.TypeFlags.StructuredType) === 0) return null;
  if (isWriter(cx, source)) return losesDirect(cx, target);
  if (depth === 0) return null;
  return (
    losesContent(cx, source, target) ??
    losesThroughArguments(cx, source, target, depth) ??
    losesThroughReturn(cx, source, target, depth) ??
    losesThroughProperties(cx, source, target, depth)
  );
}

/** The bound of a type parameter, `{ title: string }`, says what every value has; that it shows only data loses nothing. */
export function losesToBound(
  cx: GuardContext,
  source: ts.Type,
  bound: ts.Type,
  depth = CARRY_DEPTH,
): string | null {
  return becomesData(cx, source, bound) ? null : losesWriter(cx, source, bound, depth);
}

/**
 * What a list, a map or a function becomes under a type that shows only its size or its name (`{ length: number }`), and
 * an object under one of the language that knows nothing of it (`Error`).
 */
function losesContent(cx: GuardContext, source: ts.Type, target: ts.Type): string | null {
  const isCalled = target.getCallSignatures().length + target.getConstructSignatures().length > 0;
  if (isCalled || target.getNumberIndexType() !== undefined || carries(cx, target)) return null;
  // `Pick<QueryCtx, "auth">` is declared by the language, too, but shows what it says.
  const isNamed = ((target.symbol as ts.Symbol | undefined)?.flags ?? 0) & cx.ts.SymbolFlags.Interface;
  if (isNamed !== 0 && isOfLanguage(cx, target))
    return argumentsOf(cx, target).length === 0 ? shortType(cx, target) : null;
  const isContainer = source.getCallSignatures().length > 0 || cx.checker.isTupleType(source);
  if (becomesData(cx, source, target)) return shortType(cx, target);
  const isSize = target
    .getProperties()
    .every(
      (one) =>
        isOfPrimitives(cx, cx.checker.getTypeOfSymbol(one)) &&
        (isContainer || isDeclaredByLanguage(cx, memberLike(cx, source, one))),
    );
  return isSize ? shortType(cx, target) : null;
}

/**
 * `const one: { user: User } = scope`, where the scope has a `db`, too: an object with the writer becomes one of the app
 * that shows only data. An interface with methods says what can be done with the object, and code has no reason to look
 * for more; data are copied and gone through whole.
 */
function becomesData(cx: GuardContext, source: ts.Type, target: ts.Type): boolean {
  const { checker, packages } = cx;
  const declaration = (target.symbol as ts.Symbol | undefined)?.declarations?.[0];
  const origin = declaration && packages.originOf(declaration.getSourceFile()).kind;
  // `Pick<Scope, "user">` is declared by the language.
  if ((origin !== "project" && origin !== "lib") || isView(cx, target)) return false;
  const showsFunction = target
    .getProperties()
    .some((one) => checker.getNonNullableType(checker.getTypeOfSymbol(one)).getCallSignatures().length > 0);
  const parts = source.isIntersection() ? source.types : [source];
  const isOpen = parts.some(({ flags }) => (flags & cx.ts.TypeFlags.Instantiable) !== 0);
  const hidesMember = source
    .getProperties()
    .some((one) => target.getProperty(one.name) === undefined && carries(cx, checker.getTypeOfSymbol(one)));
  return !showsFunction && (isOpen || hidesMember);
}

/** `this` of a class, which stands for the instances of the classes that extend it. */
function isThis({ ts }: GuardContext, { symbol }: ts.Type): boolean {
  return (((symbol as ts.Symbol | undefined)?.flags ?? 0) & ts.SymbolFlags.Class) !== 0;
}

function isObject({ ts }: GuardContext, type: ts.Type): boolean {
  return (type.isUnion() ? type.types : [type]).some(({ flags }) => (flags & ts.TypeFlags.Object) !== 0);
}

/**
 * Whether a value that carries the writer gets a type without it that it does not fit: by an assertion, by the parameter
 * of a method, by an overload. Nothing proves it, so the value may be the writer under another type.
 */
function isUnproved(cx: GuardContext, source: ts.Type, target: ts.Type): boolean {
  if (carries(cx, target) && !cx.standIns.has(target)) return false;
  return (source.isUnion() ? source.types : [source]).some(
    (arm) => carries(cx, arm) && !cx.checker.isTypeAssignableTo(arm, target),
  );
}

/**
 * What a value without the writer becomes when another type puts one in: a list or an object that keeps its own name and
 * type, through which the writer then comes out as something else.
 */
export function gainsWriter(cx: GuardContext, source: ts.Type, target: ts.Type): string | null {
  const { TypeFlags } = cx.ts;
  if (source === target || !carries(cx, target)) return null;
  if ((source.flags & TypeFlags.Object) === 0) return null;
  // A function does not gain what it returns; it may gain members.
  if (
    source.getCallSignatures().length > 0 &&
    !target.getProperties().some((one) => gainsMember(cx, source, one))
  )
    return null;
  if (carries(cx, source) || cx.standIns.size > 0) return null;
  // What Convex's own view becomes is judged where it is used as something else.
  const isConvex = cx.packages.isOfConvex((source.symbol as ts.Symbol | undefined)?.declarations?.[0]);
  if (isConvex && isView(cx, source)) return null;
  const arms = (target.isUnion() ? target.types : [target]).filter((arm) =>
    cx.checker.isTypeAssignableTo(source, arm),
  );
  return arms.length > 0 && arms.every((arm) => carries(cx, arm)) ? shortType(cx, target) : null;
}

/**
 * What a value of another type becomes that is asserted to be the writer, or to hold one (`plain as unknown as
 * DatabaseWriter[]`). It keeps its own type under its own name, so what is put in comes out as that.
 */
export function passesForWriter(cx: GuardContext, source: ts.Type, target: ts.Type): string | null {
  const { Any, Never, Undefined, Null, Void, Instantiable } = cx.ts.TypeFlags;
  if ((source.flags & (Any | Never | Undefined | Null | Void | Instantiable)) !== 0) return null;
  if (carries(cx, source) || isView(cx, source) || cx.standIns.size > 0) return null;
  return losesWriter(cx, target, source) === null ? null : shortType(cx, target);
}

function gainsMember(cx: GuardContext, source: ts.Type, member: ts.Symbol): boolean {
  return source.getProperty(member.name) === undefined && carries(cx, cx.checker.getTypeOfSymbol(member));
}

/** What every value has: a type with nothing else, such as `Object`, says as little as an empty one. */
const OF_EVERY_VALUE: ReadonlySet<string> = new Set([
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toLocaleString",
  "toString",
  "valueOf",
]);

/** Types behind which anything may be done with a value. */
export function blindness(cx: GuardContext, type: ts.Type): string | null {
  const { TypeFlags } = cx.ts;
  if ((type.flags & TypeFlags.Any) !== 0) return "any";
  if ((type.flags & TypeFlags.Unknown) !== 0) return "unknown";
  if ((type.flags & TypeFlags.NonPrimitive) !== 0) return "object";
  if ((type.flags & TypeFlags.Never) !== 0) return "never, which passes for every type";
  if ((type.flags & TypeFlags.Object) === 0) return null;
  const isEmpty =
    type.getProperties().every(({ name }) => OF_EVERY_VALUE.has(name)) &&
    type.getCallSignatures().length === 0 &&
    type.getConstructSignatures().length === 0 &&
    type.getNumberIndexType() === undefined;
  if (!isEmpty) return null;
  const index = type.getStringIndexType();
  if (index === undefined) return `the empty type ${cx.checker.typeToString(type)}`;
  return carries(cx, index) ? null : cx.checker.typeToString(type);
}

function losesToUnion(cx: GuardContext, source: ts.Type, target: ts.UnionType, depth: number): string | null {
  const nothing = cx.ts.TypeFlags.Null | cx.ts.TypeFlags.Undefined | cx.ts.TypeFlags.Void;
  const holding = cx.ts.TypeFlags.StructuredOrInstantiable | cx.ts.TypeFlags.NonPrimitive;
  let lost: string | null = null;
  // Only arms that the value fits count, unless an assertion lets it fit none.
  const fitting = target.types.filter((arm) => cx.checker.isTypeAssignableTo(source, arm));
  for (const arm of fitting.length > 0 ? fitting : target.types) {
    if ((arm.flags & nothing) !== 0 || (arm.flags & holding) === 0) continue;
    const here = losesWriter(cx, source, arm, depth);
    if (here === null) return null;
    lost = here;
  }
  return lost;
}

/** The writer as another type: fine when that knows the methods for what they are, or has none of them. */
function losesDirect(cx: GuardContext, target: ts.Type): string | null {
  for (const method of ["insert", "patch", "replace", "delete"]) {
    const { kind } = memberOf(cx, target, method);
    if (kind === "writer" || kind === "tableWriter" || kind === "ents") return null;
    if (kind === "structural" || kind === "any") return `the type ${shortType(cx, target)} of your own`;
    // A class or library type with such a method is no writer; only an assertion or an error can bring one there.
    if (cx.checker.getPropertyOfType(target, method) !== undefined) return shortType(cx, target);
  }
  const table = cx.checker.getPropertyOfType(target, "table");
  return table === undefined ? null : `the type ${shortType(cx, target)}`;
}

function losesThroughArguments(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth: number,
): string | null {
  const from = argumentsOf(cx, source);
  const to = argumentsOf(cx, target);
  if (from.length !== to.length || source.symbol !== target.symbol) {
    // Another view of a list or a promise (Iterable<any>, PromiseLike<any>): what it gives out has that type.
    if (from.length === 0 || !isOfLanguage(cx, source) || !isOfLanguage(cx, target)) return null;
    // The other arguments of an iterator are what it returns and takes.
    const given = /Itera|Generator/.test(target.symbol.name) ? to.slice(0, 1) : to;
    const lost = given.map((argument) => blindness(cx, argument)).find((one) => one !== null);
    const [element] = given;
    if (lost !== undefined || element === undefined) return lost ?? null;
    // A list, a set or a promise gives out what it was made of; a map, pairs.
    if (from.length === 1 && from[0] !== undefined) return losesWriter(cx, from[0], element, depth - 1);
    const pair = argumentsOf(cx, element);
    return firstLoss(cx, from, pair.length > 0 ? pair : from.map(() => element), depth - 1);
  }
  return firstLoss(cx, from, to, depth);
}

/** The first of some types that loses the writer as the type in the same place. */
function firstLoss(
  cx: GuardContext,
  from: readonly ts.Type[],
  to: readonly ts.Type[],
  depth: number,
): string | null {
  for (const [index, argument] of from.entries()) {
    const other = to[index];
    const lost = other === undefined ? null : losesWriter(cx, argument, other, depth);
    if (lost !== null) return lost;
  }
  return null;
}

function isOfLanguage(cx: GuardContext, type: ts.Type): boolean {
  return isDeclaredByLanguage(cx, type.symbol as ts.Symbol | undefined);
}

function isDeclaredByLanguage(cx: GuardContext, symbol: ts.Symbol | undefined): boolean {
  const declaration = symbol?.declarations?.[0];
  return declaration !== undefined && cx.packages.originOf(declaration.getSourceFile()).kind === "lib";
}

function losesThroughReturn(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth: number,
): string | null {
  const own = signaturesOf(source);
  for (const [index, to] of signaturesOf(target).entries()) {
    const from = own[Math.min(index, own.length - 1)];
    if (from === undefined) return null;
    const returned = to.getReturnType();
    const lost = losesWriter(cx, from.getReturnType(), returned, depth - 1);
    if (dropsReturn(cx, to, returned) && carries(cx, from.getReturnType(), depth - 1)) return "void";
    // What the other type takes is what this function passes the writer to.
    const here = lost ?? takesInPlaceOf(cx, to, from);
    if (here !== null) return here;
  }
  return null;
}

function signaturesOf(type: ts.Type): readonly ts.Signature[] {
  const calls = type.getCallSignatures();
  return calls.length > 0 ? calls : type.getConstructSignatures();
}

function isOfProject(cx: GuardContext, { declaration }: ts.Signature): boolean {
  return declaration !== undefined && cx.packages.isProject(declaration.getSourceFile());
}

/** `() => void` of the app: who calls it can take what it gives back for anything. */
function dropsReturn(cx: GuardContext, signature: ts.Signature, returned: ts.Type): boolean {
  return (returned.flags & cx.ts.TypeFlags.Void) !== 0 && isOfProject(cx, signature);
}

/** What is lost when a function gets the parameters of another one. */
function takesInPlaceOf(cx: GuardContext, given: ts.Signature, own: ts.Signature): string | null {
  for (const [index, parameter] of given.parameters.entries()) {
    const expected = parameterAt(cx, own, index);
    if (expected === null) return null;
    const lost = losesByParameter(cx, cx.checker.getTypeOfSymbol(parameter), expected);
    if (lost !== null) return lost;
  }
  return null;
}

function losesThroughProperties(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth: number,
): string | null {
  const { checker } = cx;
  for (const property of target.getProperties()) {
    const own = memberLike(cx, source, property);
    if (own === undefined) continue;
    const [from, to] = [checker.getTypeOfSymbol(own), checker.getTypeOfSymbol(property)];
    const lost = losesWriter(cx, from, to, depth - 1) ?? losesByVisitor(cx, source, from, to, depth);
    if (lost !== null) return lost;
  }
  const values = target.getStringIndexType();
  if (values !== undefined) {
    for (const own of source.getProperties()) {
      if (target.getProperty(own.name) !== undefined) continue;
      const lost = losesWriter(cx, checker.getTypeOfSymbol(own), values, depth - 1);
      if (lost !== null) return lost;
    }
    const own = source.getStringIndexType();
    const lost = own === undefined ? null : losesWriter(cx, own, values, depth - 1);
    if (lost !== null) return lost;
  }
  const element = source.getNumberIndexType();
  const other = target.getNumberIndexType();
  return element === undefined || other === undefined ? null : losesWriter(cx, element, other, depth - 1);
}

/** The member of the same name; the compiler finds one that a symbol names (`[Symbol.iterator]`) only in the list of all. */
function memberLike({ checker }: GuardContext, type: ts.Type, member: ts.Symbol): ts.Symbol | undefined {
  return member.name.startsWith("__@")
    ? type.getProperties().find(({ escapedName }) => escapedName === member.escapedName)
    : checker.getPropertyOfType(type, member.name);
}

/** Lists and maps whose methods are being compared with those of another type. */
const visited = new Set<ts.Type>();

/** `forEach(see: (value: any) => void)`: a list passes its elements to the functions that its methods are given, or gives them out. */
function losesByVisitor(
  cx: GuardContext,
  list: ts.Type,
  own: ts.Type,
  other: ts.Type,
  depth: number,
): string | null {
  if (visited.has(list) || !isOfLanguage(cx, list) || isOfLanguage(cx, other)) return null;
  const [from] = own.getCallSignatures();
  const [to] = other.getCallSignatures();
  if (from === undefined || to === undefined) return null;
  visited.add(list);
  const lost =
    takesInPlaceOf(cx, to, from) ?? losesWriter(cx, from.getReturnType(), to.getReturnType(), depth - 1);
  visited.delete(list);
  return lost;
}

/** How deep in an object the functions are compared: `{ handler }` in a record of definitions. */
const FUNCTION_DEPTH = 3;

/**
 * A function that takes `any` where the writer will be passed in: `mutation({ handler: impl })` with an untyped `impl`,
 * or a value of type any instead of such a function. Parameters are compared the other way round.
 */
export function losesByParameter(
  cx: GuardContext,
  fn: ts.Type,
  expected: ts.Type,
  depth = FUNCTION_DEPTH,
): string | null {
  if (fn === expected) return null;
  const arms = expected.isUnion() ? expected.types : [expected];
  const taken = losesByNext(cx, fn, arms);
  if (taken !== null) return taken;
  if (passesForEverything(cx, fn))
    return arms.some((arm) => receives(cx, arm)) ? cx.checker.typeToString(fn) : null;
  if (fn.isUnion()) {
    for (const arm of fn.types) {
      const lost =
        (arm.flags & cx.ts.TypeFlags.Object) === 0 ? null : losesByParameter(cx, arm, expected, depth);
      if (lost !== null) return lost;
    }
    return null;
  }
  const signatures = fn.getCallSignatures();
  const constructors = fn.getConstructSignatures();
  for (const wanted of arms) {
    const inList = depth === 0 ? null : losesInList(cx, fn, wanted, depth);
    if (inList !== null) return inList;
    const pairs = [
      ...wanted.getCallSignatures().flatMap((callers) => signatures.map((own) => [callers, own] as const)),
      ...wanted.getConstructSignatures().flatMap((made) => constructors.map((own) => [made, own] as const)),
    ];
    for (const [callers, own] of pairs) {
      const lost = comparesParameters(cx, callers, own) ?? losesInResult(cx, callers, own, depth);
      if (lost !== null) return lost;
    }
    const lost = depth === 0 || signatures.length > 0 ? null : losesInside(cx, fn, wanted, depth);
    if (lost !== null) return lost;
  }
  return null;
}

/** A list of functions, in the place of one whose functions get the writer; it may be another view of the list. */
function losesInList(cx: GuardContext, list: ts.Type, expected: ts.Type, depth: number): string | null {
  const [own, wanted] = [argumentsOf(cx, list), argumentsOf(cx, expected)];
  if (list.symbol !== expected.symbol && !(isOfLanguage(cx, list) && isOfLanguage(cx, expected))) return null;
  for (const [index, element] of own.entries()) {
    const other = wanted[index] ?? (own.length > wanted.length ? wanted[0] : undefined);
    const lost = other === undefined ? null : losesByParameter(cx, element, other, depth - 1);
    if (lost !== null) return lost;
  }
  return null;
}

/** What a function gives back, against what its use expects of it: a function, a promise of one. */
function losesInResult(
  cx: GuardContext,
  expected: ts.Signature,
  own: ts.Signature,
  depth: number,
): string | null {
  if (depth === 0) return null;
  const [made, wanted] = [own.getReturnType(), expected.getReturnType()];
  return viewBecomes(cx, expected, made, wanted) ?? losesByParameter(cx, made, wanted, depth - 1);
}

/** `(ctx: QueryCtx) => ctx` in the place of `(ctx: QueryCtx) => unknown`, a function type of the app. */
function viewBecomes(
  cx: GuardContext,
  expected: ts.Signature,
  made: ts.Type,
  wanted: ts.Type,
): string | null {
  const isGivenView = expected.parameters.some((one) => {
    const given = cx.checker.getTypeOfSymbol(one);
    return isView(cx, given) || carries(cx, given);
  });
  if (!isGivenView || !isOfProject(cx, expected)) return null;
  if (isView(cx, made)) return blindness(cx, wanted);
  const elements = made.symbol === wanted.symbol ? argumentsOf(cx, made) : [];
  const at = elements.findIndex((one) => isView(cx, one));
  const element = argumentsOf(cx, wanted)[at];
  return element === undefined ? null : blindness(cx, element);
}

/** A generator takes what `next` is called with: `Generator<…, …, unknown>` where the writer is passed in. */
export function losesByNext(cx: GuardContext, fn: ts.Type, expected: readonly ts.Type[]): string | null {
  const own = takenByNext(cx, fn);
  if (own === null) return null;
  for (const arm of expected) {
    const next = arm.getProperty("next");
    const passed =
      takenByNext(cx, arm) ??
      next?.declarations
        ?.flatMap((one) => (cx.ts.isFunctionLike(one) ? one.parameters : []))
        .map((one) => cx.checker.getTypeAtLocation(one))[0];
    if (passed === undefined || passed === null) continue;
    const types = passed.isUnion() ? passed.types : [passed];
    for (const type of types) {
      const lost = losesWriter(cx, type, own);
      if (lost !== null) return lost;
      for (const element of argumentsOf(cx, type)) {
        const inner = losesWriter(cx, element, own);
        if (inner !== null) return inner;
      }
    }
  }
  return null;
}

/** What `next` of a generator or an iterator of the language takes. */
export function takenByNext(cx: GuardContext, type: ts.Type): ts.Type | null {
  const { symbol } = type as { readonly symbol?: ts.Symbol };
  if (symbol === undefined || !/^(?:Async)?(?:Generator|Iterator(?:Object)?)$/.test(symbol.name)) return null;
  return isOfLanguage(cx, type) ? (argumentsOf(cx, type)[2] ?? null) : null;
}

/** `any` and `never`: what takes the place of every type. */
export function passesForEverything({ ts }: GuardContext, type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Never)) !== 0;
}

/** The functions in an object, against those that its use expects there. */
function losesInside(cx: GuardContext, object: ts.Type, expected: ts.Type, depth: number): string | null {
  const { ObjectFlags, TypeFlags } = cx.ts;
  if ((object.flags & TypeFlags.Object) === 0 || (expected.flags & TypeFlags.Object) === 0) return null;
  const [own, values] = [object.getStringIndexType(), expected.getStringIndexType()];
  const unnamed = own && values && losesByParameter(cx, own, values, depth - 1);
  if (typeof unnamed === "string") return unnamed;
  // Types of libraries with a name are believed; a class of the app need not say what it is used as.
  const isPlain =
    ((object as ts.ObjectType).objectFlags & (ObjectFlags.Anonymous | ObjectFlags.ObjectLiteral)) !== 0;
  if (!isPlain && !isOfApp(cx, object)) return null;
  for (const property of object.getProperties()) {
    const wanted = expected.getProperty(property.name);
    const type = wanted === undefined ? values : cx.checker.getTypeOfSymbol(wanted);
    if (type === undefined) continue;
    const lost = losesByParameter(cx, cx.checker.getTypeOfSymbol(property), type, depth - 1);
    if (lost !== null) return lost;
  }
  return null;
}

/** Whether a class or an interface of the app declares a type. */
export function isOfApp(cx: GuardContext, { symbol }: ts.Type): boolean {
  const [declaration] = (symbol as ts.Symbol | undefined)?.declarations ?? [];
  return (
    declaration !== undefined &&
    (cx.ts.isClassLike(declaration) || cx.ts.isInterfaceDeclaration(declaration)) &&
    cx.packages.isProject(declaration.getSourceFile())
  );
}

/** What a function that callers call in one way loses when its own parameters are these. */
export function comparesParameters(
  cx: GuardContext,
  callers: ts.Signature,
  own: ts.Signature,
): string | null {
  for (const [index, passed] of callers.parameters.entries()) {
    const type = parameterAt(cx, own, index);
    if (type === null && hasCode(cx, own)) return null;
    const given = cx.checker.getTypeOfSymbol(passed);
    if (type === null) {
      if (carries(cx, given)) return UNKNOWN_REST;
      continue;
    }
    // Who calls a function type of the app with a part of ctx may have all of it; Convex's queries have no more.
    const isPart = isOfProject(cx, callers) && isView(cx, given);
    const lost = losesWriter(cx, given, type) ?? (isPart ? blindness(cx, type) : null);
    if (lost !== null) return lost;
  }
  return null;
}

/** What a function may take that its type does not show. */
const UNKNOWN_REST = "unknown (its type shows none, but a function with an optional one fits that)";

/**
 * Whether the code of a function is in sight, which shows that it takes no more than its type says. A type of the app,
 * `() => void`, also stands for a function with an optional or a rest parameter.
 */
export function hasCode(cx: GuardContext, signature: ts.Signature): boolean {
  if (!isOfProject(cx, signature)) return true;
  const declaration = signature.declaration as ts.SignatureDeclaration;
  return "body" in declaration && declaration.body !== undefined && !isReplaceable(cx, declaration);
}

/** What a variable or a parameter without a type was first set to: another function may have taken its place. */
function isReplaceable({ ts }: GuardContext, { parent }: ts.SignatureDeclaration): boolean {
  if (ts.isVariableDeclaration(parent))
    return parent.type === undefined && (parent.parent.flags & ts.NodeFlags.Const) === 0;
  return (ts.isParameter(parent) && parent.type === undefined) || ts.isBindingElement(parent);
}

/** The type of a parameter by its place; of a rest parameter, that of its elements. */
export function parameterAt(cx: GuardContext, { parameters }: ts.Signature, index: number): ts.Type | null {
  const { ts, checker } = cx;
  const parameter = parameters[Math.min(index, parameters.length - 1)];
  if (parameter === undefined) return null;
  const type = checker.getTypeOfSymbol(parameter);
  const declaration = parameter.valueDeclaration;
  const isRest =
    declaration !== undefined && ts.isParameter(declaration) && declaration.dotDotDotToken !== undefined;
  if (!isRest) return index < parameters.length ? type : null;
  if ((type.flags & ts.TypeFlags.Any) !== 0) return type;
  if (!checker.isTupleType(type)) return type.getNumberIndexType() ?? null;
  return checker.getTypeArguments(type as ts.TypeReference)[index - parameters.length + 1] ?? null;
}
