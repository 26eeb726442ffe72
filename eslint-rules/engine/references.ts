import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { TypeScript } from "./model.js";

/** The value that a name stands for. */
export function valueOf({ ts, checker }: GuardContext, name: ts.Identifier): ts.Symbol | undefined {
  const { parent } = name;
  return ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : ts.isExportSpecifier(parent)
      ? checker.getExportSpecifierLocalTargetSymbol(parent)
      : checker.getSymbolAtLocation(name);
}

/** What an imported name means in the module that it comes from; any other symbol means itself. */
export function unaliased({ ts, checker }: GuardContext, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The declaration of the value that a name stands for. */
export function declarationOf(cx: GuardContext, name: ts.Identifier): ts.Declaration | null {
  return valueOf(cx, name)?.valueDeclaration ?? null;
}

/** The declaration of what a call calls: of one signature, or of the one that the arguments choose. */
export function calledBy(
  { ts, checker }: GuardContext,
  call: ts.CallExpression | ts.NewExpression,
): ts.SignatureDeclaration | undefined {
  const callee = checker.getTypeAtLocation(call.expression);
  const [signature, ...others] = ts.isNewExpression(call)
    ? callee.getConstructSignatures()
    : callee.getCallSignatures();
  const called = others.length === 0 ? signature : undefined;
  return (called ?? checker.getResolvedSignature(call))?.declaration as ts.SignatureDeclaration | undefined;
}

const identifiers = new WeakMap<ts.SourceFile, ReadonlyMap<string, readonly ts.Identifier[]>>();

/** The identifiers of a file by their text, without names of members. */
export function identifiersOf(
  typescript: TypeScript,
  file: ts.SourceFile,
): ReadonlyMap<string, readonly ts.Identifier[]> {
  let known = identifiers.get(file);
  if (known === undefined) {
    const found = new Map<string, ts.Identifier[]>();
    const visit = (node: ts.Node): void => {
      if (typescript.isIdentifier(node)) {
        if (typescript.isPropertyAccessExpression(node.parent) && node.parent.name === node) return;
        const same = found.get(node.text);
        if (same === undefined) found.set(node.text, [node]);
        else same.push(node);
      }
      typescript.forEachChild(node, visit);
    };
    visit(file);
    identifiers.set(file, (known = found));
  }
  return known;
}

/** The identifiers of its file that mean a declaration, without the declaration's own name. */
export function usesOf(cx: GuardContext, declaration: ts.Node, name: ts.Identifier): ts.Identifier[] {
  const all = identifiersOf(cx.ts, declaration.getSourceFile()).get(name.text) ?? [];
  return all.filter((node) => node !== name && declarationOf(cx, node) === declaration);
}

/** All calls of a function that only its own file can call; null when it also goes elsewhere. */
export function callersOf(
  cx: GuardContext,
  fn: ts.SignatureDeclaration,
): readonly ts.CallExpression[] | null {
  const { ts } = cx;
  const isVariable = ts.isArrowFunction(fn) && ts.isVariableDeclaration(fn.parent);
  const named: ts.Node = isVariable ? fn.parent : fn;
  const statement: ts.Node = isVariable ? fn.parent.parent.parent : fn;
  if (!ts.isFunctionDeclaration(named) && !ts.isVariableDeclaration(named)) return null;
  if (named.name === undefined || !ts.isIdentifier(named.name)) return null;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword) === true) return null;
  const calls: ts.CallExpression[] = [];
  for (const use of usesOf(cx, named, named.name)) {
    if (!ts.isCallExpression(use.parent) || use.parent.expression !== use) return null;
    calls.push(use.parent);
  }
  return calls;
}

/** Whether a variable that stays as it is declared is only called, in its own file. */
export function isOnlyCalled(cx: GuardContext, declaration: ts.VariableDeclaration): boolean {
  const { ts } = cx;
  if (!ts.isIdentifier(declaration.name)) return false;
  if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) === 0) return false;
  if ((ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0) return false;
  return usesOf(cx, declaration, declaration.name).every(
    (use) => ts.isCallExpression(use.parent) && use.parent.expression === use,
  );
}

const ASSIGNMENTS: ReadonlySet<string> = new Set(["=", "??=", "||=", "&&="]);

/** What a variable is set to after its declaration; null for a value that a pattern takes out of something. */
export function assignmentsTo(
  cx: GuardContext,
  declaration: ts.Node,
  name: ts.Identifier,
): (ts.Expression | null)[] {
  const { ts } = cx;
  return usesOf(cx, declaration, name).flatMap((use) => {
    let target: ts.Node = use;
    while (isPartOfPattern(ts, target.parent)) target = target.parent;
    const { parent } = target;
    if (ts.isForOfStatement(parent) && parent.initializer === target) return [null];
    if (!ts.isBinaryExpression(parent) || parent.left !== target) return [];
    if (!ASSIGNMENTS.has(ts.tokenToString(parent.operatorToken.kind) ?? "")) return [];
    return [target === use ? parent.right : null];
  });
}

/** Whether a member is assigned to: `a.b = …`, `({ x: a.b } = …)`, `for (a.b of …)`. */
export function isAssigned({ ts }: GuardContext, member: ts.Expression): boolean {
  let target: ts.Node = member;
  while (isPartOfPattern(ts, target.parent)) target = target.parent;
  const { parent } = target;
  if (ts.isForOfStatement(parent)) return parent.initializer === target;
  if (!ts.isBinaryExpression(parent) || parent.left !== target) return false;
  return ASSIGNMENTS.has(ts.tokenToString(parent.operatorToken.kind) ?? "");
}

/** `[a]`, `{ a }`, `{ b: a }`, `...a`: patterns when they stand left of `=`. */
function isPartOfPattern(typescript: TypeScript, node: ts.Node): boolean {
  return (
    typescript.isArrayLiteralExpression(node) ||
    typescript.isObjectLiteralExpression(node) ||
    typescript.isPropertyAssignment(node) ||
    typescript.isShorthandPropertyAssignment(node) ||
    typescript.isSpreadElement(node) ||
    typescript.isSpreadAssignment(node)
  );
}
