// @vitest-environment node
import ts from "typescript";
import older from "typescript-5.9";
import { describe, expect, it } from "vitest";
import { FIXTURE } from "../../test/guard/programs.js";
import { analyzeFile } from "../analyze.js";
import { contextFor } from "./context.js";
import { DEFAULT_OPTIONS } from "./options.js";
import { typescriptOf } from "./typescript.js";
import type { TypeScript } from "./model.js";

const VERSIONS = [
  ["6.0", ts],
  ["5.9", older as unknown as TypeScript],
] as const;

const CODE = `import { mutation } from "./_generated/server.js";
export const f = mutation({ args: {}, handler: async (ctx) => { const x: any = ctx; await ctx.db.insert("customers", x.row); } });`;

describe("programs of several versions of TypeScript in one process", () => {
  it.each(VERSIONS)("%s: is recognised by its nodes", (_version, version) => {
    expect(typescriptOf(version.createSourceFile("x.ts", "", version.ScriptTarget.Latest))).toBe(version);
  });

  it.each(VERSIONS)("%s: gives the same findings", (_version, version) => {
    const config = version.parseJsonConfigFileContent(
      version.readConfigFile(`${FIXTURE}/tsconfig.json`, (path) => version.sys.readFile(path)).config,
      version.sys,
      FIXTURE,
    );
    const path = `${FIXTURE}/convex/file.ts`;
    const host = version.createCompilerHost(config.options, true);
    const getSourceFile = host.getSourceFile.bind(host);
    host.getSourceFile = (name, target, ...rest) =>
      name === path
        ? version.createSourceFile(name, CODE, target, true)
        : getSourceFile(name, target, ...rest);
    const program = version.createProgram([path, `${FIXTURE}/convex/schema.ts`], config.options, host);
    const file = program.getSourceFile(path);
    if (file === undefined) throw new Error("the file is not in the program");
    const { findings } = analyzeFile(contextFor(version, program, DEFAULT_OPTIONS), file, true);
    expect(findings.map(({ messageId }) => messageId)).toEqual(["escape", "mirrorWrite"]);
  });
});
