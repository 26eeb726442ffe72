import type ts from "typescript";
import { visitBuilders } from "./rules/no-raw-builders.js";
import { directivesOf } from "./engine/comments.js";
import type { GuardContext } from "./engine/context.js";
import { isHandlerOfAction } from "./engine/data.js";
import { visitDynamicCode } from "./engine/dynamicCode.js";
import { visitDisables, visitSuppressions } from "./rules/no-unreasoned-disable.js";
import { visitPackageFunctions } from "./engine/packageFunctions.js";
import { visitEscape } from "./rules/no-writer-escape.js";
import { applyExemptions, nodeAt } from "./engine/exemptions.js";
import { visitFactoryCall } from "./rules/no-mirror-factories.js";
import type { Directive, FileAnalysis, RuleName, Specifier } from "./engine/model.js";
import {
  visitComponentEscape,
  visitUnknownFunction,
  visitComponentFunction,
  visitImporterCall,
  visitImporterFunction,
} from "./engine/importer.js";
import { visitHandlers } from "./engine/handlers.js";
import { visitImport } from "./engine/imports.js";
import { isReachedByComponent } from "./engine/reach.js";
import { schemaFor } from "./engine/mirrors.js";
import { Report } from "./engine/report.js";
import { visitSchema } from "./rules/mirror-schema.js";
import {
  visitAccess,
  visitAssignmentPattern,
  visitBindingPattern,
  visitDetachedCall,
} from "./rules/no-mirror-writes.js";
import { visitRecording } from "./rules/no-unrecorded-writes.js";
import { visitSyscall } from "./rules/no-raw-syscalls.js";
import { trustedAround } from "./engine/trust.js";

/** What is found in a file before exemptions; the search for escapes is added to it when a rule first wants it. */
interface RawAnalysis {
  readonly report: Report;
  readonly directives: readonly Directive[];
  deep: boolean;
}

const raw = new WeakMap<GuardContext, WeakMap<ts.SourceFile, RawAnalysis>>();

/**
 * Analyses a file once for all rules. `deep` adds the search for places where the writer leaves the type checker, which
 * only the strict preset wants.
 */
export function analyzeFile(cx: GuardContext, file: ts.SourceFile, deep: boolean): FileAnalysis {
  const cached = cx.files.get(file);
  if (cached !== undefined && (cached.deep || !deep)) return cached;
  const found = rawAnalysis(cx, file);
  if (deep && !found.deep) {
    found.deep = true;
    if (isApp(cx, file)) {
      walkEscapes(cx, found.report);
      visitHandlers(cx, found.report);
      visitPackageFunctions(cx, found.report);
    }
    visitSuppressions(cx, found.report, found.directives);
  }
  const analysis = finish(cx, found);
  cx.files.set(file, analysis);
  return analysis;
}

/** The importer's own code writes mirrors: that is its job, and it is known by where it comes from. */
function isApp(cx: GuardContext, file: ts.SourceFile): boolean {
  return cx.packages.originOf(file).kind !== "self";
}

function rawAnalysis(cx: GuardContext, file: ts.SourceFile): RawAnalysis {
  let files = raw.get(cx);
  if (files === undefined) raw.set(cx, (files = new WeakMap<ts.SourceFile, RawAnalysis>()));
  let found = files.get(file);
  if (found === undefined) {
    const report = new Report(file, schemaFor(cx, file.fileName));
    if (isApp(cx, file)) {
      walk(cx, report);
      visitSchema(cx, report);
      visitBuilders(cx, report);
      visitRecording(cx, report);
    }
    const directives = directivesOf(cx.ts, file);
    visitDisables(report, directives);
    files.set(file, (found = { report, directives, deep: false }));
  }
  return found;
}

/** Rules that only ask whether a mirror may be written; a schema that exports and has no mirror needs none of them. */
const ABOUT_MIRRORS: ReadonlySet<RuleName> = new Set<RuleName>([
  "no-mirror-writes",
  "require-known-table",
  "explicit-write-table",
  "no-writer-escape",
  "no-mirror-factories",
  "no-mirror-triggers",
]);

/** Takes out what trusted code and exemptions allow. Works on a copy, since a deep analysis may follow a shallow one. */
function finish(cx: GuardContext, { report: found, directives, deep }: RawAnalysis): FileAnalysis {
  const report = new Report(found.file, found.schema);
  const hasMirrors = found.schema.mirrors.size > 0 || found.schema.exported.size === 0;
  report.findings.push(...found.findings.filter(({ rule }) => hasMirrors || !ABOUT_MIRRORS.has(rule)));
  keepInnermostEscapes(report);
  dropRepeated(report);
  const trustedCode = removeTrusted(cx, report);
  const exemptions = applyExemptions(cx, report, directives);
  return {
    schema: found.schema,
    findings: report.findings.sort((one, other) => one.start - other.start || one.end - other.end),
    sites: found.sites,
    exemptions,
    trustedPackages: found.trustedPackages,
    trustedCode,
    deep,
  };
}

function walk(cx: GuardContext, report: Report): void {
  const { ts } = cx;
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      visitAccess(cx, report, node);
      visitImporterFunction(cx, report, node);
      visitComponentFunction(cx, report, node);
    } else if (ts.isObjectBindingPattern(node)) visitBindingPattern(cx, report, node);
    else if (ts.isBindingElement(node)) visitComponentFunction(cx, report, node);
    else if (ts.isObjectLiteralExpression(node)) {
      if (isAssignmentTarget(cx, node)) visitAssignmentPattern(cx, report, node);
    } else if (ts.isCallExpression(node)) {
      visitFactoryCall(cx, report, node);
      visitImporterCall(cx, report, node);
      visitDetachedCall(cx, report, node);
    }
    visitSyscall(ts, report, node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(report.file, visit);
}

function walkEscapes(cx: GuardContext, report: Report): void {
  const { ts } = cx;
  const hasComponent = isReachedByComponent(cx, report.file);
  const visit = (node: ts.Node, hasWriter: boolean): void => {
    if (hasWriter && ts.isTypePredicateNode(node)) visitEscape(cx, report, node);
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (hasWriter) visitEscape(cx, report, node);
    else visitDynamicCode(cx, report, node);
    if (hasComponent) visitComponentEscape(cx, report, node);
    visitImport(cx, report, node);
    if (ts.isCallExpression(node)) visitUnknownFunction(cx, report, node);
    // An action has no database: whatever its handler holds and makes, none of it is the writer.
    const holdsWriter = hasWriter && !isHandlerOfAction(cx, node);
    ts.forEachChild(node, (child) => {
      visit(child, holdsWriter);
    });
  };
  ts.forEachChild(report.file, (node) => {
    visit(node, true);
  });
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

/** A call that is reported for what it writes is not reported for what it carries, too. */
function dropRepeated(report: Report): void {
  const starts = new Set(
    report.findings.flatMap((one) => (one.messageId === "mirrorCall" ? [] : [one.start])),
  );
  const kept = report.findings.filter((one) => one.messageId !== "mirrorCall" || !starts.has(one.start));
  report.findings.splice(0, report.findings.length, ...kept);
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
