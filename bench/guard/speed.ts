/**
 * How long ESLint, the command and the compiler take on an app: interleaved runs of the real programs, each a process
 * of its own, so that a busy machine disturbs all alike.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadProgram } from "../../src/cli/guard/program.js";
import type { App } from "./app.js";

/** Seconds of one process: on the clock, and of all its threads on the processors. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

export interface Timing extends Cost {
  readonly what: string;
  /** Against the run that it is compared with; 1 for that run itself. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
}

const REPOSITORY = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
const urlOf = (path: string) => pathToFileURL(path).href;

/** What is run, and what it is compared with. */
interface Variant {
  readonly what: string;
  readonly base: string;
  readonly args: readonly string[];
}

/** Medians of `rounds` runs of each variant; three or more. */
export function timesOf(app: App, mirrors: readonly string[], rounds: number): Timing[] {
  const scratch = mkdtempSync(join(tmpdir(), "guard-bench-"));
  const options = join(app.root, "streaming-import.guard.json");
  if (existsSync(options))
    throw new Error(`${options} exists: measure a checkout that has no options of its own.`);
  writeFileSync(options, JSON.stringify({ tables: mirrors }));
  try {
    const variants = variantsOf(app, scratch);
    const costs = new Map<string, Cost[]>(variants.map(({ what }) => [what, []]));
    // The first round also fills the file cache; the median passes over it.
    for (let round = 0; round < rounds; round += 1) {
      for (const { what, args } of variants) costs.get(what)?.push(run(app, scratch, args));
    }
    const medians = new Map([...costs].map(([what, all]) => [what, medianOf(all)]));
    return variants.flatMap(({ what, base }) => {
      const own = medians.get(what);
      const other = medians.get(base);
      if (own === undefined || other === undefined) return [];
      return [{ what, ...own, wallRatio: own.wall / other.wall, cpuRatio: own.cpu / other.cpu }];
    });
  } finally {
    rmSync(options);
    rmSync(scratch, { recursive: true });
  }
}

function variantsOf(app: App, scratch: string): Variant[] {
  const { tsconfig, program } = loadProgram(join(app.root, app.functions), null);
  // The compiler gets the files that the command checks: no tests, no pages.
  const project = join(app.root, app.functions, `tsconfig.guard-bench-${String(process.pid)}.json`);
  process.on("exit", () => {
    rmSync(project, { force: true });
  });
  writeFileSync(
    project,
    JSON.stringify({
      ...(tsconfig === null ? {} : { extends: tsconfig }),
      compilerOptions: { noEmit: true, incremental: false, ignoreDeprecations: "6.0" },
      include: [],
      files: program.getRootFileNames(),
    }),
  );
  const lint = (preset: string): Variant => {
    const config = join(scratch, `${preset}.mjs`);
    writeFileSync(config, configOf(app, preset));
    const eslint = join(REPOSITORY, "node_modules/eslint/bin/eslint.js");
    const args = [eslint, "--no-config-lookup", "--config", config, app.functions];
    return { what: `ESLint, ${preset}`, base: "ESLint, official", args };
  };
  const guard = join(REPOSITORY, "dist/src/cli/main.js");
  const tsc = { what: "tsc --noEmit", base: "tsc --noEmit" };
  const command = [guard, "guard", "--functions", app.functions, "--json"];
  return [
    lint("official"),
    lint("recommended"),
    lint("strict"),
    { ...tsc, args: [require.resolve("typescript/bin/tsc"), "--noEmit", "--project", project] },
    { what: "guard", base: tsc.what, args: command },
    { what: "guard --strict", base: tsc.what, args: [...command, "--strict"] },
  ];
}

/** The typed preset of @convex-dev/eslint-plugin; for ours, the preset beside it. */
function configOf(app: App, preset: string): string {
  const files = `${app.functions}/**/*.{ts,tsx}`;
  return `import convexPlugin from ${JSON.stringify(urlOf(join(REPOSITORY, "node_modules/@convex-dev/eslint-plugin/dist/esm/index.js")))};
import { parser } from ${JSON.stringify(urlOf(require.resolve("typescript-eslint")))};
import { createConfigs } from ${JSON.stringify(urlOf(join(REPOSITORY, "dist/eslint-rules/index.js")))};
const typed = { files: [${JSON.stringify(files)}], languageOptions: { parser, parserOptions: { projectService: true } } };
const official = convexPlugin.configs.recommended.map((one) => ({ ...one, files: [${JSON.stringify(files)}] }));
const ignores = { ignores: ["**/_generated/**", "**/*.test.*", "**/*.spec.*", "**/*.js"] };
const ours = createConfigs({ functionsDir: ${JSON.stringify(app.functions)} })[${JSON.stringify(preset)}] ?? [];
export default [ignores, typed, ...official, ...ours];
`;
}

function run(app: App, scratch: string, args: readonly string[]): Cost {
  const out = join(scratch, "cost.json");
  const report = `import { writeFileSync } from "node:fs";
process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(${JSON.stringify(out)}, JSON.stringify({ wall: performance.now() / 1e3, cpu: (user + system) / 1e6 }));
});`;
  const flags = [
    "--max-old-space-size=6144",
    "--import",
    `data:text/javascript,${encodeURIComponent(report)}`,
  ];
  const { status, stderr } = spawnSync(process.execPath, [...flags, ...args], {
    cwd: app.root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  // Findings and type errors end with 1 or 2; so does a program that could not start, but that one is quick and speaks.
  if (status === null || status > 2 || /Oops|Error: /.test(stderr))
    throw new Error(`${args.join(" ")}\n${stderr}`);
  return JSON.parse(readFileSync(out, "utf8")) as Cost;
}

function medianOf(costs: readonly Cost[]): Cost {
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return { wall: middle(costs.map(({ wall }) => wall)), cpu: middle(costs.map(({ cpu }) => cpu)) };
}
