/** Functions and members that declare less than what they are given: the writer arrives there as something else. */
import type ts from "typescript";
import { carries, receives } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { comparesParameters, losesByParameter, losesWriter } from "./conversions.js";
import { usesOf } from "./references.js";
import type { Report } from "./report.js";
import { isTrustedCallee } from "./trust.js";
import { losesByCallback } from "./views.js";

/** A function with overloads: what its callers see is not what its code gets. */
export function visitOverloads(
  cx: GuardContext,
  report: Report,
  fn: ts.FunctionDeclaration | ts.MethodDeclaration | ts.ConstructorDeclaration,
): void {
  const { ts, checker } = cx;
  if (fn.body === undefined) return;
  const declarations: readonly ts.Node[] = ts.isConstructorDeclaration(fn)
    ? fn.parent.members.filter((member) => ts.isConstructorDeclaration(member))
    : ((fn.name && checker.getSymbolAtLocation(fn.name)?.declarations) ?? []);
  const own = checker.getSignatureFromDeclaration(fn);
  if (own === undefined) return;
  for (const other of declarations) {
    if (other === fn || !ts.isFunctionLike(other)) continue;
    const overload = checker.getSignatureFromDeclaration(other);
    const lost =
      overload === undefined
        ? null
        : (comparesParameters(cx, overload, own) ??
          losesWriter(cx, own.getReturnType(), overload.getReturnType()));
    if (lost === null) continue;
    report.add("no-writer-escape", "anyParameter", fn.parameters[0] ?? fn, { to: lost });
    return;
  }
}

/** A member of a class against the same member of what the class extends or implements. */
export function visitMember(
  cx: GuardContext,
  report: Report,
  member: ts.MethodDeclaration | ts.PropertyDeclaration | ts.AccessorDeclaration,
): void {
  const { ts, checker } = cx;
  if (!ts.isClassLike(member.parent) || !ts.isIdentifier(member.name)) return;
  for (const { types } of member.parent.heritageClauses ?? []) {
    for (const base of types) {
      const property = checker.getTypeAtLocation(base).getProperty(member.name.text);
      if (property === undefined) continue;
      const wanted = checker.getTypeOfSymbol(property);
      const own = checker.getTypeAtLocation(member);
      const lost =
        losesByParameter(cx, own, wanted) ?? losesWriter(cx, wanted, own) ?? losesWriter(cx, own, wanted);
      if (lost === null) continue;
      report.add("no-writer-escape", "anyParameter", member.name, { to: lost });
      return;
    }
  }
}

/** `(ctx: any) => …` where Convex or a helper passes the writer in. */
export function visitParameter(cx: GuardContext, report: Report, parameter: ts.ParameterDeclaration): void {
  const { ts, checker } = cx;
  const fn = parameter.parent;
  if (!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn) && !ts.isMethodDeclaration(fn)) return;
  if (isOnlyCompared(cx, parameter)) return;
  const expected = ts.isMethodDeclaration(fn) ? methodContext(cx, fn) : checker.getContextualType(fn);
  if (expected === undefined) return;
  const index = fn.parameters.indexOf(parameter);
  const whole = checker.getTypeAtLocation(parameter.name);
  const own = parameter.dotDotDotToken === undefined ? whole : (whole.getNumberIndexType() ?? whole);
  for (const arm of expected.isUnion() ? expected.types : [expected]) {
    for (const signature of arm.getCallSignatures()) {
      const passed = signature.parameters[index];
      const given = passed && checker.getTypeOfSymbolAtLocation(passed, fn);
      const lost =
        given &&
        (losesWriter(cx, given, own) ??
          losesByCallback(cx, fn, given, own) ??
          losesByParameter(cx, given, own));
      if (typeof lost === "string") {
        report.add("no-writer-escape", "anyParameter", parameter, { to: lost });
        return;
      }
    }
  }
}

const COMPARING = /^(?:[!=]==?|[<>]=?)$/;

/** `(one: any) => one.status === "open"`: the code shows that it compares members, and does nothing else with it. */
function isOnlyCompared(cx: GuardContext, parameter: ts.ParameterDeclaration): boolean {
  const { ts } = cx;
  const { name, flags, parent: fn } = parameter;
  if (!ts.isIdentifier(name) || (flags & ts.NodeFlags.JavaScriptFile) !== 0) return false;
  if (!ts.isArrowFunction(fn)) return false;
  const uses = usesOf(cx, parameter, name);
  return uses.every(({ parent }) => {
    const use = parent.parent;
    return (
      ts.isPropertyAccessExpression(parent) &&
      ts.isBinaryExpression(use) &&
      COMPARING.test(use.operatorToken.getText())
    );
  });
}

function methodContext(cx: GuardContext, method: ts.MethodDeclaration): ts.Type | undefined {
  if (!cx.ts.isObjectLiteralExpression(method.parent)) return undefined;
  const outer = cx.checker.getContextualType(method.parent);
  const property = outer?.getProperty(method.name.getText());
  return property === undefined
    ? outer?.getStringIndexType()
    : cx.checker.getTypeOfSymbolAtLocation(property, method);
}

/** A decorator puts something else in the place of what gets the writer, or sees what holds it. */
export function visitDecorator(cx: GuardContext, report: Report, decorator: ts.Decorator): void {
  const { ts, checker } = cx;
  const owner = ts.isClassLike(decorator.parent) ? decorator.parent : decorator.parent.parent;
  if (!ts.isClassLike(owner)) return;
  // Whatever it decorates, it can see the object, and what the constructor is given.
  const isConcerned =
    carries(cx, checker.getTypeAtLocation(owner)) ||
    owner.members.some((member) => {
      const taken = ts.isConstructorDeclaration(member) ? member.parameters : [member];
      return taken.some((one) => {
        const type = checker.getTypeAtLocation(one);
        return receives(cx, type) || carries(cx, type);
      });
    });
  if (!isConcerned) return;
  const signature = checker.getResolvedSignature(decorator);
  if (signature !== undefined && isTrustedCallee(cx, signature)) return;
  const to = "what a decorator puts in its place";
  report.add("no-writer-escape", "anyParameter", decorator, { to });
}
