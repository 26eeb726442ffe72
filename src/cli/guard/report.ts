import { count } from "../../core/words.js";
import type { Exemption } from "../../../eslint-rules/engine/model.js";

/** A place in a file, 1-based as editors count; the path is relative to the working directory. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ReportedFinding extends Place {
  readonly rule: string;
  readonly messageId: string;
  readonly message: string;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: "error" | "warning";
}

interface ReportedMirror {
  readonly table: string;
  readonly source: string | null;
  readonly owner: string | null;
}

interface ReportedExemption extends Pick<
  Exemption,
  "tables" | "reason" | "until" | "form" | "expired" | "used"
> {
  readonly file: string;
  readonly line: number | null;
}

/** Why nothing can be checked. Stable: scripts read them from `--json`. docs/guard.md explains them. */
export const PROBLEMS = [
  "NoFunctions",
  "WrongFunctions",
  "InvalidTsconfig",
  "InvalidConvexJson",
  "InvalidOptions",
  "InvalidExemption",
  "UnknownTable",
  "NoSchema",
  "AnySchema",
  "NoMirrors",
] as const;

export type ProblemCode = (typeof PROBLEMS)[number];

export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
}

/** Everything that the command knows, and so prints: its proof. */
export interface GuardReport {
  readonly mode: "recommended" | "strict";
  readonly typescript: string;
  readonly tsconfig: string | null;
  readonly schema: string | null;
  readonly tables: number;
  readonly mirrors: readonly ReportedMirror[];
  /** Files of the app that are deployed, and so checked. */
  readonly files: number;
  /** Files of the program that no deployed file imports (tests, scripts). */
  readonly notDeployed: readonly string[];
  /** Directories of components: they have tables of their own and cannot reach the app's. */
  readonly components: readonly string[];
  readonly writeSites: {
    readonly total: number;
    readonly literal: number;
    readonly byType: number;
    readonly unknown: number;
  };
  readonly trusted: {
    /** Packages that were handed the writer and are believed. */
    readonly packages: readonly string[];
    /** What the app's own options vouch for. */
    readonly specifiers: readonly string[];
  };
  readonly exemptions: readonly ReportedExemption[];
  readonly outOfReach: readonly string[];
  readonly findings: readonly ReportedFinding[];
  readonly typeErrors: readonly (Place & { readonly message: string })[];
  /** Why nothing could be checked. */
  readonly problems: readonly Problem[];
  readonly claim: string | null;
}

/** What no analysis of the app's code can see; printed with every result. */
export const OUT_OF_REACH: readonly string[] = [
  "edits of rows in the dashboard",
  "`npx convex import`, and other deployments or scripts with this deployment's key",
  "HTTP requests to the import endpoints whose URL is computed at run time",
  "calls of the importer's functions through a reference that is put together at run time",
  "code made from strings at run time (eval), where it does not stand in a checked file",
  "the inside of trusted packages",
];

/** A sentence ends before a capital letter: a dot in `public.customers` ends none. */
const FIRST_SENTENCE = /^.*?[.!?](?=\s+[A-Z])/s;

/** At most so many type errors are shown: the first ones explain the others. */
const MAX_TYPE_ERRORS = 20;

/** The report as a person reads it: findings first, then the proof; with `verbose`, also what is out of reach. */
export function formatText(report: GuardReport, verbose = false): string {
  const lines: string[] = [];
  for (const { code, message } of report.problems) lines.push(`error: ${message}  (${code})`);
  if (report.typeErrors.length > 0) lines.push(...typeErrors(report));
  lines.push(...findings(report));
  if (report.problems.length === 0) lines.push(...proof(report, verbose));
  lines.push(conclusion(report));
  return lines.join("\n");
}

/**
 * One line for each finding, and each advice once below them. What only wants a table's name, which a fix of the linter
 * may write, is counted.
 */
function findings(report: GuardReport): string[] {
  const unnamed = report.findings.filter(({ messageId }) => messageId === "explicitTable");
  const advice = new Set<string>();
  const lines = report.findings
    .filter((finding) => !unnamed.includes(finding))
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column)
    .map(({ file, line, column, severity, message, rule }) => {
      const place = `${file}:${String(line)}:${String(column)}`;
      const [what = message] = FIRST_SENTENCE.exec(message) ?? [];
      if (what !== message) advice.add(message.slice(what.length).trim());
      return `${place}  ${severity}  ${what}  (${rule})`;
    });
  if (advice.size > 0) lines.push("", ...[...advice].map((text) => `→ ${text}`));
  if (unnamed.length > 0) {
    const files = [...new Set(unnamed.map(({ file }) => file))];
    lines.push(
      `${count(unnamed.length, "write")} in ${list(files)} do not name their table, so the server cannot check it. ` +
        `ESLint's --fix names it where it can; --json lists all.  (explicit-write-table)`,
    );
  }
  return lines.length > 0 ? [...lines, ""] : [];
}

function typeErrors(report: GuardReport): string[] {
  const shown = report.typeErrors.slice(0, MAX_TYPE_ERRORS).map(({ file, line, column, message }) => {
    const place = file === "" ? "" : `${file}:${String(line)}:${String(column)}  `;
    return `${place}${message}`;
  });
  const more = report.typeErrors.length - shown.length;
  if (more > 0) shown.push(`… and ${String(more)} more`);
  return [
    `error: The program has ${count(report.typeErrors.length, "type error")}. What the guard knows, it knows from types, so it vouches for nothing until they are fixed:`,
    ...shown,
    "",
  ];
}

function proof(report: GuardReport, verbose: boolean): string[] {
  const { writeSites: sites, trusted } = report;
  const lines = [
    `Mode         ${report.mode} (TypeScript ${report.typescript}, ${report.tsconfig ?? "no tsconfig.json"})`,
    `Schema       ${report.schema ?? "none"}: ${count(report.tables, "table")}, ${String(report.mirrors.length)} of them mirrors`,
  ];
  for (const { table, source, owner } of report.mirrors) {
    lines.push(
      `               ${table}${source === null ? "" : ` ← ${source}`}${owner === null ? "" : ` (owner: ${owner})`}`,
    );
  }
  lines.push(
    `Checked      ${count(report.files, "file")}, ${count(sites.total, "write site")}: ${String(sites.literal)} name their table, ${String(sites.byType)} are known by type, ${String(sites.unknown)} are unknown`,
  );
  if (report.notDeployed.length > 0) {
    lines.push(
      `Not deployed ${count(report.notDeployed.length, "file")} that no function imports: ${list(report.notDeployed)}`,
    );
  }
  for (const component of report.components)
    lines.push(`Component    ${component}: has its own tables and cannot reach the app's`);
  lines.push(
    `Trusted      ${trusted.packages.length === 0 ? "no package receives the writer" : trusted.packages.join(", ")}`,
  );
  for (const specifier of trusted.specifiers) lines.push(`               by configuration: ${specifier}`);
  lines.push(`Exemptions   ${report.exemptions.length === 0 ? "none" : String(report.exemptions.length)}`);
  for (const { file, line, tables, until, reason, expired, used } of report.exemptions) {
    const place = line === null ? file : `${file}:${String(line)}`;
    const state = expired ? "EXPIRED" : used === 0 ? "unused" : `allows ${count(used, "finding")}`;
    lines.push(`               ${place}  ${tables.join(", ")} until ${until} (${state}): ${reason}`);
  }
  const hint = verbose ? "" : " --verbose lists them.";
  lines.push(
    `Out of reach ${count(report.outOfReach.length, "way")} to write a mirror that no analysis of the code can see.${hint}`,
  );
  if (verbose) for (const item of report.outOfReach) lines.push(`               ${item}`);
  return [...lines, ""];
}

function conclusion(report: GuardReport): string {
  if (report.claim !== null) return `✔ ${report.claim}`;
  if (report.problems.length > 0) return "✘ Nothing could be checked.";
  if (report.typeErrors.length > 0) return "✘ Nothing is vouched for while the program has type errors.";
  return `✘ ${count(report.findings.length, "finding")}.`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown}, …` : shown;
}
