import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { quoted } from "./messages.js";
import { isToldApart } from "./narrowing.js";
import { tableInCode, tablesByOrigin } from "./origins.js";
import { declarationOf, unaliased } from "./references.js";
import type { Report } from "./report.js";

/**
 * How well the table of a write is known:
 * - `literal`: the name stands there; the server checks it against the id
 * - `const`: the name is a `const` with a literal
 * - `type`: only the type of the name or the id says so
 */
type Certainty = "literal" | "const" | "type";

/** The table that a write goes to. */
export interface Target {
  /** The possible tables; null when they cannot be known. */
  readonly tables: readonly string[] | null;
  readonly how: Certainty;
  /** Whether the name of the table or an id decides. */
  readonly form: "name" | "id";
  /** Why the table is not known, as the end of a sentence. */
  readonly reason: string;
  /** An assertion at the write claims the table; nothing proves it. */
  readonly cast: boolean;
}

const RANK: Record<Certainty, number> = { literal: 0, const: 1, type: 2 };

function unknown(form: Target["form"], reason: string): Target {
  return { tables: null, how: "type", form, reason, cast: false };
}

/** The target of `receiver.method(args)` on Convex's writer; mirrors its run-time switch between the two signatures. */
export function targetOfCall(cx: GuardContext, method: string, args: readonly ts.Expression[]): Target {
  const [first] = args;
  if (first === undefined) return unknown("id", "there is no argument");
  const spread = args.findIndex((argument) => cx.ts.isSpreadElement(argument));
  const idOnly = method === "patch" || method === "replace" ? 2 : method === "delete" ? 1 : 0;
  if (spread !== -1) return targetOfSpread(cx, method, args, spread);
  if (args.length > idOnly || method === "insert") return targetByName(cx, first);
  return targetById(cx, first);
}

/** With spread arguments, a tuple type still tells the table. */
function targetOfSpread(
  cx: GuardContext,
  method: string,
  args: readonly ts.Expression[],
  at: number,
): Target {
  const argument = args[at];
  if (at > 0 && args[0] !== undefined && method === "insert") return targetByName(cx, args[0]);
  if (at > 0 && args[0] !== undefined) {
    // Whether a name or an id stands first depends on how many follow: both must agree.
    const named = targetByName(cx, args[0]);
    return named.tables !== null && named.how !== "type"
      ? named
      : unknown("name", "the arguments are spread");
  }
  if (argument !== undefined && cx.ts.isSpreadElement(argument)) {
    const type = cx.checker.getTypeAtLocation(argument.expression);
    if (cx.checker.isTupleType(type)) {
      const elements = cx.checker.getTypeArguments(type as ts.TypeReference);
      const [first] = elements;
      const count = elements.length + args.length - 1;
      const needed = method === "insert" ? 0 : method === "delete" ? 1 : 2;
      if (first !== undefined) {
        return count > needed ? ofNameType(cx, first) : ofIdType(cx, first);
      }
    }
  }
  return unknown("name", "the arguments are spread");
}

/** The table that an expression names. */
export function targetByName(cx: GuardContext, expression: ts.Expression): Target {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (ts.isStringLiteralLike(inner)) {
    return { tables: [inner.text], how: "literal", form: "name", reason: "", cast: false };
  }
  if (ts.isConditionalExpression(inner)) {
    return merge(targetByName(cx, inner.whenTrue), targetByName(cx, inner.whenFalse));
  }
  const constant = constLiteral(cx, inner, 0);
  if (constant !== null) return { tables: [constant], how: "const", form: "name", reason: "", cast: false };
  const target = ofNameType(cx, checker.getTypeAtLocation(expression));
  const origin = target.tables === null || inner !== expression ? nameByOrigin(cx, inner) : null;
  if (origin !== null) return origin;
  if (inner === expression || target.tables === null) return target;
  const written = ofNameType(cx, checker.getTypeAtLocation(inner));
  return withCast(cx, target, written, inner, expression);
}

/** A function of a library that writes a table whose name is not written there; nothing compares it with the rows. */
export function reportInexplicit(report: Report, node: ts.Node, fn: string, tables: readonly string[]): void {
  const data = { fn, tables: quoted(tables), mirrors: report.mirrorNames };
  report.add("explicit-write-table", "explicitLibrary", node, data);
}

function nameByOrigin(cx: GuardContext, name: ts.Expression): Target | null {
  if (ofNameType(cx, cx.checker.getTypeAtLocation(name)).tables !== null) return null;
  const tables = tablesByOrigin(cx, name, "name", (type) => ofIdType(cx, type).tables);
  return tables === null ? null : { tables, how: "type", form: "name", reason: "", cast: false };
}

/** The table of an id, by its type. */
function targetById(cx: GuardContext, expression: ts.Expression): Target {
  const table = tableInCode(cx, expression);
  if (table !== null) return { tables: [table], how: "type", form: "id", reason: "", cast: false };
  const inner = stripAssertions(cx.ts, expression);
  const typed = ofIdType(cx, cx.checker.getTypeAtLocation(inner));
  const written = ofReadDocument(cx, inner, typed) ?? typed;
  if (written.tables === null) {
    const tables = tablesByOrigin(cx, inner, "id", (type) => ofIdType(cx, type).tables);
    if (tables !== null) return { tables, how: "type", form: "id", reason: "", cast: false };
  }
  if (inner === expression) return written;
  const target = ofIdType(cx, cx.checker.getTypeAtLocation(expression));
  return withCast(cx, target, written, inner, expression);
}

/**
 * `(await db.get(id))._id` with an id that may be undefined: for that type error the compiler gives the document the type
 * of any table's. The table is still the id's.
 */
function ofReadDocument(cx: GuardContext, id: ts.Expression, { tables }: Target): Target | null {
  const { ts } = cx;
  if (tables === null || tables.length < 2) return null;
  if (!ts.isPropertyAccessExpression(id) || !ts.isIdentifier(id.expression)) return null;
  const declaration = declarationOf(cx, id.expression);
  if (declaration === null || !ts.isVariableDeclaration(declaration)) return null;
  if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) === 0) return null;
  let value = declaration.initializer && stripAssertions(ts, declaration.initializer);
  while (value !== undefined && ts.isAwaitExpression(value)) value = stripAssertions(ts, value.expression);
  if (value === undefined || !ts.isCallExpression(value) || value.arguments.length !== 1) return null;
  const {
    expression: callee,
    arguments: [read],
  } = value;
  if (read === undefined || !ts.isPropertyAccessExpression(callee) || callee.name.text !== "get") return null;
  const isReader = cx.checker.getTypeAtLocation(callee.expression).getProperty("normalizeId") !== undefined;
  const target = isReader && id.name.text === "_id" ? targetById(cx, read) : null;
  return target?.tables?.every((table) => tables.includes(table)) === true ? target : null;
}

/** What an assertion claims against what the expression below it is known to be. */
function withCast(
  cx: GuardContext,
  claimed: Target,
  written: Target,
  inner: ts.Expression,
  outer: ts.Expression,
): Target {
  const from = cx.checker.getTypeAtLocation(inner);
  const to = cx.checker.getTypeAtLocation(outer);
  const proved =
    (from.flags & cx.ts.TypeFlags.Any) === 0 &&
    cx.checker.isTypeAssignableTo(cx.checker.getNonNullableType(from), to);
  if (proved && claimed.tables !== null) return claimed;
  // Below the assertion a table is known: that one counts, whatever is claimed.
  if (written.tables !== null) {
    // To tell apart tables that the type already names claims nothing new.
    const narrows = claimed.tables?.every((table) => written.tables?.includes(table)) === true;
    if (narrows && isToldApart(cx, outer, claimed.tables, written.tables)) return claimed;
    return { ...written, cast: !proved && !narrows };
  }
  return { ...claimed, cast: true };
}

function merge(one: Target, other: Target): Target {
  if (one.tables === null) return one;
  if (other.tables === null) return other;
  return {
    tables: [...new Set([...one.tables, ...other.tables])],
    how: RANK[one.how] > RANK[other.how] ? one.how : other.how,
    form: one.form,
    reason: "",
    cast: one.cast || other.cast,
  };
}

/**
 * The literal of a `const`, through imports and re-exports. The members of an enum or a namespace are no constants: both
 * are objects, in which code can put other values.
 */
function constLiteral(cx: GuardContext, expression: ts.Expression, depth: number): string | null {
  const { ts, checker } = cx;
  if (depth > 5) return null;
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (!ts.isIdentifier(expression) && !ts.isPropertyAccessExpression(expression)) return null;
  const symbol = checker.getSymbolAtLocation(expression);
  const declaration = symbol && unaliased(cx, symbol).valueDeclaration;
  if (declaration === undefined) return null;
  if (ts.isEnumMember(declaration)) {
    if ((ts.getCombinedModifierFlags(declaration.parent) & ts.ModifierFlags.Const) === 0) return null;
    const value = checker.getConstantValue(declaration);
    return typeof value === "string" ? value : null;
  }
  if (!ts.isVariableDeclaration(declaration) || declaration.initializer === undefined) return null;
  if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) === 0) return null;
  if (ts.isPropertyAccessExpression(expression) && isInNamespace(cx, declaration)) return null;
  return constLiteral(cx, stripAssertions(ts, declaration.initializer), depth + 1);
}

function isInNamespace({ ts }: GuardContext, declaration: ts.VariableDeclaration): boolean {
  return ts.isModuleBlock(declaration.parent.parent.parent);
}

function ofNameType(cx: GuardContext, type: ts.Type): Target {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Any) !== 0) return unknown("name", "the table name has type any");
  const constrained = constraintOf(cx, type);
  const tables: string[] = [];
  for (const arm of constrained.isUnion() ? constrained.types : [constrained]) {
    if (arm.isStringLiteral()) tables.push(arm.value);
    else if (isNothing(cx, arm)) continue;
    else if (arm.getProperty("__tableName") !== undefined) {
      // The id-only form with an explicit undefined behind it: the server takes the first argument as an id.
      const target = ofIdType(cx, arm);
      if (target.tables === null) return target;
      tables.push(...target.tables);
    } else return unknown("name", `the table name has type ${checker.typeToString(type)}`);
  }
  if (tables.length === 0) return unknown("name", `the table name has type ${checker.typeToString(type)}`);
  return { tables, how: "type", form: "name", reason: "", cast: false };
}

function ofIdType(cx: GuardContext, type: ts.Type): Target {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Any) !== 0) return unknown("id", "the id has type any");
  const constrained = constraintOf(cx, type);
  const tables = new Set<string>();
  for (const arm of constrained.isUnion() ? constrained.types : [constrained]) {
    if (isNothing(cx, arm)) continue;
    const phantom = checker.getPropertyOfType(arm, "__tableName");
    if (phantom === undefined) return unknown("id", `the id has type ${checker.typeToString(type)}`);
    const names = constraintOf(cx, checker.getTypeOfSymbol(phantom));
    for (const name of names.isUnion() ? names.types : [names]) {
      if (!name.isStringLiteral()) return unknown("id", `the id has type ${checker.typeToString(type)}`);
      tables.add(name.value);
    }
  }
  if (tables.size === 0) return unknown("id", `the id has type ${checker.typeToString(type)}`);
  return { tables: [...tables], how: "type", form: "id", reason: "", cast: false };
}

function isNothing(cx: GuardContext, type: ts.Type): boolean {
  return (type.flags & (cx.ts.TypeFlags.Null | cx.ts.TypeFlags.Undefined | cx.ts.TypeFlags.Void)) !== 0;
}

/** The constraint of a type parameter and the like; the type itself otherwise. */
export function constraintOf(cx: GuardContext, type: ts.Type): ts.Type {
  if ((type.flags & cx.ts.TypeFlags.Instantiable) === 0) return type;
  return cx.checker.getBaseConstraintOfType(type) ?? type;
}
