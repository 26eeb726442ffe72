// @vitest-environment node
import { body, errors, moduleOf, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["require-known-table"];

type Id = "unknownTable" | "unknownReceiver" | "idCast" | "dynamicMethod";

const invalid = (code: string, ...ids: Id[]) => ({ ...body(code), ...errors(...ids) });
const invalidModule = (code: string, ...ids: Id[]) => ({ ...moduleOf(code), ...errors(...ids) });

/** Helpers whose types say nothing, but whose text says which table an id is of. */
const TRACED = [
  "const TABLES: Record<string, string> = { note: 'notes', user: 'users' }; const tableOf = (kind: string) => TABLES[kind]; export async function f(ctx: any, kind: string) { let rows = await ctx.db.query(tableOf(kind)).collect(); rows = rows.filter((row: any) => row.text); for (const row of rows.slice(0, 9)) await ctx.db.delete(row._id); }",
  "async function wipe(ctx: any, table: string) { for (const row of await ctx.db.query(table as any).collect()) await ctx.db.delete(row._id); } export const f = async (ctx: MutationCtx) => [await wipe(ctx, 'notes'), await wipe(ctx, 'users')];",
  "const add = async (ctx: MutationCtx, table: string) => await ctx.db.insert(table as any, {} as never); export const f = async (ctx: MutationCtx) => [await add(ctx, 'notes'), await add(ctx, 'users')];",
  "export async function f(ctx: any) { const note = await ctx.db.query('notes').first(); await ctx.db.patch(note._id, {}); }",
  "export async function f(ctx: any) { const note = await ctx.db.query('notes').withIndex('by_customer', (q: any) => q).unique(); if (note) await ctx.db.delete(note._id); }",
  "export async function f(ctx: any) { for (const note of await ctx.db.query('notes').collect()) await ctx.db.delete(note._id); }",
  "export async function f(ctx: any) { const all = await ctx.db.query('notes').take(9); await Promise.all(all.filter((one: any) => one.text).map((one: any) => ctx.db.delete(one._id))); }",
  "export async function f(ctx: any) { const { db } = ctx; const rows = await db.query('notes').collect(); await db.patch(rows[0]._id, {}); }",
  "export async function f(ctx: any) { const found = await ctx.db.query('notes').paginate({}); for (const note of found.page) await ctx.db.delete(note._id); }",
  "export async function f(ctx: any) { const { page } = await ctx.db.query('notes').order('asc').paginate({}); for (const { _id } of page) await ctx.db.delete(_id); }",
  "export async function f(ctx: any) { const all = await ctx.db.query('notes').collect(); await Promise.all(all.map(({ _id }: any) => ctx.db.delete(_id))); }",
  "export async function f(ctx: { db: { query: any; patch: any } }) { const note = await ctx.db.query('notes').first(); await ctx.db.patch(note._id, {}); }",
  "export async function f(ctx: any) { const id = await ctx.db.insert('notes', {}); await ctx.db.patch(id, {}); }",
  "export async function f(ctx: any) { let user: any = null; user = await ctx.db.query('users').first(); user ??= await ctx.db.query('users').unique(); await ctx.db.patch(user._id, {}); }",
  "export async function f(ctx: any, late: boolean) { const one = late ? await ctx.db.query('notes').first() : await ctx.db.query('users').first(); await ctx.db.delete(one._id); }",
  "export async function f(ctx: any) { const note = await ctx.db.get('notes', text); await ctx.db.delete(note._id); }",
  "export async function f(ctx: any, noteId: Id<'notes'>) { const note = await ctx.db.get(noteId); await ctx.db.delete(note._id); }",
  "async function find(ctx: any) { const all = await ctx.db.query('users').collect(); if (all.length > 9) return null; return all[0]; } export async function f(ctx: MutationCtx) { const user = await find(ctx); await ctx.db.patch(user._id, {}); }",
  "const rename = async (ctx: any, user: any) => { await ctx.db.patch(user._id, { name: '' }); }; export async function f(ctx: MutationCtx, user: Doc<'users'>) { await rename(ctx, user); }",
  "async function drop(ctx: any, id: any) { await ctx.db.delete(id); } export async function f(ctx: MutationCtx, noteId: Id<'notes'>) { await drop(ctx, noteId); await drop(ctx, await ctx.db.insert('users', { name: '' })); }",
];

/** An id of several tables, told apart: by its type, by a switch, or by an assertion within the type. */
const TOLD_APART = [
  "export async function f(ctx: MutationCtx, x: { kind: 'notes', id: Id<'notes'> } | { kind: 'customers', id: Id<'customers'> }) { switch (x.kind) { case 'notes': await ctx.db.delete(x.id); break; case 'customers': break; } }",
  "export async function f(ctx: MutationCtx, table: 'notes' | 'users', id: Id<'notes'> | Id<'users'>) { switch (table) { case 'notes': await ctx.db.delete(id as Id<'notes'>); break; default: await ctx.db.delete(id as Id<'users'>); } }",
  "export async function f(ctx: MutationCtx, table: 'notes' | 'users', id: Id<'notes' | 'users'>) { if (table === 'notes') await ctx.db.delete(id as Id<'notes'>); }",
];

/** Texts that look like it, but leave another way for the id. */
const UNTRACED = [
  "declare const note: any; export async function f(ctx: any) { await ctx.db.delete(note._id); }",
  "export async function f(ctx: any) { try { await ctx.db.query('notes').first(); } catch (note: any) { await ctx.db.delete(note._id); } }",
  "export async function f(ctx: any, notes: any) { for (const id in notes) await ctx.db.delete(id as any); }",
  "const TABLES: Record<string, string> = { note: 'notes', other: text }; export async function f(ctx: any, kind: string) { const row = await ctx.db.query(TABLES[kind]).first(); await ctx.db.delete(row._id); }",
  "async function wipe(ctx: any, table: string) { for (const row of await ctx.db.query(table).collect()) await ctx.db.delete(row._id); } export const f = async (ctx: MutationCtx) => [await wipe(ctx, 'notes'), await wipe(ctx, text)];",
  "export async function f(ctx: { db: { query: any; patch: any } }, id: any) { await ctx.db.patch(id, {}); }",
  "export async function f(ctx: { db: { delete: any } }, note: any) { await ctx.db.delete(note._id); }",
  "export async function f(ctx: any, other: any) { let { page } = await ctx.db.query('notes').paginate({}); page = other; await ctx.db.delete(page[0]._id); }",
  "export async function f(ctx: any, other: any) { const { page = other } = await ctx.db.query('notes').paginate({}); await ctx.db.delete(page[0]._id); }",
  "export async function f(ctx: any, other: any) { const { rows } = other; await ctx.db.delete(rows[0]._id); }",
  "export async function f(ctx: any, id: any) { await ctx.db.delete(id); }",
  "async function drop(ctx: any, id: any) { await ctx.db.delete(id); } export const list = [drop]; export const f = (ctx: MutationCtx, noteId: Id<'notes'>) => drop(ctx, noteId);",
  "async function drop(ctx: any, id: any) { await ctx.db.delete(id); } export { drop }; export const f = (ctx: MutationCtx, noteId: Id<'notes'>) => drop(ctx, noteId);",
  "async function drop(ctx: any, id: any) { await ctx.db.delete(id); } export const f = (ctx: MutationCtx, noteId: Id<'notes'>, any: any) => [drop(ctx, noteId), drop(ctx, any)];",
  "export async function f(ctx: any, other: any) { let note = await ctx.db.query('notes').first(); if (text) note = other; await ctx.db.delete(note._id); }",
  "export async function f(ctx: any, other: any) { let note = await ctx.db.query('notes').first(); [note] = other; await ctx.db.delete(note._id); }",
  "export async function f(ctx: any, other: any) { let note = await ctx.db.query('notes').first(); for (note of other) await ctx.db.delete(note._id); }",
  "export async function f(ctx: any, other: any) { const note = (await ctx.db.query('notes').first()) ?? other; await ctx.db.delete(note._id); }",
  "export async function f(ctx: any) { const note = await ctx.db.query('notes').first(); await ctx.db.delete(note.author); }",
  "export async function f(ctx: any) { const row = await ctx.db.query(text).first(); await ctx.db.delete(row._id); }",
  "export async function f(ctx: any, shop: any) { const row = await shop.query('notes').first(); await ctx.db.delete(row._id); }",
  "export async function f(ctx: any, noteId: Id<'notes'>) { const cache: any = new Map(); const row = cache.get(noteId); await ctx.db.delete(row._id); }",
  "async function find(ctx: any, other: any) { if (text) return other; return await ctx.db.query('users').first(); } export async function f(ctx: any) { const user = await find(ctx, 1 as any); await ctx.db.patch(user._id, {}); }",
  "export async function f(ctx: any) { const note: any = { ...(await ctx.db.query('notes').first()) }; await ctx.db.delete(note._id); }",
];

runTyped(rule, {
  valid: [
    ...TRACED.map((code) => moduleOf(code)),
    ...TOLD_APART.map((code) => moduleOf(code)),
    body("const id = noteId as Id<any>; await ctx.db.delete(id);"),
    body('await ctx.db.insert("notes", { customerId, text });'),
    body('await ctx.db.insert("customers", row);'),
    body('await ctx.db.patch("notes", noteId, { text });'),
    body('await ctx.db.patch("notes", text as any, { text });'),
    body('await ctx.db.patch("notes", text as Id<"notes">, { text });'),
    body('await ctx.db.delete("notes", text as unknown as Id<"notes">);'),
    body("await ctx.db.delete(noteId);"),
    body("await ctx.db.delete(noteId!);"),
    body("await ctx.db.delete(noteId as Id<'notes'>);"),
    body("await ctx.db.delete(noteId as Id<'notes' | 'users'>);"),
    body("await ctx.db.delete(text ? noteId : userId);"),
    body("await ctx.db.delete(ctx.db.normalizeId('notes', text)!);"),
    body("const table = helpers.OWN; await ctx.db.insert(table, { customerId, text });"),
    body("for (const table of helpers.OWN_TABLES) await ctx.db.delete(table, '' as never);"),
    body('await ctx.db["insert"]("notes", { customerId, text });'),
    body('const key = "insert"; await ctx.db[key]("notes", { customerId, text });'),
    body('const key = "get"; await ctx.db[key]("notes", noteId);'),
    body('const key = text as "get" | "normalizeId"; ctx.db[key]("notes", noteId as never);'),
    body('await ctx.db.insert(...(["notes", { customerId, text }] as const));'),
    body('await ctx.db.insert("notes", ...([{ customerId, text }] as const));'),
    body(
      "const remove = async <T extends 'notes' | 'users'>(id: Id<T>) => await ctx.db.delete(id as Id<T>);",
    ),
    body('const map: any = new Map(); map.delete("x");'),
    body('const list: any = "abc"; list.replace("a", "b");'),
    body("const list: any = 'abc'; list.replace(/a/g, 'b');"),
    body("const any: any = {}; any.insert({ a: 1 });"),
    body("const any: any = {}; any.delete(1);"),
    body("const any: any = {}; any.patch({ a: 1 }, 2);"),
    body('const router: any = {}; router.patch("/users", () => 1);'),
    body('const router: any = {}; router.delete("/users/:id", () => 1);'),
    body("const any: any = {}; any.get(text);"),
    body("const any: any = {}; any.query('customers').collect();"),
    body("const map = new Map<string, string>(); map.delete(text);"),
    body("text.replace(text, text);"),
    body("await ctx.storage.delete(text as Id<'_storage'>);"),
    body("const repository = { delete(id: string) { return id; } }; repository.delete(text);"),
    body(
      "interface Cache { delete(key: string): void; get(key: string): string } const cache = {} as Cache; cache.delete(text);",
    ),
    body("const name = 'db' as const; await ctx[name].delete(noteId);"),
    moduleOf("export const keys = (db: DatabaseReader) => Object.keys(db);"),
    moduleOf("export function read(db: DatabaseReader, key: 'get' | 'query') { return db[key]; }"),
    moduleOf(
      "import { entsOf } from './ents.js'; export async function f(ctx: MutationCtx, id: Id<'carts'>) { await entsOf(ctx).table('carts').getX(id).delete(); }",
    ),
    { ...body("await ctx.db.delete(text as Id<'notes'>);"), options: [{ onCast: "off" }] },
    { ...body("await ctx.db.delete((text as any) as Id<'notes'>);"), options: [{ onCast: "off" }] },
  ],
  invalid: [
    // Where the text does not say it either.
    ...UNTRACED.map((code) => invalidModule(code, "unknownReceiver")),
    // Table names.
    invalid("await ctx.db.insert(text as any, {} as never);", "unknownTable"),
    invalid("const table: any = text; await ctx.db.insert(table, {} as never);", "unknownTable"),
    invalid("const table: string = text; await ctx.db.insert(table as never, {} as never);", "unknownTable"),
    invalid(
      "await (ctx.db as unknown as DatabaseWriter & { insert: DatabaseWriter['insert'] }).insert(text as any, {} as never);",
      "unknownTable",
    ),
    invalid("await ctx.db.insert(`${text}s` as any, {} as never);", "unknownTable"),
    invalid("await ctx.db.patch(text as any, noteId, {});", "unknownTable"),
    invalid("await ctx.db.replace(text as any, noteId, {} as never);", "unknownTable"),
    invalid("await ctx.db.delete(text as any, noteId as never);", "unknownTable"),
    invalid("await ctx.db.insert(JSON.parse(text), {} as never);", "unknownTable"),
    invalid(
      "const write = async <T extends string>(table: T) => await ctx.db.insert(table as never, {} as never);",
      "unknownTable",
    ),
    invalid("await ctx.db.insert(...([text, {}] as any));", "unknownTable"),
    invalid(
      "const args = [] as unknown as Parameters<typeof ctx.db.insert>; await ctx.db.insert(...(args as [any, never]));",
      "unknownTable",
    ),
    invalid("const args: any[] = []; await ctx.db.patch(...(args as [any, any]));", "unknownTable"),
    invalid("await ctx.db.delete(...([text] as [any]));", "unknownTable"),
    // Ids.
    invalid("await ctx.db.delete(text as any);", "unknownTable"),
    invalid("await ctx.db.patch(text as any, {});", "unknownTable"),
    invalid("await ctx.db.replace(text as any, {} as never);", "unknownTable"),
    invalid("const id: any = text; await ctx.db.delete(id);", "unknownTable"),
    invalid("const id = text as Id<any>; await ctx.db.delete(id);", "unknownTable"),
    invalid("await ctx.db.delete(JSON.parse(text).id);", "unknownTable"),
    invalid("const remove = async (id: any) => await ctx.db.delete(id);", "unknownTable"),
    invalid("const ids: any[] = []; for (const id of ids) await ctx.db.delete(id);", "unknownTable"),
    invalid("// @ts-expect-error a plain string\n await ctx.db.delete(text);", "unknownTable"),
    invalid("// @ts-expect-error no argument\n await ctx.db.delete();", "unknownTable"),
    invalidModule(
      "import type { GenericMutationCtx, AnyDataModel } from 'convex/server'; export async function f(ctx: GenericMutationCtx<AnyDataModel>, id: Id<any>) { await ctx.db.delete(id); }",
      "unknownTable",
    ),
    invalidModule(
      "import type { GenericMutationCtx, AnyDataModel } from 'convex/server'; export async function f(ctx: GenericMutationCtx<AnyDataModel>, table: string) { await ctx.db.insert(table, {}); }",
      "unknownTable",
    ),
    invalidModule(
      "import { mutationGeneric } from 'convex/server'; export const f = mutationGeneric(async (ctx, args: { id: any }) => { await ctx.db.delete(args.id); });",
      "unknownTable",
    ),
    invalidModule(
      "import { convexAuth } from '@convex-dev/auth/server'; export const a = convexAuth({ providers: [], callbacks: { async createOrUpdateUser(ctx, args) { await ctx.db.patch(args.profile.email as any, {}); return '' as never; } } });",
      "unknownTable",
    ),
    invalid(
      "const remove = async (ids: unknown[]) => { for (const id of ids) await ctx.db.delete(id as any); };",
      "unknownTable",
    ),
    // Assertions.
    ...(
      [
        "await ctx.db.delete(text as Id<'notes'>);",
        "await ctx.db.delete(text as unknown as Id<'notes'>);",
        "await ctx.db.delete((text as any) as Id<'notes'>);",
        "await ctx.db.delete(<Id<'notes'>>text);",
        "await ctx.db.patch(text as Id<'notes'>, { text });",
        "await ctx.db.replace(text as Id<'notes'>, { customerId, text });",
        "await ctx.db.delete((JSON.parse(text) as { id: string }).id as Id<'notes'>);",
        "await ctx.db.delete(JSON.parse(text) as Id<'notes'>);",
      ] as const
    ).map((code) => ({
      ...body(code),
      errors: [
        {
          messageId: "idCast",
          suggestions: [
            {
              messageId: "nameTable",
              output: body(code.replace(/(delete|patch|replace)\(/, '$1("notes", ')).code,
            },
          ],
        },
      ],
    })),
    {
      ...body("await ctx.db.delete(userId as string as Id<'notes'>);"),
      errors: [
        {
          messageId: "idCast",
          suggestions: [
            {
              messageId: "nameTable",
              output: body("await ctx.db.delete(\"users\", userId as string as Id<'notes'>);").code,
            },
          ],
        },
      ],
    },
    invalid("await ctx.db.delete(text as Id<'notes' | 'users'>);", "idCast"),
    invalid("await ctx.db.insert(text as 'notes', { customerId, text });", "idCast"),
    invalid("await ctx.db.insert(text as 'notes' | 'users', {} as never);", "idCast"),
    invalid(
      "const list = ['notes']; await ctx.db.insert(list[0] as 'notes', { customerId, text });",
      "idCast",
    ),
    // Methods chosen at run time.
    invalid("await ctx.db[text as 'insert' | 'patch']('notes', {} as never);", "dynamicMethod"),
    invalid("await (ctx.db as any as DatabaseWriter)[text as keyof DatabaseWriter];", "dynamicMethod"),
    invalid(
      "for (const key of ['insert', 'delete'] as const) await (ctx.db[key] as (...args: unknown[]) => unknown)('customers', row);",
      "dynamicMethod",
    ),
    invalid("const key = text as keyof DatabaseWriter; ctx.db[key];", "dynamicMethod"),
    invalid("const { [text as keyof DatabaseWriter]: write } = ctx.db;", "dynamicMethod"),
    invalid("let write: unknown; ({ [text as keyof DatabaseWriter]: write } = ctx.db);", "dynamicMethod"),
    invalid("// @ts-expect-error any string\n ctx.db[text]('customers', row);", "dynamicMethod"),
    // Receivers of type any.
    ...[
      "const c: any = ctx; await c.db.insert(text, {});",
      "const c: any = ctx; await c.db.patch(text, {});",
      "const c: any = ctx; await c.db.replace(text, {});",
      "const c: any = ctx; await c.db.delete(text);",
      "const c: any = ctx; await c.db.delete(c.id);",
      "const db: any = ctx.db; await db.delete(text);",
      "const innerDb: any = ctx.db; await innerDb.delete(text);",
      "const writer: any = ctx.db; await writer.replace(text, {});",
      "const anything: any = ctx.db; await anything.insert(text, {});",
      "const anything: any = ctx.db; await anything.patch(text, {});",
      "const anything: any = ctx.db; await anything.patch(text, text, {});",
      "await (ctx as any).db.delete('0123456789abcdefghjkmnpqrstvwxyz');",
      "await (ctx as any).db['delete'](text);",
      "await (ctx as any).db.table(text).delete(text);",
    ].map((code) => invalid(code, "unknownReceiver")),
    {
      ...moduleOf("export async function f(ctx, id) { await ctx.db.delete(id); }"),
      code: "export async function f(ctx, id) { await ctx.db.delete(id); }",
      filename: "script.js",
      ...errors("unknownReceiver"),
    },
    {
      ...invalid("await ctx.db.delete(text as any);", "unknownTable"),
      name: "says why, and names the mirrors",
      errors: [
        {
          messageId: "unknownTable",
          data: { method: "delete", reason: "the id has type any", mirrors: '"customers" or "products"' },
        },
      ],
    },
  ],
});

runUntyped(rule, { valid: [], invalid: [{ code: "export const x = 1;", ...errors("needsTypes") }] });
