import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { factoryOf } from "./libraries.js";
import { trustedPackage } from "./packages.js";
import { kindOfDeclaration, memberOf, WRITE_METHODS } from "./members.js";

/** How deep in an object the writer is looked for: `{ a: { b: { db } } }`. */
export const CARRY_DEPTH = 6;

/** How deep the writer is looked for in the types of a library. */
const PACKAGE_DEPTH = 2;

/** How deep a builder is looked for, and the writer in what it passes on: `{ builders: { mutation } }`, `ctx.db`. */
const HANDING_DEPTH = 2;

/** Types of Convex that hold the writer; its other types (references, builders, validators) never do. */
const CONVEX_HOLDERS: ReadonlySet<string> = new Set(["GenericMutationCtx", "GenericDatabaseWriter"]);

/** Whether a value of this type gives its holder the means to write: the writer, its methods, or an object around them. */
export function carries(cx: GuardContext, type: ts.Type, depth = CARRY_DEPTH): boolean {
  const { ts } = cx;
  if ((type.flags & ts.TypeFlags.StructuredOrInstantiable) === 0) return false;
  const memo = (cx.carriers[depth] ??= new Map<ts.Type, boolean>());
  const known = memo.get(type);
  if (known !== undefined) return known;
  memo.set(type, false); // a type that contains itself carries only what it carries elsewhere
  const result = computeCarries(cx, type, depth);
  memo.set(type, result);
  return result;
}

function computeCarries(cx: GuardContext, type: ts.Type, depth: number): boolean {
  const { ts, checker } = cx;
  if (type.isUnionOrIntersection()) return type.types.some((arm) => carries(cx, arm, depth));
  if ((type.flags & ts.TypeFlags.Instantiable) !== 0) {
    if (standsForWriter(cx, type)) return true;
    const made = madeByStranger(cx, type);
    if (made !== null) return depth > 0 && made.some((one) => carries(cx, one, depth - 1));
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint !== undefined && constraint !== type && carries(cx, constraint, depth);
  }
  if (isWriter(cx, type) || isWriteMethod(cx, type) || isFactory(cx, type)) return true;
  if (depth === 0) return false;
  const origin = originOfType(cx, type);
  if (origin === "lib") return argumentsOf(cx, type).some((argument) => carries(cx, argument, depth));
  if (origin === "convex" && !CONVEX_HOLDERS.has(type.symbol.name)) return false;
  if (origin === "stranger")
    return [...argumentsOf(cx, type), ...(type.aliasTypeArguments ?? [])].some((one) =>
      carries(cx, one, depth - 1),
    );
  // The methods of a library's classes give out ever new types; the writer is near, or not there.
  const near = origin === "package" ? Math.min(depth - 1, PACKAGE_DEPTH) : depth - 1;
  // What is written out ends somewhere, however deep it is; a generic type need not.
  const left = isWritten(cx, type) ? Math.max(near, 1) : near;
  for (const signature of type.getCallSignatures()) {
    if (carries(cx, signature.getReturnType(), left) || handsOut(cx, signature, depth)) return true;
  }
  // `class Pool extends Map<string, DatabaseWriter>`
  if (type.isClass() && checker.getBaseTypes(type).some((base) => carries(cx, base, left))) return true;
  const element = type.getNumberIndexType() ?? type.getStringIndexType();
  if (element !== undefined && carries(cx, element, left)) return true;
  return type.getProperties().some((property) => carries(cx, checker.getTypeOfSymbol(property), left));
}

/** An object literal, or a type of the app without type parameters. */
function isWritten({ ts, packages }: GuardContext, type: ts.Type): boolean {
  const symbol = type.symbol as ts.Symbol | undefined;
  const [declaration] = symbol?.declarations ?? [];
  if (symbol === undefined || declaration === undefined) return false;
  if ((symbol.flags & ts.SymbolFlags.ObjectLiteral) !== 0) return true;
  const { Instantiated, Reference } = ts.ObjectFlags;
  if (((type as ts.ObjectType).objectFlags & (Instantiated | Reference)) !== 0) return false;
  return packages.isProject(declaration.getSourceFile());
}

/** A type parameter that stands for the writer, or a type that is made of one: `T[K]`, `Awaited<T>`. */
function standsForWriter(cx: GuardContext, type: ts.Type): boolean {
  if (cx.standIns.size === 0) return false;
  if (cx.standIns.has(type)) return true;
  const { TypeFlags } = cx.ts;
  if ((type.flags & TypeFlags.IndexedAccess) !== 0)
    return standsForWriter(cx, (type as ts.IndexedAccessType).objectType);
  return (
    (type.flags & TypeFlags.Conditional) !== 0 && standsForWriter(cx, (type as ts.ConditionalType).checkType)
  );
}

/** Whether a function passes the writer to a function that it is given, as Convex's builders do to `handler`. */
function handsOut(cx: GuardContext, signature: ts.Signature, depth: number): boolean {
  const { ts, checker } = cx;
  if (depth < CARRY_DEPTH - HANDING_DEPTH) return false;
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  // Functions of other packages do not have the writer until they get it.
  const origin = declaration && cx.packages.originOf(declaration.getSourceFile());
  if (origin === undefined || (origin.kind === "package" && !trustedPackage(origin.name))) return false;
  return signature.parameters.some((parameter) => {
    const type = checker.getTypeOfSymbol(parameter);
    const arms = type.isUnion() ? type.types : [type];
    return arms.some((arm) => {
      if (receives(cx, arm, HANDING_DEPTH)) return true;
      if (argumentsOf(cx, arm).some((one) => receives(cx, one, HANDING_DEPTH))) return true;
      const handler = arm.getProperty("handler");
      if (handler !== undefined && receives(cx, checker.getTypeOfSymbol(handler), HANDING_DEPTH)) return true;
      // Of an object of the app, any member may be called: `{ take(db: DatabaseWriter): void }`.
      return (
        origin.kind === "project" &&
        (arm.flags & ts.TypeFlags.Object) !== 0 &&
        arm.getProperties().some((one) => one !== handler && isMemberThatTakes(cx, one))
      );
    });
  });
}

/** A function among the members that the app declares for an object: it is called with the writer. */
function isMemberThatTakes(cx: GuardContext, member: ts.Symbol): boolean {
  const [declaration] = member.declarations ?? [];
  if (declaration === undefined || !cx.packages.isProject(declaration.getSourceFile())) return false;
  return receives(cx, cx.checker.getTypeOfSymbol(member), HANDING_DEPTH);
}

/** Whether who calls this function, or a function in this object, passes the writer in. */
export function receives(cx: GuardContext, type: ts.Type, depth = CARRY_DEPTH): boolean {
  return type
    .getCallSignatures()
    .some((signature) =>
      signature.parameters.some((parameter) => carries(cx, cx.checker.getTypeOfSymbol(parameter), depth)),
    );
}

/** The writer itself: an object with a write method that Convex, the guard or convex-ents declares. */
export function isWriter(cx: GuardContext, type: ts.Type): boolean {
  if ((type.flags & cx.ts.TypeFlags.Object) === 0 && !type.isIntersection()) return false;
  for (const method of ["insert", "patch"]) {
    if (type.getProperty(method) === undefined) continue;
    const { kind } = memberOf(cx, type, method);
    if (kind === "writer" || kind === "tableWriter" || kind === "ents") return true;
  }
  return false;
}

/** `crud` and `makeMigration(…)` as values: functions of a library that write rows by themselves. */
export function isFactory(cx: GuardContext, type: ts.Type): boolean {
  return type.getCallSignatures().some(({ declaration }) => {
    const name = declaration === undefined ? null : factoryOf(cx, declaration);
    // An edge writes where an ent is deleted, and its definition says so.
    return name !== null && name.table.from !== "edge";
  });
}

/** `db.insert` as a value. */
export function isWriteMethod(cx: GuardContext, type: ts.Type): boolean {
  const declaration = (type.symbol as ts.Symbol | undefined)?.declarations?.[0];
  if (declaration === undefined || type.symbol.name === "__type") return false;
  if (!WRITE_METHODS.has(type.symbol.name)) return false;
  const kind = kindOfDeclaration(cx, declaration);
  return kind === "writer" || kind === "tableWriter" || kind === "ents";
}

/** Who declares a type; a stranger is a package that knows nothing of Convex. */
function originOfType(cx: GuardContext, type: ts.Type): "lib" | "convex" | "package" | "stranger" | "other" {
  const declaration = (type.symbol as ts.Symbol | undefined)?.declarations?.[0];
  if (declaration === undefined)
    return cx.checker.isArrayType(type) || cx.checker.isTupleType(type) ? "lib" : "other";
  const origin = cx.packages.originOf(declaration.getSourceFile());
  const isLiteral = type.symbol.name === "__type";
  if (origin.kind === "package" && isStrange(cx, type, isLiteral, origin.name)) return "stranger";
  // A type literal is described by its parts; a named type of Convex by its name.
  if (isLiteral) return "other";
  if (origin.kind === "lib") return "lib";
  if (origin.kind !== "package") return "other";
  return origin.name === "convex" ? "convex" : "package";
}

/** Whether a type of a package that knows nothing of Convex says by its type arguments what it is made of. */
function isStrange({ ts, packages }: GuardContext, type: ts.Type, isLiteral: boolean, name: string): boolean {
  const isInstantiated = ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Instantiated) !== 0;
  if (isLiteral && isInstantiated && type.aliasSymbol === undefined) return false;
  // The app may add members to a type of a package.
  const declarations = [...(type.symbol.declarations ?? []), ...(type.aliasSymbol?.declarations ?? [])];
  return (
    packages.isStranger(name) &&
    declarations.every((one) => packages.originOf(one.getSourceFile()).kind === "package")
  );
}

/** Of what a type is made that a package which knows nothing of Convex defines for any others; null if it is none. */
export function madeByStranger(
  { packages }: GuardContext,
  { aliasSymbol, aliasTypeArguments = [] }: ts.Type,
): readonly ts.Type[] | null {
  const declarations = aliasSymbol?.declarations ?? [];
  const isStrange = declarations.every((one) => packages.isOfStranger(one));
  return declarations.length > 0 && isStrange ? aliasTypeArguments : null;
}

export function argumentsOf(cx: GuardContext, type: ts.Type): readonly ts.Type[] {
  const { ts } = cx;
  if ((type.flags & ts.TypeFlags.Object) === 0) return [];
  const isReference = ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
  return isReference ? cx.checker.getTypeArguments(type as ts.TypeReference) : [];
}

/** Members of a mutation's ctx and of the writer, as far as a type may show them without showing how to write. */
const VIEWS: readonly ReadonlySet<string>[] = [
  new Set(["db", "auth", "storage", "scheduler", "runQuery", "runMutation", "runAction", "meta"]),
  new Set(["get", "query", "normalizeId", "system", "vars", "table"]),
];

/**
 * Whether a type shows only a part of the writer, or of a ctx that holds it (QueryCtx, DatabaseReader, `{ auth }`). The
 * value may be the whole, and code that drops the type can use the rest.
 */
export function isView(cx: GuardContext, type: ts.Type): boolean {
  if ((type.flags & cx.ts.TypeFlags.StructuredType) === 0) return false;
  let known = views.get(cx);
  if (known === undefined) views.set(cx, (known = new Map<ts.Type, boolean>()));
  let is = known.get(type);
  if (is === undefined) known.set(type, (is = showsPart(cx, type)));
  return is;
}

const views = new WeakMap<GuardContext, Map<ts.Type, boolean>>();

function showsPart(cx: GuardContext, type: ts.Type): boolean {
  const { ts, checker } = cx;
  if (type.isUnion()) return type.types.some((arm) => isView(cx, arm));
  if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return false;
  const properties = type.getProperties();
  if (properties.length === 0 || properties.length > MAX_MEMBERS || type.getCallSignatures().length > 0)
    return false;
  const primitive =
    ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike;
  return VIEWS.some((names) => {
    const shown = properties.filter(({ name }) => names.has(name));
    // What the app adds (`{ auth, log }`) hides nothing; but only a member of Convex itself tells that it is a ctx.
    if (shown.length < properties.length && !shown.some((one) => isConvexMember(cx, one))) return false;
    return shown.every((property) => {
      const type = checker.getTypeOfSymbol(property);
      const own = checker.getBaseConstraintOfType(type) ?? type;
      return (own.isUnion() ? own.types : [own]).every(({ flags }) => (flags & primitive) === 0);
    });
  });
}

/** A type with more members is an interface of the app, and no part of a ctx. */
const MAX_MEMBERS = 20;

/** Whether Convex declares the type of a member: `auth`, `storage`, the reader. */
function isConvexMember({ checker, packages }: GuardContext, property: ts.Symbol): boolean {
  const { symbol } = checker.getTypeOfSymbol(property) as { readonly symbol?: ts.Symbol };
  return packages.isOfConvex(symbol?.declarations?.[0]);
}

const writerTypes = new WeakMap<ts.Program, ts.Type | null>();

/** Whether Convex's writer could be the value of this type; when the writer's type cannot be found, it could. */
export function writerFits(cx: GuardContext, receiver: ts.Type): boolean {
  let writer = writerTypes.get(cx.program);
  if (writer === undefined) writerTypes.set(cx.program, (writer = findWriter(cx)));
  if (writer === null) return true;
  for (const arm of receiver.isUnion() ? receiver.types : [receiver]) {
    const type = cx.checker.getBaseConstraintOfType(arm) ?? arm;
    if (cx.checker.isTypeAssignableTo(writer, type)) return true;
  }
  return false;
}

/** The generic declaration is enough: its type parameter is compared as something unknown. */
function findWriter(cx: GuardContext): ts.Type | null {
  for (const file of cx.program.getSourceFiles()) {
    if (!file.fileName.endsWith("/server/database.d.ts")) continue;
    const origin = cx.packages.originOf(file);
    const module = cx.checker.getSymbolAtLocation(file);
    if (origin.kind !== "package" || origin.name !== "convex" || module === undefined) continue;
    const writer = cx.checker.getExportsOfModule(module).find((one) => one.name === "GenericDatabaseWriter");
    if (writer !== undefined) return cx.checker.getDeclaredTypeOfSymbol(writer);
  }
  return null;
}
