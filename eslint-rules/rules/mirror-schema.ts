import type ts from "typescript";
import type { GuardContext } from "../engine/context.js";
import { declaredCall, stripAssertions } from "../engine/contracts.js";
import { schemaType } from "../engine/mirrors.js";
import type { Report } from "../engine/report.js";
import { TYPES_OPTION, type RuleDefinition } from "../engine/rule.js";

/** Checks the schema: mirrors that are not seen as mirrors, and options that switch protection off. */
export const mirrorSchema: RuleDefinition = {
  name: "mirror-schema",
  description: "Enforce that the schema declares mirrors so that they are protected",
  messages: ["brandLost", "looseTableNames", "validationOff", "idInMirror", "undeclaredMirror", "entsUnseen"],
  schema: TYPES_OPTION,
  typesOption: true,
};

/** Checks the schema file itself: a mirror that is not seen as one protects nothing. */
export function visitSchema(cx: GuardContext, report: Report): void {
  const { schema, file } = report;
  if (schema.file !== file) {
    return;
  }
  const known = new Set<ts.Node>();
  for (const mirror of schema.mirrors.values()) {
    const { declaration } = mirror;
    if (declaration === null) continue;
    const call = declaredCall(cx, declaration, "mirrorTable");
    if (call !== null) known.add(call);
    if (!mirror.branded) {
      const node = declaration.getSourceFile() === file ? declaration : file.statements[0];
      if (node !== undefined) report.add("mirror-schema", "brandLost", node, { table: mirror.table });
    }
    if (call !== null && call.getSourceFile() === file) visitFields(cx, report, call, mirror.table);
  }
  visitOptions(cx, report);
  // Of a schema whose tables are not known nobody can say which declaration is one of them.
  if (schema.problem !== "anySchema") visitStrayMirrors(cx, report, known);
}

/** A source does not know Convex ids; `v.id` of another mirror would need the importer to look rows up. */
function visitFields(cx: GuardContext, report: Report, call: ts.CallExpression, table: string): void {
  const { ts } = cx;
  const [fields] = call.arguments;
  if (fields === undefined) return;
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === "id" &&
      ts.isIdentifier(node.expression.expression) &&
      node.expression.expression.text === "v"
    ) {
      const [name] = node.arguments;
      const target = name !== undefined && ts.isStringLiteralLike(name) ? name.text : "…";
      report.add("mirror-schema", "idInMirror", node, { table, target });
    }
    ts.forEachChild(node, visit);
  };
  visit(fields);
}

/** The second argument of defineSchema. */
function visitOptions(cx: GuardContext, report: Report): void {
  const { ts, checker } = cx;
  const type = schemaType(cx, report.file);
  const isFalse = (name: string): boolean => {
    const property = type?.getProperty(name);
    return property !== undefined && checker.typeToString(checker.getTypeOfSymbol(property)) === "false";
  };
  const reported = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && isSchemaOption(cx, node)) {
      const value = stripAssertions(ts, node.initializer);
      const off = value.kind === ts.SyntaxKind.FalseKeyword;
      if (node.name.text === "strictTableNameTypes" && (off || isFalse("strictTableNameTypes"))) {
        reported.add("looseTableNames");
        report.add("mirror-schema", "looseTableNames", node);
      }
      if (node.name.text === "schemaValidation" && off) report.add("mirror-schema", "validationOff", node);
    }
    ts.forEachChild(node, visit);
  };
  visit(report.file);
  if (!reported.has("looseTableNames") && isFalse("strictTableNameTypes")) {
    const [first] = report.file.statements;
    if (first !== undefined) report.add("mirror-schema", "looseTableNames", first);
  }
}

function isSchemaOption(cx: GuardContext, property: ts.PropertyAssignment): boolean {
  const { name } = property;
  if (!cx.ts.isIdentifier(name)) return false;
  if (name.text !== "strictTableNameTypes" && name.text !== "schemaValidation") return false;
  // Options of defineSchema, in place or in a variable; a table's field of that name is a validator, not `false`.
  return true;
}

/** A mirrorTable call that no table of the schema leads to. */
function visitStrayMirrors(cx: GuardContext, report: Report, known: ReadonlySet<ts.Node>): void {
  const { ts } = cx;
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === "mirrorTable" &&
      !known.has(node)
    ) {
      report.add("mirror-schema", "undeclaredMirror", node);
    }
    ts.forEachChild(node, visit);
  };
  visit(report.file);
}
