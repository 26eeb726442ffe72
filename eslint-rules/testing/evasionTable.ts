import type { Evasion } from "./evasions/index.js";

/** What the layers say about a program; the guard's types and run time are judged by that part's own tests. */
export interface Verdict {
  readonly recommended: readonly string[];
  readonly strict: readonly string[];
}

/** The verdicts of the other layers, by program, where their tests have recorded them. */
export type OtherLayers = Readonly<Record<string, { readonly types?: string; readonly runTime?: string }>>;

/** The evasion table of the documentation. */
export function evasionTable(
  evasions: readonly Evasion[],
  verdicts: Readonly<Record<string, Verdict>>,
  others: OtherLayers,
): string {
  const kinds = [...new Set(evasions.map(({ kind }) => kind))];
  const lines = [
    "# Evasions, and what each layer says",
    "",
    "Generated from the test suite (`eslint-rules/testing/evasions`); `npx vitest run eslint-rules/evasions` checks it and,",
    "with `UPDATE=1`, writes it. Programs called *bad* write a mirror when they run; *clean* ones only look like it.",
    "`–` means that the layer reports nothing. The columns of types and run time say how the guarded builders of",
    "`convex-streaming-import/guard` answer, where that is recorded.",
    "",
    "| kind | programs | recommended | strict |",
    "| --- | --- | --- | --- |",
    ...kinds.map((kind) => summary(evasions, verdicts, kind)),
    "",
  ];
  for (const kind of kinds) {
    lines.push(
      `## ${kind}`,
      "",
      "| program | truth | recommended | strict | types | run time |",
      "| --- | --- | --- | --- | --- | --- |",
    );
    for (const evasion of evasions.filter((one) => one.kind === kind)) {
      const verdict = verdicts[evasion.id];
      const other = others[evasion.id];
      lines.push(
        `| ${evasion.id} \`${cell(evasion.code)}\` | ${evasion.truth} | ${names(verdict?.recommended)} | ${names(verdict?.strict)} | ${other?.types ?? "n/a"} | ${other?.runTime ?? "n/a"} |`,
      );
    }
    lines.push("");
  }
  return lines.join("\n");
}

function summary(
  evasions: readonly Evasion[],
  verdicts: Readonly<Record<string, Verdict>>,
  kind: string,
): string {
  const all = evasions.filter((one) => one.kind === kind);
  const count = (preset: keyof Verdict): number =>
    all.filter(({ id }) => (verdicts[id]?.[preset].length ?? 0) > 0).length;
  return `| ${kind} | ${String(all.length)} | ${String(count("recommended"))} reported | ${String(count("strict"))} reported |`;
}

function names(found: readonly string[] | undefined): string {
  return found === undefined || found.length === 0 ? "–" : found.join(", ");
}

/** Code in a cell of a table: one line, no bars, not too long. */
function cell(code: string): string {
  const text = code.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("`", "'");
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
