import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { passesForEverything } from "./conversions.js";
import type { Finding } from "./model.js";
import { isData, isHandlerOfAction, isResultOfHandler } from "./data.js";
import { isHarmlessByRoot } from "./flows.js";
import { assignmentsTo, unaliased, usesOf } from "./references.js";
import type { Report } from "./report.js";
import { trustedPackage } from "./packages.js";
import { isTrusted } from "./trust.js";

/** Reports mutations that a module exports and that a package made: Convex deploys them like the app's own. */
export function visitPackageFunctions(cx: GuardContext, report: Report): void {
  const { ts, checker } = cx;
  // Asked for the type of something of the app, the compiler may work out those of all its functions.
  const judge = (node: ts.Node, name: string, type: ts.Type, source: string | null): void => {
    const mayWrite = passesForEverything(cx, type) || isMutation(cx, type);
    if (source !== null && mayWrite)
      report.add("no-writer-escape", "packageFunction", node, { package: source, name });
  };
  for (const statement of report.file.statements) {
    if (ts.isExportDeclaration(statement) && !statement.isTypeOnly) {
      const { exportClause, moduleSpecifier } = statement;
      const module = moduleSpecifier && checker.getSymbolAtLocation(moduleSpecifier);
      const source = moduleSpecifier === undefined ? null : packageOfModule(cx, moduleSpecifier);
      if (exportClause !== undefined && ts.isNamedExports(exportClause)) {
        for (const one of exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly)) {
          const local = checker.getExportSpecifierLocalTargetSymbol(one);
          const type = checker.getTypeAtLocation(one.name);
          judge(
            one,
            one.name.text,
            type,
            source ?? (local === undefined ? null : packageOfSymbol(cx, local)),
          );
        }
      } else if (source !== null) {
        const names = module === undefined ? [] : checker.getExportsOfModule(module);
        if (module === undefined) judge(statement, "*", checker.getAnyType(), source);
        for (const one of names) judge(statement, one.name, checker.getTypeOfSymbol(one), source);
      }
    } else if (ts.isExportAssignment(statement)) {
      const source = packageOf(cx, statement.expression);
      if (source !== null)
        judge(statement, "default", checker.getTypeAtLocation(statement.expression), source);
    } else if (ts.isImportEqualsDeclaration(statement)) {
      const isExported = statement.modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
      const alias = checker.getSymbolAtLocation(statement.name);
      if (isExported !== true || alias === undefined) continue;
      judge(
        statement,
        statement.name.text,
        checker.getTypeOfSymbol(checker.getAliasedSymbol(alias)),
        packageOfSymbol(cx, alias),
      );
    } else if (ts.isVariableStatement(statement)) {
      if (statement.modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword) !== true) continue;
      for (const { name, initializer } of statement.declarationList.declarations) {
        const source = initializer === undefined ? null : packageOf(cx, initializer);
        if (source === null) continue;
        for (const one of namesIn(cx, name)) judge(one, one.text, checker.getTypeAtLocation(one), source);
      }
    }
  }
  visitTaken(cx, report);
}

function isMutation({ checker }: GuardContext, type: ts.Type): boolean {
  const own = checker.getNonNullableType(type);
  return (own.isUnion() ? own.types : [own]).some((arm) => arm.getProperty("isMutation") !== undefined);
}

/**
 * Reports mutations of packages where the app's code takes them, unless they are reported where they are exported: in the
 * same statement, or in those that use its constants. On the way to an export, they may be kept anywhere. What another
 * statement exports says nothing, since it may be exempted. The handler of an action can neither export nor run them.
 */
function visitTaken(cx: GuardContext, report: Report): void {
  const { ts, checker } = cx;
  const exported = report.findings.filter(({ messageId }) => messageId === "packageFunction");
  let known = new Set<string | undefined>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (isHandlerOfAction(cx, node)) return;
    const isTaken =
      (ts.isIdentifier(node) && !isNameOf(cx, node)) ||
      ts.isPropertyAccessExpression(node) ||
      ts.isCallExpression(node);
    const source = isTaken ? sourceOf(cx, node) : null;
    const mayHold = source !== null && !known.has(source) && !cx.packages.isStranger(source);
    if (mayHold && holdsMutation(cx, checker.getTypeAtLocation(node))) {
      report.add("no-writer-escape", "packageFunction", node, {
        package: source,
        name: node.getText(report.file),
      });
      return;
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of report.file.statements) {
    if (exported.length > 0) known = packagesOfExports(cx, report.file, statement, exported, new Set());
    visit(statement);
  }
}

/** The packages that a statement is reported for, or every statement that uses the constants that it declares. */
function packagesOfExports(
  cx: GuardContext,
  file: ts.SourceFile,
  statement: ts.Statement,
  exported: readonly Finding[],
  seen: Set<ts.Statement>,
): Set<string | undefined> {
  const { ts } = cx;
  const inside = exported.filter(({ start }) => statement.pos <= start && start < statement.end);
  const here = new Set(inside.map(({ data }) => data["package"]));
  const isConstant =
    ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  if (here.size > 0 || !isConstant || seen.has(statement)) return here;
  seen.add(statement);
  const users = statement.declarationList.declarations
    .flatMap(({ name }) => namesIn(cx, name))
    .flatMap((name) => usesOf(cx, name.parent, name))
    .map((use) => file.statements.find(({ pos, end }) => pos <= use.pos && use.pos < end));
  const [first, ...others] = users.map((user) =>
    user === undefined ? here : packagesOfExports(cx, file, user, exported, seen),
  );
  return new Set([...(first ?? [])].filter((one) => others.every((packages) => packages.has(one))));
}

/** Whether an identifier only names a part of what it stands in: a member, a property, a declaration. */
function isNameOf({ ts }: GuardContext, node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isExportAssignment(parent)) return false;
  return (parent as Partial<ts.NamedDeclaration>).name === node;
}

/** The package, not vouched for, that declares a name or the function that is called. */
function sourceOf(
  cx: GuardContext,
  node: ts.Identifier | ts.PropertyAccessExpression | ts.CallExpression,
): string | null {
  const { ts, checker } = cx;
  if (isData(cx, node) || isHarmlessByRoot(cx, node)) return null;
  if (ts.isCallExpression(node)) {
    // Whichever of its signatures is meant: the arguments may lead to the types of the whole app.
    const sources = checker
      .getTypeAtLocation(node.expression)
      .getCallSignatures()
      .map(({ declaration }) => (declaration === undefined ? null : untrustedPackageOf(cx, declaration)));
    return sources.find((one) => one !== null) ?? null;
  }
  const symbol = checker.getSymbolAtLocation(node);
  if (symbol === undefined) return null;
  const [declaration] = unaliased(cx, symbol).declarations ?? [];
  return declaration === undefined ? null : untrustedPackageOf(cx, declaration);
}

function untrustedPackageOf(cx: GuardContext, declaration: ts.Node): string | null {
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind !== "package" || trustedPackage(origin.name) || isTrusted(cx, declaration)) return null;
  return origin.name;
}

/** A mutation, or an object of them. */
function holdsMutation(cx: GuardContext, type: ts.Type): boolean {
  if (isMutation(cx, type)) return true;
  if ((type.flags & cx.ts.TypeFlags.Object) === 0 || type.getCallSignatures().length > 0) return false;
  return type.getProperties().some((one) => isMutation(cx, cx.checker.getTypeOfSymbol(one)));
}

function namesIn(cx: GuardContext, name: ts.BindingName): ts.Identifier[] {
  const { ts } = cx;
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((one) => (ts.isBindingElement(one) ? namesIn(cx, one.name) : []));
}

/** The package that nobody vouches for and that a value comes from, or null. */
function packageOf(cx: GuardContext, expression: ts.Expression, seen = new Set<ts.Symbol>()): string | null {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  const next = (one: ts.Expression): string | null => packageOf(cx, one, seen);
  if (ts.isAwaitExpression(inner) || ts.isSpreadElement(inner)) return next(inner.expression);
  if (ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner))
    return next(inner.expression);
  if (ts.isCallExpression(inner) && inner.expression.kind === ts.SyntaxKind.ImportKeyword)
    return inner.arguments[0] === undefined ? null : packageOfModule(cx, inner.arguments[0]);
  if (ts.isConditionalExpression(inner)) return next(inner.whenTrue) ?? next(inner.whenFalse);
  if (ts.isBinaryExpression(inner)) return next(inner.left) ?? next(inner.right);
  const parts = partsOf(cx, inner);
  if (parts !== null) return firstPackage(parts, next);
  if (ts.isCallExpression(inner) || ts.isNewExpression(inner)) {
    const [module] = inner.arguments ?? [];
    if (ts.isIdentifier(inner.expression) && inner.expression.text === "require" && module !== undefined)
      return packageOfModule(cx, module);
    return firstPackage([inner.expression, ...(inner.arguments ?? [])], next);
  }
  if (!ts.isIdentifier(inner)) return null;
  const symbol = ts.isShorthandPropertyAssignment(inner.parent)
    ? checker.getShorthandAssignmentValueSymbol(inner.parent)
    : checker.getSymbolAtLocation(inner);
  return symbol === undefined ? null : packageOfSymbol(cx, symbol, seen);
}

/** @param seen Names that are followed already: `text = text.trim()` makes a value of itself. */
function packageOfSymbol(cx: GuardContext, symbol: ts.Symbol, seen = new Set<ts.Symbol>()): string | null {
  const { ts } = cx;
  if (seen.has(symbol)) return null;
  seen.add(symbol);
  const target = unaliased(cx, symbol);
  const declaration = target.valueDeclaration ?? target.declarations?.[0];
  if (declaration === undefined) {
    // An import that resolves to nothing leaves only its written name.
    let node: ts.Node | undefined = symbol.declarations?.[0];
    while (node !== undefined && !ts.isImportDeclaration(node)) node = node.parent as ts.Node | undefined;
    return node === undefined ? null : packageOfModule(cx, node.moduleSpecifier);
  }
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind === "package") return untrustedPackageOf(cx, declaration);
  if (origin.kind !== "project") return null;
  let owner: ts.Node = declaration;
  while (ts.isBindingElement(owner)) owner = owner.parent.parent;
  const next = (one: ts.Expression): string | null => packageOf(cx, one, seen);
  if (ts.isFunctionDeclaration(owner)) return firstPackage(returnsOf(cx, owner), next);
  if (ts.isClassLike(owner))
    return firstPackage(
      owner.members.flatMap((member) => (ts.isPropertyDeclaration(member) ? (member.initializer ?? []) : [])),
      next,
    );
  if (!ts.isVariableDeclaration(owner)) return null;
  const assigned = ts.isIdentifier(owner.name) ? assignmentsTo(cx, owner, owner.name) : [];
  return firstPackage(
    [owner.initializer, ...assigned].flatMap((one) => one ?? []),
    next,
  );
}

function firstPackage(
  expressions: readonly ts.Expression[],
  packageOfOne: (expression: ts.Expression) => string | null,
): string | null {
  for (const expression of expressions) {
    const found = packageOfOne(expression);
    if (found !== null) return found;
  }
  return null;
}

/** Whether an expression is no mutation by what it is, whose type may lead to those of the whole app. */
function isNoMutation(cx: GuardContext, expression: ts.Expression): boolean {
  return (
    cx.ts.isFunctionLike(expression) ||
    isHarmlessByRoot(cx, expression) ||
    isData(cx, expression) ||
    isResultOfHandler(cx, expression)
  );
}

/**
 * Those parts of a literal that are registered functions or literals themselves, and what a function gives back of that
 * kind; null for other expressions. What a handler or a validator does with a package is not meant.
 */
function partsOf(cx: GuardContext, inner: ts.Expression): ts.Expression[] | null {
  const { ts, checker } = cx;
  const all = ts.isArrayLiteralExpression(inner)
    ? inner.elements
    : ts.isObjectLiteralExpression(inner)
      ? inner.properties.flatMap((property) =>
          ts.isPropertyAssignment(property)
            ? [property.initializer]
            : ts.isShorthandPropertyAssignment(property)
              ? [property.name]
              : ts.isSpreadAssignment(property)
                ? [property.expression]
                : [],
        )
      : ts.isArrowFunction(inner) || ts.isFunctionExpression(inner)
        ? returnsOf(cx, inner)
        : null;
  return (
    all
      ?.map((one) => stripAssertions(ts, one))
      .filter(
        (one) =>
          ts.isArrayLiteralExpression(one) ||
          ts.isObjectLiteralExpression(one) ||
          (!isNoMutation(cx, one) && isMutation(cx, checker.getTypeAtLocation(one))),
      ) ?? null
  );
}

/** What a function gives back, not what its body does with packages. */
function returnsOf(
  { ts }: GuardContext,
  fn: ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration,
): ts.Expression[] {
  if (fn.body === undefined) return [];
  if (!ts.isBlock(fn.body)) return [fn.body];
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression !== undefined) found.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(fn.body, visit);
  return found;
}

/** The package that a module specifier names, if it is none that the guard trusts. */
function packageOfModule(cx: GuardContext, specifier: ts.Expression): string | null {
  const { ts, checker } = cx;
  if (!ts.isStringLiteralLike(specifier)) return null;
  const file = checker.getSymbolAtLocation(specifier)?.declarations?.[0]?.getSourceFile();
  if (file !== undefined) {
    const origin = cx.packages.originOf(file);
    if (origin.kind !== "package" || trustedPackage(origin.name) || isTrusted(cx, file)) return null;
    return origin.name;
  }
  const name = /^(?:@[^/]+\/)?[^./@][^/]*/.exec(specifier.text)?.[0];
  return name === undefined || trustedPackage(name) ? null : name;
}
