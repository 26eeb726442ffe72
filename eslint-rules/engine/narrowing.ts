import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";

/**
 * Two ways in which code says which of several tables is meant, and the type checker does not see it: a tag that is
 * compared beside an id, and the instances of a generic class. Both are less than a proof: the strict preset still
 * requires the table's name in such a write.
 */

/**
 * Whether a `switch`, an `if` or a `?:` around an id that is asserted to be of the `claimed` tables has told them apart
 * from the other tables of its union: by their names, or by tags that name no other of these tables.
 */
export function isToldApart(
  cx: GuardContext,
  id: ts.Expression,
  claimed: readonly string[],
  union: readonly string[],
): boolean {
  const others = union.filter((table) => !claimed.includes(table));
  for (let node: ts.Node = id; !cx.ts.isFunctionLike(node) && !cx.ts.isSourceFile(node); node = node.parent) {
    const tags = tagsAt(cx, node);
    if (tags !== null) return tags.length > 0 && tags.every((tag) => !others.includes(tag));
  }
  return false;
}

/** The tags with which the code of a branch runs; null for what is no branch on a tag. */
function tagsAt(cx: GuardContext, node: ts.Node): readonly string[] | null {
  const { ts } = cx;
  const { parent } = node;
  if (ts.isCaseOrDefaultClause(parent) && !(ts.isCaseClause(parent) && parent.expression === node))
    return tagsOfClause(cx, parent);
  if (ts.isIfStatement(parent) && node !== parent.expression)
    return tagsOfTest(cx, parent.expression, node === parent.thenStatement);
  if (ts.isConditionalExpression(parent) && node !== parent.condition)
    return tagsOfTest(cx, parent.condition, node === parent.whenTrue);
  return null;
}

function tagsOfClause(cx: GuardContext, clause: ts.CaseOrDefaultClause): readonly string[] | null {
  const { ts } = cx;
  const tags = tagsOf(cx, clause.parent.parent.expression);
  if (tags === null) return null;
  const { clauses } = clause.parent;
  const named = clauses.flatMap((one) => (ts.isCaseClause(one) ? [textOf(cx, one.expression)] : []));
  const reached: string[] = [];
  for (let index = clauses.indexOf(clause); index >= 0; index -= 1) {
    const one = clauses[index];
    if (one === undefined || (one !== clause && !fallsThrough(cx, one))) break;
    if (ts.isCaseClause(one)) reached.push(textOf(cx, one.expression) ?? "");
    else reached.push(...tags.filter((tag) => !named.includes(tag)));
  }
  return reached.every((tag) => tags.includes(tag)) ? reached : null;
}

function fallsThrough({ ts }: GuardContext, clause: ts.CaseOrDefaultClause): boolean {
  let last = clause.statements.at(-1);
  if (last !== undefined && ts.isBlock(last)) last = last.statements.at(-1);
  return !(
    last !== undefined &&
    (ts.isBreakStatement(last) ||
      ts.isReturnStatement(last) ||
      ts.isThrowStatement(last) ||
      ts.isContinueStatement(last))
  );
}

function tagsOfTest(cx: GuardContext, test: ts.Expression, holds: boolean): readonly string[] | null {
  const { ts } = cx;
  const inner = stripAssertions(ts, test);
  if (!ts.isBinaryExpression(inner)) return null;
  const { kind } = inner.operatorToken;
  const equals = kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.EqualsEqualsToken;
  const differs =
    kind === ts.SyntaxKind.ExclamationEqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsToken;
  const tag = textOf(cx, inner.right);
  const tags = tagsOf(cx, inner.left);
  if ((!equals && !differs) || tag === null || tags?.includes(tag) !== true) return null;
  return equals === holds ? [tag] : tags.filter((one) => one !== tag);
}

/** The strings that a value can be; null when it can be anything else. */
function tagsOf({ checker }: GuardContext, tagged: ts.Expression): readonly string[] | null {
  const type = checker.getTypeAtLocation(tagged);
  if (!type.isUnion()) return null;
  const tags = type.types.flatMap((arm) => (arm.isStringLiteral() ? [arm.value] : []));
  return tags.length === type.types.length ? tags : null;
}

function textOf({ ts }: GuardContext, expression: ts.Expression): string | null {
  return ts.isStringLiteralLike(expression) ? expression.text : null;
}

/**
 * The tables of a name or an id whose type is a parameter of a generic class, by how the program makes that class;
 * null when the text does not show all of it.
 */
export function tablesOfInstances(cx: GuardContext, target: ts.Expression): readonly string[] | null {
  const { ts, checker } = cx;
  const parameter = parameterOf(cx, checker.getTypeAtLocation(target));
  const declaration = parameter?.symbol.declarations?.[0];
  if (declaration === undefined || !ts.isClassLike(declaration.parent)) return null;
  const { name, typeParameters, modifiers } = declaration.parent;
  if (name === undefined || typeParameters === undefined) return null;
  // A default export is imported under any name.
  if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true) return null;
  const symbol = checker.getSymbolAtLocation(name);
  const index = typeParameters.findIndex((one) => one === declaration);
  const tables = new Set<string>();
  for (const file of cx.program.getSourceFiles()) {
    if (!file.text.includes(name.text) || !cx.packages.isProject(file)) continue;
    const isKnown = (node: ts.Node): boolean => {
      if (ts.isStringLiteralLike(node)) return node.text !== name.text;
      if (!ts.isIdentifier(node) || node.text !== name.text || node === name)
        return ts.forEachChild(node, (child) => !isKnown(child) || undefined) !== true;
      if (checker.getTypeAtLocation(node).symbol !== symbol) return true;
      const made = instanceAt(cx, node);
      if (made === "none") return true;
      const type = made?.[index];
      const names = type && namesOf(cx, type);
      names?.forEach((one) => tables.add(one));
      return names !== undefined && names !== null;
    };
    if (!isKnown(file)) return null;
  }
  return tables.size === 0 ? null : [...tables];
}

/** The type parameter that a name has as its type, or an id as its table. */
function parameterOf({ ts, checker }: GuardContext, type: ts.Type): ts.Type | null {
  const table = checker.getPropertyOfType(type, "__tableName");
  const name = table === undefined ? type : checker.getTypeOfSymbol(table);
  return (name.flags & ts.TypeFlags.TypeParameter) === 0 ? null : name;
}

/** The type arguments with which a mention of a class uses it; "none" where it only stands in a type or is passed on by name. */
function instanceAt(cx: GuardContext, name: ts.Identifier): readonly ts.Type[] | "none" | null {
  const { ts, checker } = cx;
  const { parent } = name;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return "none";
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent))
    return parent.propertyName === undefined ? "none" : null;
  const mention = ts.isPropertyAccessExpression(parent) && parent.name === name ? parent : name;
  const use = mention.parent;
  if (ts.isNewExpression(use) && use.expression === mention) {
    const isPlain = (one: ts.Expression) =>
      stripAssertions(ts, one) === one &&
      (checker.getTypeAtLocation(one).flags & (ts.TypeFlags.Any | ts.TypeFlags.Never)) === 0;
    if (use.arguments?.every(isPlain) !== true) return null;
    return checker.getTypeArguments(checker.getTypeAtLocation(use) as ts.TypeReference);
  }
  if (ts.isExpressionWithTypeArguments(use) && ts.isHeritageClause(use.parent))
    return use.typeArguments?.map((one) => checker.getTypeFromTypeNode(one)) ?? null;
  return null;
}

function namesOf({ ts, checker }: GuardContext, type: ts.Type): readonly string[] | null {
  const constrained =
    (type.flags & ts.TypeFlags.Instantiable) === 0 ? type : checker.getBaseConstraintOfType(type);
  const arms = constrained?.isUnion() === true ? constrained.types : [constrained];
  const names = arms.flatMap((arm) => (arm?.isStringLiteral() === true ? [arm.value] : []));
  return names.length === arms.length ? names : null;
}
