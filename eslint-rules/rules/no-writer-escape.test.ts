// @vitest-environment node
import { body, errors, moduleOf, runTyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-writer-escape"];

const invalid = (code: string, ...ids: string[]) => ({ ...body(code), ...errors(...ids) });
const invalidModule = (code: string, ...ids: string[]) => ({ ...moduleOf(code), ...errors(...ids) });

/** Ways out that only the full check reports. */
const ESCAPES = [
  "const c = ctx as any;",
  "const c = <any>ctx;",
  "const c: any = ctx;",
  "const c: unknown = ctx;",
  "const c: object = ctx;",
  "const c: {} = ctx;",
  "const db: any = ctx.db;",
  "const db: unknown = ctx.db;",
  "const all: any[] = [ctx];",
  "const all: unknown[] = [ctx.db];",
  "const holder: { db: any } = ctx;",
  "const holder: { db: unknown } = { db: ctx.db };",
  "const record: Record<string, unknown> = { db: ctx.db };",
  "let c: any; c = ctx;",
  "const stash: any = {}; stash.db = ctx.db;",
  "const get: () => any = () => ctx.db;",
  "const get = (): any => ctx.db;",
  "const get = (): unknown => { return ctx; };",
  "const get = async (): Promise<any> => ctx.db;",
  "const c = text ? ctx : (text as any);",
  "const c = (text as any) ?? ctx;",
  "const use = (value: any) => value; use(ctx);",
  "const use = (value: unknown) => value; use(ctx.db);",
  "const use = (...values: any[]) => values; use(1, ctx);",
  "const use = (value: { db: any }) => value; use(ctx);",
  "Object.values(ctx.db);",
  "Object.entries(ctx.db);",
  "Reflect.get(ctx.db, text);",
  "throw ctx;",
  "const db = ctx.db as { insert(table: string, value: object): Promise<unknown> };",
  "interface Sink { insert(table: any, value: any): Promise<unknown> } const sink: Sink = ctx.db;",
  "new (class { constructor(readonly value: unknown) {} })(ctx);",
  "const promise: Promise<any> = Promise.resolve(ctx.db);",
  "const map: Map<string, any> = new Map([['db', ctx.db]]);",
] as const;

runTyped(rule, {
  valid: [
    body("const db = ctx.db;"),
    body(
      'await ctx.db.query("notes").withIndex("by_customer", (q: any) => q.eq("customerId", customerId)).first();',
    ),
    body('await ctx.db.query("notes").filter((q: any) => q.eq(q.field("customerId"), customerId)).first();'),
    body("const db: DatabaseWriter = ctx.db;"),
    body("const db: DatabaseReader = ctx.db;"),
    body("const c: QueryCtx = ctx;"),
    body("const c: MutationCtx | null = ctx;"),
    body("const c = ctx as MutationCtx;"),
    body("const c = ctx satisfies QueryCtx;"),
    body("const holder: { db: DatabaseWriter } = ctx;"),
    body("const holder: { db?: DatabaseWriter } = { db: ctx.db };"),
    body("const all: DatabaseWriter[] = [ctx.db];"),
    body("const c = { ...ctx, user: text };"),
    body("await helpers.rename(ctx, userId, text);"),
    body("await helpers.firstCustomer(ctx);"),
    body("helpers.databaseOf(ctx);"),
    body("const identity = <T>(value: T) => value; identity(ctx);"),
    body("const use = <T extends MutationCtx>(value: T) => value; use(ctx);"),
    body("const use = (c: { scheduler: MutationCtx['scheduler'] }) => c; use(ctx);"),
    body("console.log(text, await ctx.db.get(noteId), await ctx.auth.getUserIdentity());"),
    body("JSON.stringify(ctx);"),
    body("Object.keys(ctx.db);"),
    body("Object.freeze(ctx.db);"),
    body("const db = Object.assign({}, ctx.db);"),
    body("const db = new Proxy(ctx.db, {});"),
    body("Array.isArray(ctx);"),
    body("if (ctx.db) text.trim();"),
    body("Boolean(ctx.db);"),
    body("const x: any = text; const y: unknown = row;"),
    body("const x = row as any; const use = (value: any) => value; use(x); use(text);"),
    body("const part: Pick<DatabaseWriter, 'insert'> = ctx.db;"),
    body("const part: Partial<DatabaseWriter> = ctx.db;"),
    body("await Promise.all([ctx.db.get(noteId), ctx.db.get(userId)]);"),
    body("await ctx.scheduler.runAfter(0, null as never, {});"),
    body("await ctx.runMutation(null as never, {});"),
    body("const map = new Map<string, string>(); map.delete(text);"),
    body("const cache = {} as { delete(key: number): void }; cache.delete(1);"),
    moduleOf(
      "export const f = mutation({ args: {}, handler: async (ctx) => { await helpers.firstCustomer(ctx); } });",
    ),
    moduleOf("export const f = query({ args: {}, handler: async (ctx: any) => ctx });"),
    moduleOf(
      "class Service { constructor(private readonly ctx: MutationCtx) {} get db() { return this.ctx.db; } } export const make = (ctx: MutationCtx) => new Service(ctx);",
    ),
    moduleOf(
      "import { customMutation, customCtx } from 'convex-helpers/server/customFunctions'; export const mine = customMutation(mutation, customCtx(async (ctx) => ({ db: ctx.db })));",
    ),
    moduleOf(
      "import { customQuery, customCtx } from 'convex-helpers/server/customFunctions'; export const mine = customQuery(query, customCtx(async (ctx: QueryCtx) => ({ ...ctx, user: null })));",
    ),
    moduleOf(
      "import { customQuery, customCtx } from 'convex-helpers/server/customFunctions'; const mine = customQuery(query, customCtx(async (ctx) => ({ ...ctx, reader: ctx.db }))); export const f = mine({ args: {}, handler: async (ctx) => { const all: any = ctx; return all; } });",
    ),
    moduleOf(
      "export const f = query({ args: {}, handler: async ({ db, ...rest }) => { const all: any = { ...rest, db }; return all; } });",
    ),
    moduleOf(
      "const withUser = <Ctx extends QueryCtx>(ctx: Ctx, user: string): Ctx => (user === '' ? ctx : { ...ctx }); export const f = query({ args: {}, handler: async (ctx) => { const all: unknown = withUser(ctx, text); return all; } });",
    ),
    body("const use = ({ db, ...rest }: QueryCtx) => [db, rest]; use(ctx);"),
    body("const use = (c: QueryCtx) => ({ ...c, user: text }); use(ctx);"),
    body("const use = (c: { auth: QueryCtx['auth'] }) => Object.keys(c); use(ctx);"),
    body(
      "const use = (c: { kind: 'own'; ctx: MutationCtx } | { kind: 'read'; ctx: QueryCtx }) => (c.kind === 'read' ? c.ctx.db : c.ctx); use({ kind: 'own', ctx });",
    ),
    body(
      "const use = (c: DatabaseWriter | { message: string }) => ('message' in c ? c.message : ''); use(ctx.db);",
    ),
    body(
      "class Slot { get size(): number { return 1; } set size(value: number | string) {} } new Slot().size = text;",
    ),
    body(
      "function* all(): Generator<number, void, unknown> { yield 1; } const list: Iterable<number> = all();",
    ),
    body("Error.stackTraceLimit = 5; (globalThis as any).polyfill = () => text;"),
    moduleOf(
      "import { wrapDatabaseWriter } from 'convex-helpers/server/rowLevelSecurity'; export const f = mutation(async (ctx) => { wrapDatabaseWriter(ctx, ctx.db, {}); });",
    ),
    moduleOf(
      "import { entsOf } from './ents.js'; export const f = mutation(async (ctx) => { entsOf(ctx); });",
    ),
    {
      ...moduleOf(
        "import { audit } from 'untrusted-library'; export const f = mutation(async (ctx) => { await audit(ctx.db); });",
      ),
      settings: {
        "streaming-import": { trusted: [{ from: "package", package: "untrusted-library", name: "*" }] },
      },
    },
    {
      ...moduleOf(
        "import { invoke } from 'untrusted-library'; export const f = mutation(async (ctx) => { await invoke(ctx.db, 'get'); });",
      ),
      settings: {
        "streaming-import": {
          trusted: [{ from: "package", package: "untrusted-library", name: ["invoke"] }],
        },
      },
    },
    {
      ...moduleOf("export function forward(db: DatabaseWriter) { const all: any = db; return all; }"),
      settings: { "streaming-import": { trusted: [{ from: "file", name: "forward" }] } },
    },
    ...ESCAPES.map((code) => ({
      ...body(`/* detached only */ ${code}`),
      options: [{ check: "detached" }] as const,
    })),
  ],
  invalid: [
    ...ESCAPES.map((code) => invalid(code, "escape")),
    invalid("const use = ({ auth, ...rest }: { auth: QueryCtx['auth'] }) => rest; use(ctx);", "escape"),
    invalid("const use = (c: { auth: QueryCtx['auth'] }) => Object.values(c); use(ctx);", "escape"),
    invalid("const use = (c: QueryCtx) => Reflect.get(c.db, text); use(ctx);", "escape"),
    invalid(
      "const use = (c: QueryCtx) => { const all: Record<string, any> = { ...c }; }; use(ctx);",
      "escape",
    ),
    invalid("console.log(ctx.db, ctx);", "escape", "escape"),
    invalid("const use = (c: QueryCtx) => { const { [text as 'db']: db } = { ...c }; }; use(ctx);", "escape"),
    invalid("const use = (c: QueryCtx) => ({ ...c })[text as 'auth']; use(ctx);", "escape"),
    invalid("Object.keys = () => [];", "escape"),
    invalid("Map.prototype.set = function () { return this; };", "escape"),
    invalid("const q: any = text; q.eq('customerId', customerId);", "mirrorCall"),
    invalid("[1 as any].map((q: any) => q.eq('customerId', customerId));", "mirrorCall"),
    invalid(
      "(text as any).withIndex('by_customer', (q: any) => q.eq('customerId', customerId));",
      "mirrorCall",
    ),
    invalid(
      "await ctx.db.query('notes').filter((q: any) => { q = text; return q.eq('customerId', customerId); }).first();",
      "mirrorCall",
    ),
    invalid("const write = ctx.db.insert;", "detached"),
    invalid("const write = ctx.db['patch'];", "detached"),
    invalid("const { insert } = ctx.db;", "detached"),
    invalid("const { insert: write, ...rest } = ctx.db;", "detached"),
    invalid("const { db: { delete: remove } } = ctx;", "detached"),
    invalid("let write; ({ insert: write } = ctx.db);", "detached", "escape"),
    invalid("let insert; ({ insert } = ctx.db);", "detached", "escape"),
    invalid("let write; ({ db: { insert: write } } = ctx);", "detached", "escape"),
    invalid("ctx.db.insert.call(ctx.db, 'customers', row);", "detached"),
    invalid("await (0, ctx.db.delete)(noteId);", "detached"),
    invalid("const methods = { save: ctx.db.insert };", "detached"),
    invalid("const methods = [ctx.db.insert];", "detached"),
    invalid("const use = (fn: typeof ctx.db.delete) => fn; use(ctx.db.delete);", "detached"),
    invalid("const bound = ctx.db.patch.bind(ctx.db);", "escape"),
    invalid("const o = { bound: ctx.db.patch.bind(ctx.db) };", "detached", "escape"),
    invalid("const bound = ctx.db.insert.bind(ctx.db, 'customers');", "detached"),
    { ...invalid("const write = ctx.db.replace;", "detached"), options: [{ check: "detached" }] },
    invalidModule(
      "export const f = mutation({ args: {}, handler: async (ctx: any) => ctx });",
      "anyParameter",
    ),
    invalidModule(
      "export const f = mutation({ args: {}, handler: async (ctx: unknown) => ctx });",
      "anyParameter",
    ),
    invalidModule(
      "async function impl(ctx: any) { return ctx; } export const f = mutation({ args: {}, handler: impl });",
      "anyParameter",
    ),
    invalidModule(
      "const each = (ctx: MutationCtx, fn: (db: DatabaseWriter) => void) => fn(ctx.db); export const f = mutation(async (ctx) => each(ctx, (db: any) => db));",
      "anyParameter",
    ),
    invalidModule(
      "import { consume } from 'untrusted-library'; export const f = mutation(async (ctx) => { consume(ctx); });",
      "escape",
    ),
    invalidModule(
      "import { audit } from 'untrusted-library'; export const f = mutation(async (ctx) => { await audit(ctx.db); });",
      "untrustedPackage",
    ),
    invalidModule(
      "import { identity } from 'untrusted-library'; export const f = mutation(async (ctx) => { identity(ctx); });",
      "untrustedPackage",
    ),
    invalidModule(
      "import { Tracker } from 'untrusted-library'; export const f = mutation(async (ctx) => { new Tracker(ctx); });",
      "escape",
    ),
    invalidModule(
      "declare const unknownFunction: any; export const f = mutation(async (ctx) => { unknownFunction(ctx); });",
      "untypedCall",
    ),
    invalidModule(
      "declare const fn: Function; export const f = mutation(async (ctx) => { fn(ctx.db); });",
      "untypedCall",
    ),
    invalidModule(
      "export async function f(sink: { insert(table: string, value: object): unknown }) { sink.insert(text, row); }",
      "structuralWriter",
    ),
    invalidModule(
      "export async function f(sink: { delete(id: string): unknown }) { sink.delete(text); }",
      "structuralWriter",
    ),
    invalidModule("export async function f(x: any) { x.delete(text); }", "weakReceiver"),
    invalidModule("export async function f(x: any) { x.insert({ a: 1 }); }", "weakReceiver"),
    invalidModule("export async function f(x: any) { const write = x.insert; return write; }", "anyMethod"),
    invalidModule("export async function f(x: any) { const { patch } = x; return patch; }", "anyMethod"),
    invalidModule("export async function f(x: any, key: string) { x[key]('customers', row); }", "anyCall"),
  ],
});
