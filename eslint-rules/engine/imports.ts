/** Imports that lead elsewhere than their names or their types say. */
import type ts from "typescript";
import { Bundler } from "./bundled.js";
import { carries, isView } from "./carriers.js";
import type { GuardContext } from "./context.js";
import { directoryOf } from "./packages.js";
import { unaliased } from "./references.js";
import type { Report } from "./report.js";
import { isTrusted } from "./trust.js";

const CODE = /\.[cm]?[jt]sx?$/;

export function visitImport(cx: GuardContext, report: Report, node: ts.Node): void {
  const specifier = specifierOf(cx, node);
  if (specifier === null) return;
  const module = cx.checker.getSymbolAtLocation(specifier);
  const [declaration] = module?.declarations ?? [];
  if (module === undefined || declaration === undefined) return;
  visitPath(cx, report, specifier, declaration);
  visitTarget(cx, report, specifier, module, declaration);
}

/** `import { save } from "./node_modules/convex-helpers/save.js"`: a package is trusted by its name, as it is installed. */
function visitPath(
  cx: GuardContext,
  report: Report,
  specifier: ts.StringLiteralLike,
  module: ts.Declaration,
): void {
  // `#name` is a name that the app's own package.json gives to a package.
  if (specifier.text.startsWith("#") || !cx.ts.isSourceFile(module)) return;
  const origin = cx.packages.originOf(module);
  if (origin.kind !== "package" && origin.kind !== "self") return;
  const folder = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(module.fileName)?.[1];
  // The folders of Yarn's store have other names than their packages.
  const directory = folder === ".store" && origin.kind === "package" ? origin.name : folder;
  if (directory === undefined || directory.startsWith("@types/")) return;
  if (specifier.text === directory || specifier.text.startsWith(`${directory}/`)) return;
  report.add("no-writer-escape", "packagePath", specifier, { package: directory });
}

const bundlers = new WeakMap<GuardContext, Bundler>();

/** An import for which the bundler takes other code than that whose types the compiler reads. */
function visitTarget(
  cx: GuardContext,
  report: Report,
  specifier: ts.StringLiteralLike,
  module: ts.Symbol,
  declaration: ts.Declaration,
): void {
  const { ts, packages } = cx;
  let bundler = bundlers.get(cx);
  if (bundler === undefined) bundlers.set(cx, (bundler = new Bundler(ts)));
  const { fileName } = report.file;
  const kind =
    ts.isImportDeclaration(specifier.parent) || isImportCall(cx, specifier.parent) ? "import" : "require";
  const found = bundler.resolve(specifier.text, fileName, kind);
  if (found === null) return;
  const bundled = realPath(cx, found);
  const typed = realPath(cx, declaration.getSourceFile().fileName);
  const isDeclared = ts.isModuleDeclaration(declaration) || /\.d\.[cm]?ts$/.test(typed);
  if (typed === bundled && !isDeclared) return;
  const isOfApp = packages.isOfApp(bundled);
  const { kind: origin } = packages.originOf(declaration.getSourceFile());
  if (isOfApp ? !CODE.test(bundled) : origin !== "project") return;
  // Such a declaration is about the code that is bundled. Nobody compares the two, so no writer may go there.
  const isAbout = isDeclared && (!isOfApp || withoutExtension(typed) === withoutExtension(bundled));
  if (isAbout && (origin !== "project" || isGenerated(report, typed) || !takesWriter(cx, module))) return;
  if (isDeclared && origin === "package" && packages.areOfOnePackage(typed, bundled)) return;
  const data = { typed: shortPath(typed), bundled: shortPath(bundled) };
  report.add("no-writer-escape", "otherModule", specifier, data);
}

/** Convex writes these files itself, with each deployment, and declares what they are. */
function isGenerated({ schema }: Report, path: string): boolean {
  const functions = schema.component ?? (schema.file === null ? null : directoryOf(schema.file.fileName));
  const [, directory] =
    /^(.*)\/_generated\/(?:api|component|dataModel|server)(?:_cjs)?\.d\.ts$/.exec(path) ?? [];
  return directory !== undefined && (functions === null || functions === directory);
}

/** Whether a module gives out a function that gets the writer, or a ctx that may hold it, and that nobody vouches for. */
function takesWriter(cx: GuardContext, module: ts.Symbol): boolean {
  const { ts, checker } = cx;
  return checker.getExportsOfModule(module).some((one) => {
    const symbol = unaliased(cx, one);
    return (symbol.flags & ts.SymbolFlags.Value) !== 0 && takes(cx, checker.getTypeOfSymbol(symbol), 2);
  });
}

/** The same of a value: a function, a class, or an object that has one. */
function takes(cx: GuardContext, type: ts.Type, depth: number): boolean {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Object) === 0) return false;
  const isGiven = ({ declaration, parameters }: ts.Signature): boolean =>
    !(declaration !== undefined && isTrusted(cx, declaration)) &&
    parameters.some((one) => {
      const own = checker.getTypeOfSymbol(one);
      return carries(cx, own) || isView(cx, checker.getBaseConstraintOfType(own) ?? own);
    });
  const made = type.getConstructSignatures();
  if (type.getCallSignatures().some(isGiven) || made.some(isGiven)) return true;
  if (depth === 0) return false;
  return (
    made.some((one) => takes(cx, one.getReturnType(), depth - 1)) ||
    type.getProperties().some((one) => takes(cx, checker.getTypeOfSymbol(one), depth - 1))
  );
}

function realPath({ ts }: GuardContext, path: string): string {
  return ts.sys.realpath?.(path).replaceAll("\\", "/") ?? path;
}

function withoutExtension(path: string): string {
  return path.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, "");
}

function shortPath(path: string): string {
  return path.split("/").slice(-3).join("/");
}

function isImportCall({ ts }: GuardContext, node: ts.Node): boolean {
  return (
    ts.isExportDeclaration(node) ||
    (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
  );
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
