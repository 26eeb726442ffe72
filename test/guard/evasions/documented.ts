import { MIGRATE, programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const NAMES = `const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];\n`;
const SAVE = `type Save = (table: string, value: object) => Promise<unknown>;\n`;
export const m = (code: string): string => NAMES + SAVE + code;
/** A part of ctx, which every ctx fits. */
export const s = (code: string): string => m(`type Session = { auth: MutationCtx["auth"] };\n${code}`);
export const R = `export async function run(ctx: MutationCtx)`;
const RI = `export async function run(ctx: MutationCtx, _customer: Doc<"customers">, customerId: Id<"customers">, noteId: Id<"notes">)`;
/** A name of table notes that is the mirror's when the program runs. */
const T = `const T = { notes: "notes" } as const; const other: { notes: string } = T; other.notes = k2;`;
/** Writes with the one of some values that is the writer. */
export const each = (values: string): string =>
  `for (const one of ${values}) { const save = (one as Record<string, Save> | undefined)?.[k1]; if (save) await save(k2, row); }`;
/** Writes with what is a ctx, or a writer, when the program runs. */
export const loose = (value: string): string =>
  `const all: Record<string, any> = ${value}; const save: Save = all[k0][k1]; await save(k2, row);`;
const looseDb = (value: string): string =>
  `const all: Record<string, any> = ${value}; const save: Save = all[k1]; await save(k2, row);`;

/** Written by someone who knew the documentation and these programs, but not the code of the guard. */
export const documented = [
  // a smaller type of ctx, of which all is read
  ...programs("part", "bad", [
    s(`async function user({ auth, ...rest }: Session) { void auth; ${each("Object.values(rest)")} }
${R} { await user(ctx); }`),
    s(`class Current { constructor(private readonly session: Session) {} dump() { return { ...this.session }; } }
${R} { ${loose("new Current(ctx).dump()")} }`),
    s(
      `${R} { const rest: Omit<MutationCtx, "db"> = ctx; for (const [key, value] of Object.entries(rest)) if (key === k0) await (value as unknown as Record<string, Save>)[k1]!(k2, row); }`,
    ),
    s(`function view<T, K extends keyof T>(value: T, ..._keys: K[]): Pick<T, K> { return value; }
${R} { ${loose('view(ctx, "auth")')} }`),
    s(`function as<Base, Mine extends Base>(value: Mine): Base { return value; }
${R} { ${loose("as<Session, MutationCtx>(ctx)")} }`),
    s(`let current: Session | null = null;
async function later() { for (const key of Reflect.ownKeys(current!)) if (key === k0) { const db: Record<string, Save> = Reflect.get(current!, key); await db[k1]!(k2, row); } }
${R} { current = ctx; await later(); }`),
    s(
      `export const f = mutation({ args: {}, handler: async (session: Session) => { ${loose("session")} return null; } });`,
    ),
    s(`const first = async (session: Session) => { ${loose("{ ...session }")} };
const steps: ((ctx: MutationCtx) => Promise<void>)[] = [first];
${R} { for (const step of steps) await step(ctx); }`),
    s(`${R} { const list: readonly Session[] = [ctx];
  JSON.stringify(list, (key, value: unknown) => { if (key === k0) void (value as Record<string, Save>)[k1]!(k2, row); return key === "" || key === "0" ? value : null; }); }`),
    s(`abstract class Job { abstract readonly session: Session; all() { return Object.values(this.session); } }
class Mine extends Job { constructor(readonly session: MutationCtx) { super(); } }
${R} { ${each("new Mine(ctx).all() as unknown[]")} }`),
    s(`abstract class Job { protected abstract get session(): Session; copy() { return { ...this.session }; } }
class Mine extends Job { constructor(private readonly ctx: MutationCtx) { super(); } protected get session(): MutationCtx { return this.ctx; } }
${R} { ${loose("new Mine(ctx).copy()")} }`),
    s(`interface Deps { readonly session: Session }
interface MyDeps extends Deps { readonly session: MutationCtx }
async function act({ session }: Deps) { ${loose("session")} }
${R} { const deps: MyDeps = { session: ctx }; await act(deps); }`),
    s(`async function act(later: Promise<Session>) { const session = await later; for (const key in session) if (key === k0) await (session as unknown as Record<string, Record<string, Save>>)[key]![k1]!(k2, row); }
${R} { await act(Promise.resolve(ctx)); }`),
    s(`function* sessions(ctx: MutationCtx): Generator<Session> { yield ctx; }
${R} { const [only] = [...sessions(ctx)]; const kept = new Map(Object.entries(only!)); const db: unknown = kept.get(k0); await (db as Record<string, Save>)[k1]!(k2, row); }`),
    s(`async function act<T extends Session>({ auth, ...rest }: T) { void auth; ${each("Object.values(rest)")} }
${R} { const session: Session = ctx; await act(session); }`),
  ]),
  // another name of an object has a property for the writer that the first name does not know
  ...programs("widened", "bad", [
    m(
      `${R} { const bare: { note?: string } = {}; const wide: { note?: string; db?: DatabaseWriter } = bare; wide.db = ctx.db; ${loose("bare")} }`,
    ),
    m(`function fill(options: { db?: DatabaseWriter }, ctx: MutationCtx) { options.db = ctx.db; }
${R} { const options = {}; fill(options, ctx); ${each("Object.values(options)")} }`),
    m(`function configure<T extends object>(target: T & { db?: DatabaseWriter }, db: DatabaseWriter) { target.db = db; }
${R} { const config = { retries: 3 }; configure(config, ctx.db); ${loose("config")} }`),
    m(
      `${R} { const pair: [string] = ["x"]; const wide: [string, DatabaseWriter?] = pair; wide[1] = ctx.db; const all: readonly unknown[] = pair; await (all[1] as Record<string, Save>)[k1]!(k2, row); }`,
    ),
    m(`class Options { retries = 3; copy() { return { ...this }; } }
interface WithDb extends Options { db?: DatabaseWriter }
${R} { const options = new Options(); const wide: WithDb = options; wide.db = ctx.db; ${loose("options.copy()")} }`),
    m(`${R} { const hooks: { start?: () => unknown } = {}; const wide: { start?: () => unknown; provide?: () => DatabaseWriter } = hooks; wide.provide = () => ctx.db;
  for (const hook of Object.values(hooks)) { const db = hook!(); await (db as Record<string, Save>)[k1]!(k2, row); } }`),
    m(`function tool() { return 1; }
${R} { const wide: { (): number; db?: DatabaseWriter } = tool; wide.db = ctx.db; ${each("Object.values(tool)")} }`),
    m(`class Repo { name = "repo"; }
${R} { const wide: { name: string; db?: DatabaseWriter } = Repo.prototype; wide.db = ctx.db; const repo = new Repo(); for (const key in repo) if (key === k0) { const held: unknown = repo[key as "name"]; await (held as Record<string, Save>)[k1]!(k2, row); } }`),
    m(
      `${R} { const plain = new Error("x"); const tagged: Error & { db?: DatabaseWriter } = plain; tagged.db = ctx.db; try { throw plain; } catch (caught) { ${loose("caught as object")} } }`,
    ),
    m(`class Chain { with<K extends string, V>(key: K, value: V): this & Record<K, V> { return Object.assign(this, { [key]: value } as Record<K, V>); } }
${R} { const chain = new Chain(); chain.with("db", ctx.db); ${each("Object.values(chain)")} }`),
    m(`const registry: { [name: string]: { run?: () => number } } = {};
function register(entry: { run?: () => number; ctx?: MutationCtx }, ctx: MutationCtx) { entry.ctx = ctx; registry["main"] = entry; }
${R} { const entry = {}; register(entry, ctx); const held = Object.values(entry)[0]; await (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
  ]),
  // the writer is lent to a callback
  ...programs("lent", "bad", [
    m(
      `${R} { const lend = (use: (db: DatabaseWriter) => Promise<unknown>) => use(ctx.db); const open: (use: (db: any) => Promise<unknown>) => Promise<unknown> = lend; await open((db) => db[k1](k2, row)); }`,
    ),
    m(`interface Lender { lend(use: { take(db: object): unknown }): unknown }
${R} { const mine = { lend: (use: { take(db: DatabaseWriter): unknown }) => use.take(ctx.db) }; const lender: Lender = mine; await lender.lend({ take: (db) => (db as Record<string, Save>)[k1]!(k2, row) }); }`),
    m(`class Pool { constructor(private readonly ctx: MutationCtx) {} use<Result>(body: (db: DatabaseWriter) => Result): Result { return body(this.ctx.db); } }
interface Uses { use<Result>(body: (db: object) => Result): Result }
${R} { const pool: Uses = new Pool(ctx); await pool.use((db) => (db as Record<string, Save>)[k1]!(k2, row)); }`),
    m(`interface Seen { forEach(see: (value: any) => void): void }
${R} { const all: Seen = new Set([ctx.db]); all.forEach((db) => { const save: Save = db[k1]; void save(k2, row); }); }`),
    m(
      `${R} { const visitAll = (visit: (pair: [string, DatabaseWriter]) => void) => visit(["db", ctx.db]); const loose: (visit: (pair: readonly unknown[]) => void) => void = visitAll; loose(([, db]) => { void (db as Record<string, Save>)[k1]!(k2, row); }); }`,
    ),
    m(`class Bus { private readonly all: ((ctx: MutationCtx) => unknown)[] = []; on(one: (ctx: MutationCtx) => unknown) { this.all.push(one); } async fire(ctx: MutationCtx) { for (const one of this.all) await one(ctx); } }
interface LooseBus { on(one: (ctx: { readonly [key: string]: any }) => unknown): void }
const bus = new Bus();
const open: LooseBus = bus;
open.on((ctx) => ctx[k0][k1](k2, row));
${R} { await bus.fire(ctx); }`),
    m(`class Bus { private readonly all: ((ctx: MutationCtx) => unknown)[] = []; on(one: (ctx: MutationCtx) => unknown) { this.all.push(one); } async fire(ctx: MutationCtx) { for (const one of this.all) await one(ctx); } }
const bus = new Bus();
const listeners = { note: (held: object) => (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row) };
bus.on(listeners.note);
${R} { await bus.fire(ctx); }`),
    m(`async function each<T>(list: readonly T[], see: (one: T) => Promise<unknown>) { for (const one of list) await see(one); }
const keep = (one: object) => (one as Record<string, Save>)[k1]!(k2, row);
${R} { await each([ctx.db], keep); }`),
  ]),
  // one declaration says something else than another
  ...programs("redeclared", "bad", [
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; slot.held = ctx.db; await slot.held[k1]!(k2, row); }`),
    m(`interface Repo { db: Record<string, Save> }
class Repo { constructor(ctx: MutationCtx) { Object.assign(this, ctx); } }
${R} { await new Repo(ctx).db[k1]!(k2, row); }`),
    m(`class Repo { [key: string]: unknown; constructor(readonly ctx: MutationCtx) {} }
${R} { const held = new Repo(ctx)[["c", "tx"].join("")]; await (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
    m(`class Box<T> { constructor(readonly value: T) {} }
class Mine extends Box<MutationCtx> { declare readonly value: MutationCtx & Record<string, any>; }
${R} { const save: Save = new Mine(ctx).value[k0][k1]; await save(k2, row); }`),
    m(`class Loose { query!: unknown; constructor(db: DatabaseWriter) { return db; } }
${R} { ${looseDb("new Loose(ctx.db)")} }`),
    m(`interface Get { (name: "db"): DatabaseWriter; (name: string): object }
${R} { const get: Get = (_name: string) => ctx.db; await (get(k0) as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface Config { get ctx(): { readonly [key: string]: { readonly [key: string]: Save } }; set ctx(value: MutationCtx) }
const config: Config = { ctx: {} };
async function act() { await config.ctx[k0]![k1]!(k2, row); }
${R} { config.ctx = ctx; await act(); }`),
    m(`abstract class Repo { abstract get db(): Record<string, Save>; abstract set db(value: DatabaseWriter); }
async function use(repo: Repo, ctx: MutationCtx) { repo.db = ctx.db; await repo.db[k1]!(k2, row); }
class Mine extends Repo { #db: any; get db() { return this.#db; } set db(value) { this.#db = value; } }
${R} { await use(new Mine(), ctx); }`),
  ]),
  // what the compiler holds to be impossible
  ...programs("impossible", "bad", [
    m(`function isWriter(value: object): value is DatabaseWriter { return false; }
${R} { const { db } = ctx; if (!isWriter(db)) { const plain: Record<string, Save> = db; await plain[k1]!(k2, row); } }`),
    m(`class Probe { static [Symbol.hasInstance](_value: unknown): _value is DatabaseWriter { return false; } }
${R} { const { db } = ctx; if (!(db instanceof Probe)) { const plain: Record<string, Save> = db; await plain[k1]!(k2, row); } }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(held: Held) { Object.assign(held, { kind: "plain" }); if (held.kind === "plain") await held.db[k1]!(k2, row); }
${R} { await use({ kind: "own", db: ctx.db }); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(held: Held) { const other: { kind: string } = held; other.kind = "plain"; if (held.kind === "plain") await held.db[k1]!(k2, row); }
${R} { await use({ kind: "own", db: ctx.db }); }`),
    m(`async function use(value: DatabaseWriter | { mark: Record<string, Save> }) { if ("mark" in value) { const all: Record<string, any> = { ...value }; const save: Save = all[k1]; await save(k2, row); } }
${R} { await use(Object.assign({ mark: 1 }, ctx.db)); }`),
    m(`function stop(): never { return undefined as never; }
${R} { stop(); const loose: any = ctx.db; const save: Save = loose[k1]; await save(k2, row); }`),
    m(`function isMissing(value: unknown): value is null | undefined { return true; }
${R} { const { db } = ctx; if (isMissing(db)) { const plain: Record<string, Save> = db; await plain[k1]!(k2, row); } }`),
    m(`function onlyText(value: DatabaseWriter | string): string { if (typeof value === "string") return value; if (!("insert" in value)) return value; return ""; }
type Kind = { is: "text"; value: string } | { is: "db"; value: DatabaseWriter };
${R} { const one: Kind = { is: "db", value: ctx.db }; void onlyText(""); const swap = (held: Kind) => { const other: { is: string } = held; other.is = "text"; return held.is === "text" ? held.value : ""; };
  const got: unknown = swap(one); await (got as Record<string, Save>)[k1]!(k2, row); }`),
  ]),
  // decorators
  ...programs("decorated", "bad", [
    m(`let seen: unknown;
function field(_value: undefined, _context: ClassFieldDecoratorContext) { return (value: any) => { seen = value; return value; }; }
${R} { class Job { @field readonly db = ctx.db; } new Job(); await (seen as Record<string, Save>)[k1]!(k2, row); }`),
    m(`let seen: unknown;
function spy<This, Value>(target: ClassAccessorDecoratorTarget<This, Value>, _context: ClassAccessorDecoratorContext<This, Value>): ClassAccessorDecoratorResult<This, Value> { return { get() { return target.get.call(this); }, set(value: unknown) { seen = value; } }; }
class Job { @spy accessor db: DatabaseWriter | null = null; }
${R} { new Job().db = ctx.db; await (seen as Record<string, Save>)[k1]!(k2, row); }`),
    m(`const made: unknown[] = [];
function kept<T extends new (...args: any[]) => object>(Base: T, _context: ClassDecoratorContext) { return class extends Base { constructor(...args: any[]) { super(...args); made.push(args[0]); } }; }
@kept class Job { constructor(readonly ctx: MutationCtx) {} }
${R} { new Job(ctx); await (made[0] as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
    m(`function traced<This, Args extends unknown[], Result>(method: (this: This, ...args: Args) => Result, _context: ClassMethodDecoratorContext) { return function (this: This, ...args: Args): Result { void (args[0] as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); return method.apply(this, args); }; }
class Job { @traced async go(ctx: MutationCtx) { await ctx.db.query("notes").first(); } }
${R} { await new Job().go(ctx); }`),
    m(`const made: object[] = [];
function noted(_method: unknown, context: ClassMethodDecoratorContext) { context.addInitializer(function (this: any) { made.push(this); }); }
class Job { constructor(readonly ctx: MutationCtx) {} @noted go() {} }
${R} { new Job(ctx); ${each("Object.values(Object.values(made[0]!)[0])")} }`),
    m(`function logged(_setter: unknown, _context: ClassSetterDecoratorContext) { return (value: Record<string, Record<string, Save>>) => { void value[k0]![k1]!(k2, row); }; }
class Job { @(logged as (setter: (value: MutationCtx) => void, context: ClassSetterDecoratorContext) => any) set ctx(_value: MutationCtx) {} }
${R} { new Job().ctx = ctx; }`),
  ]),
  // what the language calls or hands on by itself
  ...programs("language", "bad", [
    m(`let self: Record<string, Record<string, Save>> = {};
${R} { const proxy = new Proxy(ctx, { get(target, key, receiver) { self = receiver; return target[key as "auth"]; } }); void proxy.auth; await self[k0]![k1]!(k2, row); }`),
    m(`function fail(db: DatabaseWriter): never { throw db; }
${R} { try { fail(ctx.db); } catch (caught) { await (caught as Record<string, Save>)[k1]!(k2, row); } }`),
    m(`class Wrapped extends Error { override readonly cause: DatabaseWriter; constructor(db: DatabaseWriter) { super("wrapped"); this.cause = db; } }
async function handle(error: Error) { await (error.cause as Record<string, Save>)[k1]!(k2, row); }
${R} { await handle(new Wrapped(ctx.db)); }`),
    m(
      `${R} { const key = Symbol("db"); const box = { [key]: ctx.db }; const bare: {} = box; const [first] = Object.getOwnPropertySymbols(bare); await (bare as Record<symbol, Record<string, Save>>)[first!]![k1]!(k2, row); }`,
    ),
    m(
      `${R} { const { set } = Map.prototype; let seen: unknown; Map.prototype.set = function (key, value) { seen = value; return set.call(this, key, value); }; new Map<string, DatabaseWriter>().set("db", ctx.db); Map.prototype.set = set; await (seen as Record<string, Save>)[k1]!(k2, row); }`,
    ),
    m(
      `${R} { const { keys } = Object; let seen: unknown; Object.keys = (value: object) => { seen = value; return keys(value); }; Object.keys(ctx); Object.keys = keys; await (seen as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`,
    ),
    m(
      `${R} { let seen: unknown; console.log = (value: unknown) => { seen = value; }; console.log(ctx); await (seen as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`,
    ),
    m(`function* inner(): Generator<null, void, unknown> { const got = yield null; void (got as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }
function* outer(): Generator<null, void, MutationCtx> { yield* inner(); }
${R} { const steps = outer(); steps.next(); steps.next(ctx); }`),
    m(`function* inner(): Generator<null, void, unknown> { const got = yield null; void (got as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }
${R} { const steps: Iterator<null, void, MutationCtx> = inner(); steps.next(ctx); steps.next(ctx); }`),
    m(`async function* inner(): AsyncGenerator<null, void, object | null> { const got = yield null; await (got as Record<string, Save>)[k1]!(k2, row); }
const steps: { next(...values: [] | [DatabaseWriter]): Promise<unknown> } = inner();
${R} { await steps.next(); await steps.next(ctx.db); }`),
    m(`let saved: ArrayLike<unknown> = [];
function remember(_ctx: MutationCtx) { saved = arguments; }
${R} { remember(ctx); await (saved[0] as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
    m(`class Late { static #peek: (late: Late) => object; readonly #ctx: MutationCtx; constructor(ctx: MutationCtx) { this.#ctx = ctx; } static { Late.#peek = (late) => late.#ctx; } static open(late: Late) { return Late.#peek(late); } }
${R} { await (Late.open(new Late(ctx)) as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
    m(
      `${R} { const open = Object.fromEntries([ctx].map((one) => [k0, one.db])); const save = (open[k0] as unknown as Record<string, Save>)[k1]!; await save(k2, row); }`,
    ),
    m(
      `${R} { const object = { __proto__: ctx.db }; const save = (object as unknown as Record<string, Save>)[k1]!; await save(k2, row); }`,
    ),
    m(
      `${R} { const thunks: { readonly open: () => () => () => () => DatabaseWriter } = { open: () => () => () => () => ctx.db }; const bare: { readonly open: () => unknown } = thunks; const next = bare.open() as () => () => () => Record<string, Save>; await next()()()[k1]!(k2, row); }`,
    ),
    m(
      `${R} { const deep = { a: { b: { c: { d: { e: { f: { g: { h: { i: [{ j: ctx.db }] } } } } } } } } }; const bare: object = deep; const text1 = bare as Record<string, any>; const save: Save = text1["a"].b.c.d.e.f.g.h.i[0].j[k1]; await save(k2, row); }`,
    ),
  ]),
  // the writer as a reader
  ...programs("reader", "bad", [
    m(`async function read(db: DatabaseReader) { for (const [key, value] of Object.entries(db)) if (key === k1) await value(k2, row); }
${R} { await read(ctx.db); }`),
    m(
      `${R} { const q: QueryCtx = ctx; const { db } = q; if ("insert" in db && typeof db.insert === "function") await db.insert("customers", row); }`,
    ),
    m(`class Repo { constructor(readonly db: DatabaseReader) {} copy() { return { ...this.db }; } }
${R} { ${looseDb("new Repo(ctx.db).copy()")} }`),
    m(`function isOpen(db: DatabaseReader): db is DatabaseReader & Record<string, any> { return true; }
async function read(q: QueryCtx) { if (isOpen(q.db)) { const save: Save = q.db[k1]; await save(k2, row); } }
${R} { await read(ctx); }`),
    m(`async function read<Db extends DatabaseReader>(db: Db) { const all = new Map<string, unknown>(Object.entries(db)); await (all.get(k1) as Save)(k2, row); }
${R} { await read<DatabaseReader>(ctx.db); }`),
    m(`${R} { const db: { query: DatabaseReader["query"] } = ctx.db; ${looseDb("db")} }`),
    m(`async function read(ctx: QueryCtx) { const all: { [key: string]: any } = ctx.db; const save: Save = all[k1]; await save(k2, row); return null; }
export const f = mutation({ args: {}, handler: read });`),
    m(`let reader: DatabaseReader | undefined;
async function later() { const save: Save = Reflect.get(reader!, k1); await save(k2, row); }
${R} { reader = ctx.db; await later(); }`),
  ]),
  // names and ids that are others when the program runs
  ...programs("swapped", "bad", [
    m(`${R} { ${T} await ctx.db.insert(T.notes, row as never); }`),
    m(`enum T { Notes = "notes" }
${R} { const other: { Notes: string } = T; other.Notes = k2; await ctx.db.insert(T.Notes, row as never); }`),
    m(
      `${R} { const tables: "notes"[] = ["notes"]; const other: string[] = tables; other[0] = k2; for (const table of tables) await ctx.db.insert(table, row as never); }`,
    ),
    m(
      `${RI} { const ids: Id<"notes">[] = []; const other: string[] = ids; other.push(customerId); await ctx.db.delete(ids[0]!); }`,
    ),
    m(
      `${RI} { const job = { id: noteId }; const other: { id: string } = job; other.id = customerId; await ctx.db.patch(job.id, { text: "" }); }`,
    ),
    `export const f = mutation(async (ctx, args: { id: Id<"notes"> }) => { await ctx.db.delete(args.id); });`,
    [
      `export const f = mutation({ args: { id: v.any() }, handler: async (ctx, { id }: { id: Id<"notes"> }) => { await ctx.db.delete(id); } });`,
      { driver: "await f._handler(ctx, { id: ids.customers });" },
    ],
    m(
      `${RI} { const seen = new Map<string, Id<"notes">>(); const other: Map<string, string> = seen; other.set("x", customerId); for (const id of seen.values()) await ctx.db.delete(id); }`,
    ),
    m(`function isNote(id: string): id is Id<"notes"> { return id.length > 0; }
${RI} { const ids: string[] = [customerId]; for (const id of ids.filter(isNote)) await ctx.db.delete(id); }`),
    m(`function assertOwn(table: string): asserts table is "notes" | "users" { if (table === "") throw new Error("no table"); }
${R} { assertOwn(k2); await ctx.db.insert(k2, row as never); }`),
    m(
      `${RI} { const note = await ctx.db.get(noteId); const other: { _id: string } = note!; other._id = customerId; await ctx.db.delete(note!._id); }`,
    ),
    m(`function keysOf<K extends string>(record: Record<K, unknown>): K[] { return Object.keys(record) as K[]; }
${RI} { const seen: Record<Id<"notes">, boolean> = { [customerId]: true }; for (const id of keysOf(seen)) await ctx.db.delete(id); }`),
    m(`interface Config { get table(): "notes"; set table(value: string) }
${R} { const config: Config = { table: "notes" }; config.table = k2; await ctx.db.insert(config.table, row as never); }`),
    m(`${R} { ${T} for (const one of await ctx.db.query(T.notes).collect()) await ctx.db.delete(one._id); }`),
    m(`${RI} { ${T} const id = ctx.db.normalizeId(T.notes, customerId); if (id) await ctx.db.delete(id); }`),
    m(`function idOf<Table extends TableNames = "notes">(value: string): Id<Table> { return value as Id<Table>; }
${RI} { await ctx.db.delete(idOf(customerId)); }`),
    m(`class Store { table: "notes" = "notes"; configure(options: { table?: string }) { const other: { table: string } = this; other.table = options.table ?? "notes"; } save(db: DatabaseWriter) { return db.insert(this.table, row as never); } }
${R} { const store = new Store(); store.configure({ table: k2 }); await store.save(ctx.db); }`),
    m(`async function put(db: DatabaseWriter, kind: "notes" | "users") { if (kind === "notes" || kind === "users") return; await db.insert(kind, row as never); }
${R} { const kinds: "notes"[] = []; const other: string[] = kinds; other.push(k2); for (const kind of kinds) await put(ctx.db, kind); }`),
  ]),
  // through libraries
  ...programs("through", "bad", [
    s(`import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
const mine = customMutation(mutation, customCtx((ctx) => { const session: Session = ctx; return { session }; }));
export const f = mine({ args: {}, handler: async (ctx) => { ${loose("ctx.session")} return null; } });`),
    s(`import { customMutation } from "convex-helpers/server/customFunctions";
const mine = customMutation(mutation, { args: {}, input: async (ctx: QueryCtx) => ({ ctx: { reader: ctx.db }, args: {} }) });
export const f = mine({ args: {}, handler: async (ctx) => { ${looseDb("ctx.reader")} return null; } });`),
    s(`import { Triggers } from "convex-helpers/server/triggers";
const triggers = new Triggers<DataModel, MutationCtx>();
triggers.register("notes", async (session: Session) => { ${loose("{ ...session }")} });
${RI} { await triggers.wrapDB(ctx).db.insert("notes", { customerId, text: "" }); }`),
    s(`import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
${RI} { const safe = wrapDatabaseWriter<QueryCtx, DataModel>(ctx, ctx.db, { notes: { insert: async (q) => { ${looseDb("q.db")} return true; } } }); await safe.insert("notes", { customerId, text: "" }); }`),
    s(`import { asyncMap } from "convex-helpers";
${R} { await asyncMap([ctx], async (session: Session) => { ${loose("session")} }); }`),
    [
      s(`import { makeMigration } from "convex-helpers/server/migrations";
export const m = makeMigration(internalMutation)({ table: "notes", migrateOne: async (session: Session) => { ${loose("session")} } });`),
      { driver: MIGRATE },
    ],
    [
      m(`import { makeMigration } from "convex-helpers/server/migrations";
${T}
export const m = makeMigration(internalMutation)({ table: T.notes, migrateOne: () => ({ text: "x" }) });`),
      { driver: MIGRATE },
    ],
    m(`import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js";
${T}
export const { destroy } = crud(schema, T.notes);`),
    [
      m(`import { entsOf } from "./ents.js";
${T}
export async function f(ctx: MutationCtx, id: Id<"customers">) { await entsOf(ctx).table(T.notes).getX(id as never).delete(); }`),
      { notRun: "the package is not installed" },
    ],
    s(`import { mutationGeneric } from "convex/server";
export const f = mutationGeneric({ args: {}, handler: async (session: Session) => { ${loose("session")} return null; } });`),
  ]),
];
