/** What the doctor looks at. Stable: docs/cli.md has a row for each, and scripts may rely on them. */
export const CHECKS = [
  "package-installed",
  "convex-version",
  "single-convex",
  "typescript-version",
  "functions-typechecked",
  "eslint-version",
  "component-mounted",
  "mirrors-declared",
  "importer-exported",
  "routes-registered",
  "builders-guarded",
  "builders-used",
  "eslint-plugin",
  "eslint-script",
  "helpers-linted",
  "guard-gate",
  "deployment-configured",
  "deployment-reachable",
  "functions-deployed",
  "routes-reachable",
  "clock",
  "schema-deployed",
  "mirrors-fresh",
  "quarantine-empty",
  "streams-known",
  "token-valid",
  "token-scope",
  "connector-tokens",
] as const;

export type CheckCode = (typeof CHECKS)[number];

/** What the doctor says of one thing: that it is well, or what is wrong and how to fix it. */
export interface Check {
  code: CheckCode;
  level: "ok" | "warning" | "error";
  message: string;
  /** What to do, as a sentence or a command; null when all is well. */
  fix: string | null;
}

export function ok(code: CheckCode, message: string): Check {
  return { code, level: "ok", message, fix: null };
}

export function warning(code: CheckCode, message: string, fix: string): Check {
  return { code, level: "warning", message, fix };
}

export function error(code: CheckCode, message: string, fix: string): Check {
  return { code, level: "error", message, fix };
}

/** The checks that are not well. */
export function findings(checks: readonly Check[]): Check[] {
  return checks.filter(({ level }) => level !== "ok");
}

/** "a", "b" and "c". */
export function named(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  const last = quoted.pop() ?? "none";
  return quoted.length === 0 ? last : `${quoted.join(", ")} and ${last}`;
}
