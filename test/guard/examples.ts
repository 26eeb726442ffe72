import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RuleName } from "../../eslint-rules/engine/model.js";

/** Where the pages of the rules are. */
export const PAGES = fileURLToPath(new URL("../../docs/rules/", import.meta.url));

/** A code block of a rule's page. */
export interface Example {
  readonly rule: RuleName;
  readonly isCorrect: boolean;
  readonly code: string;
  /** Unique among all examples, and fit for a file name. */
  readonly name: string;
  /** It is a schema of its own, not code of the fixture app. */
  readonly isSchema: boolean;
}

/** The code blocks under "Correct" and "Incorrect" of a rule's page. */
export function examplesOf(rule: RuleName): Example[] {
  const text = readFileSync(`${PAGES}${rule}.md`, "utf8");
  return ["Incorrect", "Correct"].flatMap((heading) => {
    const section = new RegExp(`\\n## ${heading}\\n([\\s\\S]*?)\\n## `).exec(text)?.[1] ?? "";
    return [...section.matchAll(/```ts\n([\s\S]*?)```/g)].map((match, index) => {
      const code = match[1] ?? "";
      const name = `docs_${rule}_${heading}_${String(index)}`.toLowerCase();
      return { rule, isCorrect: heading === "Correct", code, name, isSchema: code.includes("defineSchema(") };
    });
  });
}

/** The app of the fixture that an example belongs to: for exports, one with guarded builders or one without. */
export function appOf({ rule, isCorrect }: Pick<Example, "rule" | "isCorrect">): string {
  if (rule !== "no-unrecorded-writes") return "convex";
  return isCorrect ? "exporting" : "unguarded";
}
