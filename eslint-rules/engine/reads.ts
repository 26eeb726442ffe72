/** What Convex's database gives back: documents, ids, and queries of them. None is the writer, whatever its type. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { assignmentsTo, calledBy, declarationOf } from "./references.js";

/** Methods of a query that give back a query. */
export const OF_QUERY: ReadonlySet<string> = new Set([
  "withIndex",
  "withSearchIndex",
  "fullTableScan",
  "filter",
  "order",
]);
/** Methods of a query that read a document. */
export const TO_DOCUMENT: ReadonlySet<string> = new Set(["first", "unique"]);
/** Methods of a query that read many. */
export const TO_LIST: ReadonlySet<string> = new Set(["collect", "take"]);

/** Methods of Convex's database, and of `auth`, that give back data, nothing or a query. */
const READS: ReadonlySet<string> = new Set([
  "query",
  "get",
  "normalizeId",
  "insert",
  "patch",
  "replace",
  "delete",
  "getUserIdentity",
]);

/** What a receiver of these is called: for other names, the question would lead to types that nobody needs. */
const READER_NAME = /(?:[dD]b|[rR]eader|[wW]riter|database|auth|system)$/;

/** `ctx.db.get(id)`, `ctx.db.query("notes").order("desc").first()` */
export function isRead(cx: GuardContext, call: ts.CallExpression): boolean {
  const { ts } = cx;
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const { text } = callee.name;
  if (READS.has(text) && isOfReader(cx, callee)) return true;
  const isOfQuery = OF_QUERY.has(text) || TO_DOCUMENT.has(text) || TO_LIST.has(text) || text === "paginate";
  return isOfQuery && ts.isCallExpression(callee.expression) && isRead(cx, callee.expression);
}

/** Whether Convex declares a method of a database, and nothing else does. */
export function isOfReader(cx: GuardContext, callee: ts.PropertyAccessExpression): boolean {
  return READER_NAME.test(callee.expression.getText()) && isOfConvex(cx, callee);
}

/** Whether Convex declares a member, and nothing else does. */
export function isOfConvex(
  { checker, packages }: GuardContext,
  member: ts.PropertyAccessExpression,
): boolean {
  const declarations = checker.getSymbolAtLocation(member)?.declarations ?? [];
  return declarations.length > 0 && declarations.every((one) => packages.isOfConvex(one));
}

/** `q.eq(…)` in `withIndex("by_owner", (q) => …)` */
export function isOfQuery(cx: GuardContext, callee: ts.Expression): boolean {
  const { ts } = cx;
  let root = callee;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) root = root.expression;
  if (root === callee || !ts.isIdentifier(root)) return false;
  const parameter = declarationOf(cx, root);
  return parameter !== null && ts.isParameter(parameter) && isGivenByQuery(cx, parameter);
}

/** Whether a parameter is what a query of Convex gives to its callback: it only reads. */
export function isGivenByQuery(cx: GuardContext, parameter: ts.ParameterDeclaration): boolean {
  const { ts } = cx;
  const { name, parent: callback } = parameter;
  const { parent: query } = callback;
  if (!ts.isCallExpression(query) || !query.arguments.some((one) => one === callback)) return false;
  if (!ts.isPropertyAccessExpression(query.expression) || !OF_QUERY.has(query.expression.name.text))
    return false;
  if (!ts.isIdentifier(name) || assignmentsTo(cx, parameter, name).length > 0) return false;
  if (isRead(cx, query)) return true;
  const declaration = calledBy(cx, query);
  return (
    cx.packages.isOfConvex(declaration) &&
    /\/server\/query\.d\.ts$/.test(declaration?.getSourceFile().fileName ?? "")
  );
}
