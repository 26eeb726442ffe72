import type ts from "typescript";
import type { GuardContext } from "../engine/context.js";
import { stripAssertions } from "../engine/contracts.js";
import { deletesAlongEdge, edgesOf } from "../engine/ents.js";
import { LIBRARIES, TRIGGERS, type LibrarySummary } from "../engine/libraries.js";
import { Report } from "../engine/report.js";
import { targetByName } from "../engine/tables.js";
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
  const callee = calleeName(cx, call.expression);
  if (callee === null) return;
  for (const summary of LIBRARIES) {
    if (summary.package === callee.package && summary.name === callee.name)
      judgeFactory(cx, report, call, summary);
  }
  for (const trigger of TRIGGERS) {
    if (trigger.package === callee.package && trigger.name === callee.name) {
      judgeTrigger(cx, report, call, trigger.index);
    }
  }
}

interface Callee {
  readonly package: string;
  readonly name: string;
}

/** The package and the name behind a callee, whatever it is called here. */
function calleeName(cx: GuardContext, callee: ts.Expression): Callee | null {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, callee);
  if (
    !ts.isIdentifier(inner) &&
    !ts.isPropertyAccessExpression(inner) &&
    !ts.isElementAccessExpression(inner) &&
    !ts.isCallExpression(inner)
  )
    return null;
  const type = checker.getTypeAtLocation(inner);
  for (const arm of type.isUnion() ? type.types : [type]) {
    for (const signature of arm.getCallSignatures()) {
      const declaration = signature.declaration;
      if (declaration === undefined) continue;
      const origin = cx.packages.originOf(declaration.getSourceFile());
      if (origin.kind !== "package" || !BY_PACKAGE.has(origin.name)) return null;
      const name = nameOfDeclaration(cx, declaration);
      return name === null ? null : { package: origin.name, name };
    }
  }
  return null;
}

/** `crud`, `Migrations.define`, `makeMigration()` for the function type that makeMigration returns. */
function nameOfDeclaration(cx: GuardContext, declaration: ts.Node): string | null {
  const { ts } = cx;
  if (ts.isFunctionDeclaration(declaration)) return declaration.name?.text ?? null;
  if (ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration)) {
    const owner = declaration.parent;
    const isNamed = ts.isClassDeclaration(owner) || ts.isInterfaceDeclaration(owner);
    const method = ts.isIdentifier(declaration.name) ? declaration.name.text : null;
    return isNamed && owner.name !== undefined && method !== null ? `${owner.name.text}.${method}` : null;
  }
  if (ts.isFunctionTypeNode(declaration)) {
    const owner = declaration.parent;
    if (ts.isFunctionDeclaration(owner) && owner.type === declaration) return `${owner.name?.text ?? ""}()`;
    if (ts.isVariableDeclaration(owner) && ts.isIdentifier(owner.name)) return owner.name.text;
  }
  return null;
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
      if (argument !== undefined) judgeNamed(cx, report, call, argument, { fn, what }, "factory");
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
    report.add(
      "no-mirror-factories",
      "maybeFactory",
      call,
      { ...data, reason: target.reason, mirrors: report.mirrorNames },
      { tables: [] },
    );
    return;
  }
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
  if (names.length === 0 || names.length < arms.length) {
    const reason = "the definition does not name its table";
    report.add(
      "no-mirror-factories",
      "maybeFactory",
      call,
      { ...data, reason, mirrors: report.mirrorNames },
      { tables: [] },
    );
  }
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

function returnsNothing(cx: GuardContext, fn: ts.Type): boolean {
  const { ts, checker } = cx;
  const signatures = fn.getCallSignatures();
  return (
    signatures.length > 0 &&
    signatures.every((signature) => {
      const returned = signature.getReturnType();
      const awaited = checker.getAwaitedType(returned) ?? returned;
      const arms = awaited.isUnion() ? awaited.types : [awaited];
      const nothing = ts.TypeFlags.Void | ts.TypeFlags.Undefined | ts.TypeFlags.Never;
      return arms.every((arm) => (arm.flags & nothing) !== 0);
    })
  );
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
