/** What the code of a generic function or class does with the writer, where a type parameter stands for it. */
import type ts from "typescript";
import { argumentsOf, carries } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { losesToBound, losesWriter } from "./conversions.js";
import { shortType } from "./typeText.js";
import { reportEscape } from "./escape.js";
import {
  classOf,
  genericAround,
  implementationOf,
  isChosen,
  isPassedOn,
  losesByResult,
  losesInCallback,
  madeOfView,
  standInsFor,
} from "./generics.js";
import type { SchemaInfo } from "./model.js";
import { calledBy } from "./references.js";
import { Report } from "./report.js";

/** Looks for a lost writer at a node: `visitEscape` of no-writer-escape.ts, which calls these functions. */
type Visit = (cx: GuardContext, report: Report, node: ts.Node) => void;

/**
 * For parameters of functions and for base classes: where the code around them loses what these type parameters, or
 * `this`, stand for.
 */
const bodies = new WeakMap<ts.Node, Map<string, string | null>>();

/**
 * A generic function of the app takes the writer with its type, but its code knows only a type parameter: it loses the
 * writer when its constraint, or its body, does.
 */
export function losesInGeneric(
  cx: GuardContext,
  visit: Visit,
  signature: ts.Signature,
  index: number,
  type: ts.Type,
  isWriter: boolean,
): string | null {
  const { ts, checker } = cx;
  const called = signature.declaration as ts.SignatureDeclaration | undefined;
  if (called === undefined || !cx.packages.isProject(called.getSourceFile())) return null;
  const fn = implementationOf(cx, called);
  const parameter = fn.parameters[Math.min(index, fn.parameters.length - 1)];
  if (parameter === undefined) return null;
  if (!isWriter && !carries(cx, type)) return losesInCallback(cx, type, parameter);
  if (!("body" in fn) || fn.body === undefined)
    return takenBlindly(cx, fn, parameter) ?? madeOfView(cx, signature)[0]?.name.text ?? null;
  if (fn !== called) {
    const lost = losesWriter(cx, type, checker.getTypeAtLocation(parameter.name));
    if (lost !== null) return lost;
  }
  const generic = genericAround(cx, fn);
  if (generic.typeParameters.length === 0) return null;
  const declared = checker.getTypeAtLocation(parameter.name);
  const isOpen = (declared.flags & ts.TypeFlags.Instantiable) !== 0;
  const isRest = isOpen && parameter.dotDotDotToken !== undefined;
  if (isRest && !isPassedOn(cx, parameter, fn.body)) return shortType(cx, declared);
  const bound = isOpen ? checker.getBaseConstraintOfType(declared) : declared;
  // A list that is only passed on keeps its type, whatever its bound.
  const constraint = isRest ? undefined : bound;
  if (constraint !== undefined && (constraint.flags & ts.TypeFlags.Unknown) === 0) {
    if (carries(cx, constraint)) return null;
    const lost = declared === constraint ? null : losesToBound(cx, type, constraint);
    if (lost !== null) return lost;
  }
  const standIns = standInsFor(cx, signature, parameter, generic);
  const place = losesInside(cx, visit, parameter, generic.owner, standIns);
  return place === null
    ? losesByResult(cx, signature)
    : `${shortType(cx, declared)} of a function that loses it at ${place}`;
}

/** `<T>(value: T) => …` of an interface: its code is not known, and does not know what it takes. */
function takenBlindly(
  cx: GuardContext,
  { typeParameters }: ts.SignatureDeclaration,
  { name, type }: ts.ParameterDeclaration,
): string | null {
  if (typeParameters === undefined || type === undefined) return null;
  const names = new Set(typeParameters.map((one) => one.name.text));
  const isOpen = (node: ts.Node): boolean =>
    (cx.ts.isIdentifier(node) && names.has(node.text)) ||
    (cx.ts.forEachChild(node, (child) => isOpen(child) || undefined) ?? false);
  if (!isOpen(type)) return null;
  const declared = cx.checker.getTypeAtLocation(name);
  return carries(cx, declared) ? null : shortType(cx, declared);
}

/**
 * Where the code of a function or a class loses the writer, when these type parameters stand for it.
 * @param asked What they are asked of: a parameter, a class that stands above others, or the first parameter of a class
 * that is made.
 * @returns The file and the line, or null.
 */
function losesInside(
  cx: GuardContext,
  visitEscape: Visit,
  asked: ts.Node,
  owner: ts.Node,
  standIns: readonly ts.Type[],
): string | null {
  if (standIns.length === 0) return null;
  let known = bodies.get(asked);
  if (known === undefined) bodies.set(asked, (known = new Map<string, string | null>()));
  const names = standIns.map(({ symbol }) => symbol.name).join();
  const place = known.get(names);
  if (place !== undefined) return place;
  known.set(names, null); // a function that calls itself loses what it loses elsewhere
  const inside: GuardContext = { ...cx, carriers: [], standIns: new Set([...cx.standIns, ...standIns]) };
  const file = owner.getSourceFile();
  const report = new Report(file, NO_SCHEMA);
  const visit = (node: ts.Node): void => {
    if (cx.ts.isTypeNode(node) && !cx.ts.isExpressionWithTypeArguments(node)) return;
    visitEscape(inside, report, node);
    if (cx.ts.isElementAccessExpression(node) && isChosen(inside, node))
      report.add("no-writer-escape", "anyCall", node);
    cx.ts.forEachChild(node, visit);
  };
  visit(owner);
  const [first] = report.findings;
  const found = first === undefined ? null : placeOf(file, first.start);
  known.set(names, found);
  return found;
}

/** `db.ts:6` */
function placeOf(file: ts.SourceFile, position: number): string {
  const { line } = file.getLineAndCharacterOfPosition(position);
  return `${file.fileName.slice(file.fileName.lastIndexOf("/") + 1)}:${String(line + 1)}`;
}

/**
 * A class whose instances carry the writer, above classes that do not know it: their code sees it in `this`, and where
 * a type parameter of theirs stands for it.
 */
export function visitBases(
  cx: GuardContext,
  visit: Visit,
  report: Report,
  node: ts.ClassLikeDeclaration,
): void {
  const { ts, checker } = cx;
  const heritage = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const [above] = heritage?.types ?? [];
  if (above === undefined || !carries(cx, checker.getTypeAtLocation(node))) return;
  let base: ts.ClassLikeDeclaration | null = classOf(cx, above);
  for (let depth = 0; base !== null && depth < MAX_BASES; depth += 1) {
    const declared = checker.getTypeAtLocation(base) as ts.InterfaceType;
    if (carries(cx, declared)) return;
    const { thisType, typeParameters = [] } = declared as ts.InterfaceTypeWithDeclaredMembers;
    const standIns = thisType === undefined ? typeParameters : [...typeParameters, thisType];
    const place = losesInside(cx, visit, base, base, standIns);
    if (place !== null) {
      reportEscape(cx, report, above.expression, `\`this\` of a class that loses it at ${place}`);
      return;
    }
    const next = base.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
    base = next === undefined ? null : classOf(cx, next);
  }
}

const MAX_BASES = 10;

/** `narrow<MutationCtx>(fn)`: what the code of a function does with a type parameter that stands for the writer. */
export function visitGivenWriter(
  cx: GuardContext,
  visit: Visit,
  report: Report,
  call: ts.CallExpression | ts.NewExpression,
  given: readonly ts.TypeNode[],
): void {
  const { ts, checker } = cx;
  const at = given.findIndex((one) => carries(cx, checker.getTypeAtLocation(one)));
  const fn = at < 0 || ts.isNewExpression(call) ? undefined : calledBy(cx, call);
  if (fn === undefined || !cx.packages.isProject(fn.getSourceFile())) return;
  const parameter = fn.typeParameters?.[at];
  if (parameter === undefined) return;
  const { owner } = genericAround(cx, fn);
  const place = losesInside(cx, visit, parameter, owner, [checker.getTypeAtLocation(parameter)]);
  if (place !== null)
    reportEscape(cx, report, given[at]!, `${parameter.name.text} of a function that loses it at ${place}`);
}

/** `new Loose<DatabaseWriter>()`: who calls its methods may know no more of it than an interface. */
export function visitGenericClass(
  cx: GuardContext,
  visit: Visit,
  report: Report,
  node: ts.NewExpression,
): void {
  const made = classOf(cx, node);
  const [first] = made?.typeParameters ?? [];
  if (made === null || first === undefined) return;
  const given = argumentsOf(cx, cx.checker.getTypeAtLocation(node));
  if (!given.some((one) => carries(cx, one))) return;
  const { typeParameters = [] } = cx.checker.getTypeAtLocation(made) as ts.InterfaceType;
  const place = losesInside(cx, visit, first, made, typeParameters);
  if (place !== null)
    reportEscape(cx, report, node.expression, `${first.getText()} of a class that loses it at ${place}`);
}

const NO_SCHEMA: SchemaInfo = {
  file: null,
  tables: new Set(),
  mirrors: new Map(),
  exported: new Set(),
  problem: null,
  component: null,
};
