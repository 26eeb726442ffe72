/**
 * What writes mirrors for the importer: the function of the app through which the component writes, and the functions of
 * the component that import. A call of one of them is a write that every other check lets pass.
 */
import type ts from "typescript";
import { IMPORTERS_OWN } from "../../src/core/brand.js";
import type { GuardContext } from "./context.js";
import { calledBy, unaliased } from "./references.js";
import { stripAssertions } from "./contracts.js";
import { isData, typeByDeclaration } from "./data.js";
import { isHarmlessByRoot } from "./flows.js";
import type { Report } from "./report.js";
import { targetByName } from "./tables.js";

/** The name under which an app has to export the function through which the component writes mirrors. */
const WRITE = "write";

/**
 * The component's functions that only the importer calls: they write the rows that they are given, end an import that
 * then deletes rows, or say which functions of the app the component calls. The others read, or are for the app to call:
 * docs/configuration.md lists them.
 */
const IMPORTING: readonly string[] = [
  "ingest:applyChunk",
  "quarantine:replay",
  "quarantine:rewrite",
  "registry:declare",
  "runs:begin",
  "runs:finish",
];

const IMPORTING_NAMES: ReadonlySet<string> = new Set(
  IMPORTING.map((path) => path.slice(path.indexOf(":") + 1)),
);

/** Reports one of the component's importing functions where it is taken from its module. */
export function visitComponentFunction(
  cx: GuardContext,
  report: Report,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression | ts.BindingElement,
): void {
  const { ts, checker } = cx;
  if (ts.isBindingElement(node) && !ts.isObjectBindingPattern(node.parent)) return;
  const name = ts.isBindingElement(node) ? keyOf(cx, node) : nameOf(cx, node);
  if (name === null || !IMPORTING_NAMES.has(name)) return;
  const holder = checker.getTypeAtLocation(ts.isBindingElement(node) ? node.parent : node.expression);
  const property = checker.getPropertyOfType(holder, name);
  if (property === undefined || !isImporting(cx, property)) return;
  report.add("no-mirror-writes", "componentFunction", node, { code: node.getText(report.file) });
}

function keyOf(cx: GuardContext, { propertyName, name }: ts.BindingElement): string | null {
  const { ts } = cx;
  const key = propertyName ?? name;
  if (ts.isIdentifier(key) || ts.isStringLiteral(key)) return key.text;
  return ts.isComputedPropertyName(key) ? literalOf(cx, key.expression) : null;
}

/** Whether a property is declared as an importing function, in a type that lists the functions of this component. */
function isImporting({ ts }: GuardContext, property: ts.Symbol): boolean {
  const [declaration] = property.declarations ?? [];
  if (declaration === undefined || !ts.isPropertySignature(declaration)) return false;
  const module = declaration.parent.parent as ts.Node;
  if (!ts.isPropertySignature(module) || !ts.isTypeLiteralNode(module.parent)) return false;
  const isThisComponent = module.parent.members.some((one) => one.name?.getText() === "capability");
  return isThisComponent && IMPORTING.includes(`${module.name.getText()}:${property.name}`);
}

/** Reports where the type of what holds the component is lost, and with it the names of the functions that are called. */
export function visitComponentEscape(cx: GuardContext, report: Report, node: ts.Node): void {
  const { ts, checker } = cx;
  if (ts.isElementAccessExpression(node) && !isData(cx, node.expression)) {
    // A key that only a type names may be another one.
    const isTyped = targetByName(cx, node.argumentExpression).how === "type";
    if (isTyped && holdsComponent(cx, checker.getTypeAtLocation(node.expression))) {
      lose(report, node.expression);
      return;
    }
  }
  if (!isValue(cx, node) || !isConverted(cx, node) || isData(cx, node)) return;
  // `internal.x.y` is a reference: to ask for its type is to ask for those of all functions of the app.
  if (isHarmlessByRoot(cx, node) && !/^components\b/.test(node.getText(report.file))) return;
  const type = typeByDeclaration(cx, node) ?? checker.getTypeAtLocation(node);
  if (isImportersFunction(type)) {
    if (!isExportedAs(cx, node, WRITE)) lose(report, node, "importerEscape");
    return;
  }
  if (!holdsComponent(cx, type)) return;
  const target = becomes(cx, node);
  if (target === null) return;
  if (target === undefined || !holdsComponent(cx, target)) lose(report, node);
}

/** An expression that may have a component as its value, and is no literal. */
function isValue({ ts }: GuardContext, node: ts.Node): node is ts.Expression {
  return (
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) && GIVES_AN_OPERAND.has(ts.tokenToString(node.operatorToken.kind) ?? ""))
  );
}

const GIVES_AN_OPERAND: ReadonlySet<string> = new Set(["??", "||", "&&", ","]);

function lose(
  report: Report,
  node: ts.Node,
  message: "componentEscape" | "importerEscape" = "componentEscape",
): void {
  report.add("no-writer-escape", message, node, { code: node.getText(report.file) });
}

/** Whether a value is one of the importer's own functions: `write` of `internalFunctions()`, not a reference to it. */
function isImportersFunction(type: ts.Type): boolean {
  if (type.getProperty("isMutation") === undefined) return false;
  return type.aliasTypeArguments?.some((one) => one.getProperty(IMPORTERS_OWN) !== undefined) === true;
}

/** `{ write }` and `{ write: … }`: an object that gives a value the name under which it is known. */
function isExportedAs(cx: GuardContext, value: ts.Expression, name: string): boolean {
  const { parent } = useOf(cx, value);
  const { ts } = cx;
  return (
    (ts.isShorthandPropertyAssignment(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name.getText() === name
  );
}

/** A value with the parentheses around it. */
function useOf({ ts }: GuardContext, value: ts.Expression): ts.Expression {
  let use = value;
  while (ts.isParenthesizedExpression(use.parent) || ts.isNonNullExpression(use.parent)) use = use.parent;
  return use;
}

/** Whether a value may get another type where it stands, by the place alone: few are worth asking for their types. */
function isConverted(cx: GuardContext, value: ts.Expression): boolean {
  const { ts } = cx;
  const use = useOf(cx, value);
  const { parent } = use;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression !== use;
  if (ts.isBinaryExpression(parent)) return parent.right === use;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent)) return parent.type !== undefined;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === use;
  return (
    ts.isAsExpression(parent) ||
    ts.isTypeAssertionExpression(parent) ||
    ts.isSpreadAssignment(parent) ||
    isPart(cx, parent)
  );
}

/** What a value is a part of, or given back by. */
function isPart({ ts }: GuardContext, parent: ts.Node): boolean {
  return (
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isArrowFunction(parent)
  );
}

/** The type that a value gets where it stands; undefined when that cannot be known, null when it keeps its own. */
function becomes(cx: GuardContext, value: ts.Expression): ts.Type | undefined | null {
  const { ts, checker } = cx;
  const use = useOf(cx, value);
  const { parent } = use;
  if (ts.isAsExpression(parent) || ts.isTypeAssertionExpression(parent))
    return checker.getTypeAtLocation(parent);
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return taken(cx, parent, use);
  if (ts.isSpreadAssignment(parent)) return undefined;
  if (ts.isBinaryExpression(parent)) return checker.getTypeAtLocation(parent.left);
  if (ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent))
    return checker.getTypeAtLocation(parent.name);
  return checker.getContextualType(use) ?? null;
}

/** The type under which a function gets an argument: what it declares, since a type parameter hides what stands for it. */
function taken(
  cx: GuardContext,
  call: ts.CallExpression | ts.NewExpression,
  argument: ts.Expression,
): ts.Type | undefined | null {
  const { ts, checker } = cx;
  const declaration = calledBy(cx, call);
  if (declaration === undefined || ts.isJSDocSignature(declaration)) return undefined;
  // This package knows what it is given.
  if (cx.packages.originOf(declaration.getSourceFile()).kind === "self") return null;
  const parameter = declaration.parameters[call.arguments?.indexOf(argument) ?? 0];
  if (parameter === undefined) return undefined;
  const type = checker.getTypeAtLocation(parameter.name);
  return checker.getBaseConstraintOfType(type) ?? type;
}

const holders = new WeakMap<ts.Type, boolean>();

/**
 * A module of the component with an importing function, the component, the app's `components`, a `StreamingImport`, or
 * what holds its own functions.
 */
function holdsComponent(cx: GuardContext, type: ts.Type): boolean {
  if ((type.flags & cx.ts.TypeFlags.StructuredOrInstantiable) === 0) return false;
  let holds = holders.get(type);
  if (holds === undefined) holders.set(type, (holds = findsComponent(cx, type)));
  return holds;
}

function findsComponent(cx: GuardContext, type: ts.Type): boolean {
  const own = cx.checker.getNonNullableType(type);
  if ((own.flags & cx.ts.TypeFlags.StructuredType) === 0) return false;
  if (own.getProperties().some((one) => IMPORTING_NAMES.has(one.name) && isImporting(cx, one))) return true;
  if (isComponent(cx, own)) return true;
  const write = own.getProperty(WRITE);
  if (write !== undefined && isImportersFunction(cx.checker.getTypeOfSymbol(write))) return true;
  const held = own.getProperty("component");
  if (held !== undefined && isComponent(cx, cx.checker.getTypeOfSymbol(held))) return true;
  const [declaration] = (own.symbol as ts.Symbol | undefined)?.declarations ?? [];
  if (declaration?.getSourceFile().fileName.includes("/_generated/api.") !== true) return false;
  return own.getProperties().some((one) => isComponent(cx, cx.checker.getTypeOfSymbol(one)));
}

/** Whether a type is that of this component's API. */
export function isComponent(cx: GuardContext, type: ts.Type): boolean {
  const module = type.getProperty("capability") && type.getProperty("ingest");
  const chunk = module && cx.checker.getTypeOfSymbol(module).getProperty("applyChunk");
  return chunk !== undefined && isImporting(cx, chunk);
}

/**
 * Reports a reference to one of the importer's own functions (`internal.imports.write`): a caller of it writes any
 * mirror. A call does not compile, but a cast passes it by the compiler.
 */
export function visitImporterFunction(
  cx: GuardContext,
  report: Report,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): void {
  const name = nameOf(cx, node);
  if (name !== WRITE) return;
  const args = cx.checker.getTypeAtLocation(node).getProperty("_args");
  if (args === undefined) return;
  if (cx.checker.getTypeOfSymbol(args).getProperty(IMPORTERS_OWN) === undefined) return;
  const start = node.getStart(report.file);
  if (report.findings.some((one) => one.messageId === "importerFunction" && one.start === start)) return;
  report.add("no-mirror-writes", "importerFunction", node, { code: node.getText(report.file) });
}

function nameOf(cx: GuardContext, node: ts.PropertyAccessExpression | ts.ElementAccessExpression) {
  if (cx.ts.isPropertyAccessExpression(node)) return node.name.text;
  return literalOf(cx, node.argumentExpression);
}

function literalOf({ ts, checker }: GuardContext, key: ts.Expression): string | null {
  if (ts.isStringLiteralLike(key)) return key.text;
  const type = checker.getTypeAtLocation(key);
  return type.isStringLiteral() ? type.value : null;
}

/** What takes a reference to a function, to call it now or later, and the position of that argument. */
const REFERENCE_AT: ReadonlyMap<string, number> = new Map([
  ["runMutation", 0],
  ["runQuery", 0],
  ["invokeMutation", 0],
  ["createFunctionHandle", 0],
  ["makeFunctionReference", 0],
  ["runAfter", 1],
  ["runAt", 1],
  ["interval", 2],
  ["cron", 2],
  ["hourly", 2],
  ["daily", 2],
  ["weekly", 2],
  ["monthly", 2],
]);

/** Their argument may be unknown: a query only reads, and `invokeMutation` is a method of the function that it calls. */
const MAY_BE_UNKNOWN: ReadonlySet<string> = new Set(["runQuery", "invokeMutation"]);

/** Reports a call of one of the importer's own functions through a variable, a key, a cast or its path. */
export function visitImporterCall(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts } = cx;
  const callee = stripAssertions(ts, call.expression);
  const name = ts.isPropertyAccessExpression(callee)
    ? callee.name.text
    : ts.isIdentifier(callee)
      ? callee.text
      : "";
  if (name === "makeFunctionReference") {
    const [path] = call.arguments;
    const target = path === undefined ? null : targetByName(cx, path);
    if (path !== undefined && target?.tables?.some((one) => isImportersPath(cx, report, one)) === true)
      report.add("no-mirror-writes", "importerFunction", path, { code: path.getText(report.file) });
    return;
  }
  const at = REFERENCE_AT.get(name);
  if (at === undefined) return;
  // Behind a reference that is written out stand the arguments of its function, whose types may be those of the app.
  const reference = call.arguments[at];
  const isWritten = reference !== undefined && isHarmlessByRoot(cx, stripAssertions(ts, reference));
  for (const argument of isWritten ? [reference] : call.arguments) {
    const inner = stripAssertions(ts, argument);
    if (!mayRefer(ts, inner)) continue;
    if (isComponentsPath(cx, inner))
      report.add("no-mirror-writes", "componentFunction", inner, { code: inner.getText(report.file) });
    if (isImportersOwn(cx, inner) || isImportersPath(cx, report, pathOf(cx, inner)))
      report.add("no-mirror-writes", "importerFunction", inner, { code: inner.getText(report.file) });
  }
}

/** Modules whose exports lead to functions by the names that are written: `internal.x.y`, `anyApi.x.y`. */
const API_MODULES = /(?:^|\/)_generated\/api(?:\.js)?$|^convex\/server$/;

/** Reports a function that is called, and of which neither a type nor a path tells which one it is. */
export function visitUnknownFunction(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const callee = stripAssertions(ts, call.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  const at =
    ts.isIdentifier(name) && !MAY_BE_UNKNOWN.has(name.text) ? REFERENCE_AT.get(name.text) : undefined;
  const argument = at === undefined ? undefined : call.arguments[at];
  if (argument === undefined) return;
  const inner = stripAssertions(ts, argument);
  if (!mayRefer(ts, inner) || isWrittenOut(cx, inner)) return;
  const type = checker.getTypeAtLocation(inner);
  const { Unknown, String, StructuredType } = ts.TypeFlags;
  // An object that is no reference, but made to pass for one.
  const isOther =
    (type.flags & StructuredType) !== 0 &&
    type.getProperty("_type") === undefined &&
    cx.packages.isOfConvex(calledBy(cx, call));
  const isAny = (type.flags & (Unknown | String)) !== 0 || isOfAnyFunction(cx, type);
  if (!isAny && !isOther) return;
  report.add("no-writer-escape", "unknownFunction", inner, { code: inner.getText(report.file) });
}

/** Whether an expression names a function by a path that can be read: from an API, or as a literal. */
function isWrittenOut(cx: GuardContext, expression: ts.Expression, depth = 8): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (depth === 0) return false;
  if (ts.isStringLiteralLike(inner)) return true;
  if (ts.isPropertyAccessExpression(inner)) return isWrittenOut(cx, inner.expression, depth - 1);
  if (ts.isElementAccessExpression(inner)) {
    const isKnown = targetByName(cx, inner.argumentExpression).tables?.length === 1;
    return isKnown && isWrittenOut(cx, inner.expression, depth - 1);
  }
  if (ts.isCallExpression(inner)) return isWrittenOut(cx, inner.expression, depth - 1);
  if (!ts.isIdentifier(inner)) return false;
  const declaration = checker.getSymbolAtLocation(inner)?.declarations?.[0];
  if (declaration !== undefined && ts.isImportSpecifier(declaration)) {
    const { moduleSpecifier } = declaration.parent.parent.parent;
    return ts.isStringLiteral(moduleSpecifier) && API_MODULES.test(moduleSpecifier.text);
  }
  const initializer = takenFrom(cx, declaration)?.value ?? initializerOf(cx, inner);
  return initializer !== null && isConstant(cx, inner) && isWrittenOut(cx, initializer, depth - 1);
}

/** `const { run } = anyApi.tasks`: what a name is taken out of, and by which names that are written there. */
function takenFrom(
  { ts }: GuardContext,
  declaration: ts.Declaration | undefined,
): { readonly value: ts.Expression; readonly path: readonly string[] } | null {
  const path: string[] = [];
  let holder: ts.Node | undefined = declaration;
  while (holder !== undefined && ts.isBindingElement(holder)) {
    const { propertyName, name, dotDotDotToken, initializer, parent } = holder;
    const key = propertyName ?? name;
    if (dotDotDotToken !== undefined || initializer !== undefined || !ts.isIdentifier(key)) return null;
    path.unshift(key.text);
    holder = ts.isObjectBindingPattern(parent) ? parent.parent : undefined;
  }
  const isTaken = path.length > 0 && holder !== undefined && ts.isVariableDeclaration(holder);
  const value = isTaken ? (holder as ts.VariableDeclaration).initializer : undefined;
  return value === undefined ? null : { value, path };
}

function isConstant({ ts, checker }: GuardContext, name: ts.Identifier): boolean {
  const declaration = checker.getSymbolAtLocation(name)?.valueDeclaration;
  return (
    declaration !== undefined &&
    (ts.getCombinedNodeFlags(declaration as ts.Declaration) & ts.NodeFlags.Const) !== 0
  );
}

/** Whether an expression may be a reference to a function, or the path of one. */
function mayRefer(ts: GuardContext["ts"], expression: ts.Expression): boolean {
  if (ts.isStringLiteralLike(expression)) return true;
  return (
    !ts.isLiteralExpression(expression) &&
    !ts.isObjectLiteralExpression(expression) &&
    !ts.isArrayLiteralExpression(expression) &&
    !ts.isFunctionLike(expression)
  );
}

/** A reference whose type says that only the importer calls it; through a variable, what that is made of. */
function isImportersOwn(cx: GuardContext, expression: ts.Expression, depth = 5): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  // The type of `internal.x.y` is that of every function of the app. Its path says as much, see `isImportersPath`.
  if (isHarmlessByRoot(cx, inner)) return false;
  const args = checker.getTypeAtLocation(inner).getProperty("_args");
  if (args !== undefined && checker.getTypeOfSymbol(args).getProperty(IMPORTERS_OWN) !== undefined)
    return true;
  const initializer = depth === 0 ? null : initializerOf(cx, inner);
  return initializer !== null && isImportersOwn(cx, initializer, depth - 1);
}

function initializerOf(cx: GuardContext, expression: ts.Expression): ts.Expression | null {
  if (!cx.ts.isIdentifier(expression)) return null;
  const declaration = cx.checker.getSymbolAtLocation(expression)?.valueDeclaration;
  return declaration !== undefined && cx.ts.isVariableDeclaration(declaration)
    ? (declaration.initializer ?? null)
    : null;
}

/** `(components as any).streamingImport.ingest.applyChunk`: a path of which no type tells where it leads. */
function isComponentsPath(cx: GuardContext, expression: ts.Expression): boolean {
  const path = pathOf(cx, expression);
  // `anyApi.runs.begin` is a function of the app: there, nothing stands before the name of the module.
  return (
    IMPORTING.some((one) => path.endsWith(`/${one}`)) &&
    isOfAnyFunction(cx, cx.checker.getTypeAtLocation(expression))
  );
}

/** Whether a type says nothing about the function that is called: any, or what `componentsGeneric()` is made of. */
function isOfAnyFunction({ ts, checker }: GuardContext, type: ts.Type): boolean {
  const { Any, StructuredType } = ts.TypeFlags;
  const kind = (type.flags & StructuredType) === 0 ? undefined : type.getProperty("_type");
  return ((kind === undefined ? type : checker.getTypeOfSymbol(kind)).flags & Any) !== 0;
}

/** `imports:write` of `anyApi.imports.write` and `(internal as any)["imports"].write`. */
function pathOf(cx: GuardContext, expression: ts.Expression, depth = 8): string {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (depth === 0) return "";
  if (ts.isStringLiteralLike(inner)) return inner.text;
  if (ts.isPropertyAccessExpression(inner))
    return joined(pathOf(cx, inner.expression, depth - 1), inner.name.text);
  if (ts.isElementAccessExpression(inner)) {
    const key = targetByName(cx, inner.argumentExpression).tables;
    return key?.length === 1 ? joined(pathOf(cx, inner.expression, depth - 1), key[0] ?? "") : "";
  }
  const declaration = ts.isIdentifier(inner)
    ? checker.getSymbolAtLocation(inner)?.valueDeclaration
    : undefined;
  const taken = takenFrom(cx, declaration);
  if (taken !== null) return taken.path.reduce(joined, pathOf(cx, taken.value, depth - 1));
  const initializer = initializerOf(cx, inner);
  return initializer === null ? "" : pathOf(cx, initializer, depth - 1);
}

/** `export const add = mutation({ args, handler: async () => … })`: the type of such a function is costly to ask for. */
function isRegisteredHere(cx: GuardContext, exported: ts.Symbol): boolean {
  const { ts } = cx;
  // `export default add` leads to the function of that name.
  const [declaration] = unaliased(cx, exported).declarations ?? [];
  if (declaration === undefined) return false;
  const isNamed = ts.isVariableDeclaration(declaration) && ts.isIdentifier(declaration.name);
  const isDefault = ts.isExportAssignment(declaration);
  const initializer = isNamed ? declaration.initializer : isDefault ? declaration.expression : undefined;
  if (initializer === undefined || !ts.isCallExpression(initializer)) return false;
  const [definition, ...others] = initializer.arguments;
  return (
    others.length === 0 &&
    definition !== undefined &&
    ts.isIdentifier(initializer.expression) &&
    ts.isObjectLiteralExpression(definition) &&
    definition.properties.every((one) => isOfRegistration(ts, one))
  );
}

function isOfRegistration(ts: GuardContext["ts"], property: ts.ObjectLiteralElementLike): boolean {
  const name = property.name?.getText();
  if (name === "args" || name === "returns") return ts.isPropertyAssignment(property);
  if (name !== "handler") return false;
  return (
    ts.isMethodDeclaration(property) ||
    (ts.isPropertyAssignment(property) && ts.isFunctionLike(property.initializer))
  );
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path.replaceAll(":", "/")}:${name}`;
}

/** What `isImportersPath` knows of a program, by directory and path: an app calls its functions in many places. */
const knownPaths = new WeakMap<ts.Program, Map<string, boolean>>();

/** Whether `imports:write` is a function of the app that only the importer may call. */
function isImportersPath(cx: GuardContext, report: Report, path: string): boolean {
  let known = knownPaths.get(cx.program);
  if (known === undefined) knownPaths.set(cx.program, (known = new Map<string, boolean>()));
  const place = `${report.schema.file?.fileName ?? ""} ${path}`;
  let is = known.get(place);
  if (is === undefined) known.set(place, (is = leadsToImporter(cx, report, path)));
  return is;
}

function leadsToImporter(cx: GuardContext, report: Report, path: string): boolean {
  const [module = "", name = ""] = path.split(":");
  const schema = report.schema.file;
  if (name === "" || schema === null) return false;
  const directory = schema.fileName.slice(0, schema.fileName.lastIndexOf("/"));
  const file = ["ts", "tsx", "js"].flatMap(
    (extension) => cx.program.getSourceFile(`${directory}/${module.replace(/\.js$/, "")}.${extension}`) ?? [],
  )[0];
  const exports = file && cx.checker.getSymbolAtLocation(file);
  const fn = exports && cx.checker.getExportsOfModule(exports).find((symbol) => symbol.name === name);
  return (
    fn !== undefined &&
    !isRegisteredHere(cx, fn) &&
    cx.checker
      .typeToString(cx.checker.getTypeOfSymbol(fn), undefined, cx.ts.TypeFormatFlags.NoTruncation)
      .includes(IMPORTERS_OWN)
  );
}
