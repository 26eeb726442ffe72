/** Code and members that are chosen by a value at run time: nobody can say what they do. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import type { Report } from "./report.js";

/** Ways to the global object. */
export const GLOBALS: ReadonlySet<string> = new Set(["globalThis", "self", "window", "global"]);

/** Code that is chosen at run time. */
export function visitDynamicCode(cx: GuardContext, report: Report, node: ts.Node): void {
  const { ts } = cx;
  if (ts.isElementAccessExpression(node)) visitChosenMember(cx, report, node);
  else if (ts.isCallExpression(node)) {
    visitReflection(cx, report, node);
    visitChosenModule(cx, report, node);
  }
}

/** `fn[key]` with a key that is not written there: it may be the constructor of functions, which makes code. */
function visitChosenMember(cx: GuardContext, report: Report, node: ts.ElementAccessExpression): void {
  const { ts, checker } = cx;
  const key = node.argumentExpression;
  if (ts.isStringLiteralLike(key) || ts.isNumericLiteral(key)) return;
  const type = checker.getTypeAtLocation(key);
  const arms = type.isUnion() ? type.types : [type];
  const isKnown = arms.every(
    (arm) =>
      arm.isStringLiteral() || (arm.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.ESSymbolLike)) !== 0,
  );
  if (!isKnown && isFunction(cx, node.expression)) report.add("no-raw-syscalls", "dynamicCode", node);
}

/** `import(name)`: the bundler cannot follow a module whose name is made at run time, and neither can the guard. */
function visitChosenModule(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const [name] = call.arguments;
  if (call.expression.kind !== cx.ts.SyntaxKind.ImportKeyword || name === undefined) return;
  if (!cx.ts.isStringLiteralLike(name)) report.add("no-raw-syscalls", "dynamicCode", call);
}

/** Functions of the language that read a member by a name that is a value, or the prototype that has it. */
const REFLECTIONS = new Set([
  "get",
  "getOwnPropertyDescriptor",
  "getOwnPropertyDescriptors",
  "getPrototypeOf",
]);

/** `Reflect.get(fn, "constructor")`. */
function visitReflection(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts } = cx;
  const callee = call.expression;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return;
  const [object] = call.arguments;
  if (object === undefined || !REFLECTIONS.has(callee.name.text)) return;
  if (!/^(?:Reflect|Object)$/.test(callee.expression.text) || !isGlobal(cx, callee.expression)) return;
  if (isFunction(cx, object)) report.add("no-raw-syscalls", "dynamicCode", call);
}

/** Whether a value is a function, or was one before it became something else. */
function isFunction(cx: GuardContext, expression: ts.Expression, depth = 5): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner) || ts.isClassExpression(inner)) return true;
  const type = checker.getTypeAtLocation(inner);
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return true;
  if (depth === 0 || !ts.isIdentifier(inner)) return false;
  const declaration = checker.getSymbolAtLocation(inner)?.valueDeclaration;
  return (
    declaration !== undefined &&
    ts.isVariableDeclaration(declaration) &&
    declaration.initializer !== undefined &&
    isFunction(cx, declaration.initializer, depth - 1)
  );
}

/** Whether a name means what the language or the platform declares, not something of the app that is called so. */
export function isGlobal(cx: GuardContext, name: ts.Identifier): boolean {
  const symbol = cx.checker.getSymbolAtLocation(name);
  // `declare global` adds declarations of the app to those of the language.
  return symbol?.declarations?.some((one) => one.getSourceFile().isDeclarationFile) ?? true;
}
