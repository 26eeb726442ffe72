// @vitest-environment node
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";
import streamingImport, { createConfigs } from "./index.js";
import { FIXTURE } from "../test/guard/programs.js";
import { inMutation } from "../test/guard/sources.js";

const TYPED = {
  files: ["**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { projectService: true, tsconfigRootDir: FIXTURE },
  },
};
const UNTYPED = {
  files: ["**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
  languageOptions: { parser: tseslint.parser },
};

async function lint(configs: object[], code: string, path = "convex/file.ts"): Promise<string[]> {
  const eslint = new ESLint({
    cwd: FIXTURE,
    overrideConfigFile: true,
    overrideConfig: configs as never,
    ruleFilter: () => true,
  });
  const [result] = await eslint.lintText(code, { filePath: `${FIXTURE}/${path}` });
  return (result?.messages ?? []).map(
    ({ ruleId, messageId, message }) => `${ruleId ?? message}/${messageId ?? ""}`,
  );
}

const WRITE = inMutation('await ctx.db.insert("customers", row);');
const ESCAPE = inMutation("const x: any = ctx;");

describe("the presets", () => {
  it.each(["recommended", "strict", "syntax"] as const)("%s finds a plain write", async (preset) => {
    const configs = [preset === "syntax" ? UNTYPED : TYPED, ...streamingImport.configs[preset]];
    expect(await lint(configs, WRITE)).toEqual([
      `streaming-import/no-mirror-writes/${preset === "syntax" ? "syntaxWrite" : "mirrorWrite"}`,
    ]);
  });

  it.each(["convex/file.ts", "convex/view.tsx", "convex/typed.mts"])("cover %s", async (path) => {
    const found = await lint([TYPED, ...streamingImport.configs.recommended], WRITE, path);
    expect(found).toEqual(["streaming-import/no-mirror-writes/mirrorWrite"]);
  });

  it.each(["convex/script.js", "convex/plain.mjs"])("cover %s", async (path) => {
    const code = 'export async function f(ctx) { await ctx.db.insert("customers", {}); }';
    const found = await lint([TYPED, ...streamingImport.configs.recommended], code, path);
    expect(found).toEqual(["streaming-import/no-mirror-writes/mirrorWrite"]);
  });

  it("leave tests and generated files alone", () => {
    const [config] = streamingImport.configs.recommended;
    const generated = "{api,component,dataModel,server}{,_cjs}.*";
    expect(config?.ignores).toEqual(
      expect.arrayContaining([`**/convex/_generated/${generated}`, "**/*.test.*"]),
    );
    expect(createConfigs({ functionsDir: "backend" }).strict[0]?.ignores).toContain(
      `backend/_generated/${generated}`,
    );
  });

  it("follow a writer that leaves its type only in strict", async () => {
    expect(await lint([TYPED, ...streamingImport.configs.recommended], ESCAPE)).toEqual([]);
    expect(await lint([TYPED, ...streamingImport.configs.strict], ESCAPE)).toEqual([
      "streaming-import/no-writer-escape/escape",
    ]);
  });

  it("say once what to configure when there are no types", async () => {
    const found = await lint([UNTYPED, ...streamingImport.configs.recommended], "export const x = 1;");
    expect(found).toEqual([expect.stringMatching(/^streaming-import\/.*\/needsTypes$/)]);
  });

  it("leave a rule of another plugin to the app, and in strict say once what it says, too", async () => {
    const code = inMutation("await ctx.db.delete(noteId);");
    const official = (await import("@convex-dev/eslint-plugin")).default;
    const others = [TYPED, ...(official.configs.recommended as object[])];
    expect(await lint([TYPED, ...streamingImport.configs.recommended], code)).toEqual([]);
    expect(await lint([TYPED, ...streamingImport.configs.strict], code)).toEqual([
      "streaming-import/explicit-write-table/explicitTable",
    ]);
    expect(await lint([...others, ...streamingImport.configs.strict], code)).toEqual([
      "streaming-import/explicit-write-table/explicitTable",
    ]);
  });

  it("go together with the preset of @convex-dev/eslint-plugin", async () => {
    const official = (await import("@convex-dev/eslint-plugin")).default;
    const configs = [
      TYPED,
      ...(official.configs.recommended as object[]),
      ...streamingImport.configs.recommended,
    ];
    expect(await lint(configs, WRITE)).toEqual(["streaming-import/no-mirror-writes/mirrorWrite"]);
  });

  it("can be made for other functions directories, with settings", () => {
    const [config] = createConfigs({
      functionsDir: ["./backend/", "apps/x/fn"],
      settings: { tables: ["x"] },
    }).strict;
    expect(config?.files).toEqual([
      "backend/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}",
      "apps/x/fn/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}",
    ]);
    expect(config?.settings).toEqual({ "streaming-import": { tables: ["x"] } });
  });
});
