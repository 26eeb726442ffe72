/**
 * Measures the guard on checked-out apps that use Convex.
 *
 *   npx tsx bench/guard/main.ts verdicts [--labels <dir>] [--out <dir>] <app>…
 *   npx tsx bench/guard/main.ts compare <app>…
 *   npx tsx bench/guard/main.ts speed [--rounds 5] <app>…
 *
 * An app is the directory with `convex.json` or `convex/`, its packages installed. Which tables are treated as mirrors is
 * decided by a rule that looks at text alone (app.ts). `--labels` holds `<name of the directory>.jsonl`, one place per
 * line: `{ "file", "line", "method", "tables": […] }`, made by reading. `npm run build` first: `speed` runs dist.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mirrorsOf, readApp, type App } from "./app.js";
import { differencesOf } from "./compare.js";
import { attributionOf, scoreOf, type Label } from "./score.js";
import { timesOf } from "./speed.js";
import { CannotMeasure, verdictsOf } from "./verdicts.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    labels: { type: "string" },
    out: { type: "string" },
    rounds: { type: "string", default: "5" },
  },
});
const [what, ...paths] = positionals;
const apps = paths.map(readApp);
if (apps.length === 0 || !["verdicts", "compare", "speed"].includes(what ?? ""))
  throw new Error("Usage: main.ts verdicts|compare|speed <directory of an app>…");

for (const app of apps) {
  const mirrors = mirrorsOf(app);
  console.log(`\n${app.name}: ${String(app.lines)} lines; mirrors: ${mirrors.join(", ")}`);
  try {
    if (what === "speed") console.table(timesOf(app, mirrors, Number(values.rounds)));
    else if (what === "compare")
      for (const result of verdictsOf(app, [mirrors]))
        console.log(await differencesOf(app, mirrors, result.findings));
    else verdicts(app, mirrors);
  } catch (error) {
    if (!(error instanceof CannotMeasure)) throw error;
    console.error(`Not measured: ${error.message}`);
    process.exitCode = 1;
  }
}

function verdicts(app: App, mirrors: readonly string[]): void {
  const [result] = verdictsOf(app, [mirrors]);
  if (result === undefined) return;
  const { sites, findings, tables } = result;
  if (values.out !== undefined)
    writeFileSync(join(values.out, `${app.name}.json`), JSON.stringify({ ...app, mirrors, ...result }));
  console.log(`${String(tables.length)} tables, ${String(sites.length)} write sites`);
  const labels = labelsOf(app);
  for (const preset of ["recommended", "strict"]) {
    const counts = new Map<string, number>();
    for (const { presets, messageId } of findings)
      if (presets.includes(preset)) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
    console.log(preset, Object.fromEntries(counts));
    if (labels !== null) console.log(scoreOf(preset, labels, mirrors, findings));
  }
  if (labels !== null) console.log("tables", attributionOf(labels, sites));
}

function labelsOf(app: App): Label[] | null {
  const path = join(values.labels ?? ".", `${app.name}.jsonl`);
  if (values.labels === undefined || !existsSync(path)) return null;
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Label);
}
