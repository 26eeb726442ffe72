// @vitest-environment node
import { Linter } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";
import { plugin } from "../plugin.js";
import { FIXTURE, programWith } from "../../test/guard/programs.js";

const CODE = 'import { audit } from "untrusted-library"; export const f = audit;';
const program = programWith({ "convex/file.ts": CODE });

/** What ESLint says with these settings, with types and without. */
function lint(mode: string, settings: object): string[] {
  const typed = mode === "with types";
  const messages = new Linter({ cwd: FIXTURE }).verify(
    CODE,
    {
      files: ["**/*.ts"],
      plugins: { "streaming-import": plugin },
      languageOptions: {
        parser: tseslint.parser,
        ...(typed && { parserOptions: { programs: [program] } }),
      },
      settings: { "streaming-import": settings },
      rules: { "streaming-import/no-mirror-writes": ["error", { types: typed }] },
    } as never,
    { filename: `${FIXTURE}/convex/file.ts` },
  );
  return messages.map(({ message }) => message);
}

const trusting = (...trusted: object[]) => ({ trusted });
const inFile = (path: string) => trusting({ from: "file", path, name: "*" });
const ofPackage = (name: string) => trusting({ from: "package", package: name, name: "*" });

describe.each(["with types", "without types"])("ESLint %s", (mode) => {
  it.each([
    ["a trusted package", ofPackage("convex-helper"), 'Did you mean "convex-helpers"?'],
    ["a trusted package of a scope", ofPackage("@convex-dev/migration"), '"@convex-dev/migrations"?'],
    ["a trusted file", inFile("convex/gaurded.ts"), 'Did you mean "convex/guarded.ts"?'],
    ["a trusted file without its folder", inFile("gaurded.ts"), 'Did you mean "guarded.ts"?'],
  ])("refuses %s that is not there", (_what, settings, words) => {
    const [message = "", ...more] = lint(mode, settings);
    expect(message).toContain(words);
    expect(more).toEqual([]);
  });

  it.each([
    ["a package that is installed", ofPackage("convex-helpers")],
    ["a file from the app", inFile("convex/guarded.ts")],
    ["a file from the app, with a dot", inFile("./convex/guarded.ts")],
    ["the end of a file's path", inFile("guarded.ts")],
    ["a name anywhere", trusting("forward" as never, { from: "file", name: "forward" })],
    ["the schema", { schema: "convex/schema.ts" }],
  ])("takes %s", (_what, settings) => {
    expect(lint(mode, settings)).toEqual([]);
  });
});

it("takes a package that only the program has", () => {
  expect(lint("with types", ofPackage("untrusted-library"))).toEqual([]);
});

describe("a schema that is not there", () => {
  it.each([
    ["convex/shema.ts", 'which is not there. Did you mean "convex/schema.ts"?'],
    ["./elsewhere.ts", "which is not there. Correct the path"],
  ])("%s is refused without types", (schema, words) => {
    expect(lint("without types", { schema })).toEqual([expect.stringContaining(words)]);
  });

  it("is refused with types, which know the one that is deployed", () => {
    expect(lint("with types", { schema: "convex/shema.ts" })).toEqual([
      expect.stringContaining("Convex deploys convex/schema.ts. Remove the option."),
    ]);
  });
});
