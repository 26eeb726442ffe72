import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { Directive, Exemption, Finding, RuleName, TypeScript } from "./model.js";
import type { ExemptionConfig, GuardOptions } from "./options.js";
import { GuardConfigurationError } from "./options.js";
import type { Report } from "./report.js";
import { enclosingNames } from "./trust.js";

/** The rules whose findings a reviewed exception can allow. */
const EXEMPTIBLE: ReadonlySet<RuleName> = new Set([
  "no-mirror-writes",
  "require-known-table",
  "explicit-write-table",
  "no-mirror-factories",
  "no-writer-escape",
]);

/** `customers, products until 2026-12-31: back-fill of …, reviewed by …` */
const FORM = /^([\w$]+(?:\s*,\s*[\w$]+)*)\s+until\s+(\S+?)\s*:\s*(\S[\s\S]*)$/;

/** The shortest text that can be a reason. */
const MIN_REASON = 8;

function todayOf(options: GuardOptions): string {
  return options.today ?? new Date().toISOString().slice(0, 10);
}

/** Takes the exempted findings out of the report and puts in what is wrong with the exemptions themselves. */
export function applyExemptions(
  { ts, options }: Pick<GuardContext, "ts" | "options">,
  report: Report,
  directives: readonly Directive[],
): Exemption[] {
  const today = todayOf(options);
  const exemptions: Exemption[] = [];
  for (const directive of directives) {
    if (directive.kind !== "allow") continue;
    const parsed = parseDirective(directive.text);
    if (typeof parsed === "string") {
      report.addAt("no-unreasoned-disable", "incompleteExemption", directive.start, directive.end, {
        problem: parsed,
      });
      continue;
    }
    const exemption = {
      ...parsed,
      form: "comment",
      file: report.file.fileName,
      start: directive.start,
    } as const;
    apply(today, report, exemptions, exemption, directive, (finding) =>
      isOnLine(ts, report.file, finding, directive.line),
    );
  }
  for (const config of options.exemptions) {
    checkConfig(config);
    if (!isFile(report.file, config.file)) continue;
    const { tables, reason, until } = config;
    const exemption = {
      tables,
      reason,
      until,
      form: "config",
      file: report.file.fileName,
      start: null,
    } as const;
    apply(
      today,
      report,
      exemptions,
      exemption,
      { start: 0, end: 0 },
      (finding) => config.within === undefined || isWithin(ts, report.file, finding, config.within),
    );
  }
  return exemptions;
}

function apply(
  today: string,
  report: Report,
  exemptions: Exemption[],
  declared: Omit<Exemption, "expired" | "used">,
  where: { readonly start: number; readonly end: number },
  covers: (finding: Finding) => boolean,
): void {
  const expired = declared.until < today;
  const exemption: Exemption = { ...declared, expired, used: 0 };
  exemptions.push(exemption);
  const data = { tables: declared.tables.join(", "), until: declared.until };
  if (expired) {
    report.addAt("no-unreasoned-disable", "expiredExemption", where.start, where.end, data);
    return;
  }
  for (let index = report.findings.length - 1; index >= 0; index -= 1) {
    const finding = report.findings[index];
    if (finding === undefined || !EXEMPTIBLE.has(finding.rule) || !covers(finding)) continue;
    // A finding about certain mirrors needs all of them named; one about an unknown table is covered by any.
    if (finding.tables?.every((table) => declared.tables.includes(table)) === false) continue;
    exemption.used += 1;
    report.findings.splice(index, 1);
  }
  if (exemption.used === 0) {
    report.addAt("no-unreasoned-disable", "unusedExemption", where.start, where.end, data);
  }
}

function parseDirective(text: string): Pick<Exemption, "tables" | "reason" | "until"> | string {
  const match = FORM.exec(text.replace(/\s*\*+\s*$/, ""));
  if (match === null) return "it does not say for which tables, until when and why";
  const [, tables = "", until = "", reason = ""] = match;
  if (!isDay(until)) return `"${until}" is not a day`;
  if (reason.trim().length < MIN_REASON) return "the reason is too short to be one";
  return { tables: tables.split(",").map((table) => table.trim()), until, reason: reason.trim() };
}

function checkConfig(config: ExemptionConfig): void {
  const shown = JSON.stringify(config);
  if (typeof config.file !== "string" || !Array.isArray(config.tables) || config.tables.length === 0) {
    throw new GuardConfigurationError(
      "InvalidExemption",
      `The exemption ${shown} must name its file and its tables.`,
    );
  }
  if (typeof config.until !== "string" || !isDay(config.until)) {
    throw new GuardConfigurationError(
      "InvalidExemption",
      `The exemption ${shown} must say until which day it holds (YYYY-MM-DD).`,
    );
  }
  if (typeof config.reason !== "string" || config.reason.trim().length < MIN_REASON) {
    throw new GuardConfigurationError("InvalidExemption", `The exemption ${shown} must give a reason.`);
  }
}

/** A day of the calendar: `Date` takes February 31 for March 3. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isFile(file: ts.SourceFile, path: string): boolean {
  const wanted = path.replace(/^\.\//, "");
  return file.fileName === wanted || file.fileName.endsWith(`/${wanted}`);
}

/** Whether the finding begins on the line, or the statement around it does: a formatter may wrap the statement. */
function isOnLine(ts: TypeScript, file: ts.SourceFile, finding: Finding, line: number | null): boolean {
  if (line === null) return false;
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  if (lineOf(finding.start) === line) return true;
  const statement = simpleStatementAround(ts, nodeAt(ts, file, finding.start));
  return statement !== null && lineOf(statement.getStart(file)) === line;
}

/** The statement around a node, unless there is a function, a class or a block of other statements in between. */
function simpleStatementAround(ts: TypeScript, node: ts.Node): ts.Node | null {
  for (let current = node; !ts.isSourceFile(current); current = current.parent) {
    if (ts.isExpressionStatement(current) || ts.isVariableStatement(current) || ts.isReturnStatement(current))
      return current;
    if (ts.isFunctionLike(current) || ts.isClassLike(current) || ts.isStatement(current)) return null;
  }
  return null;
}

function isWithin(ts: TypeScript, file: ts.SourceFile, finding: Finding, name: string): boolean {
  const node = nodeAt(ts, file, finding.start);
  return enclosingNames(ts, node).has(name);
}

/** The deepest node at a position. */
export function nodeAt(ts: TypeScript, file: ts.SourceFile, position: number): ts.Node {
  let deepest: ts.Node = file;
  const descend = (node: ts.Node): void => {
    if (node.getStart(file) <= position && position < node.end) {
      deepest = node;
      ts.forEachChild(node, descend);
    }
  };
  ts.forEachChild(file, descend);
  return deepest;
}
