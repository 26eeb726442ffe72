import { loose, m, R } from "./documented.js";
import { programs } from "./evasion.js";

const NOT_HERE = { notRun: "the component is not installed here" };

/** Written by a third attacker who knew the documentation and the programs of the first two, with variations. */
export const third = [
  // another value is asserted, or said, to be the writer, and keeps its own type under its own name
  ...programs("asserted", "bad", [
    m(`export const save = mutation({ args: {}, handler: async (ctx) => {
  let client: Record<string, Save> = {};
  (client as unknown as DatabaseWriter) = ctx.db;
  await client[k1]!(k2, row);
} });`),
    m(`const state: { client: Record<string, Save> } = { client: {} };
async function flush() { await state.client[k1]!(k2, row); }
export const save = mutation({ args: {}, handler: async (ctx) => {
  [state.client as unknown as DatabaseWriter] = [ctx.db];
  await flush();
} });`),
    m(`const pool: Record<string, Save>[] = [];
const writers = pool as unknown as DatabaseWriter[];
${R} { writers.push(ctx.db); await pool[0]![k1]!(k2, row); }`),
    m(`interface Slot { db?: DatabaseWriter }
const isSlot = (value: unknown): value is Slot => typeof value === "object";
const store: unknown = {};
${R} { if (isSlot(store)) store.db = ctx.db; ${loose("{ db: (store as Record<string, unknown>)[k0] }")} }`),
    m(
      `${R} { let client: Record<string, Save> = {}; for (client as unknown as DatabaseWriter of [ctx.db]) break; await client[k1]!(k2, row); }`,
    ),
    m(
      `${R} { let client: Record<string, Save> = {}; (<DatabaseWriter><unknown>client) = ctx.db; await client[k1]!(k2, row); }`,
    ),
    m(`const plain = new Map<string, Record<string, Save>>();
const dbs = plain as unknown as Map<string, DatabaseWriter>;
${R} { dbs.set("main", ctx.db); await plain.get("main")![k1]!(k2, row); }`),
    m(`const pool: Record<string, Save>[] = [];
function fill(all: DatabaseWriter[], db: DatabaseWriter) { all.push(db); }
${R} { fill(pool as any, ctx.db); await pool[0]![k1]!(k2, row); }`),
    m(`const pool: Record<string, Save>[] = [];
function fill(all: DatabaseWriter[], db: DatabaseWriter) { all.push(db); }
${R} { fill(pool as never, ctx.db); await pool[0]![k1]!(k2, row); }`),
    m(`const pool: Record<string, Save>[] = [];
function writers(): DatabaseWriter[] { return pool as any; }
${R} { writers().push(ctx.db); await pool[0]![k1]!(k2, row); }`),
    m(`const state: { db?: Record<string, Save> } = {};
const deps: { state: { db?: DatabaseWriter } } = { state: state as any };
${R} { deps.state.db = ctx.db; await state.db![k1]!(k2, row); }`),
    m(`let held: unknown;
${R} { (held as DatabaseWriter) = ctx.db; await (held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`let held: string = "";
${R} { (held as unknown as DatabaseWriter) = ctx.db; await (held as unknown as Record<string, Save>)[k1]!(k2, row); }`),
    [
      `import { mutation } from "./_generated/server.js";
/** @type {{ db: Record<string, (table: string, value: object) => Promise<unknown>> }} */
const state = { db: {} };
export const save = mutation({ args: {}, handler: async (ctx) => { /** @type {import("./_generated/server.js").DatabaseWriter} */ (/** @type {unknown} */ (state.db)) = ctx.db; await flush(); } });
async function flush() { const { db } = state; await db[["ins", "ert"].join("")]("cust" + "omers", { id: 9n, email: "e", updated_at: 0 }); }`,
      { extension: "js" },
    ],
    m(`interface Slot { db?: DatabaseWriter }
function assertSlot(value: object): asserts value is Slot {}
const store = {};
${R} { assertSlot(store); store.db = ctx.db; ${loose("store")} }`),
    m(`interface Slot { db?: DatabaseWriter }
class Slots { static [Symbol.hasInstance](value: unknown): value is Slot { return value !== null; } }
const store: unknown = { a: 1 };
${R} { if (store instanceof Slots) store.db = ctx.db; ${loose("{ db: (store as Record<string, unknown>)[k0] }")} }`),
    m(`function hasSlot<T extends object>(value: T): value is T & { db?: DatabaseWriter } { return true; }
const store = { retries: 1 };
${R} { if (hasSlot(store)) store.db = ctx.db; ${loose("store")} }`),
    m(`class State { retries = 1; isOpen(): this is this & { db?: DatabaseWriter } { return true; } }
const state = new State();
${R} { if (state.isOpen()) state.db = ctx.db; ${loose("{ ...state }")} }`),
    m(`const isSlot = (value: { readonly name: string }): value is { name: string; db?: DatabaseWriter } => value.name !== "";
const store: { readonly name: string } = { name: "main" };
${R} { if (isSlot(store)) store.db = ctx.db; ${loose("{ ...store }")} }`),
    m(`const isPool = (value: readonly unknown[]): value is DatabaseWriter[] => Array.isArray(value);
const pool: unknown[] = [];
${R} { if (isPool(pool)) pool.push(ctx.db); await (pool[0] as Record<string, Save>)[k1]!(k2, row); }`),
  ]),
  // a type that shows only the size or the name of what holds the writer
  ...programs("sized", "bad", [
    m(`function logSize(items: { length: number }) { return Array.from(items as ArrayLike<Record<string, Save>>); }
${R} { const [first] = logSize([ctx.db]); await first![k1]!(k2, row); }`),
    m(`function nameOf(task: { readonly name: string }) { const run = task as unknown as () => Record<string, Save>; return { name: task.name, run }; }
${R} { const open = () => ctx.db; const { run } = nameOf(open); await run()[k1]!(k2, row); }`),
    m(`class JobFailed extends Error { constructor(readonly job: string, readonly ctx: MutationCtx) { super(job + " failed"); } }
function details(error: Error): Record<string, any> { return { ...error, stack: error.stack }; }
${R} { const { ctx: held } = details(new JobFailed("nightly", ctx)); const save: Save = held[k0][k1]; await save(k2, row); }`),
    m(`function count(all: { readonly size: number }) { return [...(all as Set<Record<string, Save>>)]; }
${R} { await count(new Set([ctx.db]))[0]![k1]!(k2, row); }`),
    m(`function count(all: { length: 1 }) { return Array.prototype.slice.call(all) as Record<string, Save>[]; }
${R} { const one: [DatabaseWriter] = [ctx.db]; await count(one)[0]![k1]!(k2, row); }`),
    m(`class Pool extends Map<string, DatabaseWriter> {}
function report(all: { size: number }) { return all as unknown as ReadonlyMap<string, Record<string, Save>>; }
${R} { const pool = new Pool(); pool.set("main", ctx.db); await report(pool).get("main")![k1]!(k2, row); }`),
    m(`class Writers extends Array<DatabaseWriter> {}
function report(all: { length: number }) { return Array.from(all as ArrayLike<Record<string, Save>>); }
${R} { const all = new Writers(); all.push(ctx.db); await report(all)[0]![k1]!(k2, row); }`),
    m(`function label(task: { readonly [Symbol.toStringTag]: string }) { return task as unknown as Promise<Record<string, Save>>; }
${R} { const client = await label(Promise.resolve(ctx.db)); await client[k1]!(k2, row); }`),
    m(`interface Named { readonly name: string }
const steps: Named[] = [];
${R} { async function open() { return ctx.db; } steps.push(open); for (const step of steps) { const client = await (step as unknown as () => Promise<Record<string, Save>>)(); await client[k1]!(k2, row); } }`),
    m(`function details(error: Error) { return Object.entries(error); }
${R} { const error = Object.assign(new Error("failed"), { db: ctx.db }); for (const [key, value] of details(error)) if (key === k0) await (value as Record<string, Save>)[k1]!(k2, row); }`),
    m(`class Stamp extends Date { constructor(readonly db: DatabaseWriter) { super(0); } }
function plain(date: Date): Record<string, any> { return { ...date }; }
${R} { const save: Save = plain(new Stamp(ctx.db))[k0][k1]; await save(k2, row); }`),
  ]),
  // code that is not known takes the writer as a type parameter
  ...programs("blind", "bad", [
    m(`interface Some { open<Result>(use: <T>(value: T) => Result): Result }
${R} { const some: Some = { open: (use) => use(ctx.db) }; await some.open((value) => (value as unknown as Record<string, Save>)[k1]!(k2, row)); }`),
    m(`interface Visitor { visit<T>(value: T): unknown }
const accept = (ctx: MutationCtx, visitor: Visitor) => visitor.visit(ctx.db);
${R} { await accept(ctx, { visit: (value) => (value as unknown as Record<string, Save>)[k1]!(k2, row) }); }`),
    m(`interface Some { open<Result>(use: <T>(values: readonly T[]) => Result): Result }
${R} { const some: Some = { open: (use) => use([ctx.db]) }; await some.open(([value]) => (value as unknown as Record<string, Save>)[k1]!(k2, row)); }`),
    m(`interface Some { open<Result>(use: <T>(value: { held: T }) => Result): Result }
${R} { const some: Some = { open: (use) => use({ held: ctx.db }) }; await some.open(({ held }) => (held as unknown as Record<string, Save>)[k1]!(k2, row)); }`),
    m(`type Use = <T>(value: T) => unknown;
const use: Use = (value) => (value as unknown as Record<string, Save>)[k1]!(k2, row);
${R} { await use(ctx.db); }`),
    m(`interface Sink<T> { put(value: T): unknown }
class Loose<T> implements Sink<T> { put(value: T) { return (value as unknown as Record<string, Save>)[k1]!(k2, row); } }
${R} { const sink: Sink<DatabaseWriter> = new Loose<DatabaseWriter>(); await sink.put(ctx.db); }`),
    m(`abstract class Job { abstract run<T>(value: T): unknown; }
class Loose extends Job { run<T>(value: T) { return (value as unknown as Record<string, Save>)[k1]!(k2, row); } }
const jobs: Job[] = [new Loose()];
${R} { for (const job of jobs) await job.run(ctx.db); }`),
  ]),
  // names of Convex's inside
  ...programs("beneath", "bad", [
    [
      `export const save = mutation({ args: {}, handler: async () => {
  const runtime = Object.getOwnPropertyNames(globalThis).map((name) => Reflect.get(globalThis, name)).find((one) => one?.["async" + "Syscall"] !== undefined);
  await runtime["async" + "Syscall"]("1.0/" + "insert", JSON.stringify({ table: "customers", value: {} }));
} });`,
      { driver: "await save._handler(ctx, {}); " },
    ],
    [
      `import { componentsGeneric } from "convex/server";
const all = componentsGeneric();
export const f = mutation(async (ctx) => { await ctx.runMutation(all["streamingImport"]!.ingest.applyChunk as never, {} as never); });`,
      NOT_HERE,
    ],
    [
      `const target = { [Symbol.for("toReferencePath")]: "_reference/childComponent/streamingImport/ingest/applyChunk" };
export const f = mutation(async (ctx) => { await ctx.runMutation(target as never, {} as never); });`,
      NOT_HERE,
    ],
    [
      `import { makeFunctionReference } from "convex/server";
declare const dashboard: { setAdminAuth(key: string): void; mutation(ref: object, args: object): Promise<unknown> };
export async function run() { dashboard.setAdminAuth(text); await dashboard.mutation(makeFunctionReference<"mutation">("_system/frontend/addDocument"), { table: "customers", documents: [row] }); }`,
      { notRun: "there is no dashboard here" },
    ],
    [
      `import * as server from "convex/server";
export const f = mutation(async (ctx) => { const all = server["componentsGeneric"](); await ctx.runMutation(all["streamingImport"]!.ingest.applyChunk as never, {} as never); });`,
      NOT_HERE,
    ],
    [
      `export const f = mutation(async (ctx) => { const { componentsGeneric: make } = await import("convex/server"); await ctx.runMutation(make()["streamingImport"]!.ingest.applyChunk as never, {} as never); });`,
      NOT_HERE,
    ],
    [
      `const target = { [Symbol.for(text)]: text };
export const f = mutation(async (ctx) => { await ctx.scheduler.runAfter(0, target as never, {} as never); });`,
      NOT_HERE,
    ],
  ]),
  // what strict stopped at first sight
  ...programs("assorted", "bad", [
    m(`const cache: any = {};
class Repository {
  private readonly held: { db?: DatabaseWriter } = cache;
  constructor(db: DatabaseWriter) { this.held.db = db; }
}
${R} { new Repository(ctx.db); await cache.db[k1](k2, row); }`),
    m(`const connections = new Map<string, any>();
function remember(all: Map<string, DatabaseWriter>, db: DatabaseWriter) { all.set("main", db); }
${R} { remember(connections, ctx.db); const save: Save = connections.get("main")[k1]; await save(k2, row); }`),
    m(`async function report(cache: { readonly size: number }) {
  if (cache instanceof Map) { const client = cache.get("main"); await client[k1](k2, row); }
}
${R} { await report(new Map([["main", ctx.db]])); }`),
    m(`async function timed(task: { finally(done: () => void): unknown }) { task.finally(() => undefined); return task as Promise<Record<string, Save>>; }
${R} { const client = await timed(Promise.resolve(ctx.db)); await client[k1]!(k2, row); }`),
    m(`function defineService<Methods extends object>(methods: Methods & ThisType<any>) {
  return (ctx: MutationCtx): Methods => Object.assign({ ...ctx }, methods);
}
const billing = defineService({ async save(): Promise<void> { await this[k0][k1](k2, row); } });
${R} { await billing(ctx).save(); }`),
    m(`type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
const frozen = <T extends object>(value: T): DeepReadonly<T> => Object.freeze({ ...value }) as DeepReadonly<T>;
${R} { const view = frozen(ctx); const key = k1 as keyof typeof view.db; await (view.db[key] as unknown as Save)(k2, row); }`),
    m(`interface Legacy { [method: string]: Save }
async function saveLegacy(client: Legacy) { await client[k1]!(k2, row); }
${R} { await saveLegacy(ctx.db as never); }`),
    m(`${R} {
  Object.defineProperty(Object.prototype, "primary", { configurable: true, set(this: object, value: Record<string, Save>) { void value[k1]!(k2, row); } });
  const holder: { primary?: DatabaseWriter } = {};
  holder.primary = ctx.db;
  delete (Object.prototype as { primary?: unknown }).primary;
}`),
    m(`class Rows<T> extends Array<T> {
  static override get [Symbol.species](): any {
    return function () { return new Proxy([], { defineProperty(_target, _key, { value }) { void value[k0][k1](k2, row); return true; } }); };
  }
}
${R} { const all = new Rows<MutationCtx>(); all.push(ctx); all.filter((one) => one.auth !== undefined); }`),
    m(`const failed = (reason: unknown) => Promise.reject<string>(reason);
${R} { await failed({ session: ctx }).catch(({ session }) => session[k0][k1](k2, row)); }`),
    m(`type Client<Ctx> = Ctx extends { db: infer Db } ? { [Method in keyof Db as \`\${string & Method}Row\`]: Save } : never;
function clientOf<Ctx extends QueryCtx>({ db }: Ctx): Client<Ctx> {
  return new Proxy({}, { get: (_target, name) => Reflect.get(db, String(name).slice(0, -3)) }) as Client<Ctx>;
}
${R} { await clientOf(ctx).insertRow(k2, row); }`),
    m(`type Getters<T> = { [Key in keyof T as \`get\${Capitalize<string & Key>}\`]: () => T[Key] };
const getters = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).map(([key, one]) => ["get" + key, () => one])) as Getters<T>;
${R} { const all: { [name: string]: () => unknown } = { ...getters(ctx) }; await (all["get" + k0]!() as Record<string, Save>)[k1]!(k2, row); }`),
    `const enum Part { Stem = "custom", Table = \`\${Stem}ers\` }
export const save = mutation({ args: {}, handler: async (ctx) => { await ctx.db.insert(\`\${Part.Table}\` as const, row); } });`,
    m(`const sinks = { audit: (ctx, note = String(ctx), held = { ...ctx }) => { void note; return Object.entries(held).map(([key, value]) => (key === k0 ? (value as Record<string, Save>)[k1]!(k2, row) : null)); } } satisfies Record<string, (ctx: QueryCtx, note?: string, held?: object) => unknown>;
${R} { sinks.audit(ctx); }`),
    [
      `import { mutation } from "./_generated/server.js";
/**
 * @overload
 * @param {import("./_generated/server.js").QueryCtx} ctx
 * @param {string} table
 * @returns {Promise<void>}
 */
/**
 * @param {any} ctx
 * @param {string} table
 */
async function track(ctx, table) { await ctx[["d", "b"].join("")][["ins", "ert"].join("")](table, { id: 9n, email: "e", updated_at: 0 }); }
export const save = mutation({ args: {}, handler: async (ctx) => { await track(ctx, "cust" + "omers"); } });`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
/** @typedef {{ run(ctx: import("./_generated/server.js").QueryCtx): unknown }} Step */
const steps = /** @satisfies {Step[]} */ ([{ run(ctx) { const all = Object.assign(Object.create(null), ctx); return all[["d", "b"].join("")][["ins", "ert"].join("")]("cust" + "omers", { id: 9n, email: "e", updated_at: 0 }); } }]);
export const save = mutation({ args: {}, handler: async (ctx) => { for (const step of steps) await step.run(ctx); } });`,
      { extension: "js" },
    ],
  ]),
  // harmless code that resembles these
  ...programs("alike", "clean", [
    `const cache: any = {};
class Rates { private readonly held: { rate?: number } = cache; constructor(rate: number) { this.held.rate = rate; } }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { new Rates(2); await ctx.db.insert("notes", { customerId, text: String(cache.rate) }); }`,
    `const counts = new Map<string, any>();
function remember(all: Map<string, number>, table: string) { all.set(table, (all.get(table) ?? 0) + 1); }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { remember(counts, "customers"); await ctx.db.insert("notes", { customerId, text: String(counts.get("customers")) }); }`,
    `function logSize(items: { length: number }) { console.log(items.length); }
export async function run(ctx: MutationCtx) { const customers = await ctx.db.query("customers").collect(); logSize(customers); logSize(await Promise.all(customers.map((one) => ctx.db.get("customers", one._id)))); }`,
    `async function timed<T>(name: string, task: () => Promise<T>): Promise<T> { const result = await task(); console.log(name, task.name, task.length); return result; }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { await timed("insert", () => ctx.db.insert("notes", { customerId, text: "" })); }`,
    `class JobFailed extends Error { constructor(readonly job: string, options?: { cause?: unknown }) { super(job, options); } }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { try { await ctx.db.insert("notes", { customerId, text: "" }); } catch (error) { throw new JobFailed("nightly", { cause: error }); } }`,
    `type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
const frozen = <T extends object>(value: T): DeepReadonly<T> => Object.freeze({ ...value }) as DeepReadonly<T>;
export async function run(ctx: MutationCtx) { const one = await ctx.db.query("customers").first(); if (one) console.log(frozen(one).email); }`,
    `const handlers = { created: async (ctx, id) => { await ctx.db.insert("notes", { customerId: id, text: "created" }); }, seen: async () => {} } satisfies Record<string, (ctx: MutationCtx, id: Id<"customers">) => Promise<void>>;
export const f = mutation({ args: { id: v.id("customers"), event: v.union(v.literal("created"), v.literal("seen")) }, handler: async (ctx, { id, event }) => { await handlers[event](ctx, id); } });`,
    `interface Plugin { readonly name: string; run(ctx: MutationCtx): Promise<void> }
class Note implements Plugin { readonly name = "note"; constructor(private readonly customerId: Id<"customers">) {} async run(ctx: MutationCtx) { await ctx.db.insert("notes", { customerId: this.customerId, text: "" }); } }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { const plugins: Plugin[] = [new Note(customerId)]; for (const plugin of plugins) { console.log(plugin.name); await plugin.run(ctx); } }`,
    `type WithUser = MutationCtx & { user: Doc<"users"> };
async function withUser<T>(ctx: MutationCtx, body: (ctx: WithUser) => Promise<T>): Promise<T> { const user = await ctx.db.query("users").first(); if (!user) throw new Error("no user"); return await body({ ...ctx, user }); }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { await withUser(ctx, async ({ db, user }) => { await db.insert("notes", { customerId, text: user.name }); }); }`,
    `const isText = (value: unknown): value is { text: string } => typeof value === "object" && value !== null && "text" in value;
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { let seen: unknown = {}; (seen as { text: string }).text = "x"; if (isText(seen)) await ctx.db.insert("notes", { customerId, text: seen.text }); }`,
    `async function* pages(ctx: QueryCtx) { let cursor: string | null = null; for (;;) { const page: { page: Doc<"customers">[]; isDone: boolean; continueCursor: string } = await ctx.db.query("customers").paginate({ cursor, numItems: 10 }); yield page.page; if (page.isDone) return; cursor = page.continueCursor; } }
export async function run(ctx: MutationCtx) { for await (const page of pages(ctx)) for (const one of page) await ctx.db.insert("notes", { customerId: one._id, text: one.email }); }`,
    `type Db = DatabaseWriter | null;
export async function run(ctx: MutationCtx | QueryCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { if ("scheduler" in ctx) { const own = ctx as MutationCtx; const db: Db = own.db; await db.insert("notes", { customerId, text: "" }); } }`,
    `function canWrite(ctx: QueryCtx | MutationCtx): ctx is MutationCtx { return "scheduler" in ctx; }
export async function run(ctx: QueryCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { if (canWrite(ctx)) await ctx.db.insert("notes", { customerId, text: "" }); }`,
    `interface Repo { save(text: string): Promise<void> }
class NoteRepo implements Repo { constructor(private readonly ctx: MutationCtx, private readonly customerId: Id<"customers">) {} async save(text: string) { await this.ctx.db.insert("notes", { customerId: this.customerId, text }); } }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { const repo: Repo = new NoteRepo(ctx, customerId); await repo.save("x"); if (repo instanceof NoteRepo) await (repo as NoteRepo).save("y"); }`,
    `interface Tool { call<T>(value: T): T }
const tool: Tool = { call: (value) => value };
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { await ctx.db.insert("notes", { customerId: tool.call(customerId), text: tool.call("x") }); }`,
    `class Failed extends Error { constructor(readonly customerId: Id<"customers">) { super("failed"); } }
function log(error: Error) { console.error(error.name, { ...error }); }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { try { await ctx.db.insert("notes", { customerId, text: "" }); } catch { log(new Failed(customerId)); } }`,
    `async function later<T>(work: () => Promise<T>) { const started = { name: work.name, size: 0 }; return { started, result: await work() }; }
export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">) { const { started, result } = await later(() => ctx.db.insert("notes", { customerId, text: "" })); console.log(started.name, result); }`,
  ]),
];
