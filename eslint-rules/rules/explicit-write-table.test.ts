// @vitest-environment node
import { body, errors, moduleOf, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["explicit-write-table"];

/** An id-only write and what the fix makes of it. */
const fixed = (before: string, after: string) => ({
  ...body(before),
  output: body(after).code,
  ...errors("explicitTable"),
});
const unfixed = (code: string, ...ids: string[]) => ({
  ...body(code),
  output: null,
  ...errors(...(ids.length === 0 ? ["explicitTable"] : ids)),
});

/** Ids by the many ways to get one, each of a table of the app. */
const NOTE_IDS = [
  "noteId",
  "noteId!",
  "(noteId)",
  "noteId as Id<'notes'>",
  "(await ctx.db.query('notes').first())!._id",
  "(await ctx.db.get('notes', noteId))!._id",
  "[noteId][0]!",
  "{ id: noteId }.id",
  "ctx.db.normalizeId('notes', text)!",
];

runTyped(rule, {
  valid: [
    ...["notes", "users", "carts"].flatMap((table) => [
      body(`await ctx.db.patch("${table}", "" as never, {});`),
      body(`await ctx.db.replace("${table}", "" as never, {} as never);`),
      body(`await ctx.db.delete("${table}", "" as never);`),
    ]),
    body('await ctx.db.insert("notes", { customerId, text });'),
    body('const table = "notes"; await ctx.db.delete(table, noteId);'),
    body("await ctx.db.delete(helpers.OWN, noteId);"),
    body("await ctx.db.delete(helpers.TableEnum.Notes as never, noteId);"),
    // Writes to mirrors and unknown tables belong to other rules.
    body("await ctx.db.delete(customerId);"),
    body("await ctx.db.delete(text as any);"),
    body("await ctx.db.delete(text as Id<'notes'>);"),
    // Reads.
    body("await ctx.db.get(noteId);"),
    body("await ctx.db.get(customerId);"),
    // Not Convex's writer.
    body("new Map([[noteId, 1]]).delete(noteId);"),
    body("new Set([noteId]).delete(noteId);"),
    body("text.replace(text, noteId);"),
    body("const store = { delete: (id: Id<'notes'>) => id }; store.delete(noteId);"),
    body(
      "class Store { patch(id: Id<'notes'>, value: object) { return [id, value]; } } new Store().patch(noteId, {});",
    ),
    body(
      "interface Store { delete(id: Id<'notes'>): void } const store = {} as Store; store.delete(noteId);",
    ),
    body("const store = {} as { db: { delete: (id: any) => void } }; store.db.delete(noteId);"),
    body("await ctx.storage.delete('' as Id<'_storage'>);"),
    moduleOf(
      "import { entsOf } from './ents.js'; export async function f(ctx: MutationCtx, id: Id<'carts'>) { await entsOf(ctx).table('carts').getX(id).delete(); }",
    ),
    moduleOf(
      "export async function f(ctx: { db: { delete: (id: any) => Promise<void> } }, id: Id<'notes'>) { await ctx.db.delete(id); }",
    ),
  ],
  invalid: [
    ...NOTE_IDS.flatMap((id) => [
      fixed(`await ctx.db.delete(${id});`, `await ctx.db.delete("notes", ${id});`),
      fixed(`await ctx.db.patch(${id}, { text });`, `await ctx.db.patch("notes", ${id}, { text });`),
      fixed(
        `await ctx.db.replace(${id}, { customerId, text });`,
        `await ctx.db.replace("notes", ${id}, { customerId, text });`,
      ),
    ]),
    fixed("await ctx.db.delete(userId);", 'await ctx.db.delete("users", userId);'),
    fixed("await ctx.db['delete'](noteId);", "await ctx.db['delete'](\"notes\", noteId);"),
    fixed("await ctx.db?.delete(noteId);", 'await ctx.db?.delete("notes", noteId);'),
    fixed(
      "const { db } = ctx; await db.delete(noteId);",
      'const { db } = ctx; await db.delete("notes", noteId);',
    ),
    fixed(
      "await helpers.databaseOf(ctx).delete(noteId);",
      'await helpers.databaseOf(ctx).delete("notes", noteId);',
    ),
    fixed(
      "const db = { ...ctx.db }; await db.delete(noteId);",
      'const db = { ...ctx.db }; await db.delete("notes", noteId);',
    ),
    fixed(
      "await ctx.db.delete(\n    // the note\n    noteId,\n  );",
      'await ctx.db.delete(\n    // the note\n    "notes", noteId,\n  );',
    ),
    {
      ...body(
        "for (const note of await ctx.db.query('notes').collect()) await ctx.db.patch(note._id, { text });",
      ),
      output: body(
        "for (const note of await ctx.db.query('notes').collect()) await ctx.db.patch(\"notes\", note._id, { text });",
      ).code,
      ...errors("explicitTable"),
    },
    {
      ...body("await ctx.db.delete(noteId); await ctx.db.delete(userId);"),
      output: body('await ctx.db.delete("notes", noteId); await ctx.db.delete("users", userId);').code,
      ...errors("explicitTable", "explicitTable"),
    },
    {
      ...moduleOf(
        "export const f = mutation({ args: { id: v.id('notes') }, handler: async (ctx, { id }) => { await ctx.db.delete(id); } });",
      ),
      output: moduleOf(
        "export const f = mutation({ args: { id: v.id('notes') }, handler: async (ctx, { id }) => { await ctx.db.delete(\"notes\", id); } });",
      ).code,
      ...errors("explicitTable"),
    },
    // No fix where the type gives more than one table, or where the receiver is not surely Convex's writer.
    unfixed("await ctx.db.delete(text ? noteId : userId);", "explicitTables"),
    unfixed("const remove = async (id: Id<'notes' | 'users'>) => await ctx.db.delete(id);", "explicitTables"),
    unfixed(
      "for (const table of helpers.OWN_TABLES) await ctx.db.delete(table, '' as never);",
      "explicitTables",
    ),
    unfixed("await ctx.db.insert(text ? 'notes' : helpers.OWN_TABLES[1], {} as never);", "explicitTables"),
    unfixed("let table: 'notes' = 'notes'; await ctx.db.delete(table, noteId);"),
    unfixed("const names = { own: 'notes' } as const; await ctx.db.delete(names.own, noteId);"),
    unfixed("const db: any = ctx.db; await db.delete(noteId);"),
    unfixed("await (ctx as any).db.patch(noteId, {});"),
    unfixed("await ctx.db.delete(...([noteId] as const));"),
    unfixed("const drop = ctx.db.delete; await drop(noteId);"),
    unfixed(
      "const remove = async <T extends 'notes' | 'users'>(id: Id<T>) => await ctx.db.delete(id);",
      "explicitTables",
    ),
    unfixed(
      "const remove = async <T extends Exclude<TableNames, 'customers' | 'products'>>(table: T) => await ctx.db.delete(table, '' as never);",
      "explicitTables",
    ),
  ],
});

runUntyped(rule, {
  valid: [
    {
      code: 'export async function f(ctx) { await ctx.db.patch("notes", 1, {}); }',
      options: [{ types: false }],
    },
    { code: "export async function f(ctx) { await ctx.cache.delete(1); }", options: [{ types: false }] },
    {
      code: 'export async function f(ctx) { await ctx.db.insert("notes", {}); }',
      options: [{ types: false }],
    },
  ],
  invalid: [
    {
      code: "export async function f(ctx, id) { await ctx.db.delete(id); }",
      options: [{ types: false }],
      ...errors("explicitUntyped"),
    },
    {
      code: "export async function f({ db }, id) { await db.patch(id, {}); }",
      options: [{ types: false }],
      ...errors("explicitUntyped"),
    },
    { code: "export const x = 1;", ...errors("needsTypes") },
  ],
});
