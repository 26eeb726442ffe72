import type { Finding, RuleName } from "./model.js";

/** The presets that need types. */
export type PresetName = "recommended" | "strict";
type Severity = "off" | "warn" | "error";

/** How a preset treats a rule. `options` are those of the ESLint rule; `accepts` is the same choice for the command. */
interface PresetRule {
  readonly severity: Severity;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The one table of both front ends. */
export const PRESETS: Readonly<Record<PresetName, Readonly<Record<RuleName, PresetRule>>>> = {
  recommended: {
    "no-mirror-writes": { severity: "error" },
    "require-known-table": { severity: "error" },
    "explicit-write-table": { severity: "off" },
    "no-writer-escape": { severity: "error", options: { check: "detached" } },
    "no-mirror-factories": { severity: "error" },
    "no-raw-builders": { severity: "off" },
    "no-raw-syscalls": { severity: "error" },
    "no-unrecorded-writes": { severity: "error", options: { check: "writes" } },
    "mirror-schema": { severity: "error" },
    "no-mirror-triggers": { severity: "warn" },
    "no-unreasoned-disable": { severity: "warn", options: { check: "comments" } },
  },
  strict: {
    "no-mirror-writes": { severity: "error" },
    "require-known-table": { severity: "error" },
    "explicit-write-table": { severity: "error" },
    "no-writer-escape": { severity: "error", options: { check: "all" } },
    "no-mirror-factories": { severity: "error" },
    "no-raw-builders": { severity: "error" },
    "no-raw-syscalls": { severity: "error" },
    "no-unrecorded-writes": { severity: "error", options: { check: "all" } },
    "mirror-schema": { severity: "error" },
    "no-mirror-triggers": { severity: "warn" },
    "no-unreasoned-disable": { severity: "error", options: { check: "all" } },
  },
};

/** Whether a finding is one that the preset reports. */
export function isReported(preset: PresetName, finding: Finding): boolean {
  const rule = PRESETS[preset][finding.rule];
  return rule.severity !== "off" && passesCheck(finding, rule.options?.["check"]);
}

/** The levels of the two rules that have some. */
export function passesCheck(finding: Finding, check: unknown): boolean {
  if (check === "detached") return finding.messageId === "detached";
  if (check === "writes") return finding.messageId === "unrecordedWrite";
  if (check === "comments")
    return finding.messageId !== "suppressedTypes" && finding.messageId !== "unusedExemption";
  return true;
}
