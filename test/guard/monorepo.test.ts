// @vitest-environment node
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createConfigs } from "../../eslint-rules/index.js";
import { checkApp } from "../../src/cli/guard/check.js";
import { compilerHost } from "../compilerHost.js";
import { COMPILER_OPTIONS, ROOT, SCHEMA, SERVER } from "./appsOnDisk.js";

let root = "";

/** A write of its own, one that a reviewed exemption allows, one through a package of the workspace, and none. */
const FUNCTIONS = `import { mutation } from "./_generated/server.js";
import { save } from "@acme/shared";
export const write = mutation({ args: {}, handler: async (ctx) => await ctx.db.insert("customers", { id: 1n }) });
export const fill = mutation({ args: {}, handler: async (ctx) => await ctx.db.insert("customers", { id: 2n }) });
export const call = mutation({ args: {}, handler: async (ctx) => { await save(ctx); } });
export const note = mutation({ args: {}, handler: async (ctx) => await ctx.db.insert("notes", { text: "" }) });`;
const SHARED = `import type { GenericDataModel, GenericMutationCtx } from "convex/server";
export async function save<D extends GenericDataModel>(ctx: GenericMutationCtx<D>) {
  await ctx.db.insert("customers", { id: 3n } as never);
}`;
const EXEMPTION = JSON.stringify({
  schema: "backend/functions/schema.ts",
  exemptions: [
    {
      file: "a.ts",
      within: "fill",
      tables: ["customers"],
      until: "2999-12-31",
      reason: "reviewed back-fill",
    },
  ],
});

const tsconfig = (more: object) =>
  JSON.stringify({
    compilerOptions: {
      ...COMPILER_OPTIONS,
      paths: { "convex-streaming-import/*": [`${ROOT}/dist/src/*/index.d.ts`] },
    },
    include: ["."],
    ...more,
  });

/**
 * A repository of npm workspaces with three apps: `web` has its functions where Convex puts them, `shop` where its
 * convex.json says, with project references. Those of `admin` lie in another package. All use the package `shared`.
 */
const FILES: Record<string, string> = {
  "package.json": '{ "name": "acme", "private": true, "workspaces": ["apps/*", "packages/*"] }',
  "tsconfig.json": '{ "files": [], "references": [{ "path": "apps/shop" }, { "path": "packages/shared" }] }',
  "packages/shared/package.json": '{ "name": "@acme/shared", "type": "module", "exports": "./src/save.ts" }',
  "packages/shared/tsconfig.json": tsconfig({}).replace('"strict":true', '"strict":true,"composite":true'),
  "packages/shared/src/save.ts": SHARED,
  "apps/web/package.json": '{ "name": "@acme/web", "type": "module" }',
  "apps/web/convex/tsconfig.json": tsconfig({}).replace('"strict":true', '"strict":true,"noEmit":true'),
  "apps/web/convex/schema.ts": SCHEMA,
  "apps/web/convex/_generated/server.d.ts": SERVER,
  "apps/web/convex/a.ts": FUNCTIONS,
  "apps/web/streaming-import.guard.json": EXEMPTION.replace("backend/functions", "web/convex"),
  "apps/shop/package.json": '{ "name": "@acme/shop", "type": "module" }',
  "apps/shop/convex.json": '{ "functions": "./backend/functions/" }',
  "apps/shop/tsconfig.json": tsconfig({ references: [{ path: "../../packages/shared" }] }).replace(
    '"strict":true',
    '"strict":true,"composite":true',
  ),
  "apps/shop/backend/functions/schema.ts": SCHEMA,
  "apps/shop/backend/functions/_generated/server.d.ts": SERVER,
  "apps/shop/backend/functions/a.ts": FUNCTIONS,
  "apps/shop/streaming-import.guard.json": EXEMPTION,
  "apps/admin/package.json": '{ "name": "@acme/admin", "type": "module" }',
  "apps/admin/convex.json": '{ "functions": "../../packages/backend/server" }',
  "packages/backend/package.json": '{ "name": "@acme/backend", "type": "module" }',
  "packages/backend/tsconfig.json": tsconfig({}),
  "packages/backend/server/schema.ts": SCHEMA,
  "packages/backend/server/_generated/server.d.ts": SERVER,
  "packages/backend/server/a.ts": FUNCTIONS,
};

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "monorepo-")));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, "node_modules/@acme"), { recursive: true });
  symlinkSync(join(root, "packages/shared"), join(root, "node_modules/@acme/shared"));
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (!name.startsWith("."))
      symlinkSync(join(ROOT, "node_modules", name), join(root, "node_modules", name));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** `file:line messageId` of what the command finds, with paths from the repository's root. */
function ofCommand(cwd: string, functionsDir?: string): string[] {
  const { report } = checkApp({ cwd: join(root, cwd), strict: true, functionsDir, createHost: compilerHost });
  expect([report.problems, report.typeErrors]).toEqual([[], []]);
  return report.findings
    .map(({ file, line, messageId }) => `${join(cwd, file)}:${String(line)} ${messageId}`)
    .sort();
}

/** The same of ESLint, with the preset as it comes. */
async function ofEslint(cwd: string, more: readonly object[] = []): Promise<string[]> {
  const at = join(root, cwd);
  vi.spyOn(process, "cwd").mockReturnValue(at);
  const configs = createConfigs().strict;
  vi.restoreAllMocks();
  const parser = { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: at } };
  const eslint = new ESLint({
    cwd: at,
    overrideConfigFile: true,
    overrideConfig: [{ files: ["**/*.ts"], languageOptions: parser }, ...configs, ...more] as never,
  });
  const results = await eslint.lintFiles(["."]);
  return results
    .flatMap(({ filePath, messages }) =>
      messages.map(
        ({ line, messageId, message }) =>
          `${filePath.slice(root.length + 1)}:${String(line)} ${messageId ?? message}`,
      ),
    )
    .sort();
}

const WEB = "apps/web/convex/a.ts";
const SHOP = "apps/shop/backend/functions/a.ts";
const HELPER = "packages/shared/src/save.ts";
const ADMIN = "packages/backend/server/a.ts";
const written = (file: string) => `${file}:3 mirrorWrite`;

/** No exemption holds there. */
const inAdmin = [written(ADMIN), `${ADMIN}:4 mirrorWrite`];

describe("a monorepo", () => {
  it.each([
    ["apps/web", "apps/web/convex", WEB],
    ["apps/shop", "apps/shop/backend/functions", SHOP],
  ])("the command finds the writes of %s from the root and from the app", (app, functions, file) => {
    const expected = [written(file), written(HELPER)].sort();
    expect(ofCommand(app)).toEqual(expected);
    expect(ofCommand("", functions)).toEqual(expected);
  });

  it("the command finds the writes of functions outside of the app", () => {
    const expected = [...inAdmin, written(HELPER)].sort();
    expect(ofCommand("apps/admin")).toEqual(expected);
    expect(ofCommand("", "packages/backend/server")).toEqual(expected);
  });

  it("the command names files outside of the current directory from there", () => {
    const { report } = checkApp({ cwd: join(root, "apps/web"), strict: true, createHost: compilerHost });
    expect(report.findings.map(({ file }) => file)).toContain("../../packages/shared/src/save.ts");
  });

  it("ESLint finds the write of a helper whose directory a preset names, with the schema of the app", async () => {
    const settings = { schema: "apps/web/convex/schema.ts" };
    for (const preset of ["recommended", "strict"] as const) {
      const helpers = createConfigs({ functionsDir: "packages/shared/src", settings })[preset];
      expect(await ofEslint("", helpers)).toEqual(
        [...inAdmin, written(SHOP), written(WEB), written(HELPER)].sort(),
      );
    }
    const syntax = createConfigs({ functionsDir: "packages/shared/src", settings }).syntax;
    expect(await ofEslint("", syntax)).toContain(`${HELPER}:3 syntaxWrite`);
  });

  it("ESLint finds the same in the functions, from the root and from each app", async () => {
    expect(await ofEslint("apps/web")).toEqual([written(WEB)]);
    expect(await ofEslint("apps/shop")).toEqual([written(SHOP)]);
    expect(await ofEslint("")).toEqual([...inAdmin, written(SHOP), written(WEB)].sort());
  });
});
