/**
 * Objects of the language that can be replaced or changed: each write goes through JSON, and lists, maps and promises get
 * the writer. They may be called and read; where one is given away as a value, code that does not name it can change it.
 */
import type ts from "typescript";
import { stripAssertions } from "./contracts.js";
import type { GuardContext } from "./context.js";
import { GLOBALS } from "./dynamicCode.js";
import type { TypeScript } from "./model.js";
import { declarationOf, isAssigned, usesOf, valueOf } from "./references.js";
import { memberName } from "./replaced.js";
import type { Report } from "./report.js";

/** What must not be given away: objects with functions that get the writer, or that Convex sends a write through. */
const KEPT =
  /^(?:JSON|Reflect|Object|Array|Iterator|Map|Set|WeakMap|WeakSet|Promise|self|window|global|globalThis)$/;
/** What must not be replaced. */
const REPLACEABLE =
  /^(?:JSON|Reflect|Object|Array|Iterator|Map|Set|WeakMap|WeakSet|WeakRef|Promise|Proxy|Symbol|Function|String|Number|Boolean|BigInt|console|setTimeout|setInterval|queueMicrotask)$/;
/** Constructors whose prototypes every value that is written has, or that get the writer. */
const PROTOTYPES =
  /^(?:Object|Function|Array|Iterator|Map|Set|WeakMap|WeakSet|WeakRef|Promise|Symbol|String|Number|Boolean)$/;
/** A `toJSON` of these changes no write: Convex takes their values apart before it makes JSON of them, or refuses them. */
const UNSENT = /^(?:BigInt|Date|RegExp|URL|\w*Error)$/;

/** Functions of `Object` and `Reflect` that only read what they are given. */
const READS =
  /^(?:create|entries|freeze|get|getOwnProperty\w+|getPrototypeOf|has|hasOwn|is|isFrozen|keys|ownKeys|values)$/;
/** Of a constructor, some of them give the prototype out. */
const GIVES_MEMBERS = /^(?:entries|get|getOwnPropertyDescriptors?|values)$/;
const COMPARES = /^(?:[=!]==?|instanceof|in)$/;

/**
 * An object by its name, or a prototype by that of its constructor: where these are changed, `visitPatch` reports it. The
 * others came another way.
 */
type Kind = "named" | "renamed" | "prototype" | "reached";

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

export function visitNative(cx: GuardContext, report: Report, node: ts.Node): void {
  const { ts } = cx;
  if (ts.isIdentifier(node)) visitName(cx, report, node);
  else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    visitMember(cx, report, node);
  else if (ts.isCallExpression(node)) visitCall(cx, report, node);
  else if (ts.isBindingElement(node)) visitBinding(cx, report, node);
  else if (ts.isPropertyAssignment(node)) {
    // `({ __proto__: base } = {})`
    if (textOf(ts, node.name) === "__proto__" && isAssigned(cx, node.initializer)) add(report, node);
  }
}

function add(report: Report, node: ts.Node): void {
  const start = node.getStart(report.file);
  // A direct change (`JSON.stringify = …`) is reported as such.
  if (report.findings.some((one) => one.start === start && one.rule === "no-writer-escape")) return;
  report.add("no-writer-escape", "native", node, { code: node.getText(report.file) });
}

function visitName(cx: GuardContext, report: Report, name: ts.Identifier): void {
  const isKept = KEPT.test(name.text);
  if ((!isKept && !REPLACEABLE.test(name.text)) || !isValue(cx.ts, name)) return;
  const isReplaced = REPLACEABLE.test(name.text) && isAssigned(cx, name);
  if (!isReplaced && (!isKept || name.text === "globalThis" || isOnlyRead(cx, name, "named"))) return;
  if (isGlobal(cx, name)) add(report, name);
}

/** Whether a name means what the language declares, not something of the app that is called so. */
function isGlobal(cx: GuardContext, name: ts.Identifier): boolean {
  const declarations = valueOf(cx, name)?.declarations ?? [];
  const { Ambient } = cx.ts.ModifierFlags;
  return (
    declarations.length === 0 ||
    declarations.some(
      (one) => one.getSourceFile().isDeclarationFile || (cx.ts.getCombinedModifierFlags(one) & Ambient) !== 0,
    )
  );
}

/** Not the name of a declaration or a member, and no type. */
function isValue(ts: TypeScript, name: ts.Identifier): boolean {
  const parent = name.parent as ts.Node & { readonly name?: ts.Node; readonly propertyName?: ts.Node };
  if (ts.isShorthandPropertyAssignment(parent)) return parent.name === name;
  if (parent.name === name || parent.propertyName === name) return false;
  return !ts.isTypeNode(parent) || ts.isExpressionWithTypeArguments(parent);
}

function visitMember(cx: GuardContext, report: Report, node: Access): void {
  const name = memberName(cx, node);
  if (name === null) return;
  if (isNamedGlobally(cx, node, name)) {
    const isReplaced = REPLACEABLE.test(name) && isAssigned(cx, node);
    if (isReplaced || (KEPT.test(name) && !isOnlyRead(cx, node, "named"))) add(report, node);
  } else if (name === "prototype") {
    if (isPrototype(cx, node) && !isOnlyRead(cx, node, kindOfPrototype(cx, node))) add(report, node);
  } else if (name === "__proto__") {
    if (!isAssigned(cx, node) && !isOnlyRead(cx, node, "reached")) add(report, node);
  } else if (name === "__defineGetter__" || name === "__defineSetter__") add(report, node);
  else if (!isAssigned(cx, node)) return;
  else if (name === "toJSON") {
    if (!isOwn(cx, node.expression)) add(report, node);
  } else if (isConstructorOf(cx, node.expression)) add(report, node);
}

/** `globalThis.Map` */
function isNamedGlobally(cx: GuardContext, node: Access, name: string): boolean {
  if (!KEPT.test(name) && !REPLACEABLE.test(name)) return false;
  const holder = stripAssertions(cx.ts, node.expression);
  return cx.ts.isIdentifier(holder) && GLOBALS.has(holder.text) && isGlobal(cx, holder);
}

/** `value.constructor`, but not of `this`, which is a class of the app. */
function isConstructorOf(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  const inner = stripAssertions(ts, expression);
  const isAccess = ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner);
  return (
    isAccess && memberName(cx, inner) === "constructor" && inner.expression.kind !== ts.SyntaxKind.ThisKeyword
  );
}

/** Whether `Map.prototype` is one of the language. */
function isPrototype(cx: GuardContext, node: Access): boolean {
  const owner = stripAssertions(cx.ts, node.expression);
  if (cx.ts.isIdentifier(owner) && PROTOTYPES.test(owner.text) && isGlobal(cx, owner)) return true;
  if (isConstructorOf(cx, owner)) return true;
  const isKnown = cx.ts.isIdentifier(owner) && (isGlobal(cx, owner) || isMadeHere(cx, owner));
  return !isKnown && isOfLibrary(cx, cx.checker.getTypeAtLocation(owner).getProperty("prototype"));
}

function kindOfPrototype(cx: GuardContext, node: Access): Kind {
  const owner = stripAssertions(cx.ts, node.expression);
  return cx.ts.isIdentifier(owner) && isGlobal(cx, owner) ? "prototype" : "reached";
}

function isOfLibrary({ packages }: GuardContext, member: ts.Symbol | undefined): boolean {
  return member?.declarations?.some((one) => packages.originOf(one.getSourceFile()).kind === "lib") === true;
}

function visitCall(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts } = cx;
  const [object, ...others] = call.arguments;
  const name = calleeName(cx, call);
  if (object === undefined || name === null) return;
  if (name === "getPrototypeOf") {
    if (!isOnlyRead(cx, call, "reached")) add(report, call);
  } else if (/^(?:set|define\w+|assign)$/.test(name)) {
    const isPut = others.some(
      (one) =>
        (ts.isStringLiteralLike(one) && one.text === "toJSON") ||
        (ts.isObjectLiteralExpression(one) &&
          one.properties.some((each) => textOf(ts, each.name) === "toJSON")),
    );
    const isOfObject = ["Object", "Reflect"].includes(calleeOwner(ts, call) ?? "Object");
    if (isPut && isOfObject && !isOwn(cx, object)) add(report, object);
  }
}

/** `const { prototype } = WeakMap`, `({ __proto__: base }: object) => …` */
function visitBinding(cx: GuardContext, report: Report, element: ts.BindingElement): void {
  const { ts, checker } = cx;
  const key = textOf(ts, element.propertyName ?? element.name);
  if ((key !== "prototype" && key !== "__proto__") || !ts.isIdentifier(element.name)) return;
  if (key === "prototype" && !isOfLibrary(cx, checker.getTypeAtLocation(element.parent).getProperty(key)))
    return;
  if (!areOnlyRead(cx, element, element.name, "reached", new Set())) add(report, element);
}

/** An object or a class that the app makes, or one whose `toJSON` changes no write. */
function isOwn(cx: GuardContext, target: ts.Expression): boolean {
  const { ts } = cx;
  const inner = stripAssertions(ts, target);
  if (inner.kind === ts.SyntaxKind.ThisKeyword) return true;
  if (ts.isObjectLiteralExpression(inner) || ts.isNewExpression(inner)) return true;
  if (ts.isPropertyAccessExpression(inner) && inner.name.text === "prototype") {
    const { expression: owner } = inner;
    if (!ts.isIdentifier(owner)) return owner.kind === ts.SyntaxKind.ThisKeyword;
    return UNSENT.test(owner.text) ? isGlobal(cx, owner) : isMadeHere(cx, owner);
  }
  if (!ts.isIdentifier(inner)) return false;
  const declaration = declarationOf(cx, inner);
  const value =
    declaration !== null && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  if (value === undefined) return isMadeHere(cx, inner);
  return !ts.isIdentifier(value) && isOwn(cx, value);
}

/** Whether a name is that of a class or a function of the app. */
function isMadeHere(cx: GuardContext, name: ts.Identifier): boolean {
  const { ts } = cx;
  const declaration = declarationOf(cx, name);
  return declaration !== null && (ts.isClassLike(declaration) || ts.isFunctionDeclaration(declaration));
}

/** Whether an object of the language is only called, read and compared where it stands. */
function isOnlyRead(
  cx: GuardContext,
  value: ts.Expression,
  kind: Kind,
  seen: Set<ts.Node> = new Set(),
): boolean {
  const { ts } = cx;
  let use: ts.Node = value;
  while (isAround(ts, use.parent)) use = use.parent;
  const { parent } = use;
  const isConstructor = kind === "named" || kind === "renamed";
  const unknown = isConstructor ? "renamed" : "reached";
  const again = (): boolean => isOnlyRead(cx, parent as ts.Expression, unknown, seen);
  const isPatched = (member: Access): boolean => kind === unknown && isAssigned(cx, member);
  if (ts.isPropertyAccessExpression(parent)) return !isPatched(parent);
  if (ts.isElementAccessExpression(parent)) {
    if (parent.expression !== use) return true;
    // `Map[key]` may be the prototype; of others, it is a function.
    if (isConstructor && memberName(cx, parent) === null && !isPlainObject(ts, value)) return false;
    return !isPatched(parent);
  }
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent))
    return parent.expression === use || isLookedAt(cx, parent, use, isConstructor);
  if (ts.isBinaryExpression(parent)) {
    const operator = parent.operatorToken.getText();
    if (COMPARES.test(operator)) return true;
    if (operator !== "=") return (/^(?:&&|,)$/.test(operator) && parent.left === use) || again();
    if (parent.left === use) return true;
    if (ts.isObjectLiteralExpression(parent.left))
      return parent.left.properties.every((one) => !/^(?:prototype|\[.*)$/.test(one.name?.getText() ?? ""));
    const declaration = ts.isIdentifier(parent.left) ? declarationOf(cx, parent.left) : null;
    // What a variable is set to later is no alias that others know.
    return (
      declaration !== null &&
      ts.isVariableDeclaration(declaration) &&
      areOnlyRead(cx, declaration, declaration.name, unknown, seen)
    );
  }
  if (ts.isConditionalExpression(parent)) return parent.condition === use || again();
  if (ts.isVariableDeclaration(parent)) return areOnlyRead(cx, parent, parent.name, kind, seen);
  return (
    ts.isPrefixUnaryExpression(parent) ||
    ts.isTypeOfExpression(parent) ||
    ts.isVoidExpression(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isExpressionWithTypeArguments(parent) ||
    ts.isForInStatement(parent) ||
    ts.isExpressionStatement(parent) ||
    ts.isIfStatement(parent) ||
    ts.isWhileStatement(parent) ||
    ts.isTypeNode(parent)
  );
}

/** Whether a name that stands for an object of the language, or a pattern that takes it apart, only reads it. */
function areOnlyRead(
  cx: GuardContext,
  declaration: ts.VariableDeclaration | ts.BindingElement,
  name: ts.BindingName,
  kind: Kind,
  seen: Set<ts.Node>,
): boolean {
  const { ts } = cx;
  // `{ prototype }` and `[name]` in a pattern are looked at where they stand.
  if (ts.isObjectBindingPattern(name)) return true;
  if (!ts.isIdentifier(name)) return false;
  if ((ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0) return false;
  if (seen.has(declaration)) return true;
  seen.add(declaration);
  return usesOf(cx, declaration, name).every((use) => isOnlyRead(cx, use, kind, seen));
}

/** Whether a function only looks at an object of the language that it is given. */
function isLookedAt(
  cx: GuardContext,
  call: ts.CallExpression | ts.NewExpression,
  use: ts.Node,
  isConstructor: boolean,
): boolean {
  const { ts } = cx;
  if (!ts.isCallExpression(call)) return false;
  const name = calleeName(cx, call);
  if (name === null) return false;
  const owner = calleeOwner(ts, call);
  const isFirst = call.arguments[0] === use;
  if (owner === "console") return true;
  if (owner === "Object" || owner === "Reflect") {
    if (READS.test(name)) return !isConstructor || !GIVES_MEMBERS.test(name);
    return !isFirst && /^(?:assign|setPrototypeOf|construct)$/.test(name);
  }
  // `Promise.all.bind(Promise)`
  if (isFirst && /^(?:bind|call|apply)$/.test(name))
    return call.expression.getText().startsWith(`${use.getText()}.`);
  // `z.instanceof(Map)`
  return isConstructor && /instance/i.test(name);
}

function calleeName(cx: GuardContext, { expression }: ts.CallExpression): string | null {
  const { ts } = cx;
  const callee = stripAssertions(ts, expression);
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee))
    return memberName(cx, callee);
  return null;
}

/** `Object` in `Object.keys(…)` */
function calleeOwner(ts: TypeScript, { expression }: ts.CallExpression): string | null {
  const callee = stripAssertions(ts, expression);
  return ts.isPropertyAccessExpression(callee) ? callee.expression.getText() : null;
}

/** `JSON` and `Reflect` are no constructors. */
function isPlainObject(ts: TypeScript, value: ts.Expression): boolean {
  return /^(?:JSON|Reflect)$/.test(stripAssertions(ts, value).getText());
}

/** The name of a property in a literal or a pattern. */
function textOf(ts: TypeScript, name: ts.Node | undefined): string | null {
  if (name === undefined) return null;
  const key = ts.isComputedPropertyName(name) ? name.expression : name;
  return ts.isStringLiteralLike(key) || (key === name && ts.isIdentifier(key)) ? key.text : null;
}

/** `(x)`, `x as T`, `x!` */
function isAround(ts: TypeScript, node: ts.Node): boolean {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isTypeAssertionExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
  );
}
