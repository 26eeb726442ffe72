/** Checks at run time that give the writer, or what holds it, a type without it. */
import type ts from "typescript";
import { argumentsOf, carries, isView } from "./carriers.js";
import { isData, isOfPrimitives } from "./data.js";
import type { GuardContext } from "./context.js";
import { blindness, gainsWriter, passesForWriter } from "./conversions.js";
import { shortType } from "./typeText.js";
import { reportEscape } from "./escape.js";
import type { Report } from "./report.js";
import { hidesView, holdsWriter, narrowedAway } from "./views.js";

/** `(value: Auth | DatabaseWriter): value is Auth`: nobody checks what the function says. */
export function visitPredicate(cx: GuardContext, report: Report, node: ts.TypePredicateNode): void {
  const { checker } = cx;
  const type = typeOfSubject(cx, node);
  if (type === null) return;
  const claimed = node.type === undefined ? null : checker.getTypeAtLocation(node.type);
  if (!carries(cx, type)) {
    if (claimed === null) return;
    const known = checker.getBaseConstraintOfType(type) ?? type;
    const said = checker.getBaseConstraintOfType(claimed) ?? claimed;
    const shown = isView(cx, known)
      ? hidesView(cx, claimed)
      : (gainsWriter(cx, known, said) ?? passesForWriter(cx, known, said));
    if (shown !== null)
      report.add("no-writer-escape", "escape", node, { from: shortType(cx, type), to: shown });
    return;
  }
  const others = (type.isUnion() ? type.types : [type]).filter(
    (arm) => claimed === null || !checker.isTypeAssignableTo(arm, claimed),
  );
  const shown = claimed === null || carries(cx, claimed) ? others : [claimed];
  const hidden = shown.find((arm) => !carries(cx, arm) && !isView(cx, arm));
  if (hidden === undefined) return;
  const data = { from: shortType(cx, type), to: shortType(cx, hidden) };
  report.add("no-writer-escape", "escape", node, data);
}

/**
 * `held.db` where a check has made of `Own | Plain` a `Plain`, and both have a `db`: what the check looked at can change,
 * and then the value is still the writer.
 */
export function visitNarrowed(
  cx: GuardContext,
  report: Report,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): void {
  const { ts, checker } = cx;
  const { expression } = node;
  const declared = narrowedAway(cx, expression);
  if (declared === null) return;
  const own = checker.getTypeAtLocation(node);
  if (carries(cx, own) || isView(cx, own)) return;
  const isHeld = ts.isPropertyAccessExpression(node) && holdsWriter(cx, declared, node.name.text);
  if (!isHeld && checker.getTypeAtLocation(expression).getStringIndexType() === undefined) return;
  const data = { from: shortType(cx, declared), to: shortType(cx, own) };
  report.add("no-writer-escape", "escape", node, data);
}

/** `const { db } = held`, or `const other = held`, of such a value. */
export function visitNarrowedValue(cx: GuardContext, report: Report, node: ts.VariableDeclaration): void {
  const { ts } = cx;
  const { name, initializer } = node;
  if (initializer === undefined) return;
  const declared = narrowedAway(cx, initializer);
  if (declared === null) return;
  const type = cx.checker.getTypeAtLocation(initializer);
  const names = ts.isObjectBindingPattern(name)
    ? name.elements.map((one) => (one.propertyName ?? one.name).getText())
    : type.getProperties().map((one) => one.name);
  const isHidden = ts.isIdentifier(name) && hidesView(cx, type) !== null;
  if (isHidden || names.some((one) => holdsWriter(cx, declared, one) && !holdsWriter(cx, type, one)))
    reportEscape(cx, report, initializer, shortType(cx, type));
}

/** `const { db } = held` where an assignment has made the member something else, and another one may have come since. */
export function visitNarrowedMember(cx: GuardContext, report: Report, element: ts.BindingElement): void {
  const { ts, checker } = cx;
  const { parent, name } = element;
  const key = element.propertyName ?? name;
  if (!ts.isIdentifier(name) || !ts.isVariableDeclaration(parent.parent)) return;
  const { initializer } = parent.parent;
  if (initializer === undefined || isData(cx, initializer)) return;
  const holder = checker.getTypeAtLocation(initializer);
  const place = ts.isObjectBindingPattern(parent)
    ? ts.isIdentifier(key)
      ? key.text
      : ""
    : String(parent.elements.indexOf(element));
  if (!holdsWriter(cx, holder, place)) return;
  const own = checker.getTypeAtLocation(name);
  const isKnown = (own.flags & ts.TypeFlags.StructuredType) !== 0 || isOfPrimitives(cx, own);
  if (isKnown && !carries(cx, own) && !isView(cx, own)) reportEscape(cx, report, name, shortType(cx, own));
}

/** What a predicate speaks about: a parameter, or the object itself (`this is …`). */
function typeOfSubject({ ts, checker }: GuardContext, node: ts.TypePredicateNode): ts.Type | null {
  const { parent: fn, parameterName } = node;
  if (!ts.isFunctionLike(fn)) return null;
  if (!ts.isIdentifier(parameterName)) {
    return ts.isClassLike(fn.parent) || ts.isInterfaceDeclaration(fn.parent)
      ? checker.getTypeAtLocation(fn.parent)
      : null;
  }
  const parameter = fn.parameters.find(
    ({ name }) => ts.isIdentifier(name) && name.text === parameterName.text,
  );
  return parameter === undefined ? null : checker.getTypeAtLocation(parameter);
}

/**
 * `value instanceof K` where the class decides by itself what its instances are, or where its instances have parts of
 * type any: `later instanceof Promise` makes a `PromiseLike<DatabaseWriter>` a `Promise<any>`.
 */
export function visitInstanceOf(
  cx: GuardContext,
  report: Report,
  { left, right }: ts.BinaryExpression,
): void {
  const type = cx.checker.getTypeAtLocation(left);
  if (!carries(cx, type)) return;
  const constructors = cx.checker.getTypeAtLocation(right);
  const decides = constructors
    .getProperties()
    .some(
      ({ escapedName, declarations }) =>
        escapedName.toString().startsWith("__@hasInstance") &&
        declarations?.some((one) => !one.getSourceFile().isDeclarationFile),
    );
  if (decides) reportEscape(cx, report, left, `what \`${right.getText()}\` takes for its own`);
  else {
    const instance = instanceOf(cx, constructors);
    if (instance !== null && takesPlaceOf(cx, type, instance))
      reportEscape(cx, report, left, shortType(cx, instance));
  }
}

/** What the compiler takes the instances of a class for: those of a generic one have any for its parameters. */
function instanceOf(cx: GuardContext, constructors: ts.Type): ts.Type | null {
  const prototype = constructors.getProperty("prototype");
  const type = prototype && cx.checker.getTypeOfSymbol(prototype);
  return type === undefined || (type.flags & cx.ts.TypeFlags.Any) !== 0 ? null : type;
}

/** `Array.isArray(list)`: a list that cannot be written, or anything that can be gone through, becomes a list of any. */
export function visitIsArray(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const [value] = call.arguments;
  if (value === undefined || !ts.isPropertyAccessExpression(call.expression)) return;
  if (call.expression.name.text !== "isArray") return;
  const type = checker.getTypeAtLocation(value);
  if (!carries(cx, type)) return;
  const signature = checker.getResolvedSignature(call);
  const claimed = signature && checker.getTypePredicateOfSignature(signature)?.type;
  const lists = (type.isUnion() ? type.types : [type]).filter(isList);
  if (claimed !== undefined && lists.some((one) => takesPlaceOf(cx, one, claimed)))
    reportEscape(cx, report, value, shortType(cx, claimed));
}

/** Whether a value may be an array: it has elements, or can be gone through. */
function isList(type: ts.Type): boolean {
  if (type.getNumberIndexType() !== undefined) return true;
  return type.getProperties().some(({ escapedName }) => escapedName.toString().startsWith("__@iterator"));
}

/**
 * Whether the compiler puts a type without the writer in the place of an arm that carries it: one that fits the arm, or,
 * where no arm is of the type, one with parts of type any.
 */
function takesPlaceOf(cx: GuardContext, type: ts.Type, instance: ts.Type): boolean {
  const { checker } = cx;
  if (carries(cx, instance)) return false;
  const arms = type.isUnion() ? type.types : [type];
  const isNone = !arms.some((arm) => checker.isTypeAssignableTo(arm, instance));
  const mixes = isNone && argumentsOf(cx, instance).some((one) => blindness(cx, one) !== null);
  return arms.some(
    (arm) =>
      carries(cx, arm) &&
      !checker.isTypeAssignableTo(arm, instance) &&
      (mixes || checker.isTypeAssignableTo(instance, arm)),
  );
}
