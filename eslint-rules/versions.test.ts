// @vitest-environment node
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint as ESLint10 } from "eslint";
import { ESLint as ESLint9 } from "eslint-9";
import ts from "typescript";
import tseslint from "typescript-eslint";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RuleName } from "./engine/model.js";
import { createConfigs } from "./index.js";
import { rules } from "./plugin.js";
import { appOf, examplesOf, type Example } from "../test/guard/examples.js";
import { FIXTURE } from "../test/guard/programs.js";

// An app on disk whose functions directory is called backend, linted as a user would lint it: with ESLint 9 and 10, the
// three presets and the parser of typescript-eslint.
// Exemptions expire by the clock.
vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-20") });

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const VERSIONS = { 9: ESLint9 as unknown as typeof ESLint10, 10: ESLint10 };
const PRESETS = ["recommended", "strict", "syntax"] as const;
const EXTENSIONS = ["ts", "tsx", "mts", "js", "mjs"] as const;
const EXAMPLES = (Object.keys(rules) as RuleName[]).flatMap(examplesOf);
/** Each example in every kind of file. JavaScript has no types to lose: what is about those is TypeScript alone. */
const FILES = EXAMPLES.flatMap((example) =>
  EXTENSIONS.filter(
    (extension) => !isJavaScript(extension) || !/import type|declare |: any/.test(example.code),
  ).map((extension) => ({ example, extension, path: placeOf(example, extension) })),
);

type Preset = (typeof PRESETS)[number];
type Extension = (typeof EXTENSIONS)[number];
/** The reports about a file, as one line each. */
type Verdicts = Record<string, string[]>;
type Version = "9" | "10";

let app = "";
const verdicts: Partial<Record<`${Version} ${Preset}`, Verdicts>> = {};

function isJavaScript(extension: Extension): boolean {
  return extension.endsWith("js");
}

function placeOf(example: Example, extension: Extension): string {
  const { name, isSchema } = example;
  if (isSchema) return `backend/${name}/schema.ts`;
  const folder = appOf(example) === "convex" ? "backend" : `backend/${appOf(example)}`;
  return `${folder}/${name}_${extension}.${extension}`;
}

beforeAll(async () => {
  app = mkdtempSync(join(tmpdir(), "eslint-versions-"));
  symlinkSync(`${ROOT}/node_modules`, join(app, "node_modules"));
  cpSync(`${FIXTURE}/convex`, join(app, "backend"), { recursive: true });
  for (const other of ["exporting", "unguarded"])
    cpSync(`${FIXTURE}/${other}`, join(app, "backend", other), { recursive: true });
  cpSync(`${FIXTURE}/globals.d.ts`, join(app, "globals.d.ts"));
  const { compilerOptions } = ts.readConfigFile(`${FIXTURE}/tsconfig.json`, (path) => ts.sys.readFile(path))
    .config as { compilerOptions: { paths: Record<string, [string]> } };
  for (const [name, [path]] of Object.entries(compilerOptions.paths)) {
    compilerOptions.paths[name] = [join(FIXTURE, path)];
  }
  write("package.json", '{ "name": "an-app", "type": "module" }');
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["backend", "globals.d.ts"] }));
  for (const { example, extension, path } of FILES) {
    write(path, codeOf(example, extension));
    // Only in a functions directory of its own is a schema the one that Convex deploys.
    if (example.isSchema) write(`${dirname(path)}/_generated/api.js`, "export {};");
  }
  for (const [version, ESLint] of Object.entries(VERSIONS)) {
    for (const preset of PRESETS) verdicts[`${version as Version} ${preset}`] = await lint(ESLint, preset);
  }
});
afterAll(() => {
  rmSync(app, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(app, path)), { recursive: true });
  writeFileSync(join(app, path), text);
}

function codeOf({ code, isSchema }: Example, extension: Extension): string {
  if (isSchema || !isJavaScript(extension)) return code;
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return outputText;
}

async function lint(ESLint: typeof ESLint10, preset: Preset): Promise<Verdicts> {
  const parser = { parser: tseslint.parser };
  const typed = { ...parser, parserOptions: { projectService: true, tsconfigRootDir: app } };
  const configs = createConfigs({
    functionsDir: "./backend",
    settings: { guardModule: "guarded" },
  });
  const eslint = new ESLint({
    cwd: app,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ["backend/**"], languageOptions: preset === "syntax" ? parser : typed },
      ...configs[preset],
    ] as never,
  });
  const results = await eslint.lintFiles(["backend"]);
  return Object.fromEntries(
    results.map(({ filePath, messages }) => [
      filePath.slice(app.length + 1),
      messages.map(
        ({ line, column, severity, ruleId, messageId, message, fix }) =>
          `${String(line)}:${String(column)} ${String(severity)} ${ruleId ?? "no rule"} ${messageId ?? ""} ${message} ${JSON.stringify(fix ?? null)}`,
      ),
    ]),
  );
}

const of = (version: Version, preset: Preset): Verdicts => verdicts[`${version} ${preset}`] ?? {};

describe("ESLint 9 and 10", () => {
  it("are what they are called", () => {
    expect(Object.values(VERSIONS).map(({ version }) => version.split(".")[0])).toEqual(["9", "10"]);
  });

  it.each(PRESETS)("%s: give the same verdicts on every file", (preset) => {
    expect(Object.keys(of("9", preset)).length).toBeGreaterThan(EXAMPLES.length * 3);
    expect(of("9", preset)).toEqual(of("10", preset));
  });

  const cases = new Map(FILES.map(({ path, example }) => [path, example]));
  it.each([...cases])("%s: strict says what the page says", (path, { rule, isCorrect }) => {
    const own = (of("9", "strict")[path] ?? ["not linted"]).filter((line) =>
      line.includes(` streaming-import/${rule} `),
    );
    if (isCorrect) expect(own).toEqual([]);
    else expect(own).not.toEqual([]);
  });
});
