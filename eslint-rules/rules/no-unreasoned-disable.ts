import type ts from "typescript";
import { carries } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import type { Directive } from "../engine/model.js";
import { passesCheck } from "../engine/presets.js";
import type { Report } from "../engine/report.js";
import type { RuleDefinition } from "../engine/rule.js";

/** Reports comments that turn the guard off without a reason, and exemptions that do not hold. */
export const noUnreasonedDisable: RuleDefinition = {
  name: "no-unreasoned-disable",
  description:
    "Require a reason where a comment turns the guard off, and a day until which an exemption holds",
  messages: [
    "unreasonedDisable",
    "suppressedTypes",
    "incompleteExemption",
    "expiredExemption",
    "unusedExemption",
  ],
  type: "suggestion",
  schema: {
    type: "object",
    properties: {
      check: {
        type: "string",
        enum: ["comments", "all"],
        description:
          "Only comments without a reason and invalid exemptions, or also hidden type errors and unused exemptions. Default: all.",
      },
    },
    additionalProperties: false,
  },
  syntactic: true,
  deep: (option) => option["check"] !== "comments",
  accepts: (finding, option) => passesCheck(finding, option["check"]),
};

/** How the rules are named in comments of ESLint. */
const RULE_PREFIX = "streaming-import/";

/** Reports comments that turn rules of the guard off without a reason. Works on syntax alone. */
export function visitDisables(report: Report, directives: readonly Directive[]): void {
  for (const directive of directives) {
    if (directive.kind !== "eslint") continue;
    const [names = "", reason = ""] = splitReason(directive.text);
    const rules = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const ours = rules.filter((name) => name.startsWith(RULE_PREFIX));
    if (rules.length > 0 && ours.length === 0) continue;
    if (reason.trim() !== "") continue;
    report.addAt("no-unreasoned-disable", "unreasonedDisable", directive.start, directive.end, {
      rules: rules.length === 0 ? "all rules" : ours.join(", "),
      comment: [directive.name, names.trim()].join(" ").trim(),
    });
  }
}

function splitReason(text: string): readonly string[] {
  const at = /\s--+\s|^--+\s/.exec(text);
  return at === null ? [text] : [text.slice(0, at.index), text.slice(at.index + at[0].length)];
}

/** Type errors hidden on a line that holds the writer: there the types may lie about it. */
export function visitSuppressions(cx: GuardContext, report: Report, directives: readonly Directive[]): void {
  for (const directive of directives) {
    if (directive.kind !== "typescript" || !touchesWriter(cx, report.file, directive.line)) continue;
    report.addAt("no-unreasoned-disable", "suppressedTypes", directive.start, directive.end, {
      directive: directive.name,
    });
  }
}

function touchesWriter(cx: GuardContext, file: ts.SourceFile, line: number | null): boolean {
  const starts = file.getLineStarts();
  const from = line === null ? 0 : (starts[line] ?? 0);
  const to = line === null ? file.end : (starts[line + 1] ?? file.end);
  const visit = (node: ts.Node): boolean => {
    if (node.end <= from || node.getStart(file) >= to) return false;
    if (cx.ts.isIdentifier(node) && node.getStart(file) >= from) {
      const type = cx.checker.getTypeAtLocation(node);
      if (carries(cx, type)) return true;
    }
    return cx.ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(file);
}
