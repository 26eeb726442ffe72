// @vitest-environment node
import { parsePatch } from "diff";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { check } from "./commands.js";
import { isFunction, lint } from "./lint.js";
import { blocksOf, PAGES, placeOf, proseOf, read, type Block } from "./pages.js";
import { PagesProgram } from "./project.js";
import { commandsOf } from "./shell.js";

/** Every code block of every page is compiled, parsed, looked up or run: here, or in the test that is named. */

/** Kinds of blocks that other tests check, by the page; each names the page it reads. */
const ELSEWHERE: { pages: RegExp; languages: string[]; test: string }[] = [
  { pages: /^docs\/protocol\.md$/, languages: ["http", "python"], test: "test/v1/docs.test.ts" },
  {
    pages: /^docs\/rules\/(?!README\.)[\w-]+\.md$/,
    languages: ["ts"],
    test: "eslint-rules/docs.test.ts",
  },
  { pages: /^docs\/guides\/postgres\.md$/, languages: ["sql"], test: "test/postgres/guide.test.ts" },
  { pages: /^docs\/guides\/export-files\.md$/, languages: ["sql"], test: "test/connectors/duckdb.test.ts" },
];

/** What a block of a kind has to be; `text` is what nobody can check: output, formats, pictures. */
const KINDS = ["ts", "tsx", "js", "json", "jsonc", "diff", "sh", "text", "yaml", "mermaid"];

const BLOCKS = PAGES.flatMap(blocksOf);

function isElsewhere({ page, language }: Block): boolean {
  return ELSEWHERE.some(({ pages, languages }) => pages.test(page) && languages.includes(language));
}

function ofKind(...languages: string[]): [string, Block][] {
  return BLOCKS.filter((block) => languages.includes(block.language) && !isElsewhere(block)).map((block) => [
    placeOf(block),
    block,
  ]);
}

test("every block says what it is", () => {
  const unknown = BLOCKS.filter((block) => !KINDS.includes(block.language) && !isElsewhere(block));

  expect(BLOCKS.length).toBeGreaterThan(50);
  expect(unknown.map((block) => `${placeOf(block)} "${block.language}"`)).toEqual([]);
});

test.each(ELSEWHERE)("$test checks blocks of its pages", ({ pages, languages, test: file }) => {
  const checked = BLOCKS.filter((block) => pages.test(block.page) && languages.includes(block.language));
  expect(checked).not.toEqual([]);
  expect(read(file)).toMatch(/docs\/(rules|[\w/-]+\.md)/);
});

describe("code", () => {
  const blocks = ofKind("ts", "tsx", "js", "jsx");
  let compiled: PagesProgram;

  beforeAll(() => {
    compiled = new PagesProgram(blocks.map(([, block]) => block));
  });

  test.each(blocks)("%s compiles", (_, block) => {
    const placed = compiled.placed.find((one) => one.block === block)!;
    expect(compiled.problemsOf(placed)).toEqual([]);
  });

  test("functions pass the rules for mirrors", () => {
    const functions = compiled.placed.filter(isFunction);

    expect(functions.length).toBeGreaterThan(5);
    expect(lint(compiled, functions)).toEqual([]);
  });
});

describe("data", () => {
  test.each(ofKind("json"))("%s is JSON", (_, { code }) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow();
  });

  const commented = ofKind("jsonc");
  test.runIf(commented.length > 0).each(commented)("%s is JSON with comments", (_, { code }) => {
    expect(ts.parseConfigFileTextToJson("block.json", code).error).toBeUndefined();
  });

  const diffs = ofKind("diff");
  test.runIf(diffs.length > 0).each(diffs)("%s is a unified diff", (_, { code }) => {
    expect(parsePatch(code).flatMap(({ hunks }) => hunks)).not.toEqual([]);
  });
});

describe("commands", () => {
  /** The functions that a page's blocks export, as `convex run` names them. */
  function functionsOf(page: string): Set<string> {
    return new Set(
      blocksOf(page).flatMap(({ code }) => {
        const module = /^\/\/ convex\/([\w/]+)\.ts/.exec(code)?.[1];
        if (module === undefined) return [];
        return [...code.matchAll(/^export const (\w+)/gm)].map(([, name]) => `${module}:${name!}`);
      }),
    );
  }

  test.each(ofKind("sh"))("%s can be typed as it is", (_, { page, code }) => {
    const functions = functionsOf(page);
    const problems = commandsOf(code).flatMap((command) => {
      const problem = check(command, { functions, mention: false });
      return problem === null ? [] : [`${command.join(" ")}: ${problem}`];
    });

    expect(problems).toEqual([]);
  });

  const workflows = ofKind("yaml");
  test.runIf(workflows.length > 0).each(workflows)("the steps of %s can be run", (_, { page, code }) => {
    const functions = functionsOf(page);
    const steps = [...code.matchAll(/^ *(?:- )?run: (.+)$/gm)].flatMap(([, text]) => commandsOf(text!));

    expect(steps).not.toEqual([]);
    expect(steps.map((step) => check(step, { functions, mention: false })).filter(Boolean)).toEqual([]);
  });

  test.each(PAGES)("those that the sentences of %s mention exist", (page) => {
    const functions = functionsOf(page);
    const mentioned = [...proseOf(page).matchAll(/`((?:npm run|npx|streaming-import) [^`\n]+)`/g)];
    const problems = mentioned.flatMap(([, text]) =>
      commandsOf(text!).flatMap((command) => {
        const problem = check(command, { functions, mention: true });
        return problem === null ? [] : [`${text!}: ${problem}`];
      }),
    );

    expect(problems).toEqual([]);
  });
});
