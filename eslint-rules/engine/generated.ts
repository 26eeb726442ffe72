/** The module that Convex's command writes for references to functions; a module of the app may have the same name. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";

const EXPORTS: ReadonlySet<string> = new Set(["api", "internal", "components"]);
const VALUES: ReadonlySet<string> = new Set(["anyApi", "componentsGeneric"]);

const generated = new WeakMap<ts.SourceFile, boolean>();

/** Whether a file is `_generated/api` as the command writes it: types of references, and no value of the app. */
export function isGeneratedApi({ ts }: GuardContext, file: ts.SourceFile): boolean {
  let is = generated.get(file);
  if (is === undefined) {
    is =
      /\/_generated\/api\.[^/]+$/.test(file.fileName) && file.statements.every((one) => isWritten(ts, one));
    generated.set(file, is);
  }
  return is;
}

function isWritten(typescript: GuardContext["ts"], statement: ts.Statement): boolean {
  if (!typescript.isVariableStatement(statement))
    return typescript.isImportDeclaration(statement) || typescript.isTypeAliasDeclaration(statement);
  const isExported = statement.modifiers?.some((one) => one.kind === typescript.SyntaxKind.ExportKeyword);
  return statement.declarationList.declarations.every(({ name, initializer }) => {
    if (isExported === true && !(typescript.isIdentifier(name) && EXPORTS.has(name.text))) return false;
    if (initializer === undefined) return true;
    const value = stripAssertions(typescript, initializer);
    const root = typescript.isCallExpression(value) ? value.expression : value;
    return typescript.isIdentifier(root) && VALUES.has(root.text);
  });
}
