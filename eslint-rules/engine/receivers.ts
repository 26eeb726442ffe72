/** Objects and collections of functions that get the writer, which code that sees less of them can replace. */
import type ts from "typescript";
import { argumentsOf, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { blindness, isOfApp, losesByParameter } from "./conversions.js";
import { shortType } from "./typeText.js";

const holders = new WeakMap<ts.Type, boolean>();

/** Whether a type has a function that gets the writer as a member or an element: `{ run: (ctx: MutationCtx) => … }`. */
export function holdsReceiver(cx: GuardContext, type: ts.Type): boolean {
  if ((type.flags & cx.ts.TypeFlags.Object) === 0) return false;
  let holds = holders.get(type);
  if (holds === undefined) holders.set(type, (holds = findsReceiver(cx, type)));
  return holds;
}

function findsReceiver(cx: GuardContext, type: ts.Type): boolean {
  const { ObjectFlags } = cx.ts;
  const element = type.getStringIndexType();
  if (element !== undefined && receives(cx, element)) return true;
  if (isCollection(cx, type)) return argumentsOf(cx, type).some((one) => receives(cx, one));
  const isPlain =
    ((type as ts.ObjectType).objectFlags & (ObjectFlags.Anonymous | ObjectFlags.ObjectLiteral)) !== 0;
  if (!isPlain && !isOfApp(cx, type)) return false;
  return type.getProperties().some((one) => receives(cx, cx.checker.getTypeOfSymbol(one)));
}

/** Arrays, tuples, maps and sets, which keep what they are given. */
export function isCollection({ checker }: GuardContext, type: ts.Type): boolean {
  const { symbol } = type as { readonly symbol?: ts.Symbol };
  return checker.isArrayLikeType(type) || symbol?.name === "Map" || symbol?.name === "Set";
}

/** What such an object becomes, if code that knows it as that may put another function into it. */
export function losesReceiver(cx: GuardContext, type: ts.Type, target: ts.Type): string | null {
  const { Any, Unknown, Never } = cx.ts.TypeFlags;
  // Who gets `unknown` has to assert what it is first.
  if (type === target || (target.flags & (Unknown | Never)) !== 0 || !holdsReceiver(cx, type)) return null;
  for (const arm of target.isUnion() ? target.types : [target]) {
    if ((arm.flags & Any) !== 0 || blindness(cx, arm) !== null || opensMember(cx, type, arm))
      return shortType(cx, arm);
  }
  return null;
}

/** Whether a member or an element that gets the writer may be replaced by anything, or by what takes nothing that is known. */
function opensMember(cx: GuardContext, type: ts.Type, target: ts.Type): boolean {
  const { checker } = cx;
  const isOpen = (own: ts.Type | undefined, wanted: ts.Type | undefined): boolean =>
    own !== undefined &&
    wanted !== undefined &&
    receives(cx, own) &&
    (blindness(cx, wanted) !== null || takesNever(cx, wanted));
  if (isOpen(type.getStringIndexType(), target.getStringIndexType())) return true;
  if (isCollection(cx, type) && isCollection(cx, target)) {
    const elements = argumentsOf(cx, target);
    return argumentsOf(cx, type).some((one, at) => isOpen(one, elements[at] ?? elements[0]));
  }
  return type.getProperties().some((property) => {
    const wanted = target.getProperty(property.name);
    const type = wanted === undefined ? target.getStringIndexType() : checker.getTypeOfSymbol(wanted);
    return isOpen(checker.getTypeOfSymbol(property), type);
  });
}

function takesNever({ ts, checker }: GuardContext, fn: ts.Type): boolean {
  return fn
    .getCallSignatures()
    .some(({ parameters }) =>
      parameters.some((one) => (checker.getTypeOfSymbol(one).flags & ts.TypeFlags.Never) !== 0),
    );
}

/** What a function among the members of an object loses in the place of one that gets the writer. */
export function replacesReceiver(cx: GuardContext, given: ts.Type, replaced: ts.Type): string | null {
  const { checker } = cx;
  const [own, wanted] = [given.getStringIndexType(), replaced.getStringIndexType()];
  if (own !== undefined && wanted !== undefined) return losesByParameter(cx, own, wanted);
  for (const property of given.getProperties()) {
    const member = replaced.getProperty(property.name);
    const type = member === undefined ? wanted : checker.getTypeOfSymbol(member);
    const lost = type && losesByParameter(cx, checker.getTypeOfSymbol(property), type);
    if (typeof lost === "string") return lost;
  }
  return null;
}
