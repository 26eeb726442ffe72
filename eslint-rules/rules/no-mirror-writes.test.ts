// @vitest-environment node
import { body, errors, moduleOf, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-mirror-writes"];

type Id = "mirrorWrite" | "maybeMirrorWrite" | "syntaxWrite";

const valid = body;
const invalid = (code: string, ...ids: Id[]) => ({
  ...body(code),
  ...errors(...(ids.length === 0 ? ["mirrorWrite"] : ids)),
});
const module = moduleOf;
const invalidModule = (code: string, ...ids: Id[]) => ({ ...moduleOf(code), ...errors(...ids) });

/** Every way to write a mirror, on every way to hold the writer. */
const WRITES = [
  (db: string) => `await ${db}.insert("customers", row);`,
  (db: string) => `await ${db}.patch("customers", customerId, { email: "" });`,
  (db: string) => `await ${db}.replace("customers", customerId, row);`,
  (db: string) => `await ${db}.delete("customers", customerId);`,
  (db: string) => `await ${db}.patch(customerId, { email: "" });`,
  (db: string) => `await ${db}.replace(customerId, row);`,
  (db: string) => `await ${db}.delete(customerId);`,
  (db: string) => `await ${db}.delete(customer._id);`,
];
const HOLDERS: readonly (readonly [setup: string, db: string])[] = [
  ["", "ctx.db"],
  ["const db = ctx.db;", "db"],
  ["const { db } = ctx;", "db"],
  ["const { db: other } = ctx;", "other"],
  ["const copy = { ...ctx };", "copy.db"],
  ["const db = { ...ctx.db };", "db"],
  ["const db = helpers.databaseOf(ctx);", "db"],
  ["const holder = { inner: { db: ctx.db } };", "holder.inner.db"],
  ["const [db] = [ctx.db];", "db"],
  ["let db: DatabaseWriter; db = ctx.db;", "db"],
];

/** A class for any table, which is made for the tables of `uses` only. */
const generic = (uses: string, keyword = "") =>
  moduleOf(
    `${keyword} class Table<T extends TableNames> { constructor(private readonly name: T, private readonly ctx: MutationCtx) {} async save(id: Id<T>, value: Partial<Doc<T>>) { await this.ctx.db.patch(this.name, id, value); await this.ctx.db.delete(id); } } ${uses}`,
  );
const genericWrites = (uses: string, ...ids: Id[]) => ({ ...generic(uses), ...errors(...ids) });

/** A mutation with an id of two tables, and a tag beside it. */
const tagged = (code: string, tags = "'notes' | 'customers'") =>
  moduleOf(
    `export async function f(ctx: MutationCtx, tag: ${tags}, id: Id<'notes'> | Id<'customers'>) { ${code} }`,
  );
const taggedWrites = (code: string, tags?: string) => ({
  ...tagged(code, tags),
  ...errors("maybeMirrorWrite"),
});
const DROP_NOTE = "await ctx.db.delete(id as Id<'notes'>);";

runTyped(rule, {
  valid: [
    // An id that may be undefined is a type error, by which the compiler gives the document any table.
    body(
      `const one = await ctx.db.get((await ctx.db.get(noteId))!.author); if (one) await ctx.db.patch(one._id, { name: "" });`,
    ),
    tagged(`switch (tag) { case 'notes': ${DROP_NOTE} break; case 'customers': throw new Error(); }`),
    tagged(`switch (tag) { case 'customers': { return; } default: { ${DROP_NOTE} } }`),
    tagged(`switch (tag) { case 'note': case 'memo': ${DROP_NOTE} }`, "'note' | 'memo' | 'customer'"),
    tagged(`if (tag === 'notes') { ${DROP_NOTE} }`),
    tagged(`if (tag !== 'customers') ${DROP_NOTE}`),
    tagged(`if (tag === 'customers') return; else ${DROP_NOTE}`),
    tagged("await ctx.db.delete(tag === 'notes' ? (id as Id<'notes'>) : ('' as Id<'notes'>));"),
    generic("export const f = (ctx: MutationCtx) => [new Table('notes', ctx), new Table('users', ctx)];"),
    generic("export const f = (ctx: MutationCtx) => new Table('notes', ctx);", "export"),
    generic("export class Notes extends Table<'notes'> {}"),
    generic(
      "export const f = <T extends 'notes' | 'users'>(ctx: MutationCtx, name: T): Table<T> => new Table(name, ctx);",
    ),
    ...["notes", "users", "carts"].flatMap((table) => [
      valid(`await ctx.db.insert("${table}", {} as never);`),
      valid(`await ctx.db.patch("${table}", "" as never, {});`),
      valid(`await ctx.db.replace("${table}", "" as never, {} as never);`),
      valid(`await ctx.db.delete("${table}", "" as never);`),
    ]),
    valid("await ctx.db.patch(noteId, { text });"),
    valid("await ctx.db.replace(noteId, { customerId, text });"),
    valid("await ctx.db.delete(noteId);"),
    valid("await ctx.db.delete(userId);"),
    valid('await ctx.db.insert("notes", { customerId, text });'),
    valid('await ctx.db.get("customers", customerId);'),
    valid("await ctx.db.get(customerId);"),
    valid('await ctx.db.query("customers").collect();'),
    valid('ctx.db.normalizeId("customers", text);'),
    valid('await ctx.db.query("customers").withIndex("by_email", (q) => q.eq("email", text)).first();'),
    valid("await helpers.firstCustomer(ctx);"),
    valid("await helpers.rename(ctx, userId, text);"),
    valid('const map = new Map<string, number>(); map.delete("customers");'),
    valid('const set = new Set(["customers"]); set.delete("customers");'),
    valid('"customers".replace("customers", "x");'),
    valid("new FormData().delete(text);"),
    valid("new URLSearchParams().delete(text);"),
    valid("await ctx.storage.delete(text as Id<'_storage'>);"),
    valid("await ctx.scheduler.runAfter(0, null as never, {});"),
    valid(
      'class Repository { insert(table: string, value: object) { return [table, value]; } } new Repository().insert("customers", row);',
    ),
    valid('const store = { insert: (table: string) => table }; store.insert("customers");'),
    valid('function patch(table: string) { return table; } patch("customers");'),
    valid("await ctx.db.insert(helpers.OWN, { customerId, text });"),
    valid('for (const table of helpers.OWN_TABLES) await ctx.db.delete(table, "" as never);'),
    valid('const table = "notes"; await ctx.db.delete(table, noteId);'),
    valid("await ctx.db.delete(text.length > 1 ? noteId : userId);"),
    valid(
      'const all = await ctx.db.query("notes").collect(); for (const note of all) await ctx.db.delete(note._id);',
    ),
    valid(
      'const all = await ctx.db.query("notes").collect(); await Promise.all(all.map((note) => ctx.db.patch(note._id, { text })));',
    ),
    valid(
      'const found = await ctx.db.query("carts").first(); if (found) await ctx.db.patch(found._id, { productIds: [] });',
    ),
    valid('const x: any = new Map(); x.delete("nothing"); x.insert("nothing", 1);'),
    valid('const list: any = []; list.replace(/customers/, "x");'),
    valid('await ctx.db.patch("notes", customerId as never, {});'),
    valid(
      'const write = async <T extends Exclude<TableNames, "customers" | "products">>(table: T, id: Id<T>) => { await ctx.db.delete(table as never, id as never); };',
    ),
    module("export async function read(db: DatabaseReader) { return await db.query('customers').take(1); }"),
    module(
      "export const f = query({ args: {}, handler: async (ctx) => await ctx.db.query('customers').collect() });",
    ),
    module("type Writes = MutationCtx['db']['insert']; export type { Writes };"),
    module('export const name: keyof DatabaseWriter = "insert";'),
    module(
      "interface Log { insert(line: string): void } export function log(target: Log) { target.insert('customers are fine'); }",
    ),
    { ...module("export const x = 1;"), settings: { "streaming-import": { tables: ["notes"] } } },
  ],
  invalid: [
    invalid(
      "const one = await ctx.db.get((await ctx.db.get(userId))!.favourite); if (one) await ctx.db.delete(one._id);",
      "mirrorWrite",
    ),
    invalid(
      "const one = await ctx.db.get(text as Id<TableNames>); if (one) await ctx.db.delete(one._id);",
      "maybeMirrorWrite",
    ),
    invalid(
      "let one = await ctx.db.get((await ctx.db.get(noteId))!.author); one = await ctx.db.get(customerId); if (one) await ctx.db.delete(one._id);",
      "mirrorWrite",
    ),
    // A list of ids of any table: the callers in the file say of which.
    invalidModule(
      "async function drop(ctx: MutationCtx, ids: Id<any>[]) { for (const id of ids) await ctx.db.delete(id); } export async function f(ctx: MutationCtx, one: Id<'notes'>, two: Id<'customers'>) { await drop(ctx, [one]); const others = [two]; await drop(ctx, others); }",
      "maybeMirrorWrite",
    ),
    // A tag beside an id that says another table, or nothing.
    taggedWrites(DROP_NOTE),
    taggedWrites(`switch (tag) { case 'customers': ${DROP_NOTE} }`),
    taggedWrites(`switch (tag) { case 'customers': case 'notes': ${DROP_NOTE} }`),
    taggedWrites(`switch (tag) { case 'customers': text.trim(); default: ${DROP_NOTE} }`),
    taggedWrites(`switch (tag) { case 'notes': return; default: ${DROP_NOTE} }`),
    taggedWrites(`switch (tag) { case 'notes': ${DROP_NOTE} }`, "string"),
    taggedWrites(`if (tag === 'notes') text.trim(); else ${DROP_NOTE}`),
    taggedWrites(`if (tag !== 'notes') ${DROP_NOTE}`),
    taggedWrites(`if (tag > 'notes') ${DROP_NOTE}`),
    // A generic class that is made for a mirror, or that may be.
    ...[
      "export const f = (ctx: MutationCtx) => [new Table('notes', ctx), new Table('customers', ctx)];",
      "export const f = (ctx: MutationCtx) => new Table<'notes'>('customers' as never, ctx);",
      "export const f = (ctx: MutationCtx, name: any) => new Table<'notes'>(name, ctx);",
      "const { T } = { T: Table }; export const f = (ctx: MutationCtx) => [new Table('notes', ctx), new T('customers', ctx)];",
      "export const f = (ctx: MutationCtx) => new Table('notes', ctx); export { Table as Renamed };",
      "export class Sub<T extends TableNames> extends Table<T> {}",
      "export type Unmade = Table<'notes'>;",
    ].map((uses) => genericWrites(uses, "maybeMirrorWrite", "maybeMirrorWrite")),
    genericWrites(
      "export const f = (ctx: MutationCtx) => new Table('customers', ctx);",
      "mirrorWrite",
      "mirrorWrite",
    ),
    // Where the types say nothing, but the text does.
    invalidModule(
      "async function wipe(ctx: any, table: string) { for (const row of await ctx.db.query(table).collect()) await ctx.db.delete(row._id); } export const f = async (ctx: MutationCtx) => [await wipe(ctx, 'notes'), await wipe(ctx, 'customers')];",
      "maybeMirrorWrite",
    ),
    invalidModule(
      "export async function f(ctx: { db: { query: any; patch: any } }) { const { page } = await ctx.db.query('customers').paginate({}); for (const one of page) await ctx.db.patch(one._id, {}); }",
      "mirrorWrite",
    ),
    invalidModule(
      "export async function f(ctx: any) { const one = await ctx.db.query('customers').first(); await ctx.db.patch(one._id, {}); }",
      "mirrorWrite",
    ),
    invalidModule(
      "export async function f(ctx: any) { for (const one of await ctx.db.query('customers').collect()) await ctx.db.delete(one._id); }",
      "mirrorWrite",
    ),
    invalidModule(
      "export async function f(ctx: any) { const one = text ? await ctx.db.query('notes').first() : await ctx.db.query('customers').first(); await ctx.db.delete(one._id); }",
      "maybeMirrorWrite",
    ),
    invalidModule(
      "const drop = async (ctx: any, id: any) => { await ctx.db.delete(id); }; export const f = (ctx: MutationCtx, noteId: Id<'notes'>, id: Id<'customers'>) => [drop(ctx, noteId), drop(ctx, id)];",
      "maybeMirrorWrite",
    ),
    invalidModule(
      "async function find(ctx: any) { return await ctx.db.query('customers').first(); } export async function f(ctx: MutationCtx) { const one = await find(ctx); await ctx.db.delete(one._id); }",
      "mirrorWrite",
    ),
    ...HOLDERS.flatMap(([setup, db]) => WRITES.map((write) => invalid(`${setup} ${write(db)}`))),
    // The receiver.
    invalid('await ctx["db"].insert("customers", row);'),
    invalid('await ctx.db["insert"]("customers", row);'),
    invalid('await ctx.db?.insert("customers", row);'),
    invalid('await ctx?.db.insert?.("customers", row);'),
    invalid('await ctx.db!.insert!("customers", row);'),
    invalid('await (ctx.db).insert("customers", row);'),
    invalid('await (ctx.db as DatabaseWriter).insert("customers", row);'),
    invalid('await (ctx.db as any).insert("customers", row);'),
    invalid('await (ctx as any).db.patch("customers", text, {});'),
    invalid('await (ctx.db.insert as any)("customers", row);'),
    invalid('const db: any = ctx.db; await db.delete("customers", text);'),
    invalid("const db: any = ctx.db; await db.delete(customerId);"),
    invalid('const key = "insert"; await ctx.db[key]("customers", row);'),
    invalid('const key = "insert" as const; await ctx.db[key]("customers", row);'),
    invalid('await (text ? ctx.db : ctx.db).insert("customers", row);'),
    invalid('const db = Object.assign({}, ctx.db); await db.insert("customers", row);'),
    invalid('const db = new Proxy(ctx.db, {}); await db.insert("customers", row);'),
    invalid('const db = Object.freeze(ctx.db); await db.insert("customers", row);'),
    invalid(
      'const rest = (({ query: _, ...others }: DatabaseWriter) => others)(ctx.db); await rest.insert("customers", row);',
    ),
    invalid('const part: Pick<DatabaseWriter, "insert"> = ctx.db; await part.insert("customers", row);'),
    invalid('const part: Partial<DatabaseWriter> = ctx.db; await part.insert?.("customers", row);'),
    invalid(
      'const part: Readonly<Omit<DatabaseWriter, "get">> = ctx.db; await part.insert("customers", row);',
    ),
    invalid(
      'const save = (db: Pick<DatabaseWriter, "patch">) => db.patch(customerId, {}); await save(ctx.db);',
    ),
    invalid('const run = <T extends MutationCtx>(c: T) => c.db.insert("customers", row); await run(ctx);'),
    invalid('const run = ({ db }: MutationCtx) => db.insert("customers", row); await run(ctx);'),
    invalid(
      'const run = ({ db: { ...all } }: { db: DatabaseWriter }) => all.insert("customers", row); await run(ctx);',
    ),
    invalid('await Promise.resolve(ctx.db).then((db) => db.insert("customers", row));'),
    invalid('const map = new Map([["x", ctx.db]]); await map.get("x")!.insert("customers", row);'),
    invalid(
      'globalThis.setTimeout; const stash: { db?: DatabaseWriter } = {}; stash.db = ctx.db; await stash.db.insert("customers", row);',
    ),
    invalid("await (async () => ctx.db)().then((db) => db.delete(customerId));"),
    invalid(
      "const helpersModule = await import('./helpers.js'); await helpersModule.databaseOf(ctx).delete(customerId);",
    ),
    invalid('const write = ctx.db.insert; await write("customers", row);'),
    invalid('const { insert } = ctx.db; await insert("customers", row);'),
    invalid('await (0, ctx.db.insert)("customers", row);'),
    invalid(
      'await (ctx.db as unknown as { insert(table: string, value: object): Promise<void> }).insert("customers", row);',
    ),
    invalid('await (ctx.db as any).table("customers").insert(row);'),
    // The table.
    invalid("await ctx.db.insert(helpers.MIRROR, row);"),
    invalid("await ctx.db.insert(helpers.TableEnum.Customers, row);"),
    invalid('const table = "customers"; await ctx.db.insert(table, row);'),
    invalid('const table = "customers" as const; await ctx.db.insert(table, row);'),
    invalid('const table: "customers" = "customers"; await ctx.db.insert(table, row);'),
    invalid('let table: "customers" = "customers"; await ctx.db.insert(table, row);'),
    invalid('const table: "notes" = "customers" as never; await ctx.db.insert(table, {} as never);'),
    invalid("await ctx.db.insert(`customers`, row);"),
    invalid('await ctx.db.insert(("customers"), row);'),
    invalid('await ctx.db.insert("customers" as any, row);'),
    invalid('await ctx.db.insert("customers" as TableNames, row);'),
    invalid('await ctx.db.insert("customers" satisfies TableNames, row);'),
    invalid('const names = { mirror: "customers" } as const; await ctx.db.insert(names.mirror, row);'),
    invalid('await ctx.db.insert(...(["customers", row] as const));'),
    invalid('await ctx.db.insert("customers", ...[row] as const);'),
    invalid('await ctx.db.insert("products", {} as never);'),
    invalid("await ctx.db.delete((await ctx.db.query('products').first())!._id);"),
    invalid('await ctx.db.insert(text ? "customers" : "notes", {} as never);', "maybeMirrorWrite"),
    invalid('await ctx.db.insert(text ? "customers" : "products", {} as never);', "maybeMirrorWrite"),
    invalid("await ctx.db.delete(text ? customerId : noteId);", "maybeMirrorWrite"),
    invalid("await ctx.db.insert(text as TableNames, {} as never);", "maybeMirrorWrite"),
    invalid(
      'for (const table of helpers.TABLES) await ctx.db.delete(table, "" as never);',
      "maybeMirrorWrite",
    ),
    invalid(
      "const write = async (table: TableNames) => await ctx.db.insert(table, {} as never);",
      "maybeMirrorWrite",
    ),
    invalid(
      'const write = async <T extends "customers" | "notes">(table: T) => await ctx.db.insert(table, {} as never);',
      "maybeMirrorWrite",
    ),
    invalid(
      "const write = async <T extends TableNames>(id: Id<T>) => await ctx.db.delete(id as Id<T>);",
      "maybeMirrorWrite",
    ),
    invalid(
      "const drop = async (id: Id<'customers'> | Id<'users'>) => await ctx.db.delete(id);",
      "maybeMirrorWrite",
    ),
    // The id.
    invalid("await ctx.db.delete(customerId as Id<'customers'>);"),
    invalid("await ctx.db.delete(customerId as unknown as Id<'notes'>);"),
    invalid("await ctx.db.delete(customerId!);"),
    invalid('const note = (await ctx.db.get("notes", noteId))!; await ctx.db.delete(note.customerId);'),
    invalid('const user = (await ctx.db.get("users", userId))!; await ctx.db.delete(user.favourite!);'),
    invalid(
      'const cart = (await ctx.db.query("carts").first())!; for (const id of cart.productIds) await ctx.db.delete(id);',
    ),
    invalid("for (const one of await ctx.db.query('customers').collect()) await ctx.db.delete(one._id);"),
    invalid(
      "await Promise.all((await ctx.db.query('customers').collect()).map((one) => ctx.db.patch(one._id, { email: text })));",
    ),
    invalid("const ids = [customerId]; await ctx.db.delete(ids[0]!);"),
    invalid("await ctx.db.delete(ctx.db.normalizeId('customers', text)!);"),
    invalid(
      "const id = await ctx.db.insert('customers', row); await ctx.db.delete(id);",
      "mirrorWrite",
      "mirrorWrite",
    ),
    invalid("await ctx.db.patch(customerId, {}, undefined as never);"),
    // Where the code stands.
    invalidModule(
      'export const f = mutation({ args: {}, handler: async (ctx) => { await ctx.db.insert("customers", row); } });',
      "mirrorWrite",
    ),
    invalidModule(
      'export const f = mutation({ args: { id: v.id("customers") }, handler: async (ctx, args) => { await ctx.db.delete(args.id); } });',
      "mirrorWrite",
    ),
    invalidModule(
      'export const f = mutation(async (ctx, args: { id: Id<"customers"> }) => { await ctx.db.delete(args.id); });',
      "mirrorWrite",
    ),
    invalidModule(
      'export const f = internalMutation({ args: {}, async handler({ db }) { await db.insert("customers", row); } });',
      "mirrorWrite",
    ),
    invalidModule(
      'class Service { constructor(private readonly db: DatabaseWriter) {} save() { return this.db.insert("customers", row); } } export { Service };',
      "mirrorWrite",
    ),
    invalidModule(
      'class Service { #db: DatabaseWriter; constructor(ctx: MutationCtx) { this.#db = ctx.db; } save(id: Id<"customers">) { return this.#db.delete(id); } } export { Service };',
      "mirrorWrite",
    ),
    invalidModule(
      'export const repository = (db: DatabaseWriter) => ({ save: () => db.insert("customers", row) });',
      "mirrorWrite",
    ),
    invalidModule(
      'export function* all(ctx: MutationCtx) { yield ctx.db.insert("customers", row); }',
      "mirrorWrite",
    ),
    invalidModule(
      'import { mutationGeneric } from "convex/server"; export const f = mutationGeneric(async (ctx) => { await ctx.db.insert("customers", row); });',
      "mirrorWrite",
    ),
    invalidModule(
      'import { customMutation, customCtx } from "convex-helpers/server/customFunctions"; const mine = customMutation(mutation, customCtx(async (ctx) => ({ db: ctx.db }))); export const f = mine({ args: {}, handler: async (ctx) => { await ctx.db.insert("customers", row); } });',
      "mirrorWrite",
    ),
    invalidModule(
      'import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity"; export const f = mutation(async (ctx) => { await wrapDatabaseWriter(ctx, ctx.db, {}).insert("customers", row); });',
      "mirrorWrite",
    ),
    invalidModule(
      'import { Triggers } from "convex-helpers/server/triggers"; const triggers = new Triggers<DataModel>(); triggers.register("notes", async (ctx) => { await ctx.innerDb.insert("customers", row); });',
      "mirrorWrite",
    ),
    invalidModule(
      'import { entsOf } from "./ents.js"; export async function f(ctx: MutationCtx) { await entsOf(ctx).table("customers").insert(row); }',
      "mirrorWrite",
    ),
    invalidModule(
      'import { entsOf } from "./ents.js"; export async function f(ctx: MutationCtx) { await entsOf(ctx).table("customers").insertMany([row]); }',
      "mirrorWrite",
    ),
    invalidModule(
      'import { entsOf } from "./ents.js"; export async function f(ctx: MutationCtx, id: Id<"customers">) { await entsOf(ctx).table("customers").getX(id).patch({ email: "" }); }',
      "mirrorWrite",
    ),
    invalidModule(
      'import { entsOf } from "./ents.js"; export async function f(ctx: MutationCtx) { const ent = await entsOf(ctx).table("customers").firstX(); await ent.delete(); }',
      "mirrorWrite",
    ),
    invalidModule(
      'import { entsOf } from "./ents.js"; export async function f(ctx: MutationCtx) { await entsOf(ctx).table("notes").firstX().edgeX("customer").replace(row); }',
      "mirrorWrite",
    ),
    invalidModule(
      '// @ts-ignore\nexport async function f(ctx: MutationCtx) { await ctx.db.insert("customers", row); }',
      "mirrorWrite",
    ),
    {
      ...invalidModule(
        'export async function f(ctx: MutationCtx) { await ctx.db.insert("customers", row); }',
        "mirrorWrite",
      ),
      filename: "view.tsx",
    },
    {
      ...invalidModule(
        'export async function f(ctx: MutationCtx) { await ctx.db.insert("customers", row); }',
        "mirrorWrite",
      ),
      filename: "typed.mts",
    },
    {
      filename: "script.js",
      code: 'import { mutation } from "./_generated/server.js"; export const f = mutation({ args: {}, handler: async (ctx) => { await ctx.db.insert("customers", {}); } });',
      errors: [{ messageId: "mirrorWrite" }],
    },
    {
      filename: "plain.mjs",
      code: 'export async function f(ctx) { await ctx.db.patch("customers", ctx.id, {}); }',
      errors: [{ messageId: "mirrorWrite" }],
    },
    // A mirror that only an option names.
    {
      ...invalidModule(
        'export async function f(ctx: MutationCtx, id: Id<"notes">) { await ctx.db.delete(id); }',
        "mirrorWrite",
      ),
      settings: { "streaming-import": { tables: ["notes"] } },
    },
    // What the message says.
    {
      ...invalid('await ctx.db.insert("customers", row);'),
      name: "names the mirror, its source, its owner and the way out",
      errors: [
        {
          messageId: "mirrorWrite",
          data: {
            method: "insert",
            table: "customers",
            mirror: 'the mirror "customers", a copy of public.customers (owner: the billing team)',
            wayOut:
              "Write a table of your own keyed by the source's key (id), or make the change at the source (public.customers).",
          },
        },
      ],
    },
    {
      ...invalid('await ctx.db.insert(text as "products" | "notes", {} as never);', "maybeMirrorWrite"),
      name: "says which union to narrow",
      errors: [
        {
          messageId: "maybeMirrorWrite",
          data: {
            method: "insert",
            mirror: 'the mirror "products"',
            what: "table name",
            tables: '"products" or "notes"',
            union: '"products"',
            wayOut: "",
          },
        },
      ],
    },
  ],
});

runUntyped(rule, {
  valid: [
    {
      code: 'export async function f(ctx) { await ctx.db.insert("notes", {}); }',
      options: [{ types: false }],
    },
    { code: 'const map = new Map(); map.delete("customers");', options: [{ types: false }] },
    {
      code: "export async function f(ctx, id) { await ctx.db.delete(id); }",
      options: [{ types: false }],
    },
  ],
  invalid: [
    {
      code: 'export async function f(ctx) { await ctx.db.insert("customers", {}); }',
      options: [{ types: false }],
      errors: [{ messageId: "syntaxWrite" }],
    },
    {
      code: 'export async function f({ db }) { await db["patch"]("products", "", {}); }',
      options: [{ types: false }],
      errors: [{ messageId: "syntaxWrite" }],
    },
    { code: "export const x = 1;", errors: [{ messageId: "needsTypes" }] },
    {
      filename: "/nowhere/file.ts",
      code: "export const x = 2;",
      options: [{ types: false }],
      errors: [{ messageId: "noSchema" }],
    },
    {
      code: "export const x = 3;",
      options: [{ types: false }],
      settings: { "streaming-import": { mirrors: ["typo"] } },
      errors: [{ messageId: "badOptions" }],
    },
  ],
});
