import type ts from "typescript";
import { IMPORTERS_OWN } from "../../src/client/tables/importersOwn.js";
import type { GuardContext } from "../engine/context.js";
import type { Report } from "../engine/report.js";

/** The names under which an app has to export the functions through which the component writes mirrors. */
const NAMES: ReadonlySet<string> = new Set(["apply", "remove", "clear", "copy"]);

/**
 * Reports a reference to one of the importer's own functions (`internal.imports.apply`): whoever calls it writes any
 * mirror. A call does not compile, but a cast passes it by the compiler.
 */
export function visitImporterFunction(
  cx: GuardContext,
  report: Report,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): void {
  const name = nameOf(cx, node);
  if (name === null || !NAMES.has(name)) return;
  const args = cx.checker.getTypeAtLocation(node).getProperty("_args");
  if (args === undefined) return;
  if (cx.checker.getTypeOfSymbol(args).getProperty(IMPORTERS_OWN) === undefined) return;
  report.add("no-mirror-writes", "importerFunction", node, { code: node.getText(report.file) });
}

function nameOf({ ts }: GuardContext, node: ts.PropertyAccessExpression | ts.ElementAccessExpression) {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  const key = node.argumentExpression;
  return ts.isStringLiteralLike(key) ? key.text : null;
}
