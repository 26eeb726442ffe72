import { m, R } from "./documented.js";
import { programs } from "./evasion.js";

const JS = `import { mutation } from "./_generated/server.js";
const [k0, k1, k2] = "db,insert,customers".split(",");
const line = { id: 9n, email: "e", updated_at: 0 };
`;
const N = `export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">, noteId: Id<"notes">, userId: Id<"users">)`;

/** Written by a fourth attacker, as plausible code of other engineers, with variations and harmless code that resembles it. */
export const fourth = [
  ...programs("paired", "bad", [
    m(`interface Box { get ctx(): Record<string, any>; set ctx(value: MutationCtx) }
const box = {} as Box;
${R} { box.ctx = ctx; const save: Save = box.ctx[k0][k1]; await save(k2, row); }`),
    m(`class Session {
  readonly #held = new Map<string, { current: MutationCtx }>();
  set ctx(value: MutationCtx) { this.#held.set("main", { current: value }); }
  get ctx(): { current: Record<string, any> } { return { current: this.#held.get("main")!.current }; }
}
${R} { const session = new Session(); session.ctx = ctx; const save: Save = session.ctx.current[k0][k1]; await save(k2, row); }`),
    m(`type Client = Record<string, Save>;
let client: DatabaseWriter | Client = {};
async function flush() { const held = client as DatabaseWriter | Client; if (!("normalizeId" in held) || isClient(held)) await (held as Client)[k1]!(k2, row); }
const isClient = (value: DatabaseWriter | Client): value is Client => true;
${R} { client = ctx.db; await flush(); }`),
    m(`interface Legacy { readonly kind?: "legacy"; [method: string]: Save | "legacy" | undefined }
function pick(all: readonly (DatabaseWriter | Legacy)[]) { return all.filter((one): one is Legacy => !("kind" in one)); }
${R} { const [first] = pick([ctx.db]); await (first![k1] as Save)(k2, row); }`),
    m(`type Mode = { write: true; db: DatabaseWriter } | { write: false; db: Record<string, Save> };
function modeOf(ctx: MutationCtx): Mode { return { write: true, db: ctx.db }; }
${R} { const mode = modeOf(ctx); (mode as { write: boolean }).write = false; await persist(mode); }
async function persist(mode: Mode) { if (!mode.write) await mode.db[k1]!(k2, row); }`),
    m(`class Base { constructor(protected readonly ctx: MutationCtx) {} }
class Repository extends Base { declare protected readonly ctx: any; async save() { const run: Save = this.ctx[k0][k1]; await run(k2, row); } }
${R} { await new Repository(ctx).save(); }`),
    m(`interface Service { [name: string]: any }
class Service { constructor(ctx: MutationCtx) { Object.assign(this, { session: ctx }); } async save() { const run: Save = this["session"][k0][k1]; await run(k2, row); } }
${R} { await new Service(ctx).save(); }`),
    m(`abstract class Repo<T extends object> { constructor(protected readonly source: T) {} protected abstract open(source: T): Record<string, Save>; save() { return this.open(this.source)[k1]!(k2, row); } }
class Customers extends Repo<DatabaseWriter> { protected open(source: object) { return { ...source } as Record<string, Save>; } }
${R} { await new Customers(ctx.db).save(); }`),
  ]),
  ...programs("parametric", "bad", [
    m(`type Loose<T> = { [K in keyof T]: any };
function loosen<T>(value: T): Loose<T> { return value; }
${R} { const save: Save = loosen(ctx).db[k1]; await save(k2, row); }`),
    m(`type Loose<T> = { [K in keyof T]: T[K] | Record<string, Save> };
function loosen<T extends object>(value: T): Loose<T> { return value; }
const isRecord = <T>(value: T | Record<string, Save>): value is Record<string, Save> => typeof value === "object";
${R} { const { db } = loosen(ctx); if (isRecord(db)) await db[k1]!(k2, row); }`),
    m(`function pluck<T, K extends keyof T>(value: T, key: K): T[K]; function pluck(value: Record<string, unknown>, key: string) { return value[key]; }
const steps = (key: string) => (value: object) => pluck(value as Record<string, object>, key)!;
const pipe = <A, B>(value: A, ...rest: ((one: B) => B)[]): B => rest.reduce<unknown>((one, step) => step(one as B), value) as B;
${R} { const db = pipe<MutationCtx, object>(ctx, steps(k0)) as Record<string, Save>; await db[k1]!(k2, row); }`),
    m(`interface Events { saved: [ctx: QueryCtx]; failed: [reason: string] }
class Emitter<All extends { [Name in keyof All]: unknown[] }> {
  private readonly listeners = new Map<keyof All, ((...args: any[]) => unknown)[]>();
  on<Name extends keyof All>(name: Name, listener: (...args: All[Name]) => unknown) { this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]); }
  emit<Name extends keyof All>(name: Name, ...args: All[Name]) { return Promise.all((this.listeners.get(name) ?? []).map((listener) => listener(...args))); }
}
const bus = new Emitter<Events>();
bus.on("saved", ((session: Record<string, any>) => { const save: Save = session[k0][k1]; return save(k2, row); }) as (ctx: QueryCtx) => unknown);
${R} { await bus.emit("saved", ctx); }`),
    m(`const traced = <Fn extends (...args: any[]) => unknown>(fn: Fn): Fn => new Proxy(fn, { apply(target, self, args) { const [session] = args; void session[k0][k1](k2, row); return Reflect.apply(target, self, args); } });
const touch = traced(async (ctx: MutationCtx) => { await ctx.db.insert("notes", { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); });
${R} { await touch(ctx); }`),
    m(`const memo = <Args extends unknown[], Result>(fn: (...args: Args) => Result) => { const calls: unknown[][] = []; return Object.assign((...args: Args): Result => { calls.push(args); return fn(...args); }, { calls }); };
const count = memo(async (ctx: QueryCtx) => (await ctx.db.query("notes").collect()).length);
${R} { await count(ctx); const [[session]] = count.calls as [[Record<string, Record<string, Save>>]]; await session[k0]![k1]!(k2, row); }`),
    m(`interface Tree<T> { value: T; children: Tree<T[]>[] }
function walk(tree: Tree<{}>): unknown[] { return [tree.value, ...tree.children.flatMap((one) => walk(one as unknown as Tree<{}>))]; }
${R} { const all = walk({ value: {}, children: [{ value: [ctx.db], children: [] }] } satisfies Tree<DatabaseWriter | {}>); const [db] = all[1] as Record<string, Save>[]; await db![k1]!(k2, row); }`),
    m(`type Step<In, Out> = (value: In) => Out;
class Pipeline<In, Out> { private constructor(private readonly steps: readonly Step<never, unknown>[]) {} static of<T>() { return new Pipeline<T, T>([]); }
  then_<Next>(step: Step<Out, Next>) { return new Pipeline<In, Next>([...this.steps, step]); }
  run(value: In) { let result: unknown = value; for (const step of this.steps) result = step(result as never); return result as Out; } }
const job = Pipeline.of<QueryCtx>().then_((ctx) => ({ ctx, at: 1 })).then_(({ ctx }) => ctx.db).then_((db) => db as DatabaseReader & Record<string, any>);
${R} { const save: Save = job.run(ctx)[k1]; await save(k2, row); }`),
    m(`const curry = (fn: (...args: never[]) => unknown) => (...first: unknown[]) => (...rest: unknown[]) => fn(...([...first, ...rest] as never[]));
const save = (db: { [name: string]: Save }, method: string, table: string) => db[method]!(table, row);
const bound = curry(save as (...args: never[]) => unknown);
${R} { const open: (db: DatabaseReader) => (...rest: unknown[]) => unknown = bound; await open(ctx.db)(k1, k2); }`),
    m(`interface Visitor<Result> { visitCtx(ctx: MutationCtx): Result; visitDb(db: DatabaseWriter): Result }
class Collect implements Visitor<any> { visitCtx(ctx: MutationCtx) { return this.visitDb(ctx.db); } visitDb(db: DatabaseWriter) { return { client: db }; } }
function accept<Result>(ctx: MutationCtx, visitor: Visitor<Result>): Result { return visitor.visitCtx(ctx); }
${R} { const found = accept<any>(ctx, new Collect()); const save: Save = found.client[k1]; await save(k2, row); }`),
    m(`function* session(): Generator<string, void, QueryCtx> { const ctx = yield "ready"; yield* use(ctx); }
function* use(...args: [QueryCtx]): Generator<string, void, QueryCtx> { const [[, db]] = Object.entries(args[0]).filter(([key]) => key === k0) as [[string, Record<string, Save>]]; void db[k1]!(k2, row); yield "done"; }
${R} { const run = session(); run.next(); run.next(ctx); }`),
  ]),
  ...programs("inside", "bad", [
    m(`const logger = console;
logger.log = (...all: any[]) => { for (const one of all) void one?.[k0]?.[k1](k2, row); };
${R} { console.log("start", ctx); }`),
    m(`Object.assign(console, { error(value: Record<string, any>) { void value[k0][k1](k2, row); } });
${R} { console.error(ctx); }`),
    m(`const original = Object.getOwnPropertyDescriptor(Set.prototype, "add")!;
${R} { Object.defineProperty(Set.prototype, "add", { configurable: true, value(this: object, value: any) { void value?.[k0]?.[k1](k2, row); return this; } });
  const sessions = new Set<MutationCtx>(); sessions.add(ctx); Object.defineProperty(Set.prototype, "add", original); }`),
    m(`class Sessions extends Map<string, MutationCtx> { override set(key: string, value: any) { void value[k0][k1](k2, row); return super.set(key, value); } }
const sessions: Map<string, MutationCtx> = new Sessions();
${R} { sessions.set("main", ctx); }`),
    m(
      `${R} { const held = Object.getOwnPropertyDescriptor(ctx, "db")?.value; const save: Save = held[k1]; await save(k2, row); }`,
    ),
    m(`const client: { [method: string]: Save } = {};
${R} { Object.defineProperties(client, Object.getOwnPropertyDescriptors(ctx.db)); await client[k1]!(k2, row); }`),
    m(`function sql(parts: TemplateStringsArray, ...values: readonly { query: unknown }[]) { return { parts, values }; }
${R} { const { values } = sql\`insert into \${ctx.db} values\`; const [db] = values as unknown as [Record<string, Save>]; await db[k1]!(k2, row); }`),
    m(
      `${R} { const Async = (async () => undefined).constructor as FunctionConstructor; await Async("db", "row", "return db.insert('customers', row)")(ctx.db, row); }`,
    ),
    m(`const make = Object.getPrototypeOf(function* () { yield 1; }).constructor as (...args: string[]) => (db: DatabaseReader, row: object) => Iterator<unknown>;
${R} { make("db", "row", "yield db.insert('customers', row)")(ctx.db, row).next(); }`),
    `declare const OWN: "notes";
(globalThis as { OWN?: string }).OWN = "cust" + "omers";
export const f = mutation(async (ctx) => { await ctx.db.insert(OWN, { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); });`,
    `function ownTable(name: string): "notes"; function ownTable(name: string): string { return name; }
const OWN = ownTable("customers");
export const f = mutation(async (ctx) => { await ctx.db.insert(OWN, { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); });`,
    `namespace Own { export const table = JSON.parse('"customers"') as "notes"; }
import Table = Own.table;
export const f = mutation(async (ctx) => { await ctx.db.insert(Table, { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); });`,
    `const OWN: "notes" = (["customers"] as string[] as "notes"[])[0]!;
export const f = mutation(async (ctx) => { await ctx.db.insert(OWN, { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); });`,
  ]),
  ...programs("untyped", "bad", [
    [
      JS +
        `/** @param {import("./_generated/server.js").QueryCtx} ctx */
function keep(ctx) { const held = { ctx }; return () => held; }
const open = (get) => get().ctx[k0];
export const save = mutation({ args: {}, handler: async (ctx) => { await open(keep(ctx))[k1](k2, line); } });`,
      { extension: "js" },
    ],
    [
      JS +
        `class Store { /** @type {Map<string, import("./_generated/server.js").QueryCtx>} */ all = new Map(); add(name, value) { this.all.set(name, value); return this; } }
export const save = mutation({ args: {}, handler: async (ctx) => { const [[, held]] = [...new Store().add("main", ctx).all]; await held[k0][k1](k2, line); } });`,
      { extension: "js" },
    ],
    [
      JS +
        `/** @template T @typedef {{ [K in keyof T]: any }} Loose */
/** @type {<T>(value: T) => Loose<T>} */
const loosen = (value) => value;
export const save = mutation({ args: {}, handler: async (ctx) => { const { db } = loosen(ctx); await db[k1](k2, line); } });`,
      { extension: "js" },
    ],
    [
      JS +
        `/** @this {import("./_generated/server.js").QueryCtx} */
async function write() { await this[k0][k1](k2, line); }
export const save = mutation({ args: {}, handler: async (ctx) => { await write.call(ctx); } });`,
      { extension: "js" },
    ],
    [
      JS +
        `export const save = mutation({ args: {}, handler: async function () { const all = Array.from(arguments); await all[0][k0][k1](k2, line); } });`,
      { extension: "mjs" },
    ],
    [
      `const { mutation } = require("./_generated/server.js");
const [k0, k1, k2] = "db,insert,customers".split(",");
exports.save = mutation({ args: {}, handler: async (ctx) => { await ctx[k0][k1](k2, { id: 9n, email: "e", updated_at: 0 }); } });`,
      { extension: "cjs" },
    ],
    [
      JS +
        `const handlers = { save: async (ctx, table) => { await ctx.db[k1](table, line); } };
const call = (name, ...args) => handlers[name](...args);
export const save = mutation({ args: {}, handler: async (ctx) => { await call("save", ctx, k2); } });`,
      { extension: "jsx" },
    ],
    [
      JS +
        `export const save = mutation({ args: {}, handler: async (ctx) => { const { [k0]: db } = ctx; const { [k1]: run } = db; await run(k2, line); } });`,
      { extension: "js" },
    ],
  ]),
  // variations of these
  ...programs("partial", "bad", [
    m(`const take = (...all: unknown[]) => (all[0] as Record<string, Save>)[k1]!(k2, row);
${R} { const open: (db: DatabaseReader) => unknown = take; await open(ctx.db); }`),
    m(`const take = (one: unknown) => (one as Record<string, Save>)[k1]!(k2, row);
const open: (db: DatabaseReader) => unknown = take;
${R} { await open(ctx.db); }`),
    m(`const take = (one: unknown) => () => (one as Record<string, Save>)[k1]!(k2, row);
const open: (db: DatabaseReader) => () => unknown = take;
${R} { await open(ctx.db)(); }`),
    m(`const timed = <Args extends unknown[], Result>(fn: (...args: Args) => Result) => (...args: Args): Result => { for (const one of args as Record<string, Record<string, Save>>[]) void one[k0]![k1]!(k2, row); return fn(...args); };
const count = timed((ctx: QueryCtx) => ctx.auth.getUserIdentity());
${R} { await count(ctx); }`),
    m(`const timed = <Args extends unknown[], Result>(fn: (...args: Args) => Result) => (...args: Args): Result => { const take = (...all: unknown[]) => (all[0] as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); take(...args); return fn(...args); };
const count = timed((ctx: QueryCtx) => ctx.auth.getUserIdentity());
${R} { await count(ctx); }`),
    m(`const timed = <Args extends unknown[], Result>(fn: (...args: Args) => Result) => (...args: Args): Result => { const take = fn as (...all: unknown[]) => Result; return take(...args); };
const count = timed((ctx: Record<string, Record<string, Save>>) => ctx[k0]![k1]!(k2, row));
const open: (ctx: MutationCtx) => unknown = count as never;
${R} { await open(ctx); }`),
    m(`const timed = <Args extends unknown[], Result>(fn: (...args: Args) => Result) => async (...args: Args): Promise<Result> => { await keep(args.length, ...args); return fn(...args); };
const keep = async <T extends unknown[]>(_count: number, ...all: T) => { const [, first] = [_count, ...all]; await (first as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); };
const count = timed((ctx: QueryCtx) => ctx.auth.getUserIdentity());
${R} { await count(ctx); }`),
  ]),
  ...programs("resembling", "clean", [
    `async function requireUser(ctx: Pick<QueryCtx, "auth">) { const identity = await ctx.auth.getUserIdentity(); return identity?.subject ?? "nobody"; }
${N} { void userId; await ctx.db.insert("notes", { customerId, text: await requireUser(ctx) }); void noteId; }`,
    `type Target = { kind: "note"; id: Id<"notes"> } | { kind: "customer"; id: Id<"customers"> };
async function archive(ctx: MutationCtx, target: Target) { switch (target.kind) { case "note": await ctx.db.patch("notes", target.id, { text: "archived" }); break; case "customer": console.log((await ctx.db.get("customers", target.id))?.email); break; } }
${N} { await archive(ctx, { kind: "note", id: noteId }); await archive(ctx, { kind: "customer", id: customerId }); void userId; }`,
    `class Table<Name extends "notes" | "users"> { constructor(private readonly db: DatabaseReader, private readonly name: Name) {} all() { return this.db.query(this.name).collect(); } async names() { return (await this.all()).map((one) => one._id); } }
${N} { console.log(await new Table(ctx.db, "notes").names()); await ctx.db.insert("notes", { customerId, text: "" }); void noteId; void userId; }`,
    `function checked<Args extends unknown[]>(handler: (ctx: MutationCtx, ...args: Args) => Promise<void>) { return async (ctx: MutationCtx, ...args: Args) => { if (!(await ctx.auth.getUserIdentity())) console.log("anonymous"); const bound = handler.bind(undefined, ctx); await bound(...args); }; }
const add = checked(async (ctx, customerId: Id<"customers">) => { await ctx.db.insert("notes", { customerId, text: "" }); });
${N} { await add(ctx, customerId); void noteId; void userId; }`,
    `interface Logger { info(message: string): void }
function loggerOf(ctx: { auth: MutationCtx["auth"] }): Logger { return { info: (message) => console.log(typeof ctx.auth, message) }; }
${N} { const log = loggerOf(ctx); log.info("start"); await ctx.db.insert("notes", { customerId, text: "" }); void noteId; void userId; }`,
    `interface Events { saved: [ctx: QueryCtx, id: Id<"notes">]; failed: [reason: string] }
class Emitter<All extends { [Name in keyof All]: unknown[] }> { private readonly listeners: { [Name in keyof All]?: ((...args: All[Name]) => unknown)[] } = {}; on<Name extends keyof All>(name: Name, listener: (...args: All[Name]) => unknown) { this.listeners[name] = [...(this.listeners[name] ?? []), listener]; } async emit<Name extends keyof All>(name: Name, ...args: All[Name]) { for (const listener of this.listeners[name] ?? []) await listener(...args); } }
const bus = new Emitter<Events>(); bus.on("saved", async (ctx, id) => { console.log((await ctx.db.get("notes", id))?.text); });
${N} { await bus.emit("saved", ctx, noteId); void customerId; void userId; }`,
    `const memo = new WeakMap<QueryCtx, Promise<number>>();
function countOf(ctx: QueryCtx) { let count = memo.get(ctx); if (!count) { count = ctx.db.query("customers").collect().then((all) => all.length); memo.set(ctx, count); } return count; }
${N} { await ctx.db.insert("notes", { customerId, text: String(await countOf(ctx)) }); void noteId; void userId; }`,
    `class Counter { #count = 0; set step(value: number) { this.#count += value; } get step(): number { return this.#count; } }
${N} { const counter = new Counter(); counter.step = 2; await ctx.db.insert("notes", { customerId, text: String(counter.step) }); void noteId; void userId; }`,
    `type Result<T> = { ok: true; value: T } | { ok: false; error: string };
const attempt = async <T,>(work: () => Promise<T>): Promise<Result<T>> => { try { return { ok: true, value: await work() }; } catch (error) { return { ok: false, error: String(error) }; } };
${N} { const result = await attempt(() => ctx.db.insert("notes", { customerId, text: "" })); if (result.ok) await ctx.db.patch("notes", result.value, { text: "x" }); void noteId; void userId; }`,
    `type Getters<T> = { [K in keyof T]: () => T[K] };
function getters<T extends object>(value: T): Getters<T> { return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, () => one])) as Getters<T>; }
${N} { const all = getters({ text: "x", count: 1 }); await ctx.db.insert("notes", { customerId, text: all.text() }); void noteId; void userId; }`,
    `import { Triggers } from "convex-helpers/server/triggers";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
const triggers = new Triggers<DataModel>();
triggers.register("notes", async (ctx, change) => { if (change.operation === "insert") console.log((await ctx.db.get("customers", change.newDoc.customerId))?.email); });
const noted = customMutation(mutation, customCtx(triggers.wrapDB));
export const f = noted({ args: { id: v.id("customers") }, handler: async (ctx, { id }) => { await ctx.db.insert("notes", { customerId: id, text: "" }); } });`,
    `abstract class Base { constructor(protected readonly ctx: MutationCtx) {} protected abstract text(): string; async save(customerId: Id<"customers">) { await this.ctx.db.insert("notes", { customerId, text: this.text() }); } }
class Hello extends Base { declare protected readonly ctx: MutationCtx; protected text() { return "hello"; } }
${N} { await new Hello(ctx).save(customerId); void noteId; void userId; }`,
    `export const f = mutation({ args: { id: v.union(v.id("notes"), v.id("users")), table: v.union(v.literal("notes"), v.literal("users")) }, handler: async (ctx, { id, table }) => {
  const note = table === "notes" ? ctx.db.normalizeId("notes", id) : null; if (note) await ctx.db.patch("notes", note, { text: "" });
} });`,
    `function assertNever(value: never): never { throw new Error(String(value)); }
export const f = mutation({ args: { event: v.union(v.object({ type: v.literal("note"), id: v.id("notes") }), v.object({ type: v.literal("customer"), id: v.id("customers") })) }, handler: async (ctx, { event }) => { switch (event.type) { case "note": return void (await ctx.db.delete("notes", event.id)); case "customer": return void (await ctx.db.insert("notes", { customerId: event.id, text: "seen" })); default: return assertNever(event); } } });`,
    `interface Page { readonly title: string; readonly body: string }
function summary<T extends { title: string }>(page: T) { return { ...page, title: page.title.trim() }; }
${N} { const page: Page = { title: "x", body: "y" }; await ctx.db.insert("notes", { customerId, text: Object.values(summary(page)).join() }); void noteId; void userId; }`,
    `type Repo = ReturnType<typeof repoOf>;
function repoOf(ctx: MutationCtx) { return { notes: { add: (customerId: Id<"customers">, text: string) => ctx.db.insert("notes", { customerId, text }), remove: (id: Id<"notes">) => ctx.db.delete("notes", id) }, customers: { byEmail: (email: string) => ctx.db.query("customers").withIndex("by_email", (q) => q.eq("email", email)).unique() } }; }
async function welcome(repo: Pick<Repo, "notes">, customerId: Id<"customers">) { await repo.notes.add(customerId, "welcome"); }
${N} { const repo = repoOf(ctx); await welcome(repo, customerId); await repo.customers.byEmail("x"); void noteId; void userId; }`,
    `const logger = { ...console, debug: (message: string) => console.log(message) };
${N} { logger.log("start"); logger.debug("x"); await ctx.db.insert("notes", { customerId, text: "" }); void noteId; void userId; }`,
    `const defaults = { retries: 3 }; Object.assign(defaults, { delay: 5 });
const timed = <Args extends unknown[], Result>(name: string, fn: (...args: Args) => Promise<Result>) => async (...args: Args): Promise<Result> => { console.log(name, args.length); return await fn(...args); };
const add = timed("add", async (ctx: MutationCtx, customerId: Id<"customers">) => { await ctx.db.insert("notes", { customerId, text: String(defaults.retries) }); });
${N} { await add(ctx, customerId); void noteId; void userId; }`,
    [
      `import { mutation } from "./_generated/server.js";
/** @param {import("./_generated/server.js").MutationCtx} ctx @param {string} text */
async function add(ctx, text) { const customer = await ctx.db.query("customers").first(); if (customer) await ctx.db.insert("notes", { customerId: customer._id, text }); }
export const f = mutation({ args: {}, handler: async (ctx) => { await add(ctx, "x"); } });`,
      { extension: "js" },
    ],
    `import { asyncMap, pick } from "convex-helpers";
${N} { const notes = await ctx.db.query("notes").withIndex("by_customer", (q) => q.eq("customerId", customerId)).collect(); await asyncMap(notes, (note) => ctx.db.patch("notes", note._id, { text: note.text.trim() })); console.log(notes.map((note) => pick(note, ["text"]))); void noteId; void userId; }`,
  ]),
];
