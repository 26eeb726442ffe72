import type ts from "typescript";
import type { GuardContext } from "../engine/context.js";
import { stripAssertions } from "../engine/contracts.js";
import { deletesAlongEdge, edgesOf } from "../engine/ents.js";
import { isData } from "../engine/data.js";
import { factoryOf, LIBRARIES, triggerOf, TRIGGERS, type LibrarySummary } from "../engine/libraries.js";
import { declarationOf } from "../engine/references.js";
import { Report } from "../engine/report.js";
import { reportInexplicit, targetByName } from "../engine/tables.js";
import { TYPES_OPTION, type RuleDefinition } from "../engine/rule.js";

/** Reports library functions that write mirrors by themselves. */
export const noMirrorFactories: RuleDefinition = {
  name: "no-mirror-factories",
  description: "Disallow library functions that write mirrors by themselves",
  messages: ["factory", "maybeFactory", "migration", "entsCascade", "entsDeletion", "scheduledDelete"],
  schema: TYPES_OPTION,
  typesOption: true,
};

/** Reports triggers on mirrors: they never run for imported rows. */
export const noMirrorTriggers: RuleDefinition = {
  name: "no-mirror-triggers",
  description: "Disallow triggers on mirrors, which imported rows never fire",
  messages: ["trigger"],
};

const BY_PACKAGE = new Set([...LIBRARIES, ...TRIGGERS].map((entry) => entry.package));

/** Programs without these libraries skip the look-up of every call. */
const usesLibraries = new WeakMap<ts.Program, boolean>();

function programUsesLibraries(cx: GuardContext): boolean {
  let uses = usesLibraries.get(cx.program);
  if (uses === undefined) {
    uses = cx.program.getSourceFiles().some((file) => {
      const origin = cx.packages.originOf(file);
      return origin.kind === "package" && BY_PACKAGE.has(origin.name);
    });
    usesLibraries.set(cx.program, uses);
  }
  return uses;
}

/** Judges a call of a library function that writes rows. */
export function visitFactoryCall(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  if (!programUsesLibraries(cx)) return;
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, call.expression);
  if (
    !ts.isIdentifier(inner) &&
    !ts.isPropertyAccessExpression(inner) &&
    !ts.isElementAccessExpression(inner) &&
    !ts.isCallExpression(inner)
  )
    return;
  if (isData(cx, inner) || isOrdinaryMethod(cx, inner)) return;
  const type = checker.getTypeAtLocation(inner);
  for (const arm of type.isUnion() ? type.types : [type]) {
    for (const { declaration } of arm.getCallSignatures()) {
      if (declaration === undefined) continue;
      const summary = factoryOf(cx, declaration);
      const trigger = summary === null ? triggerOf(cx, declaration) : null;
      if (summary !== null) judgeFactory(cx, report, call, summary);
      if (trigger !== null) judgeTrigger(cx, report, call, trigger.index);
      return;
    }
  }
}

/** The last parts of the names of the library functions: `register` of `Triggers.register`. */
const NAMES: ReadonlySet<string> = new Set(
  [...LIBRARIES, ...TRIGGERS].map(({ name }) => name.replace(/\(\)$/, "").replace(/^.*\./, "")),
);

/**
 * A method of something that a function has for itself, and with a name that no library function has. Such calls are
 * most of an app's, and the type of what they are called on may lead to those of the whole app.
 */
function isOrdinaryMethod(cx: GuardContext, callee: ts.Expression): boolean {
  const { ts } = cx;
  if (!ts.isPropertyAccessExpression(callee) || NAMES.has(callee.name.text)) return false;
  let root: ts.Expression = callee;
  while (
    ts.isPropertyAccessExpression(root) ||
    ts.isElementAccessExpression(root) ||
    ts.isCallExpression(root) ||
    ts.isNewExpression(root) ||
    ts.isAwaitExpression(root) ||
    ts.isParenthesizedExpression(root) ||
    ts.isNonNullExpression(root)
  )
    root = root.expression;
  let around: ts.Node | null = ts.isIdentifier(root) ? declarationOf(cx, root) : null;
  if (around?.getSourceFile() !== callee.getSourceFile()) return false;
  while (around !== null && !ts.isSourceFile(around)) {
    if (ts.isFunctionLike(around)) return true;
    around = around.parent;
  }
  return false;
}

function judgeFactory(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression,
  summary: LibrarySummary,
): void {
  const { table: source, what } = summary;
  const fn = summary.name.replace(/\(\)$/, "").replace(/^.*\./, "");
  switch (source.from) {
    case "argument": {
      const argument = call.arguments[source.index];
      const isSpread = call.arguments.slice(0, source.index + 1).some((one) => cx.ts.isSpreadElement(one));
      if (isSpread) reportUnknown(report, call, { fn, what, reason: "the arguments are spread" });
      else if (argument !== undefined) judgeNamed(cx, report, call, argument, { fn, what }, "factory");
      return;
    }
    case "migration": {
      const [definition] = call.arguments;
      if (definition !== undefined) judgeMigration(cx, report, call, definition, { fn, what });
      return;
    }
    case "fixed": {
      for (const table of source.tables) {
        const mirror = report.schema.mirrors.get(table);
        const takenOver = source.unless?.[table];
        if (mirror === undefined || (takenOver !== undefined && mentions(cx, call, takenOver))) continue;
        report.add(
          "no-mirror-factories",
          "factory",
          call,
          { fn, what, ...Report.about(mirror) },
          { tables: [table] },
        );
      }
      return;
    }
    case "cascade": {
      const definitions = call.arguments[source.index];
      if (definitions !== undefined) judgeCascade(cx, report, call, definitions, fn);
      return;
    }
    case "edge":
      deletesAlongEdge(cx, report, call, source.options);
  }
}

function reportUnknown(
  report: Report,
  call: ts.CallExpression,
  data: { fn: string; what: string; reason: string },
): void {
  const mirrors = report.mirrorNames;
  report.add("no-mirror-factories", "maybeFactory", call, { ...data, mirrors }, { tables: [] });
}

function judgeNamed(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression,
  argument: ts.Expression,
  data: { fn: string; what: string },
  messageId: "factory" | "migration",
): void {
  const target = targetByName(cx, argument);
  if (target.tables === null) {
    reportUnknown(report, call, { ...data, reason: target.reason });
    return;
  }
  if (target.cast) reportUnknown(report, call, { ...data, reason: "its table is only asserted" });
  else if (target.how === "type" && report.mirrorsAmong(target.tables).length === 0)
    reportInexplicit(report, call, data.fn, target.tables);
  for (const mirror of report.mirrorsAmong(target.tables)) {
    report.add(
      "no-mirror-factories",
      messageId,
      call,
      { ...data, ...Report.about(mirror) },
      { tables: [mirror.table] },
    );
  }
}

/** A migration writes what `migrateOne` returns; one that returns nothing only runs checked code. */
function judgeMigration(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression,
  definition: ts.Expression,
  data: { fn: string; what: string },
): void {
  const { ts, checker } = cx;
  const type = checker.getTypeAtLocation(definition);
  const migrateOne = checker.getPropertyOfType(type, "migrateOne");
  if (migrateOne !== undefined && returnsNothing(cx, checker.getTypeOfSymbol(migrateOne))) return;
  const inner = stripAssertions(ts, definition);
  if (ts.isObjectLiteralExpression(inner)) {
    for (const property of inner.properties) {
      if (property.name === undefined || !ts.isIdentifier(property.name) || property.name.text !== "table")
        continue;
      const value = ts.isPropertyAssignment(property)
        ? property.initializer
        : ts.isShorthandPropertyAssignment(property)
          ? property.name
          : null;
      if (value !== null) judgeNamed(cx, report, call, value, data, "migration");
      return;
    }
  }
  const table = checker.getPropertyOfType(type, "table");
  const tableType = table && checker.getTypeOfSymbol(table);
  const arms = tableType === undefined ? [] : tableType.isUnion() ? tableType.types : [tableType];
  const names = arms.flatMap((arm) => (arm.isStringLiteral() ? [arm.value] : []));
  if (names.length === 0 || names.length < arms.length)
    reportUnknown(report, call, { ...data, reason: "the definition does not name its table" });
  else if (report.mirrorsAmong(names).length === 0) reportInexplicit(report, call, data.fn, names);
  for (const mirror of report.mirrorsAmong(names)) {
    report.add(
      "no-mirror-factories",
      "migration",
      call,
      { ...data, ...Report.about(mirror) },
      { tables: [mirror.table] },
    );
  }
}

/** Whether the code of a function shows that it gives nothing back: the type `void` does not say that. */
function returnsNothing(cx: GuardContext, fn: ts.Type, depth = 3): boolean {
  const signatures = fn.getCallSignatures();
  return (
    signatures.length > 0 &&
    signatures.every((signature) => {
      const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
      if (declaration === undefined || !isVoid(cx, signature.getReturnType())) return false;
      if (!cx.packages.isProject(declaration.getSourceFile())) return true;
      const body = "body" in declaration ? (declaration.body as ts.ConciseBody | undefined) : undefined;
      return body !== undefined && givesNothing(cx, body, depth);
    })
  );
}

function givesNothing(cx: GuardContext, body: ts.ConciseBody, depth: number): boolean {
  const { ts, checker } = cx;
  const isNothing = (expression: ts.Expression): boolean => {
    let inner = stripAssertions(ts, expression);
    while (ts.isAwaitExpression(inner)) inner = stripAssertions(ts, inner.expression);
    if (!isVoid(cx, checker.getTypeAtLocation(inner))) return false;
    if (!ts.isCallExpression(inner)) return true;
    return depth > 0 && returnsNothing(cx, checker.getTypeAtLocation(inner.expression), depth - 1);
  };
  if (!ts.isBlock(body)) return isNothing(body);
  const visit = (node: ts.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return true;
    if (ts.isReturnStatement(node) && node.expression !== undefined) return isNothing(node.expression);
    return ts.forEachChild(node, (child) => !visit(child) || undefined) !== true;
  };
  return visit(body);
}

function isVoid({ ts, checker }: GuardContext, type: ts.Type): boolean {
  const awaited = checker.getAwaitedType(type) ?? type;
  const arms = awaited.isUnion() ? awaited.types : [awaited];
  return arms.every((arm) => (arm.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined)) !== 0);
}

function judgeCascade(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression,
  definitions: ts.Expression,
  fn: string,
): void {
  const model = cx.checker.getTypeAtLocation(definitions);
  const seen = new Set<string>();
  for (const table of model.getProperties()) {
    for (const edge of edgesOf(cx, model, table.name)) {
      const mirror = report.schema.mirrors.get(edge.to);
      if (mirror === undefined || !edge.writesTarget || seen.has(edge.to)) continue;
      seen.add(edge.to);
      report.add(
        "no-mirror-factories",
        "scheduledDelete",
        call,
        { fn, edge: `"${edge.name}" of "${table.name}"`, ...Report.about(mirror) },
        { tables: [edge.to] },
      );
    }
  }
}

function judgeTrigger(cx: GuardContext, report: Report, call: ts.CallExpression, index: number): void {
  const argument = call.arguments[index];
  if (argument === undefined) return;
  const target = targetByName(cx, argument);
  for (const mirror of report.mirrorsAmong(target.tables ?? [])) {
    report.add("no-mirror-triggers", "trigger", call, Report.about(mirror), { tables: [mirror.table] });
  }
}

/** Whether an argument of the call sets a property of this name, at any depth of its literal. */
function mentions(cx: GuardContext, call: ts.CallExpression, name: string): boolean {
  const { ts } = cx;
  const search = (node: ts.Node): boolean => {
    if (
      (ts.isPropertyAssignment(node) ||
        ts.isMethodDeclaration(node) ||
        ts.isShorthandPropertyAssignment(node)) &&
      ts.isIdentifier(node.name) &&
      node.name.text === name
    ) {
      return true;
    }
    return ts.forEachChild(node, (child) => search(child) || undefined) ?? false;
  };
  return call.arguments.some(search);
}
