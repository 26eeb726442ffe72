import ts from "typescript";

/** What init and doctor ask of a file's syntax. Types are not needed, so that a project is read in no time. */

/** A name that an import brings: `default` and `*` for what has no name of its own. */
export interface ImportedName {
  local: string;
  imported: string;
  specifier: string;
}

/** The names that a file imports, those of `const { a } = require("…")` left out. */
export function importsOf(source: ts.SourceFile): ImportedName[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const specifier = statement.moduleSpecifier.text;
    const clause = statement.importClause;
    if (clause === undefined) return [];
    const names: ImportedName[] = [];
    if (clause.name !== undefined) names.push({ local: clause.name.text, imported: "default", specifier });
    const bindings = clause.namedBindings;
    if (bindings !== undefined && ts.isNamespaceImport(bindings))
      names.push({ local: bindings.name.text, imported: "*", specifier });
    if (bindings !== undefined && ts.isNamedImports(bindings)) {
      for (const { name, propertyName } of bindings.elements)
        names.push({ local: name.text, imported: (propertyName ?? name).text, specifier });
    }
    return names;
  });
}

/** The local name of an import, or null: `localOf(source, "StreamingImport", /^convex-streaming-import$/)`. */
export function localOf(source: ts.SourceFile, imported: string, specifier: RegExp): string | null {
  const found = importsOf(source).find(
    (name) => name.imported === imported && specifier.test(name.specifier),
  );
  return found?.local ?? null;
}

/** Names that the file declares at its top level, imports included. */
export function topLevelNames(source: ts.SourceFile): Set<string> {
  const names = new Set(importsOf(source).map(({ local }) => local));
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations)
        bound(name).forEach((each) => names.add(each));
    else if (
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isEnumDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement)) &&
      statement.name !== undefined
    )
      names.add(statement.name.text);
  }
  return names;
}

/** Names that other modules can import from the file. */
export function exportedNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
      if (ts.isNamedExports(statement.exportClause))
        for (const { name } of statement.exportClause.elements) names.add(name.text);
      continue;
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations)
        bound(name).forEach((each) => names.add(each));
    else if (ts.isFunctionDeclaration(statement) && statement.name !== undefined)
      names.add(statement.name.text);
  }
  return names;
}

function bound(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bound(element.name)));
}

/** All nodes of a kind, in the order of the text. */
export function findAll<T extends ts.Node>(root: ts.Node, is: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node) => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

/** The calls `<something>.method(…)` of a file, with the name of the something where it is a plain name. */
export function methodCalls(source: ts.SourceFile, method: string) {
  return findAll(source, ts.isCallExpression).flatMap((call) => {
    const { expression } = call;
    if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== method) return [];
    const on = expression.expression;
    return [{ call, receiver: ts.isIdentifier(on) ? on.text : null }];
  });
}

/** The expression without parentheses, `as`, `satisfies` and `!`. */
export function bare(expression: ts.Expression): ts.Expression {
  let inner = expression;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isNonNullExpression(inner)
  )
    inner = inner.expression;
  return inner;
}

/** The statement `export default …` of a file, or null. */
export function defaultExport(source: ts.SourceFile): ts.ExportAssignment | null {
  return source.statements.find(ts.isExportAssignment) ?? null;
}

/** What a top-level `const name = …` is initialised with, or null. */
export function initializerOf(source: ts.SourceFile, name: string): ts.Expression | null {
  return declarationOf(source, name)?.initializer ?? null;
}

export function declarationOf(source: ts.SourceFile, name: string): ts.VariableDeclaration | null {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const found = statement.declarationList.declarations.find(
      (each) => ts.isIdentifier(each.name) && each.name.text === name,
    );
    if (found !== undefined) return found;
  }
  return null;
}

/** The text of a property `name: "…"` of an object literal; null when it is not there, or not written as a text. */
export function textProperty(node: ts.Node | undefined, name: string): string | null {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return null;
  for (const property of node.properties) {
    if (!ts.isPropertyAssignment(property) || property.name.getText() !== name) continue;
    return ts.isStringLiteralLike(property.initializer) ? property.initializer.text : null;
  }
  return null;
}

/** Whether the text is a program: what the parser stumbles over makes it unfit for editing. */
export function parses(file: string, text: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, allowJs: true },
  });
  return diagnostics.every(({ category }) => category !== ts.DiagnosticCategory.Error);
}

/** How many names are followed to what they stand for. */
export const MAX_STEPS = 8;

/** What an expression stands for, as far as this file tells. */
export function resolved(source: ts.SourceFile, expression: ts.Expression): ts.Expression {
  let current = bare(expression);
  for (let steps = 0; steps < MAX_STEPS && ts.isIdentifier(current); steps++) {
    const initializer = initializerOf(source, current.text);
    if (initializer === null) break;
    current = bare(initializer);
  }
  return current;
}

/** The name of a property, or null where it is computed. */
export function nameOf(property: ts.ObjectLiteralElementLike): string | null {
  const { name } = property;
  if (name === undefined) return null;
  if (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) return name.text;
  return ts.isNumericLiteral(name) ? name.text : null;
}
