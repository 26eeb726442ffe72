import { OUT_OF_REACH } from "../../src/cli/guard/report.js";
import { EVASIONS, type Evasion } from "./evasions/index.js";
import type { Outcome } from "./runEvasion.js";

/** What the layers say about a program. */
export interface Verdict {
  /** Whether it compiles with the guarded builders. */
  readonly types: "refused" | "compiles";
  /** What the presets report. */
  readonly recommended: readonly string[];
  readonly strict: readonly string[];
  /** What it does when it runs with the guarded builders, or why it was not run. */
  readonly runTime: Outcome | `not run: ${string}`;
}

export type Verdicts = Readonly<Record<string, Verdict>>;

type Layer = keyof Verdict;
const LAYERS: readonly Layer[] = ["types", "recommended", "strict", "runTime"];
const HEADINGS: Readonly<Record<Layer, string>> = {
  types: "types",
  recommended: "recommended",
  strict: "strict",
  runTime: "run time",
};

/** Whether a layer stops a program. */
export function stops(verdict: Verdict, layer: Layer): boolean {
  if (layer === "types" || layer === "runTime") return verdict[layer] === "refused";
  return verdict[layer].length > 0;
}

/** The bad programs that none of the layers stops. */
export function missedBy(
  evasions: readonly Evasion[],
  verdicts: Verdicts,
  layers: readonly Layer[],
): Evasion[] {
  return evasions.filter(
    ({ id, truth }) => truth === "bad" && !layers.some((layer) => stops(verdicts[id]!, layer)),
  );
}

/** The evasion page of the documentation. */
export function evasionTable(evasions: readonly Evasion[], verdicts: Verdicts): string {
  const kinds = [...new Set(evasions.map(({ kind }) => kind))];
  return [
    "# Evasions, and what each layer says",
    "",
    "Generated from the test suite (`test/guard/evasions`); `npx vitest run test/guard/evasions` checks it and,",
    "with `UPDATE=1`, writes it. Programs called *bad* write a mirror: with Convex's own builders they are run, and do.",
    "*Clean* ones only look like it.",
    "",
    ...legend(),
    "",
    ...counts(evasions, verdicts),
    "",
    ...byKind(evasions, verdicts, kinds),
    "",
    ...unseen(evasions, verdicts),
    ...kinds.flatMap((kind) => tableOf(kind, evasions, verdicts)),
  ].join("\n");
}

function legend(): string[] {
  return [
    "| column | what was done |",
    "| --- | --- |",
    "| types | The program is compiled with the guarded builders: `refused` when that gives it an error that it has not with Convex's own. |",
    "| recommended, strict | What the two presets report; `strict` is also what `streaming-import guard --strict` reports. |",
    "| run time | The program is run with the guarded builders on a database. `refused`: the guard threw and no mirror changed; `writes`: a mirror changed. |",
  ];
}

function counts(evasions: readonly Evasion[], verdicts: Verdicts): string[] {
  const bad = evasions.filter(({ truth }) => truth === "bad");
  const run = bad.filter(({ id }) => !verdicts[id]!.runTime.startsWith("not run"));
  const row = (name: string, among: readonly Evasion[], layers: readonly Layer[]): string =>
    `| ${name} | ${String(among.length - missedBy(among, verdicts, layers).length)} of ${String(among.length)} |`;
  return [
    "| layer | bad programs that it stops |",
    "| --- | --- |",
    row("types", bad, ["types"]),
    row("ESLint, `recommended`", bad, ["recommended"]),
    row("ESLint, `strict`, and the command with `--strict`", bad, ["strict"]),
    row("run time, of those that were run", run, ["runTime"]),
    row("**before the deploy**: types, and `recommended`", bad, ["types", "recommended"]),
    row("**before the deploy**: types, and `strict`", bad, ["types", "strict"]),
    row("**all**: types, `recommended`, run time", bad, ["types", "recommended", "runTime"]),
    row("**all**: types, `strict`, run time", bad, ["types", "strict", "runTime"]),
  ];
}

function byKind(evasions: readonly Evasion[], verdicts: Verdicts, kinds: readonly string[]): string[] {
  return [
    `| kind | programs | ${LAYERS.map((layer) => HEADINGS[layer]).join(" | ")} |`,
    `| --- | --- | ${LAYERS.map(() => "---").join(" | ")} |`,
    ...kinds.map((kind) => {
      const all = evasions.filter((one) => one.kind === kind);
      const stopped = LAYERS.map((layer) => all.filter(({ id }) => stops(verdicts[id]!, layer)).length);
      return `| [${kind}](#${kind}) | ${String(all.length)} | ${stopped.join(" | ")} |`;
    }),
  ];
}

/** What comes past the layers, by name: the limits of the guard. */
function unseen(evasions: readonly Evasion[], verdicts: Verdicts): string[] {
  const written = evasions.filter(({ id }) => verdicts[id]!.runTime === "writes");
  return [
    "## What nothing here can see",
    "",
    ...listOf(
      missedBy(evasions, verdicts, LAYERS),
      "These programs come past all layers:",
      "No program of this suite comes past all layers.",
    ),
    "Outside of any program's text, and so of all layers, are:",
    "",
    ...OUT_OF_REACH.map((item) => `- ${item}`),
    "",
    ...listOf(
      missedBy(evasions, verdicts, ["types", "recommended", "runTime"]),
      "Only `strict` stops these; without it they write a mirror:",
      "Types, `recommended` and run time together stop every program of the suite; `strict` alone, before anything runs, too.",
    ),
    ...listOf(
      written,
      "The run-time guard does not see these, since they do not go through the guarded `ctx.db`:",
      "Every program that was run is refused at run time.",
    ),
    "Types refuse some clean programs by design: those that do not name their table in a write, and those that give the",
    "guarded builders to a library without `forLibrary`. An exemption speaks to ESLint and the command alone; a reviewed",
    "back-fill uses Convex's own builders.",
    "",
  ];
}

function listOf(evasions: readonly Evasion[], some: string, none: string): string[] {
  if (evasions.length === 0) return [none, ""];
  return [some, "", ...evasions.map(({ id, code }) => `- ${id}: \`${cell(code)}\``), ""];
}

function tableOf(kind: string, evasions: readonly Evasion[], verdicts: Verdicts): string[] {
  const rows = evasions
    .filter((one) => one.kind === kind)
    .map(({ id, code, truth }) => {
      const { types, recommended, strict, runTime } = verdicts[id]!;
      const cells = [`${id} \`${cell(code)}\``, truth, types, names(recommended), names(strict), runTime];
      return `| ${cells.join(" | ")} |`;
    });
  return [
    `## ${kind}`,
    "",
    `| program | truth | ${LAYERS.map((layer) => HEADINGS[layer]).join(" | ")} |`,
    `| --- | --- | ${LAYERS.map(() => "---").join(" | ")} |`,
    ...rows,
    "",
  ];
}

function names(found: readonly string[]): string {
  return found.length === 0 ? "–" : found.join(", ");
}

/** How many programs begin with the same lines for these to be left out: the names that their kind hides. */
const SHARED = 3;

/** Lines that several programs have, which say nothing of one. */
const sharedLines: ReadonlySet<string> = linesOfMany(EVASIONS);

function linesOfMany(evasions: readonly Evasion[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { code } of evasions)
    for (const line of new Set(code.split("\n"))) counts.set(line, (counts.get(line) ?? 0) + 1);
  return new Set([...counts].flatMap(([line, count]) => (count >= SHARED ? [line] : [])));
}

/** Code in a cell of a table: one line, no bars, without the shared lines at its beginning, not too long. */
function cell(code: string): string {
  const lines = code.split("\n");
  const first = lines.findIndex((line) => !sharedLines.has(line));
  const own = first > 0 ? ["…", ...lines.slice(first)] : lines;
  const text = own.join(" ").replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("`", "'");
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
