/**
 * Functions of which one is called, as a value tells: `cond ? a : b`, a list, a member by its name. The compiler calls them
 * as one that takes what all of them take, and drops from their union what fits another one. What takes the writer as
 * `unknown` fits what takes it as MutationCtx, and is seen nowhere again.
 */
import type ts from "typescript";
import { receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness, losesByParameter, losesWriter, parameterAt } from "./conversions.js";
import { isData, isPrimitive, typeByDeclaration } from "./data.js";
import { isBlind, isHarmlessByRoot, mayCarry, openResult } from "./flows.js";
import { holdsReceiver } from "./receivers.js";
import type { Report } from "./report.js";
import { isTrustedCallee } from "./trust.js";

/** Arms of a conditional, or elements of a list, against what all of them are used as. */
export function compareArms(
  cx: GuardContext,
  report: Report,
  arms: readonly ts.Expression[],
  typeOfWhole: () => ts.Type | undefined,
): void {
  const { Any, Never } = cx.ts.TypeFlags;
  const blind = arms.length === 1 ? [] : arms.filter((arm) => mayTakeBlindly(cx, arm));
  const whole = blind.length === 0 ? undefined : typeOfWhole();
  if (whole === undefined) return;
  for (const arm of blind) {
    const type = typeOfArm(cx, arm);
    const lost = (type.flags & (Any | Never)) === 0 ? losesByParameter(cx, type, whole) : null;
    if (lost !== null) report.add("no-writer-escape", "anyParameter", arm, { to: lost });
  }
}

function typeOfArm({ ts, checker }: GuardContext, arm: ts.Expression): ts.Type {
  if (!ts.isSpreadElement(arm)) return checker.getTypeAtLocation(arm);
  const list = checker.getTypeAtLocation(arm.expression);
  return list.getNumberIndexType() ?? list;
}

/** Whether an arm is or holds a function that takes the writer blindly, asking for as few types as possible. */
function mayTakeBlindly(cx: GuardContext, arm: ts.Expression): boolean {
  const { ts } = cx;
  if (ts.isParenthesizedExpression(arm)) return mayTakeBlindly(cx, arm.expression);
  if (isPrimitive(cx, arm) || isData(cx, arm) || isHarmlessByRoot(cx, arm)) return false;
  const isLiteral = ts.isObjectLiteralExpression(arm) || ts.isArrayLiteralExpression(arm);
  if (isLiteral && !definesFunction(cx, arm) && !mayCarry(cx, arm)) return false;
  return isBlind(cx, typeByDeclaration(cx, arm) ?? openResult(cx, arm) ?? typeOfArm(cx, arm));
}

/** Whether a literal has a function in it, which its use as another type may give the writer to. */
export function definesFunction({ ts }: GuardContext, expression: ts.Expression): boolean {
  const visit = (node: ts.Node): boolean =>
    ts.isFunctionLike(node) || (ts.forEachChild(node, (child) => visit(child) || undefined) ?? false);
  return visit(expression);
}

/** `const { after = strict } = overrides`: what is there, against what is taken when it is missing. */
export function visitDefault(cx: GuardContext, report: Report, element: ts.BindingElement): void {
  const { ts, checker } = cx;
  const { initializer, name, parent, propertyName = name } = element;
  if (initializer === undefined || isPrimitive(cx, initializer) || !ts.isObjectBindingPattern(parent)) return;
  if (!ts.isIdentifier(propertyName) || isData(cx, initializer)) return;
  const type = checker.getTypeAtLocation(initializer);
  if (!receives(cx, type) && !holdsReceiver(cx, type)) return;
  const member = checker.getTypeAtLocation(parent).getProperty(propertyName.text);
  const lost = member && losesByParameter(cx, checker.getTypeOfSymbol(member), type);
  if (typeof lost === "string") report.add("no-writer-escape", "anyParameter", name, { to: lost });
}

/** What a function among those that a call may mean loses of an argument: `handlers[name](ctx)`. */
export function losesInUnion(
  cx: GuardContext,
  callee: ts.Type,
  argument: ts.Type,
  index: number,
): string | null {
  const known = cx.checker.getBaseConstraintOfType(callee) ?? callee;
  if (!known.isUnion()) return null;
  for (const arm of known.types) {
    for (const signature of [...arm.getCallSignatures(), ...arm.getConstructSignatures()]) {
      const expected = isTrustedCallee(cx, signature) ? null : parameterAt(cx, signature, index);
      const lost = expected && losesWriter(cx, argument, expected);
      if (lost !== null) return lost;
    }
  }
  return null;
}

/** `{ ...jobs, ...(more as {}) }`: what shows nothing may bring another function for one that gets the writer. */
export function visitSpreadOver(cx: GuardContext, report: Report, spread: ts.SpreadAssignment): void {
  const { ts, checker } = cx;
  const { properties } = spread.parent;
  const before = properties.slice(0, properties.indexOf(spread));
  if (before.length === 0 || isData(cx, spread.expression)) return;
  const given = checker.getTypeAtLocation(spread.expression);
  const lost = blindness(cx, given);
  const replaced = isBlind(cx, given) ? replacesAtTimes(cx, given, before) : null;
  if (replaced !== null) report.add("no-writer-escape", "anyParameter", spread.expression, { to: replaced });
  const isOver =
    lost !== null &&
    before.some((one) =>
      ts.isSpreadAssignment(one)
        ? holdsReceiver(cx, checker.getTypeAtLocation(one.expression))
        : one.name !== undefined && receives(cx, checker.getTypeAtLocation(one.name)),
    );
  if (isOver) report.add("no-writer-escape", "anyParameter", spread.expression, { to: lost });
}

/** What a member that need not be there loses in the place of one before it, whose type is all that is seen then. */
function replacesAtTimes(
  cx: GuardContext,
  given: ts.Type,
  before: readonly ts.ObjectLiteralElementLike[],
): string | null {
  const { ts, checker } = cx;
  for (const arm of given.isUnion() ? given.types : [given]) {
    for (const member of arm.getProperties()) {
      if (!given.isUnion() && (member.flags & ts.SymbolFlags.Optional) === 0) continue;
      for (const one of before) {
        const own = ts.isSpreadAssignment(one)
          ? checker.getPropertyOfType(checker.getTypeAtLocation(one.expression), member.name)
          : one.name.getText() === member.name
            ? checker.getSymbolAtLocation(one.name)
            : undefined;
        const lost =
          own && losesByParameter(cx, checker.getTypeOfSymbol(member), checker.getTypeOfSymbol(own));
        if (typeof lost === "string") return lost;
      }
    }
  }
  return null;
}
