// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { RuleName } from "./engine/model.js";
import { PRESETS } from "./engine/presets.js";
import { rules } from "./plugin.js";
import { appOf, examplesOf, PAGES } from "../test/guard/examples.js";
import { EXPORTING, UNGUARDED } from "../test/guard/exporting.js";
import { analyze, programWith, typeErrors } from "../test/guard/programs.js";
import type ts from "typescript";

const NAMES = Object.keys(rules) as RuleName[];

// A schema gets a directory of its own.
const EXAMPLES = NAMES.flatMap(examplesOf).map((example) => ({
  ...example,
  path: example.isSchema ? `${example.name}/schema.ts` : `${appOf(example)}/${example.name}.ts`,
}));
let program: ts.Program;

beforeAll(() => {
  program = programWith({
    ...EXPORTING,
    ...UNGUARDED,
    ...Object.fromEntries(EXAMPLES.map(({ path, code }) => [path, code])),
  });
});

describe("the rule pages", () => {
  it("exist for every rule, and for nothing else", () => {
    const pages = readdirSync(PAGES).filter((file) => file.endsWith(".md"));
    expect(pages.sort()).toEqual([...NAMES.map((name) => `${name}.md`), "README.md", "evasions.md"].sort());
  });

  it.each(NAMES)("%s: the page says what the rule's metadata and the presets say", (name) => {
    const page = readFileSync(`${PAGES}${name}.md`, "utf8");
    const text = page.replace(/ +/g, " ");
    expect(text.split("\n")[0]).toBe(`# streaming-import/${name}`);
    expect(text).toContain(rules[name].meta.docs?.description);
    expect(text).toContain(`| recommended | ${PRESETS.recommended[name].severity}`);
    expect(text).toContain(`| strict | ${PRESETS.strict[name].severity}`);
    for (const heading of ["Incorrect", "Correct", "Options", "When not to use it"]) {
      expect(text).toContain(`\n## ${heading}\n`);
    }
  });

  it.each(NAMES)("%s: its address is a file that is published", (name) => {
    const { files, version } = JSON.parse(readFileSync(`${PAGES}../../package.json`, "utf8")) as {
      files: string[];
      version: string;
    };
    const path = rules[name].meta.docs?.url?.replace(
      `https://unpkg.com/convex-streaming-import@${version}/`,
      "",
    );
    expect(path).toBe(`docs/rules/${name}.md`);
    expect(files).toContain("docs/rules");
    expect(existsSync(`${PAGES}${name}.md`)).toBe(true);
  });

  it.each(NAMES)("%s: has examples of both kinds", (name) => {
    const own = EXAMPLES.filter(({ rule }) => rule === name);
    expect(new Set(own.map(({ isCorrect }) => isCorrect)).size).toBe(2);
  });

  it.each(EXAMPLES.map((one) => [one.path, one] as const))(
    "%s is linted as the page says",
    (_path, example) => {
      const options = {
        today: "2026-11-20",
        ...(example.rule === "no-raw-builders" ? { guardModule: "guarded" } : {}),
      };
      const found = analyze(program, example.path, options).findings.filter(
        ({ rule }) => rule === example.rule,
      );
      if (example.isCorrect) expect(found).toEqual([]);
      else expect(found).not.toEqual([]);
    },
  );

  it.each(EXAMPLES.filter(({ isCorrect }) => isCorrect).map((one) => one.path))(
    "%s has no type errors",
    (path) => {
      expect(typeErrors(program, path)).toEqual([]);
    },
  );
});
