/** Packages that are imported by a path, and so are not the ones that their names say. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { Report } from "./report.js";

/** `import { save } from "./node_modules/convex-helpers/save.js"`: a package is trusted by its name, as it is installed. */
export function visitImport(cx: GuardContext, report: Report, node: ts.Node): void {
  const specifier = specifierOf(cx, node);
  // `#name` is a name that the app's own package.json gives to a package.
  if (specifier === null || specifier.text.startsWith("#")) return;
  const [module] = cx.checker.getSymbolAtLocation(specifier)?.declarations ?? [];
  if (module === undefined || !cx.ts.isSourceFile(module)) return;
  const origin = cx.packages.originOf(module);
  if (origin.kind !== "package" && origin.kind !== "self") return;
  const folder = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(module.fileName)?.[1];
  // The folders of Yarn's store have other names than their packages.
  const directory = folder === ".store" && origin.kind === "package" ? origin.name : folder;
  if (directory === undefined || directory.startsWith("@types/")) return;
  if (specifier.text === directory || specifier.text.startsWith(`${directory}/`)) return;
  report.add("no-writer-escape", "packagePath", specifier, { package: directory });
}

/** What is imported or exported from, as far as it is written out and more than types. */
function specifierOf({ ts }: GuardContext, node: ts.Node): ts.StringLiteralLike | null {
  if (ts.isImportDeclaration(node)) {
    // Deprecated since 5.9, but its successor is missing before.
    if (node.importClause?.isTypeOnly === true) return null;
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier : null;
  }
  if (ts.isExportDeclaration(node)) {
    const { moduleSpecifier, isTypeOnly } = node;
    return !isTypeOnly && moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier)
      ? moduleSpecifier
      : null;
  }
  if (ts.isExternalModuleReference(node))
    return ts.isStringLiteralLike(node.expression) ? node.expression : null;
  if (!ts.isCallExpression(node)) return null;
  const [first] = node.arguments;
  const isImport =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === "require");
  return isImport && first !== undefined && ts.isStringLiteralLike(first) ? first : null;
}
