import type ts from "typescript";
import { visitBuilders } from "./builders.js";
import { directivesOf } from "./comments.js";
import type { GuardContext } from "./context.js";
import { visitDisables, visitSuppressions } from "./disables.js";
import { visitEscape } from "./escapes.js";
import { applyExemptions, nodeAt, type Exemption } from "./exemptions.js";
import { visitFactoryCall } from "./factories.js";
import type { Finding, WriteSite } from "./findings.js";
import { schemaFor, type SchemaInfo } from "./mirrors.js";
import type { Specifier } from "./options.js";
import { Report } from "./report.js";
import { visitSchema } from "./schemaRules.js";
import { visitAccess, visitAssignmentPattern, visitBindingPattern, visitDetachedCall } from "./sinks.js";
import { visitSyscall } from "./syscalls.js";
import { trustedAround } from "./trust.js";

/** Everything the engine knows about one file. */
export interface FileAnalysis {
  readonly schema: SchemaInfo;
  readonly findings: readonly Finding[];
  readonly sites: readonly WriteSite[];
  readonly exemptions: readonly Exemption[];
  readonly trustedPackages: ReadonlySet<string>;
  /** Code of the app that an option vouches for, where it mattered. */
  readonly trustedCode: readonly Specifier[];
  /** Whether the search for escaping writers is part of it. */
  readonly deep: boolean;
}

/**
 * Analyses a file once for all rules. `deep` adds the search for places where the writer leaves the type checker, which
 * only the strict preset wants; a shallow analysis is replaced by a deep one when the first rule asks for it.
 */
export function analyzeFile(cx: GuardContext, file: ts.SourceFile, deep: boolean): FileAnalysis {
  const cached = cx.files.get(file);
  if (cached !== undefined && (cached.deep || !deep)) return cached;
  const report = new Report(file, schemaFor(cx, file.fileName));
  // The importer's own code writes mirrors: that is its job, and it is known by where it comes from.
  if (cx.packages.originOf(file).kind !== "self") {
    walk(cx, report, deep);
    visitSchema(cx, report);
    visitBuilders(cx, report);
  }
  const directives = directivesOf(cx.ts, file);
  visitDisables(report, directives);
  if (deep) visitSuppressions(cx, report, directives);
  keepInnermostEscapes(report);
  const trustedCode = removeTrusted(cx, report);
  const exemptions = applyExemptions(cx, report, directives);
  const analysis: FileAnalysis = {
    schema: report.schema,
    findings: [...report.findings].sort((one, other) => one.start - other.start || one.end - other.end),
    sites: report.sites,
    exemptions,
    trustedPackages: report.trustedPackages,
    trustedCode,
    deep,
  };
  cx.files.set(file, analysis);
  return analysis;
}

function walk(cx: GuardContext, report: Report, deep: boolean): void {
  const { ts } = cx;
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
      visitAccess(cx, report, node);
    else if (ts.isObjectBindingPattern(node)) visitBindingPattern(cx, report, node);
    else if (ts.isObjectLiteralExpression(node)) {
      if (isAssignmentTarget(cx, node)) visitAssignmentPattern(cx, report, node);
    } else if (ts.isCallExpression(node)) {
      visitFactoryCall(cx, report, node);
      visitDetachedCall(cx, report, node);
    }
    visitSyscall(ts, report, node);
    if (deep) visitEscape(cx, report, node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(report.file, visit);
}

/** `({ a } = b)`, `for ({ a } of b)`, and patterns within patterns. */
function isAssignmentTarget(cx: GuardContext, node: ts.Expression): boolean {
  const { ts } = cx;
  let current: ts.Node = node;
  let { parent } = node as ts.Node;
  while (ts.isParenthesizedExpression(parent)) [current, parent] = [parent, parent.parent];
  if (ts.isBinaryExpression(parent)) {
    return parent.left === current && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  }
  if (ts.isForOfStatement(parent)) return parent.initializer === current;
  if (ts.isPropertyAssignment(parent) && parent.initializer === current)
    return isAssignmentTarget(cx, parent.parent);
  return false;
}

/** Code that the user vouches for is taken out, but listed. */
function removeTrusted(cx: GuardContext, report: Report): Specifier[] {
  if (cx.options.trusted.length === 0) return [];
  const used = new Set<Specifier>();
  for (let index = report.findings.length - 1; index >= 0; index -= 1) {
    const finding = report.findings[index];
    if (finding === undefined) continue;
    const specifier = trustedAround(cx, nodeAt(cx.ts, report.file, finding.start));
    if (specifier === null) continue;
    used.add(specifier);
    report.findings.splice(index, 1);
  }
  return [...used];
}

/** Of an escape and the expression around it that escapes for the same reason, the inner one says where. */
function keepInnermostEscapes(report: Report): void {
  const escapes = report.findings.filter((finding) => finding.messageId === "escape");
  for (const outer of escapes) {
    const holds = escapes.some(
      (inner) =>
        inner !== outer &&
        outer.start <= inner.start &&
        inner.end <= outer.end &&
        (inner.end - inner.start < outer.end - outer.start ||
          escapes.indexOf(inner) < escapes.indexOf(outer)),
    );
    if (holds) report.findings.splice(report.findings.indexOf(outer), 1);
  }
}
