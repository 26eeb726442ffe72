/** Which files of the app the component's API may reach, told by what they import. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { isGeneratedApi } from "./generated.js";
import { isComponent } from "./importer.js";
import { identifiersOf } from "./references.js";

const reached = new WeakMap<GuardContext, ReadonlySet<ts.SourceFile> | "all">();

/**
 * Whether a value in a file may be the component's API, or hold it: the file names the component or imports a module,
 * by however many others, that does. Where no value can, no type has to be asked for.
 */
export function isReachedByComponent(cx: GuardContext, file: ts.SourceFile): boolean {
  let files = reached.get(cx);
  if (files === undefined) reached.set(cx, (files = findReached(cx)));
  return files === "all" || files.has(file);
}

function findReached(cx: GuardContext): ReadonlySet<ts.SourceFile> | "all" {
  const { program, packages } = cx;
  const files = program.getSourceFiles().filter((file) => {
    const { kind } = packages.originOf(file);
    // It imports the types of all functions, of which none is a value.
    return kind === "self" || (kind === "project" && !isGeneratedApi(cx, file));
  });
  const names = namesOfComponent(cx);
  const found = new Set(files.filter((file) => declaresComponent(file) || namesComponent(cx, file, names)));
  const importers = new Map<ts.SourceFile, ts.SourceFile[]>();
  for (const file of files) {
    for (const imported of importsOf(cx, file)) {
      if (imported === "component") found.add(file);
      else importers.set(imported, [...(importers.get(imported) ?? []), file]);
    }
  }
  for (const file of found) importers.get(file)?.forEach((importer) => found.add(importer));
  // What a module declares for all others, they have without an import.
  const isForAll = [...found].some(
    (file) =>
      packages.isProject(file) &&
      (!cx.ts.isExternalModule(file) || /\bdeclare\s+(?:global|module)\b/.test(file.text)),
  );
  return isForAll ? "all" : found;
}

/** The module of this package that declares the API. */
function declaresComponent({ fileName, text }: ts.SourceFile): boolean {
  return /\/_generated\/component\.[^/]+$/.test(fileName) && text.includes("applyChunk");
}

/** The names under which the app, or a component in it, has installed this component. */
function namesOfComponent(cx: GuardContext): ReadonlySet<string> {
  const { program, packages, checker } = cx;
  const modules = program
    .getSourceFiles()
    .filter((file) => packages.isProject(file) && isGeneratedApi(cx, file));
  return new Set(
    modules
      .flatMap((file) => checker.getSymbolAtLocation(file) ?? [])
      .flatMap((module) => checker.getExportsOfModule(module).filter(({ name }) => name === "components"))
      .flatMap((components) => checker.getTypeOfSymbol(components).getProperties())
      .filter((one) => isComponent(cx, checker.getTypeOfSymbol(one)))
      .map(({ name }) => name),
  );
}

/** Whether a file uses `components.<this component>`, or `components` in a way that does not say which one is meant. */
function namesComponent(cx: GuardContext, file: ts.SourceFile, names: ReadonlySet<string>): boolean {
  const { ts } = cx;
  // The second writes the component's types by itself.
  if (/\b(?:componentsGeneric|applyChunk)\b/.test(file.text)) return true;
  // The types in comments of JavaScript are no imports.
  if (/\.[cm]?jsx?$/.test(file.fileName) && file.text.includes("convex-streaming-import")) return true;
  if (names.size === 0 || !file.text.includes("components")) return false;
  return (identifiersOf(ts, file).get("components") ?? []).some(({ parent }) => {
    if (ts.isImportSpecifier(parent)) return parent.propertyName !== undefined;
    return !ts.isPropertyAccessExpression(parent) || names.has(parent.name.text);
  });
}

/** The files of the app and of this package that a file imports; "component" for a package that is built on this one. */
function importsOf(cx: GuardContext, file: ts.SourceFile): (ts.SourceFile | "component")[] {
  const { checker, packages } = cx;
  return specifiersIn(cx, file).flatMap((specifier): (ts.SourceFile | "component")[] => {
    const imported = checker.getSymbolAtLocation(specifier)?.declarations?.[0];
    if (imported === undefined || !cx.ts.isSourceFile(imported)) return [];
    const origin = packages.originOf(imported);
    if (origin.kind !== "package") return [imported];
    return packages.isBuiltOnThis(origin.name) ? ["component"] : [];
  });
}

/** `from "…"`, `import("…")`, `require("…")`, and `import("…")` as a type. */
function specifiersIn({ ts }: GuardContext, file: ts.SourceFile): ts.Expression[] {
  const found = file.statements.flatMap((statement) => {
    const isImport = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement);
    return isImport && statement.moduleSpecifier !== undefined ? [statement.moduleSpecifier] : [];
  });
  if (!/\b(?:import|require)\s*\(/.test(file.text)) return found;
  const visit = (node: ts.Node): void => {
    const { parent } = node;
    if (ts.isStringLiteralLike(node)) {
      const isCalled = ts.isCallExpression(parent) || ts.isExternalModuleReference(parent);
      if (isCalled || (ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent))) found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}
