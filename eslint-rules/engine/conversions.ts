import type ts from "typescript";
import { argumentsOf, carries, CARRY_DEPTH, isWriter } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { memberOf } from "./members.js";

/** Longer texts of types are cut in messages, in characters. */
const MAX_TYPE_TEXT = 60;

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
      : losesWriter(cx, source, constraint, depth);
  }
  if ((target.flags & ts.TypeFlags.StructuredType) === 0) return null;
  if (isWriter(cx, source)) return losesDirect(cx, target);
  if (depth === 0) return null;
  return (
    losesThroughArguments(cx, source, target, depth) ??
    losesThroughReturn(cx, source, target, depth) ??
    losesThroughProperties(cx, source, target, depth)
  );
}

/** Types behind which anything may be done with a value. */
function blindness(cx: GuardContext, type: ts.Type): string | null {
  const { TypeFlags } = cx.ts;
  if ((type.flags & TypeFlags.Any) !== 0) return "any";
  if ((type.flags & TypeFlags.Unknown) !== 0) return "unknown";
  if ((type.flags & TypeFlags.NonPrimitive) !== 0) return "object";
  if ((type.flags & TypeFlags.Never) !== 0) return "never, which passes for every type";
  if ((type.flags & TypeFlags.Object) === 0) return null;
  const isEmpty =
    type.getProperties().length === 0 &&
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
  let lost: string | null = null;
  // Only arms that the value fits count, unless an assertion lets it fit none.
  const fitting = target.types.filter((arm) => cx.checker.isTypeAssignableTo(source, arm));
  for (const arm of fitting.length > 0 ? fitting : target.types) {
    if ((arm.flags & nothing) !== 0 || (arm.flags & cx.ts.TypeFlags.StructuredOrInstantiable) === 0) continue;
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
  if (from.length !== to.length || source.symbol !== target.symbol) return null;
  for (const [index, argument] of from.entries()) {
    const other = to[index];
    const lost = other === undefined ? null : losesWriter(cx, argument, other, depth);
    if (lost !== null) return lost;
  }
  return null;
}

function losesThroughReturn(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth: number,
): string | null {
  const [from] = source.getCallSignatures();
  const [to] = target.getCallSignatures();
  if (from === undefined || to === undefined) return null;
  return losesWriter(cx, from.getReturnType(), to.getReturnType(), depth - 1);
}

function losesThroughProperties(
  cx: GuardContext,
  source: ts.Type,
  target: ts.Type,
  depth: number,
): string | null {
  const { checker } = cx;
  for (const property of target.getProperties()) {
    const own = checker.getPropertyOfType(source, property.name);
    if (own === undefined) continue;
    const lost = losesWriter(cx, checker.getTypeOfSymbol(own), checker.getTypeOfSymbol(property), depth - 1);
    if (lost !== null) return lost;
  }
  const element = source.getNumberIndexType();
  const other = target.getNumberIndexType();
  return element === undefined || other === undefined ? null : losesWriter(cx, element, other, depth - 1);
}

/**
 * A function that takes `any` where the writer will be passed in: `mutation({ handler: impl })` with an untyped `impl`.
 * Parameters are compared the other way round.
 */
export function losesByParameter(cx: GuardContext, fn: ts.Type, expected: ts.Type): string | null {
  const signatures = fn.getCallSignatures();
  if (signatures.length === 0) return null;
  for (const wanted of expected.isUnion() ? expected.types : [expected]) {
    for (const callers of wanted.getCallSignatures()) {
      for (const signature of signatures) {
        const lost = comparesParameters(cx, callers, signature);
        if (lost !== null) return lost;
      }
    }
  }
  return null;
}

function comparesParameters(cx: GuardContext, callers: ts.Signature, own: ts.Signature): string | null {
  for (const [index, parameter] of own.parameters.entries()) {
    const passed = callers.parameters[index];
    if (passed === undefined) return null;
    const lost = losesWriter(cx, cx.checker.getTypeOfSymbol(passed), cx.checker.getTypeOfSymbol(parameter));
    if (lost !== null) return lost;
  }
  return null;
}

/** A type in a sentence; of a data model written out, only that it is there: `GenericMutationCtx<…>`. */
export function shortType(cx: GuardContext, type: ts.Type): string {
  const text = cx.checker.typeToString(type);
  if (text.length <= MAX_TYPE_TEXT) return text;
  const [before = ""] = text.split("<{", 1);
  const isCut = before.length < MAX_TYPE_TEXT;
  return isCut ? closed(`${before}<…>`) : `${text.slice(0, MAX_TYPE_TEXT - 1)}…`;
}

function closed(text: string): string {
  const open = text.split("<").length - text.split(">").length;
  return `${text}${">".repeat(Math.max(open, 0))}`;
}
