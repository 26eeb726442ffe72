import { programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const NAMES = `const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];\n`;
const SAVE = `type Save = (table: string, value: object) => Promise<unknown>;\n`;
const m = (code: string): string => NAMES + SAVE + code;
/** What the compiler takes for something else than it is. */
export const misread = [
  // a type guard, instanceof or isArray of the language itself turns the writer into any
  ...programs("narrowed", "bad", [
    m(`async function all(list: readonly MutationCtx[] | string) {
  if (Array.isArray(list)) { const first = list[0]; const save: Save = first[k0][k1]; await save(k2, row); }
}
export async function run(ctx: MutationCtx) { await all([ctx]); }`),
    m(`async function use(known: ReadonlyMap<string, DatabaseWriter>) {
  if (known instanceof Map) { const save: Save = known.get("main")[k1]; await save(k2, row); }
}
export async function run(ctx: MutationCtx) { await use(new Map([["main", ctx.db]])); }`),
    m(`async function use(later: PromiseLike<DatabaseWriter>) {
  if (later instanceof Promise) { const now = await later; const save: Save = now[k1]; await save(k2, row); }
}
export async function run(ctx: MutationCtx) { await use(Promise.resolve(ctx.db)); }`),
    m(`async function each(all: Iterable<DatabaseWriter>) {
  if (all instanceof Set) for (const one of all) { const save: Save = one[k1]; await save(k2, row); }
}
export async function run(ctx: MutationCtx) { await each(new Set([ctx.db])); }`),
    m(`class Kept {
  constructor(readonly ctx: MutationCtx) {}
  isLoose(): this is { ctx: any; extra: 1 } { return true; }
}
export async function run(ctx: MutationCtx) {
  const kept = new Kept(ctx);
  if (kept.isLoose()) { const save: Save = kept.ctx[k0][k1]; await save(k2, row); }
}`),
    m(`class Kept {
  constructor(readonly ctx: MutationCtx) {}
  loosen(): asserts this is { ctx: any; extra: 1 } {}
}
export async function run(ctx: MutationCtx) {
  const kept: Kept = new Kept(ctx);
  kept.loosen();
  const save: Save = kept.ctx[k0][k1]; await save(k2, row);
}`),
    m(`function isLoose<T>(value: T): value is T & Record<string, any> { return true; }
export async function run(ctx: MutationCtx) {
  if (isLoose(ctx)) { const save: Save = ctx[k0][k1]; await save(k2, row); }
}`),
    m(`function check<T extends object>(value: T): asserts value is T & { db: any; extra: 1 } {}
export async function run(ctx: MutationCtx) {
  check(ctx);
  const save: Save = ctx.db[k1]; await save(k2, row);
}`),
    m(`async function use(one: QueryCtx | { db: string }) {
  if (typeof one.db !== "string" && k0 in one) { const value = (one as Record<string, unknown>)[k0]; const save = (value as Record<string, Save>)[k1]!; await save(k2, row); }
}
export async function run(ctx: MutationCtx) { await use(ctx); }`),
  ]),
  // a class of the app, whose type parameter stands for the writer, gives it out as less
  ...programs("slot", "bad", [
    m(`class Slot<T> { constructor(private readonly value: T) {} raw(): unknown { return this.value; } }
export async function run(ctx: MutationCtx) { const save = (new Slot(ctx.db).raw() as Record<string, Save>)[k1]!; await save(k2, row); }`),
    m(`abstract class Base<T> { abstract readonly value: T; get loose(): unknown { return this.value; } }
class Mine extends Base<MutationCtx> { constructor(readonly value: MutationCtx) { super(); } }
export async function run(ctx: MutationCtx) { const { loose } = new Mine(ctx); const save = (loose as Record<string, Record<string, Save>>)[k0]![k1]!; await save(k2, row); }`),
    m(`class Emitter<Events extends Record<string, unknown>> {
  private readonly all: ((value: unknown) => unknown)[] = [];
  onAny(listener: (value: unknown) => unknown) { this.all.push(listener); }
  async emit<Name extends keyof Events>(_name: Name, value: Events[Name]) { for (const one of this.all) await one(value); }
}
const events = new Emitter<{ start: MutationCtx }>();
events.onAny(async (value) => { const save = (value as Record<string, Record<string, Save>>)[k0]![k1]!; await save(k2, row); });
export async function run(ctx: MutationCtx) { await events.emit("start", ctx); }`),
    m(`class Channel<T> {
  #value: T | undefined;
  run<R>(value: T, body: () => R): R { this.#value = value; return body(); }
  get(): T | undefined { return this.#value; }
  dump(): object { return { held: this.#value }; }
}
const current = new Channel<DatabaseWriter>();
async function later() { const { held } = current.dump() as { held: Record<string, Save> }; await held[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await current.run(ctx.db, later); }`),
    m(`class Repo { constructor(readonly ctx: MutationCtx) {} }
function Dumps<C extends new (...args: any[]) => object>(Base: C) {
  return class extends Base { dump(): unknown[] { return Object.values(this); } };
}
export async function run(ctx: MutationCtx) {
  const [first] = new (Dumps(Repo))(ctx).dump() as Record<string, Record<string, Save>>[];
  await first![k0]![k1]!(k2, row);
}`),
    m(`class Base { static last: Base; constructor() { Base.last = this; } }
class Repo extends Base { constructor(readonly ctx: MutationCtx) { super(); } }
export async function run(ctx: MutationCtx) {
  new Repo(ctx);
  const [first] = Object.values(Base.last) as Record<string, Record<string, Save>>[];
  await first![k0]![k1]!(k2, row);
}`),
    m(`class Model { values(): unknown[] { return Object.values(this); } }
class Repo extends Model { constructor(protected readonly db: DatabaseWriter) { super(); } }
export async function run(ctx: MutationCtx) {
  const [db] = new Repo(ctx.db).values() as Record<string, Save>[];
  await db![k1]!(k2, row);
}`),
    m(`class Model { clone(): this { return Object.assign(Object.create(Object.getPrototypeOf(this)), this); } plain(): Record<string, any> { return { ...this }; } }
class Repo extends Model { constructor(readonly db: DatabaseWriter) { super(); } }
export async function run(ctx: MutationCtx) { const save: Save = new Repo(ctx.db).clone().plain()[k0][k1]; await save(k2, row); }`),
    m(`interface Visitor<R> { visit(node: unknown): R }
class Node<T> { constructor(readonly inner: T) {} accept<R>(visitor: Visitor<R>): R { return visitor.visit(this.inner); } }
export async function run(ctx: MutationCtx) {
  await new Node(ctx).accept({ visit: async (node) => { const save = (node as Record<string, Record<string, Save>>)[k0]![k1]!; await save(k2, row); } });
}`),
    m(`class Pool<T> { private readonly free: T[] = []; put(one: T) { this.free.push(one); } *drain(): Generator<unknown> { while (this.free.length > 0) yield this.free.pop(); } }
export async function run(ctx: MutationCtx) {
  const pool = new Pool<DatabaseWriter>();
  pool.put(ctx.db);
  for (const one of pool.drain()) await (one as Record<string, Save>)[k1]!(k2, row);
}`),
  ]),
  // generic helpers
  ...programs("helped", "bad", [
    m(`type Loose<T> = { [Key in keyof T]: any };
function loosen<T extends object>(value: T): Loose<T> { return value; }
export async function run(ctx: MutationCtx) { const save: Save = loosen(ctx).db[k1]; await save(k2, row); }`),
    m(`type Seen<T> = T extends { db: unknown } ? any : T;
function see<T>(value: T): Seen<T> { return value as Seen<T>; }
export async function run(ctx: MutationCtx) { const save: Save = see(ctx)[k0][k1]; await save(k2, row); }`),
    m(`const tap = <T, R>(value: T, use: (value: T) => R): R => use(value);
export async function run(ctx: MutationCtx) { const db = tap(ctx, helpers.databaseOf); const all = Object.getOwnPropertyDescriptors({ db }); const save: Save = all[k0 as string as "x"]!.value[k1]; await save(k2, row); }`),
    m(`export async function run(ctx: MutationCtx) {
  const described = Object.getOwnPropertyDescriptors({ ...ctx });
  const key: string = k0;
  const all: { [name: string]: PropertyDescriptor } = described;
  const save: Save = all[key]!.value[k1]; await save(k2, row);
}`),
    m(`function entries<T extends object>(value: T): [string, unknown][] { return Object.entries(value); }
export async function run(ctx: MutationCtx) { for (const [key, value] of entries(ctx)) if (key === k0) await (value as Record<string, Save>)[k1]!(k2, row); }`),
    m(`function memo<A extends unknown[], R>(fn: (...args: A) => R) { const seen: unknown[] = []; return { call: (...args: A) => { seen.push(...args); return fn(...args); }, seen }; }
const count = memo((ctx: MutationCtx) => ctx.db.query("notes").collect());
export async function run(ctx: MutationCtx) { await count.call(ctx); const save = (count.seen[0] as Record<string, Record<string, Save>>)[k0]![k1]!; await save(k2, row); }`),
    m(`const pipe = (...steps: ((value: never) => unknown)[]) => <T>(start: T): unknown => steps.reduce<unknown>((value, step) => step(value as never), start);
const act = pipe((ctx: MutationCtx) => ctx.db, async (db: Record<string, Save>) => await db[k1]!(k2, row));
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`function curry<A, B, R>(fn: (a: A, b: B) => R) { return (a: A) => (b: B) => fn(a, b); }
const act = curry((held: { readonly [key: string]: any }, name: string): Save => held[k0][name]);
export async function run(ctx: MutationCtx) { const copy = { ...ctx }; await act(copy)(k1)(k2, row); }`),
    m(`function zip<A, B>(a: readonly A[], b: readonly B[]): Map<A, B> { return new Map(a.map((one, index) => [one, b[index]!])); }
export async function run(ctx: MutationCtx) { const by: ReadonlyMap<string, object> = zip(["x"], [ctx.db]); const save = (by.get("x") as Record<string, Save>)[k1]!; await save(k2, row); }`),
    m(`function withDefault<T, D>(value: T | undefined, other: D): T | D { return value ?? other; }
export async function run(ctx: MutationCtx) { const value: object | DatabaseWriter = withDefault<object, DatabaseWriter>(undefined, ctx.db); const save = (value as Record<string, Save>)[k1]!; await save(k2, row); }`),
    m(`function pick<T, K extends keyof T>(value: T, ...keys: K[]): { [Key in string]: T[K] } { const out: { [key: string]: T[K] } = {}; for (const key of keys) out[String(key)] = value[key]; return out; }
type Any = { [key: string]: any };
export async function run(ctx: MutationCtx) { const out: Any = pick(ctx, "db", "auth"); const save: Save = out[k0][k1]; await save(k2, row); }`),
  ]),
  // what the language calls by itself
  ...programs("methods", "bad", [
    // Another method of the class takes the writer first, and loses nothing.
    m(`class Tools<T> { tag?: T; keep<U>(value: U) { return value; } use<V>(value: V) { const seen: any = value; return seen; } }
export async function run(ctx: MutationCtx) { const tools = new Tools<string>(); tools.keep(ctx); const seen = tools.use(ctx); const save: Save = seen[k0][k1]; await save(k2, row); }`),
  ]),
  ...programs("hooked", "bad", [
    m(`class Probe { static [Symbol.hasInstance](value: any): boolean { const save: Save = value[k0][k1]; void save(k2, row); return false; } }
export async function run(ctx: MutationCtx) { if (ctx instanceof Probe) throw new Error("no"); }`),
    m(`const log = new Proxy((_ctx: MutationCtx, _what: string) => {}, { apply(_target, _self, args) { const save: Save = args[0][k0][k1]; void save(k2, row); } });
export async function run(ctx: MutationCtx) { log(ctx, "start"); }`),
    m(`class Job { constructor(readonly ctx: MutationCtx) {} }
const Traced = new Proxy(Job, { construct(target, args) { const save: Save = args[0][k0][k1]; void save(k2, row); return new target(args[0]); } });
export async function run(ctx: MutationCtx) { new Traced(ctx); }`),
    m(`const state = new Proxy<{ ctx: MutationCtx | null }>({ ctx: null }, { set(_target, _key, value) { const save: Save = value[k0][k1]; void save(k2, row); return true; } });
export async function run(ctx: MutationCtx) { state.ctx = ctx; }`),
    m(`class State { ctx!: MutationCtx }
const state = new State();
Object.defineProperty(state, "ctx", { set(value) { const save: Save = value[k0][k1]; void save(k2, row); } });
export async function run(ctx: MutationCtx) { state.ctx = ctx; }`),
    m(`class Log { write(_ctx: MutationCtx) {} }
Object.defineProperty(Log.prototype, "write", { value: (ctx: any) => { const save: Save = ctx[k0][k1]; void save(k2, row); } });
export async function run(ctx: MutationCtx) { new Log().write(ctx); }`),
    m(`class Log { write(_ctx: MutationCtx) {} }
const log = new Log();
Object.assign(log, { write: (ctx: Record<string, Record<string, Save>>) => { void ctx[k0]![k1]!(k2, row); } });
export async function run(ctx: MutationCtx) { log.write(ctx); }`),
    m(`class Log { write(_ctx: MutationCtx) {} }
const log = new Log();
Reflect.set(log, "write", (ctx: Record<string, Record<string, Save>>) => { void ctx[k0]![k1]!(k2, row); });
export async function run(ctx: MutationCtx) { log.write(ctx); }`),
    m(`class Log { write(_ctx: MutationCtx) {} }
Object.setPrototypeOf(Log.prototype, {});
class Loud extends Log {}
Object.setPrototypeOf(Loud.prototype, { write(ctx: Record<string, Record<string, Save>>) { void ctx[k0]![k1]!(k2, row); } });
export async function run(ctx: MutationCtx) { new Loud().write(ctx); }`),
    m(`class Later { constructor(readonly db: DatabaseWriter) {} then(done: (value: any) => void) { done({ ...this }); } }
export async function run(ctx: MutationCtx) { const value = await new Later(ctx.db); const save: Save = value[k0][k1]; await save(k2, row); }`),
    m(`class Text { constructor(readonly db: DatabaseWriter) {} [Symbol.toPrimitive]() { const all: Record<string, any> = { ...this }; const save: Save = all[k0][k1]; void save(k2, row); return "text"; } }
export async function run(ctx: MutationCtx) { return \`\${String(new Text(ctx.db))}\`.length; }`),
    m(`class Doc1 { constructor(readonly db: DatabaseWriter) {} toJSON() { for (const value of Object.values(this)) { const save = (value as Record<string, Save>)[k1]!; void save(k2, row); } return {}; } }
export async function run(ctx: MutationCtx) { JSON.stringify(new Doc1(ctx.db)); }`),
    m(
      `export async function run(ctx: MutationCtx) { let kept: unknown; for (kept of [ctx.db]) break; const save = (kept as Record<string, Save>)[k1]!; await save(k2, row); }`,
    ),
    m(
      `export async function run(ctx: MutationCtx) { const box: { value?: any } = {}; for (box.value of [ctx]) break; const save: Save = box.value[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `export async function run(ctx: MutationCtx) { let value: any; for ({ db: value } of [ctx]) break; const save: Save = value[k1]; await save(k2, row); }`,
    ),
    m(
      `export async function run(ctx: MutationCtx) { let value: unknown; for await (value of [Promise.resolve(ctx.db)]) break; await (value as Record<string, Save>)[k1]!(k2, row); }`,
    ),
  ]),
  // contextual types, defaults and literals that take the writer in
  ...programs("contextual", "bad", [
    m(`const act: (ctx: MutationCtx, held?: unknown) => Promise<unknown> = (ctx, held = ctx) => (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row);
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`type Act = (ctx: MutationCtx, more?: { held?: unknown }) => Promise<unknown>;
const act: Act = (ctx, { held } = { held: ctx }) => (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row);
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`function use(source: { readonly held: unknown }) { return (source.held as Record<string, Save>)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await use({ get held() { return ctx.db; } }); }`),
    m(`function use(source: { held(): unknown }) { return (source.held() as Record<string, Save>)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await use({ held() { return ctx.db; } }); }`),
    m(`function use(deep: { a: { b: readonly { held: unknown }[] } }) { return (deep.a.b[0]!.held as Record<string, Save>)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { const { db: held } = ctx; await use({ a: { b: [{ held }] } }); }`),
    m(`function use(_n: number, held: unknown) { return (held as Record<string, Save>)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await use(...([1, ctx.db] as const)); }`),
    m(`function use(source: AsyncIterable<unknown>) { return (async () => { for await (const one of source) await (one as Record<string, Save>)[k1]!(k2, row); })(); }
export async function run(ctx: MutationCtx) { await use({ async *[Symbol.asyncIterator]() { yield ctx.db; } }); }`),
    m(`const tasks: Record<string, () => void> = {};
export async function run(ctx: MutationCtx) { tasks["db"] = () => ctx.db; const held: unknown = tasks["db"](); await (held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`function first(get: () => void): unknown { return get(); }
export async function run(ctx: MutationCtx) { const held = first(helpers.databaseOf.bind(null, ctx)); await (held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`const both = { held: null as object | null, set ctx(value: MutationCtx) { both.held = { ...value }; } };
export async function run(ctx: MutationCtx) { both.ctx = ctx; await (both.held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }`),
    m(`namespace Store { export let held: unknown = null; }
export async function run(ctx: MutationCtx) { [Store.held] = [ctx.db]; await (Store.held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`function remember(db: DatabaseWriter) { remember.held = [db]; }
namespace remember { export let held: readonly unknown[] = []; }
export async function run(ctx: MutationCtx) { remember(ctx.db); await (remember.held[0] as Record<string, Save>)[k1]!(k2, row); }`),
    m(`class Box { held: unknown; constructor(ctx: MutationCtx) { ({ db: this.held } = ctx); } }
export async function run(ctx: MutationCtx) { await (new Box(ctx).held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`const kept = new WeakMap<object, readonly [unknown]>();
export async function run(ctx: MutationCtx) { const key = {}; kept.set(key, [ctx.db]); const [held] = kept.get(key)!; await (held as Record<string, Save>)[k1]!(k2, row); }`),
    m(`class Failed extends Error { constructor(readonly get: () => DatabaseWriter) { super("failed"); } }
function attempt(ctx: MutationCtx): void { throw new Failed(() => ctx.db); }
export async function run(ctx: MutationCtx) { try { attempt(ctx); } catch (error) { if (error instanceof Error && "get" in error) { const get = error.get as () => Record<string, Save>; await get()[k1]!(k2, row); } } }`),
    m(`async function* steps(): AsyncGenerator<string, void, unknown> { const held = yield "ready"; await (held as Record<string, Save>)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { const all = steps(); await all.next(); await all.next(ctx.db); }`),
    m(`const tag = (_s: TemplateStringsArray, ...held: readonly object[]) => (held[0] as Record<string, Save>)[k1]!(k2, row);
export async function run(ctx: MutationCtx) { await tag\`save \${ctx.db}\`; }`),
    m(`interface Held extends Disposable { readonly db: unknown }
interface Disposable { [Symbol.iterator](): Iterator<never> }
function hold(ctx: MutationCtx): Held { return { db: ctx.db, *[Symbol.iterator]() {} }; }
export async function run(ctx: MutationCtx) { const held = hold(ctx); await (held.db as Record<string, Save>)[k1]!(k2, row); }`),
    m(`const options = { make: (ctx: MutationCtx) => ctx.db } satisfies Record<string, (ctx: MutationCtx) => unknown>;
const table: Record<string, (ctx: MutationCtx) => unknown> = options;
export async function run(ctx: MutationCtx) { const held = table["make"]!(ctx); await (held as Record<string, Save>)[k1]!(k2, row); }`),
  ]),
  // JavaScript and JSX
  ...programs("script", "bad", [
    [
      `import { mutation } from "./_generated/server.js";
let kept;
function keep() { return kept; }
export const save = mutation({ args: {}, handler: async (ctx) => { kept = ctx.db; const key = "ins" + "ert"; const insert = keep()[key]; await insert("cust" + "omers", row); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
const state = { db: null };
export const save = mutation({ args: {}, handler: async (ctx) => { state.db = ctx.db; const { db } = state; const key = ["ins", "ert"].join(""); const insert = db[key]; await insert(["cust", "omers"].join(""), row); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
const list = [];
function last() { return list[list.length - 1]; }
export const save = mutation({ args: {}, handler: async (ctx) => { list.push(ctx); const insert = last()["d" + "b"]["ins" + "ert"]; await insert("cust" + "omers", row); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
function act() { const insert = act.ctx["d" + "b"]["ins" + "ert"]; return insert("cust" + "omers", row); }
act.ctx = null;
export const save = mutation({ args: {}, handler: async (ctx) => { act.ctx = ctx; await act(); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
/** @template T @param {T} value @returns {Record<string, any>} */
const plain = (value) => Object.assign({}, value);
export const save = mutation({ args: {}, handler: async (ctx) => { const insert = plain(ctx)["d" + "b"]["ins" + "ert"]; await insert("cust" + "omers", row); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
/** @typedef {{ held?: any }} Box */
/** @type {Box} */
const box = {};
export const save = mutation({ args: {}, handler: async (ctx) => { ({ db: box.held } = ctx); const insert = box.held["ins" + "ert"]; await insert("cust" + "omers", row); return null; } });
`,
      { extension: "js" },
    ],
    [
      `import { mutation } from "./_generated/server.js";
class Job { run(ctx) { this.ctx = ctx; return this; } async go() { const insert = this.ctx["d" + "b"]["ins" + "ert"]; await insert("cust" + "omers", row); } }
export const save = mutation({ args: {}, handler: async (ctx) => { await new Job().run(ctx).go(); return null; } });
`,
      { extension: "js" },
    ],
    [
      `const { mutation } = require("./_generated/server.js");
exports.save = mutation({ args: {}, handler: async (ctx) => { exports.ctx = ctx; const insert = module_()["ctx"]["d" + "b"]["ins" + "ert"]; await insert("cust" + "omers", row); return null; } });
function module_() { return exports; }
`,
      { extension: "cjs" },
    ],
    [
      `/** @jsxRuntime classic */
/** @jsx h */
import { mutation } from "./_generated/server.js";
const h = (tag, props) => tag(props);
/** @param {{ held: any }} props @returns {any} */
const Save = (props) => { const insert = props.held["ins" + "ert"]; return insert("cust" + "omers", row); };
export const save = mutation({ args: {}, handler: async (ctx) => { await (<Save held={ctx.db} />); return null; } });
`,
      { extension: "jsx" },
    ],
    [
      `/** @jsxRuntime classic */
/** @jsx h */
import { mutation } from "./_generated/server.js";
const h = (tag, props) => tag(props);
/** @param {any} props @returns {any} */
const Save = (props) => { const insert = props["d" + "b"]["ins" + "ert"]; return insert("cust" + "omers", row); };
export const save = mutation({ args: {}, handler: async (ctx) => { await (<Save {...ctx} />); return null; } });
`,
      { extension: "jsx" },
    ],
  ]),
  // builders under another type
  ...programs("builders", "bad", [
    m(`const handlers = [async (ctx: any) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; }];
export const [add] = handlers.map((handler) => mutation(handler));`),
    m(`const handlers = [async (ctx: any) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; }];
export const all = handlers.map(mutation);`),
    m(`const define: (spec: { args: {}; handler: (ctx: { readonly [key: string]: any }) => Promise<null> }) => unknown = mutation;
const add1 = async (ctx: { readonly [key: string]: any }) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; };
export const add = define({ args: {}, handler: add1 });`),
    m(`type Define = { bivarianceHack(handler: (ctx: Record<string, Record<string, Save>>) => Promise<null>): unknown }["bivarianceHack"];
const define: Define = mutation as never;
export const add = define(async (ctx) => { await ctx[k0]![k1]!(k2, row); return null; });`),
    m(`function compose<A, B, C>(f: (a: A) => B, g: (b: B) => C) { return (a: A) => g(f(a)); }
const define = compose((handler: (ctx: any) => Promise<null>) => ({ args: {}, handler }), internalMutation);
export const add = define(async (ctx) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; });`),
    m(`class Define { constructor(private readonly build = mutation) {} of(handler: (...args: any[]) => Promise<null>) { return this.build({ args: {}, handler }); } }
export const add = new Define().of(async (ctx) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; });`),
    m(`import { customMutation } from "convex-helpers/server/customFunctions";
const open = customMutation(mutation, { args: {}, input: async (ctx) => ({ ctx: { held: { ...ctx } as object }, args: {} }) });
export const add = open({ args: {}, handler: async (ctx) => { const save = (ctx.held as Record<string, Record<string, Save>>)[k0]![k1]!; await save(k2, row); return null; } });`),
    m(`import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
const open = customMutation(mutation, customCtx((ctx: any) => ({ act: () => { const save: Save = ctx[k0][k1]; return save(k2, row); } })));
export const add = open({ args: {}, handler: async (ctx) => { await ctx.act(); return null; } });`),
    m(`import { customMutation } from "convex-helpers/server/customFunctions";
const open = customMutation(mutation, { args: {}, input: async () => ({ ctx: {}, args: {}, onSuccess: async ({ ctx }: { ctx: any }) => { const save: Save = ctx[k0][k1]; await save(k2, row); } }) });
export const add = open({ args: {}, handler: async () => null });`),
    m(`import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
export async function run(ctx: MutationCtx) {
  const safe = wrapDatabaseWriter(ctx, ctx.db, { notes: { insert: async (rule: any) => { const save: Save = rule[k0][k1]; await save(k2, row); return true; } } });
  await safe.insert("notes", { customerId: (await ctx.db.query("customers").first())!._id, text: "" });
}`),
    m(`import { Triggers } from "convex-helpers/server/triggers";
const triggers = new Triggers<DataModel, any>();
triggers.register("notes", async (ctx) => { const save: Save = ctx[k0][k1]; await save(k2, row); });
export async function run(ctx: MutationCtx) { const wrapped = triggers.wrapDB(ctx); await wrapped.db.insert("notes", { customerId: (await ctx.db.query("customers").first())!._id, text: "" }); }`),
    m(`import * as server from "./_generated/server.js";
const builders: { [name: string]: object } = { ...server };
const define = builders["muta" + "tion"] as (handler: (ctx: Record<string, Record<string, Save>>) => Promise<null>) => unknown;
export const add = define(async (ctx) => { await ctx[k0]![k1]!(k2, row); return null; });`),
    m(`import { mutationGeneric, type RegisteredMutation, type DefaultFunctionArgs } from "convex/server";
type Define = <R>(spec: { handler: (ctx: { readonly [key: string]: any }, args: DefaultFunctionArgs) => R }) => RegisteredMutation<"public", DefaultFunctionArgs, R>;
const define: Define = mutationGeneric;
export const add = define({ handler: async (ctx) => { const save: Save = ctx[k0][k1]; await save(k2, row); return null; } });`),
    m(`const spec: { args: {}; handler: Function } = { args: {}, handler: async (ctx: Record<string, Record<string, Save>>) => { await ctx[k0]![k1]!(k2, row); return null; } };
export const add = Reflect.apply(mutation, null, [spec]);`),
    m(`const spec = { args: {}, handler: async (): Promise<null> => null };
Object.assign(spec, { handler: async (ctx: Record<string, Record<string, Save>>) => { await ctx[k0]![k1]!(k2, row); return null; } });
export const add = mutation(spec);`),
  ]),
  // names and tables that change after the fact
  ...programs("names", "bad", [
    `const T = { notes: "notes" } as const; Object.assign(T, { notes: "customers" }); await ctx.db.insert(T.notes, row as never);`,
    m(`enum T { Notes = "notes" } Reflect.set(T, "Notes", k2);
export async function run(ctx: MutationCtx) { await ctx.db.insert(T.Notes, row as never); }`),
    m(`class T { static readonly notes = "notes"; } Object.defineProperty(T, "notes", { value: k2 });
export async function run(ctx: MutationCtx) { await ctx.db.insert(T.notes, row as never); }`),
    m(`const OWN = ["notes"] as const; Object.assign(OWN, [k2]);
export async function run(ctx: MutationCtx) { for (const table of OWN) await ctx.db.insert(table, row as never); }`),
    m(`namespace T { export const notes = "notes"; } Object.assign(T, { notes: k2 });
export async function run(ctx: MutationCtx) { await ctx.db.insert(T.notes, row as never); }`),
    m(`const T = Object.freeze({ notes: "notes", ...JSON.parse(JSON.stringify({ notes: k2 })) } as { notes: "notes" });
export async function run(ctx: MutationCtx) { await ctx.db.insert(T.notes, row as never); }`),
  ]),
];
