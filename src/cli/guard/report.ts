import type { Exemption } from "../../../eslint-rules/engine/exemptions.js";

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

export interface ReportedMirror {
  readonly table: string;
  readonly source: string | null;
  readonly owner: string | null;
}

export interface ReportedExemption extends Pick<
  Exemption,
  "tables" | "reason" | "until" | "form" | "expired" | "used"
> {
  readonly file: string;
  readonly line: number | null;
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
  readonly problems: readonly string[];
  readonly claim: string | null;
}

/** What no analysis of the app's code can see; printed with every result. */
export const OUT_OF_REACH: readonly string[] = [
  "edits of rows in the dashboard",
  "`npx convex import`, and other deployments or scripts with this deployment's key",
  "HTTP requests to the import endpoints whose URL is computed at run time",
  "calls of the importer's own functions by a name made from a string (makeFunctionReference)",
  "code made from strings at run time (eval), where it does not stand in a checked file",
  "the inside of trusted packages",
];
