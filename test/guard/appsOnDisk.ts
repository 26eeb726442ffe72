/** Apps on disk that `streaming-import guard` checks. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { checkApp, type CheckOptions } from "../../src/cli/guard/check.js";
import type { GuardReport } from "../../src/cli/guard/report.js";
import { compilerHost } from "../compilerHost.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

export const SCHEMA = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
export default defineSchema({
  customers: mirrorTable({ id: v.int64() }, { primaryKey: ["id"], source: "public.customers", owner: "billing" }),
  notes: defineTable({ text: v.string() }),
});`;
export const SERVER = `import type { DataModelFromSchemaDefinition, GenericMutationCtx, MutationBuilder } from "convex/server";
import type schema from "../schema.js";
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type MutationCtx = GenericMutationCtx<DataModel>;
export declare const mutation: MutationBuilder<DataModel, "public">;`;
export const CLEAN = `import { mutation } from "./_generated/server.js";
export const add = mutation({ args: {}, handler: async (ctx) => await ctx.db.insert("notes", { text: "" }) });`;
export const WRITE = `import { mutation } from "./_generated/server.js";
export const add = mutation({ args: {}, handler: async (ctx) => await ctx.db.insert("customers", { id: 1n }) });`;
export const WRITE_JS = WRITE.replace("async (ctx)", "async ({ db })").replace("ctx.db", "db");

/** What all apps are compiled with. */
export const COMPILER_OPTIONS = {
  strict: true,
  target: "ESNext",
  lib: ["ES2023"],
  types: [],
  module: "ESNext",
  moduleResolution: "Bundler",
  skipLibCheck: true,
};

/** The tsconfig.json of an app, with more options and names of modules. */
export function configWith({
  paths,
  ...more
}: {
  readonly paths?: Record<string, string[]>;
  readonly [option: string]: unknown;
}): string {
  const compilerOptions = {
    ...COMPILER_OPTIONS,
    noEmit: true,
    paths: {
      "convex-streaming-import": [`${ROOT}/dist/src/client/index.d.ts`],
      "convex-streaming-import/*": [`${ROOT}/dist/src/*/index.d.ts`],
      ...paths,
    },
    ...more,
  };
  return JSON.stringify({ compilerOptions, include: ["."] });
}

/** What makes apps on disk, for as long as the tests of a file run. */
export interface Apps {
  /** Those that were made. */
  readonly apps: readonly string[];
  /** A small app; `convex/schema.ts` and `_generated` are there unless they are set. Links lead from the app. */
  readonly app: (files: Record<string, string | null>, links?: Record<string, string>) => string;
}

export function appsOnDisk(): Apps {
  const apps: string[] = [];
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "guard-"));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const app = (files: Record<string, string | null>, links: Record<string, string> = {}): string => {
    const root = join(directory, `app${String(apps.length)}`);
    apps.push(root);
    const all: Record<string, string | null> = {
      "package.json": '{ "name": "an-app", "type": "module" }',
      "convex/schema.ts": SCHEMA,
      "convex/_generated/server.d.ts": SERVER,
      "convex/_generated/server.js": "export const mutation = (x) => x;",
      "convex/tsconfig.json": configWith({}),
      ...files,
    };
    for (const [file, text] of Object.entries(all)) {
      if (text === null) continue;
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    for (const [link, target] of Object.entries(links)) {
      mkdirSync(dirname(join(root, link)), { recursive: true });
      symlinkSync(join(root, target), join(root, link));
    }
    installIn(root);
    return root;
  };
  return { apps, app };
}

/** The packages of this repository, besides those that an app brings. */
function installIn(root: string): void {
  const own = join(root, "node_modules");
  if (!existsSync(own)) {
    symlinkSync(`${ROOT}/node_modules`, own);
    return;
  }
  for (const name of readdirSync(`${ROOT}/node_modules`))
    if (!name.startsWith(".") && !existsSync(join(own, name)))
      symlinkSync(`${ROOT}/node_modules/${name}`, join(own, name));
}

/** Runs the command on an app. */
export function check(
  cwd: string,
  options: Partial<CheckOptions> = {},
): Promise<{ exitCode: number; report: GuardReport }> {
  return Promise.resolve(
    checkApp({ cwd, strict: true, today: "2026-11-20", createHost: compilerHost, ...options }),
  );
}

export const messageIds = ({ findings }: GuardReport): string[] => findings.map(({ messageId }) => messageId);
