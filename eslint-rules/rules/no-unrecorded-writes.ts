import type ts from "typescript";
import type { GuardContext } from "../engine/context.js";
import { calledBy, unaliased } from "../engine/references.js";
import { stripAssertions } from "../engine/contracts.js";
import { quoted } from "../engine/messages.js";
import type { Write } from "../engine/model.js";
import type { Report } from "../engine/report.js";
import type { RuleDefinition } from "../engine/rule.js";
import { guardModule, isRawModule, RAW } from "./no-raw-builders.js";

/** Reports writes to exported tables that the change feed does not get, and builders whose functions record nothing. */
export const noUnrecordedWrites: RuleDefinition = {
  name: "no-unrecorded-writes",
  description: "Require that writes to exported tables are recorded for their readers",
  messages: ["unrecordedWrite", "unrecordedBuilder", "unrecordedLibrary"],
  schema: {
    type: "object",
    properties: {
      check: {
        type: "string",
        enum: ["writes", "all"],
        description:
          "What is reported: writes that are certainly not recorded, or also every builder and library whose functions record nothing. Default: all.",
      },
    },
    additionalProperties: false,
  },
  accepts: (finding, option) => option["check"] !== "writes" || finding.messageId === "unrecordedWrite",
};

/** How far the way from a writer to the parameter that brought it is followed. */
const MAX_STEPS = 6;

/** Judges a write whose tables are known: Convex's own writer, in a function that no recording builder made. */
export function judgeRecording(
  cx: GuardContext,
  report: Report,
  write: Write,
  tables: readonly string[],
): void {
  const exported = tables.filter((table) => report.schema.exported.has(table));
  if (exported.length === 0 || !isOwnWriter(cx, write) || !isCertainlyRaw(cx, write.callee, MAX_STEPS))
    return;
  report.add(
    "no-unrecorded-writes",
    "unrecordedWrite",
    write.node,
    { method: write.method, tables: quoted(exported) },
    { tables: exported },
  );
}

/** Whether the method is Convex's own: the guard's writer has its own declarations, and records. */
function isOwnWriter(cx: GuardContext, { member }: Write): boolean {
  return (member.symbol?.declarations ?? []).some((declaration) => cx.packages.isOfConvex(declaration));
}

/**
 * Whether the writer comes from a parameter that is declared with Convex's own type, or from a handler of a raw builder.
 * A library gives its callbacks Convex's types also where a recording builder is below; those are judged by the builder.
 */
function isCertainlyRaw(cx: GuardContext, expression: ts.Expression, steps: number): boolean {
  const { ts, checker } = cx;
  if (steps === 0) return false;
  let root = stripAssertions(ts, expression);
  while (
    ts.isPropertyAccessExpression(root) ||
    ts.isElementAccessExpression(root) ||
    ts.isCallExpression(root)
  )
    root = stripAssertions(ts, root.expression);
  if (!ts.isIdentifier(root)) return false;
  let declaration: ts.Node | undefined = checker.getSymbolAtLocation(root)?.declarations?.[0];
  while (declaration !== undefined && ts.isBindingElement(declaration))
    declaration = declaration.parent.parent;
  if (declaration === undefined) return false;
  if (ts.isVariableDeclaration(declaration))
    return declaration.initializer !== undefined && isCertainlyRaw(cx, declaration.initializer, steps - 1);
  if (!ts.isParameter(declaration)) return false;
  if (declaration.type !== undefined) return true;
  const builder = builderOf(cx, declaration.parent);
  return builder !== null && isRawBuilder(cx, builder);
}

/** The callee that a handler is passed to: `mutation(async (ctx) => …)`, `mutation({ handler: … })`. */
function builderOf({ ts }: GuardContext, handler: ts.Node): ts.Expression | null {
  let inner: ts.Node = handler;
  if (ts.isPropertyAssignment(inner.parent)) inner = inner.parent;
  if (ts.isObjectLiteralExpression(inner.parent)) inner = inner.parent;
  const call = inner.parent;
  return ts.isCallExpression(call) && call.expression !== inner ? call.expression : null;
}

/** Whether an expression is a builder of `_generated/server` or `convex/server` that writes. */
function isRawBuilder(cx: GuardContext, expression: ts.Node): boolean {
  const { ts, checker } = cx;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!ts.isIdentifier(name)) return false;
  const symbol = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  if (symbol === undefined) return false;
  const target = unaliased(cx, symbol);
  if (!RAW.has(target.name)) return false;
  const file = target.declarations?.[0]?.getSourceFile();
  if (file === undefined) return false;
  return (
    isRawModule(file.fileName.replace(/\.d\.ts$/, "").replace(/\.ts$/, "")) || cx.packages.isOfConvex(file)
  );
}

/**
 * Reports the raw builders of a file, unless they are passed to `guard`. Where the app has a module of guarded builders,
 * `no-raw-builders` reports the imports of all other files.
 */
export function visitRecording(cx: GuardContext, report: Report): void {
  const { schema, file } = report;
  if (schema.exported.size === 0 || /\/_generated\//.test(file.fileName)) return;
  const { ts } = cx;
  const module = guardModule(cx, report);
  const isElsewhere = module.kind === "file" && module.file !== file;
  const tables = quoted(schema.exported);
  const visit = (node: ts.Node, isGuarded: boolean): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const writer = unrecordedLibrary(cx, report, node);
      if (writer !== null)
        report.add("no-unrecorded-writes", "unrecordedLibrary", node, { ...writer, tables });
    }
    if (ts.isCallExpression(node) && isGuard(cx, node.expression)) {
      for (const argument of node.arguments) visit(argument, true);
      return;
    }
    const isReference =
      ts.isPropertyAccessExpression(node) || (ts.isIdentifier(node) && !isPropertyName(ts, node));
    if (isReference && !isGuarded && !isElsewhere && isRawBuilder(cx, node)) {
      const name = ts.isPropertyAccessExpression(node) ? node.name.text : node.text;
      report.add("no-unrecorded-writes", "unrecordedBuilder", node, { name, tables });
      return;
    }
    if (!isGuarded && !isElsewhere && isWholeModule(cx, node))
      report.add("no-unrecorded-writes", "unrecordedBuilder", node, { name: "*", tables });
    ts.forEachChild(node, (child) => {
      visit(child, isGuarded);
    });
  };
  ts.forEachChild(file, (child) => {
    visit(child, false);
  });
}

/** A module with raw builders that is taken as a whole: what is used of it cannot be told. */
function isWholeModule({ ts, checker }: GuardContext, node: ts.Node): boolean {
  const holder = node.parent;
  if (ts.isIdentifier(node)) {
    const declaration = checker.getSymbolAtLocation(node)?.declarations?.[0];
    if (declaration === undefined || !ts.isNamespaceImport(declaration) || declaration.name === node)
      return false;
    if (ts.isPropertyAccessExpression(holder)) return false;
    const { moduleSpecifier } = declaration.parent.parent as ts.ImportDeclaration;
    return ts.isStringLiteralLike(moduleSpecifier) && isRawModule(moduleSpecifier.text);
  }
  if (!ts.isCallExpression(node)) return false;
  const isImport =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === "require");
  const [first] = node.arguments;
  return isImport && first !== undefined && ts.isStringLiteralLike(first) && isRawModule(first.text);
}

/** `name` of `x.name` and of `{ name: x }`, which stand for nothing themselves; `{ name }` does. */
function isPropertyName(ts: GuardContext["ts"], node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node)
  );
}

/** `guard` of this package, whatever it is called here. */
function isGuard(cx: GuardContext, callee: ts.Expression): boolean {
  const { ts, checker } = cx;
  const declaration = checker.getTypeAtLocation(callee).getCallSignatures()[0]?.declaration;
  if (declaration === undefined || !ts.isFunctionDeclaration(declaration)) return false;
  return (
    declaration.name?.text === "guard" && cx.packages.originOf(declaration.getSourceFile()).kind === "self"
  );
}

/** A library that makes or calls mutations of its own, by Convex's builders, unless it is given others. */
function unrecordedLibrary(
  cx: GuardContext,
  report: Report,
  node: ts.CallExpression | ts.NewExpression,
): { fn: string; remedy: string } | null {
  const { ts } = cx;
  const signature = calledBy(cx, node);
  if (signature === undefined) return null;
  const origin = cx.packages.originOf(signature.getSourceFile());
  if (origin.kind !== "package") return null;
  const args = node.arguments ?? [];
  if (ts.isNewExpression(node)) {
    const isMigrations = origin.name === "@convex-dev/migrations" && ts.isConstructorDeclaration(signature);
    if (!isMigrations || mentions(cx, args[1], "internalMutation")) return null;
    return { fn: "new Migrations", remedy: "pass `{ internalMutation: forLibrary(internalMutation) }`" };
  }
  const name = ts.isFunctionDeclaration(signature) ? signature.name?.text : undefined;
  if (origin.name === "convex-helpers" && name === "crud" && args.length < 4) {
    const [, table] = args;
    const isOther =
      table !== undefined && ts.isStringLiteralLike(table) && !report.schema.exported.has(table.text);
    return isOther ? null : { fn: "crud", remedy: "pass a query builder and `forLibrary(internalMutation)`" };
  }
  if (
    origin.name === "convex-ents" &&
    name === "scheduledDeleteFactory" &&
    !mentions(cx, node, "forLibrary")
  ) {
    return { fn: "scheduledDeleteFactory", remedy: "delete these ents in a mutation of a guarded builder" };
  }
  if (origin.name === "@convex-dev/auth" && name === "convexAuth") {
    const writes = [
      "users",
      "authSessions",
      "authAccounts",
      "authRefreshTokens",
      "authVerificationCodes",
      "authVerifiers",
      "authRateLimits",
    ];
    if (!writes.some((table) => report.schema.exported.has(table))) return null;
    return { fn: "convexAuth", remedy: "export a table of your own that a guarded mutation writes" };
  }
  return null;
}

function mentions({ ts }: GuardContext, root: ts.Node | undefined, name: string): boolean {
  if (root === undefined) return false;
  if (ts.isIdentifier(root) && root.text === name) return true;
  return (
    ts.forEachChild(root, (child) => mentions({ ts } as GuardContext, child, name) || undefined) ?? false
  );
}
