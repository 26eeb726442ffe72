/** The handlers of registered functions, which Convex keeps in members of its own. */
import type ts from "typescript";
import { stripAssertions } from "./contracts.js";
import type { GuardContext } from "./context.js";
import { isAssigned, unaliased } from "./references.js";
import type { Report } from "./report.js";

/** Runs a handler with any `ctx`. */
const HANDLER = "_handler";
/** Run a handler past the run of a function; services of the app may have methods of these names. */
const INVOKERS: ReadonlySet<string> = new Set(["invokeQuery", "invokeMutation", "invokeAction"]);
/** What gives out a member that is not named. */
const GIVES_MEMBERS = /^(?:Object\.(?:assign|entries|values|getOwnPropertyDescriptors?)|Reflect\.get)$/;

/**
 * Finds code that takes the handler out of a registered function: `nightly._handler(ctx)` runs the handler of an action,
 * in which nobody looks for the writer, in a mutation.
 */
export function visitHandlers(cx: GuardContext, report: Report): void {
  const { ts } = cx;
  const visit = (node: ts.Node): void => {
    const name = takenName(cx, node);
    if (name === HANDLER || (name !== null && INVOKERS.has(name) && !isOfApp(cx, node)))
      report.add("no-writer-escape", "handler", node, { name });
    else if (takesAnyMember(cx, node)) report.add("no-writer-escape", "handler", node, { name: HANDLER });
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(report.file, visit);
}

/** The name of a member that is read here, or that a type says is there. */
function takenName(cx: GuardContext, node: ts.Node): string | null {
  const { ts } = cx;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isIdentifier(node)) return null;
  const { parent } = node;
  // A class of the app may have a member of that name.
  const isOwn = ts.isPropertyAccessExpression(parent) && parent.expression.kind === ts.SyntaxKind.ThisKeyword;
  if (isOwn) return null;
  if (ts.isBindingElement(parent)) {
    const isKey = (parent.propertyName ?? parent.name) === node && ts.isObjectBindingPattern(parent.parent);
    return isKey ? node.text : null;
  }
  const isMember =
    (ts.isPropertyAccessExpression(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodSignature(parent)) &&
    parent.name === node;
  const isInPattern =
    (ts.isPropertyAssignment(parent) && parent.name === node && isAssigned(cx, parent.initializer)) ||
    (ts.isShorthandPropertyAssignment(parent) && isAssigned(cx, node));
  return isMember || isInPattern ? node.text : null;
}

/** Whether the app itself has code of this name, or says only what another object is: `{ invokeQuery(name: string) { … } }`. */
function isOfApp({ ts, checker, packages }: GuardContext, node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node)) return !ts.isElementAccessExpression(node.parent);
  if (ts.isPropertySignature(node.parent) || ts.isMethodSignature(node.parent)) return true;
  const declarations = checker.getSymbolAtLocation(node)?.declarations ?? [];
  return (
    declarations.length > 0 &&
    declarations.every(
      (one) => !ts.isTypeElement(one) && !packages.isOfConvex(one) && !ts.isBindingElement(one),
    )
  );
}

/** `Object.values(nightly)`, `nightly[name]`, `{ ...nightly }` */
function takesAnyMember(cx: GuardContext, node: ts.Node): boolean {
  const { ts } = cx;
  if (ts.isElementAccessExpression(node))
    return !ts.isLiteralExpression(node.argumentExpression) && isRegistered(cx, node.expression);
  if (ts.isSpreadAssignment(node)) return isRegistered(cx, node.expression);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return GIVES_MEMBERS.test(node.expression.getText()) && node.arguments.some((one) => isRegistered(cx, one));
}

/** Whether an expression is the name of a function that is registered: `export const nightly = internalAction({ … })`. */
function isRegistered(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (!ts.isIdentifier(inner)) return false;
  const symbol = checker.getSymbolAtLocation(inner);
  const declaration = symbol && unaliased(cx, symbol).valueDeclaration;
  const call = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  if (call === undefined || !ts.isCallExpression(call)) return false;
  const [definition] = call.arguments;
  const isRegistration =
    definition !== undefined &&
    (ts.isFunctionLike(definition) ||
      (ts.isObjectLiteralExpression(definition) &&
        definition.properties.some((one) => one.name?.getText() === "handler")));
  if (!isRegistration) return false;
  const type = checker.getTypeAtLocation(inner);
  return ["isConvexFunction", "isHttp"].some((name) => type.getProperty(name) !== undefined);
}
