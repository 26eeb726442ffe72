// @vitest-environment node
import { expect, it } from "vitest";
import { EXPORTING, UNGUARDED } from "../../test/guard/exporting.js";
import { programWith, verdictsOf } from "../../test/guard/programs.js";
import { errors, runTyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-unrecorded-writes"];

const RAW = ["mutation", "internalMutation"] as const;
const SERVER =
  'import { internalMutation, mutation, type DatabaseWriter, type MutationCtx } from "./_generated/server.js";\n';
const GUARDED =
  'import { forLibrary, guardCtx, internalMutation, mutation, type Ctx } from "./functions.js";\n';
const HELPERS = 'import { customCtx, customMutation } from "convex-helpers/server/customFunctions";\n';

/** Statements with a db that writes an exported table, in every way of saying so. */
const WRITES = [
  'await ctx.db.insert("invoices", { total: 1 });',
  'const id = await ctx.db.query("invoices").first(); if (id) await ctx.db.patch("invoices", id._id, { total: 2 });',
  'const row = await ctx.db.query("invoices").first(); if (row) await ctx.db.replace("invoices", row._id, { total: 2 });',
  'const row = await ctx.db.query("invoices").first(); if (row) await ctx.db.delete("invoices", row._id);',
  'const { db } = ctx; await db.insert("invoices", { total: 1 });',
  'const db = ctx.db; await db.insert("invoices", { total: 1 });',
  'await ctx["db"].insert("invoices", { total: 1 });',
  'const table = "invoices" as const; await ctx.db.insert(table, { total: 1 });',
  'for (const table of ["invoices"] as const) await ctx.db.insert(table, { total: 1 });',
  'await (ctx.db as DatabaseWriter).insert("invoices", { total: 1 });',
] as const;
/** Statements that write no exported table. */
const HARMLESS = [
  'await ctx.db.insert("tags", { label: "a" });',
  'await ctx.db.query("invoices").collect();',
  'const tag = await ctx.db.query("tags").first(); if (tag) await ctx.db.delete("tags", tag._id);',
] as const;

const valid = (code: string, app = "exporting", options: object = { check: "all" }) => ({
  code,
  name: `${app}: ${code} ${JSON.stringify(options)}`,
  filename: `${app}/case*.ts`,
  options: [options],
});
const invalid = (code: string, ids: string[], app = "exporting", options: object = { check: "all" }) => ({
  ...valid(code, app, options),
  ...errors(...ids),
});
const writes = { check: "writes" };
const support = [...Object.entries(EXPORTING), ...Object.entries(UNGUARDED)].map(([filename, code]) => ({
  code,
  name: filename,
  filename,
}));

runTyped(rule, {
  valid: [
    ...support,
    ...WRITES.filter((body) => !body.includes("DatabaseWriter")).flatMap((body) => [
      valid(`${GUARDED}export const run = mutation(async (ctx) => { ${body} });`),
      valid(
        `${GUARDED}export const run = internalMutation({ args: {}, handler: async (ctx) => { ${body} } });`,
      ),
      valid(`${GUARDED}export async function run(ctx: Ctx) { ${body} }`),
      valid(
        `${GUARDED}${HELPERS}export const run = customMutation(forLibrary(mutation), customCtx(guardCtx))({ args: {}, handler: async (ctx) => { ${body} } });`,
      ),
      // A library types the ctx as Convex's own; below it is a builder that records.
      valid(
        `${GUARDED}${HELPERS}export const run = customMutation(forLibrary(mutation), customCtx(() => ({})))({ args: {}, handler: async (ctx) => { ${body} } });`,
      ),
      valid(`${GUARDED}export const run = forLibrary(mutation)(async (ctx) => { ${body} });`),
    ]),
    ...HARMLESS.flatMap((body) => [
      valid(`${SERVER}export async function run(ctx: MutationCtx) { ${body} }`),
      valid(`${SERVER}export const run = mutation(async (ctx) => { ${body} });`, "exporting", writes),
      valid(`${SERVER}export const run = mutation(async (ctx) => { ${body} });`, "unguarded", writes),
    ]),
    valid(`${SERVER}export type F = typeof mutation;`, "unguarded"),
    valid('export { mutation } from "./_generated/server.js";', "unguarded"),
    valid("export const x = { mutation: 1 }; export const y = x.mutation;", "unguarded"),
    // no-raw-builders reports the import.
    valid(`${SERVER}export const run = mutation;`),
    {
      ...valid(
        `${SERVER}export const run = mutation(async (ctx) => { await ctx.db.insert("notes", {} as never); });`,
      ),
      name: "an app that exports nothing",
      filename: "convex/exports_nothing.ts",
    },
  ],
  invalid: [
    ...WRITES.flatMap((body) => [
      invalid(`${SERVER}export async function run(ctx: MutationCtx) { ${body} }`, ["unrecordedWrite"]),
      invalid(
        `${SERVER}export const run = mutation(async (ctx) => { ${body} });`,
        ["unrecordedWrite"],
        "exporting",
        writes,
      ),
      invalid(
        `${SERVER}export const run = internalMutation({ args: {}, handler: async (ctx) => { ${body} } });`,
        ["unrecordedBuilder", "unrecordedWrite"],
        "unguarded",
      ),
      invalid(
        `${SERVER}export const run = mutation({ args: {}, async handler(ctx) { ${body} } });`,
        ["unrecordedWrite"],
        "unguarded",
        writes,
      ),
    ]),
    invalid(
      `${SERVER}export async function run(db: DatabaseWriter) { await db.insert("invoices", { total: 1 }); }`,
      ["unrecordedWrite"],
    ),
    invalid(
      `${SERVER}export const run = async ({ db }: MutationCtx, table: "invoices" | "tags") => { await db.insert(table, {} as never); };`,
      ["unrecordedWrite"],
    ),
    invalid(
      `${SERVER}export class Repo { constructor(private readonly ctx: MutationCtx) {} }
export async function run({ db: writer }: MutationCtx) { await writer.insert("invoices", { total: 1 }); }`,
      ["unrecordedWrite"],
    ),
    ...RAW.flatMap((name) => [
      invalid(`${SERVER}export const run = ${name};`, ["unrecordedBuilder"], "unguarded"),
      invalid(
        `import { ${name} as raw } from "./_generated/server.js"; export const run = raw(async () => null);`,
        ["unrecordedBuilder"],
        "unguarded",
      ),
      invalid(
        `import * as server from "./_generated/server.js"; export const run = server.${name}(async () => null);`,
        ["unrecordedBuilder"],
        "unguarded",
      ),
      invalid(
        `${SERVER}${HELPERS}export const run = customMutation(${name}, customCtx(() => ({})));`,
        ["unrecordedBuilder"],
        "unguarded",
      ),
      invalid(
        `import { ${name}Generic } from "convex/server"; export const run = ${name}Generic(async () => null);`,
        ["unrecordedBuilder"],
        "unguarded",
      ),
    ]),
    invalid(
      'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const { create } = crud(schema, "invoices");',
      ["unrecordedLibrary"],
    ),
  ],
});

it("the module of guarded builders may pass raw ones to guard, and do nothing else with them", () => {
  const functions = EXPORTING["exporting/functions.ts"]!;
  const program = programWith({
    ...EXPORTING,
    "exporting/functions.ts": `${functions}${HELPERS}
export const around = customMutation(rawMutation, customCtx(guardCtx));
export { rawInternalMutation };`,
  });
  expect(verdictsOf(program, "exporting/functions.ts")).toEqual({
    recommended: [],
    strict: ["rawBuilder", "unrecordedBuilder"],
  });
  expect(verdictsOf(programWith(EXPORTING), "exporting/functions.ts")).toEqual({
    recommended: [],
    strict: [],
  });
});

it("a declaration that lost its brand counts", () => {
  const schema = EXPORTING["exporting/schema.ts"]!.replace(
    "exportTable(defineTable({ total: v.number() }))",
    "exportTable(defineTable({ total: v.number() })) as ReturnType<typeof defineTable>",
  );
  const program = programWith({
    ...EXPORTING,
    "exporting/schema.ts": schema,
    "exporting/lost.ts": `${SERVER}export const run = async (ctx: MutationCtx) => { await ctx.db.insert("invoices", { total: 1 }); };`,
  });
  expect(verdictsOf(program, "exporting/lost.ts").recommended).toEqual(["unrecordedWrite"]);
});
