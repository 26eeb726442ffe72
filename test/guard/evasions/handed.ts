import { MIGRATE, programs } from "./evasion.js";
import { blind, f, hidden } from "./laundering.js";

/** A handler that takes what it is given for a ctx of type any. */
const H = `async (c: any) => { ${blind("c.db")} }`;
const C = 'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; ';
const M = 'import { makeMigration } from "convex-helpers/server/migrations"; ';
const mig = { driver: MIGRATE };
const nr = { notRun: "the engine of the tests has no system calls, and no imports at run time" };

/** Ways on which something else than the writer is lost: the builder, `this`, a part of ctx, a factory of a library. */
export const handed = [
  ...programs("taken", "bad", [
    f(
      'const keys = Object.keys(ctx.db as any); const x: any = ctx.db; const k = keys.find((one) => one.startsWith("ins"))!; const m = x[k]; await m("customers", row);',
    ),
    f(
      'const entries: any[] = Object.entries(ctx.db as object); for (const [k, m] of entries) if (k.startsWith("ins")) await m("customers", row);',
    ),
    f('const m: any = Reflect.get(ctx.db, ["ins","ert"].join("")); await m("customers", row);'),
    f(
      'const d = Object.getOwnPropertyDescriptor(ctx.db, ["ins","ert"].join("")) as any; await d.value("customers", row);',
    ),
    f(
      'const all = Object.getOwnPropertyDescriptors(ctx.db) as any; const k = ["ins","ert"].join(""); await all[k].value("customers", row);',
    ),
    f(
      'const m = Object.values(ctx.db).find((one) => (one as any)?.name === "insert" || false) as any ?? (Object.values(ctx.db)[4] as any); await m("customers", row);',
    ),
    f(
      'const clone = Object.assign({}, ctx.db) as Record<string, any>; const k = ["ins","ert"].join(""); const m = clone[k]; await m("customers", row);',
    ),
    f(
      'const p = new Proxy(ctx.db, {}) as any; const k = ["ins","ert"].join(""); const m = p[k]; await m("customers", row);',
    ),
    f('const k = ["ins","ert"].join("") as "query"; const m = ctx.db[k] as any; await m("customers", row);'),
    f(
      'const k = ["ins","ert"].join("") as keyof typeof ctx.db; const m = ctx.db[k] as (...args: unknown[]) => Promise<void>; await m("customers", row);',
    ),
    f('const { ["ins".concat("ert") as "get"]: m } = ctx.db; await (m as any)("customers", row);'),
    f(
      'const x = Object.create(ctx.db) as any; const m = x[["ins","ert"].join("")]; await m("customers", row);',
    ),
    f(
      'let m: any; for (const k in ctx.db) if (k.startsWith("ins")) m = (ctx.db as any)[k]; await m("customers", row);',
    ),
    f(
      'const map = new Map(Object.entries(ctx.db)); const m = map.get(["ins","ert"].join("")) as any; await m("customers", row);',
    ),
    f(
      'const [[, ...rest]] = [[0, ctx.db as any]] as any[]; const m = rest[0][["ins","ert"].join("")]; await m("customers", row);',
    ),
    f('const bound = (ctx.db as any)[["ins","ert"].join("")].bind(null, "customers"); await bound(row);'),
    f(
      'const s = structuredHolder(ctx.db); function structuredHolder(db: any) { return { get m() { return db[["ins","ert"].join("")]; } }; } await s.m("customers", row);',
    ),
  ]),
  ...programs("passed", "bad", [
    f(
      'function call<T extends object>(t: T, k: string, ...a: unknown[]) { return (t as any)[k](...a); } await call(ctx.db, ["ins","ert"].join(""), "customers", row);',
    ),
    f(
      'function read<T, K extends keyof T>(t: T, k: K): T[K] { return t[k]; } const m = read(ctx.db, ["ins","ert"].join("") as "get") as any; await m("customers", row);',
    ),
    f(
      'function apply<A extends unknown[], R>(fn: (...a: A) => R, ...a: A): R { return fn(...a); } await apply(ctx.db.insert as any, "customers", row);',
    ),
    f(
      'interface Saves { insert(t: string, v: object): Promise<unknown> } async function save<D extends Saves>(d: D) { await d.insert("customers", row); } await save(ctx.db as any);',
    ),
    f(
      'async function save<D extends { insert: (t: any, v: any) => Promise<any> }>(d: D) { await d.insert(["cust","omers"].join(""), row); } await save(ctx.db);',
    ),
    f(
      'class Repo<D extends Pick<DatabaseWriter, "insert">> { constructor(readonly d: D) {} go(t: string) { return this.d.insert(t as never, row as never); } } await new Repo(ctx.db).go("customers");',
    ),
    f(
      'type Fn = (...a: any[]) => any; function get<T extends Record<string, Fn>>(t: T, k: string): Fn { return t[k]!; } await get({ ...ctx.db } as any, ["ins","ert"].join(""))("customers", row);',
    ),
    f(
      'const box = <T,>(value: T) => ({ value }); const b: { value: any } = box(ctx.db); const m = b.value[["ins","ert"].join("")]; await m("customers", row);',
    ),
    f(
      'function cast<T>(x: unknown): T { return x as T; } const db = cast<Record<string, (t: string, v: object) => Promise<void>>>(ctx.db); await db[["ins","ert"].join("")]!("customers", row);',
    ),
    f(
      'function cast<T>(x: any): T { return x; } interface Mine { add(t: string, v: object): Promise<void> } const db = cast<any>(ctx.db); const m = db[["ins","ert"].join("")]; await m("customers", row);',
    ),
    f(
      'const compose = <A, B, C>(f1: (a: A) => B, g: (b: B) => C) => (a: A) => g(f1(a)); const go = compose((c: MutationCtx) => c.db as any, (d) => d[["ins","ert"].join("")]); await go(ctx)("customers", row);',
    ),
    f(
      'async function each<T extends { db: any }>(c: T) { const m = c.db[["ins","ert"].join("")]; await m("customers", row); } await each(ctx);',
    ),
    f(
      'const tap = <T,>(v: T, fn: (v: any) => unknown) => { void fn(v); return v; }; tap(ctx.db, (d) => d[["ins","ert"].join("")]("customers", row));',
    ),
    f(
      'type Any<T> = T extends infer U ? any : never; const d: Any<DatabaseWriter> = ctx.db; const m = d[["ins","ert"].join("")]; await m("customers", row);',
    ),
    f(
      'function assertAny(x: unknown): asserts x is Record<string, any> {} const d: unknown = ctx.db; assertAny(d); const m = d[["ins","ert"].join("")]; await m("customers", row);',
    ),
    f(
      'function isRec(x: unknown): x is Record<string, (...a: unknown[]) => unknown> { return true; } const d = ctx.db; if (isRec(d)) { const m = (d as Record<string, (...a: unknown[]) => unknown>)[["ins","ert"].join("")]!; await m("customers", row); }',
    ),
    f(`const curry = (a: any) => (b: any) => a[b]; ${hidden} await curry(ctx.db)(op)(name, row);`),
    f(
      `const pipe = (x: any, ...fs: ((x: any) => any)[]) => fs.reduce((y, fn) => fn(y), x); ${hidden} await pipe(ctx.db, (d) => d[op], (m) => m(name, row));`,
    ),
    f(
      `type Op = (d: any) => Promise<unknown>; const ops: Op[] = [(d) => d[["ins","ert"].join("")]("customers", row)]; for (const o of ops) await o(ctx.db);`,
    ),
    f(
      `const g = async function* (c: any) { yield c.db[["ins","ert"].join("")]("customers", row); }; for await (const _ of g(ctx)) void _;`,
    ),
    f(`const o = { async m(c: any) { ${blind("c.db")} } }; await o["m"](ctx);`),
    f(`const { m } = { async m(c: any) { ${blind("c.db")} } }; await m(ctx);`),
    f(`const m = (...[c]: any[]) => c.db[["ins","ert"].join("")]("customers", row); await m(ctx);`),
    f(`const m = ({ db }: any) => db[["ins","ert"].join("")]("customers", row); await m(ctx);`),
    f(`const m = ({ db }: { db: any }) => db[["ins","ert"].join("")]("customers", row); await m(ctx);`),
    f(
      `const m = ({ db, ...rest }: MutationCtx & { [k: string]: any }) => (rest as any, db as any)[["ins","ert"].join("")]("customers", row); await m(ctx as any);`,
    ),
  ]),
  ...programs("typed", "bad", [
    f(
      `interface Job { run(...args: never[]): Promise<void> } const job: Job = { async run(c: any) { ${blind("c.db")} } }; await (job.run as (c: MutationCtx) => Promise<void>)(ctx);`,
    ),
    f(
      `type H = { bivarianceHack(ctx: MutationCtx): Promise<void> }["bivarianceHack"]; const h: H = async (c: any) => { ${blind("c.db")} }; await h(ctx);`,
    ),
    f(
      `const h = (async (c: any) => { ${blind("c.db")} }) satisfies (c: MutationCtx) => Promise<void>; await h(ctx);`,
    ),
    f(
      `function deco(_: unknown, context: ClassMethodDecoratorContext) { return async function (this: unknown, c: any) { ${blind("c.db")} } as any; } class A { @deco async go(_c: MutationCtx) {} } await new A().go(ctx);`,
    ),
    f(
      `const hs = { a: async (c: any) => { ${blind("c.db")} } } as const satisfies Record<string, (c: MutationCtx) => Promise<void>>; await hs.a(ctx);`,
    ),
    f(
      `const hs: [(c: MutationCtx) => Promise<void>] = [async (c: any) => { ${blind("c.db")} }]; await hs[0](ctx);`,
    ),
    f(
      `const hs = new Set<(c: MutationCtx) => Promise<void>>([async (c: any) => { ${blind("c.db")} }]); for (const h of hs) await h(ctx);`,
    ),
    f(
      `class A { set handler(h: (c: MutationCtx) => Promise<void>) { this.h = h; } h!: (c: MutationCtx) => Promise<void>; } const a = new A(); a.handler = async (c: any) => { ${blind("c.db")} }; await a.h(ctx);`,
    ),
    f(
      `function over(c: MutationCtx): Promise<void>; function over(c: string): Promise<void>; async function over(c: any) { ${blind("c.db")} } await over(ctx);`,
    ),
    f(
      `class A { private x: any; constructor(c: MutationCtx); constructor(c: any) { this.x = c; } async go() { ${blind("this.x.db")} } } await new A(ctx).go();`,
    ),
    f(
      `class P { async go(_c: MutationCtx) {} } class Q extends P { override async go(c: any) { ${blind("c.db")} } } const p: P = new Q(); await p.go(ctx);`,
    ),
    f(
      `class P { handle: (c: MutationCtx) => Promise<void> = async () => {}; } class Q extends P { override handle = async (c: any) => { ${blind("c.db")} }; } const p: P = new Q(); await p.handle(ctx);`,
    ),
    f(`const h = ${H}; await [ctx].map(h)[0];`),
    f(`const h = ${H}; [ctx].forEach(h); await new Promise((r) => r(0));`),
    f(`const h = ${H}; await Promise.resolve(ctx).then(h);`),
    f(`const h = ${H}; const b: typeof h = h; await b(ctx);`),
    f(`const x = ctx.db as never; ${blind("x")}`),
    f(`function g(x: never) { return x as any; } ${blind("g(ctx.db as never)")}`),
    f(
      `const h = ${H}; const t = { then: (r: (c: MutationCtx) => void) => r(ctx) }; await h(await (t as PromiseLike<any>));`,
    ),
    f(
      `class A { #x; constructor(x: any) { this.#x = x; } get x() { return this.#x; } } ${blind("new A(ctx.db).x")}`,
    ),
    f(
      `class A { x: unknown; constructor(readonly c: MutationCtx) { this.x = c.db; } } const a = new A(ctx); ${blind("a.x")}`,
    ),
    f(`class A<T = any> { constructor(readonly x: T) {} } const a: A = new A(ctx.db); ${blind("a.x")}`),
    f(
      `abstract class A { protected abstract get db(): any; async go() { ${blind("this.db")} } } class B extends A { constructor(readonly c: MutationCtx) { super(); } get db() { return this.c.db; } } await new B(ctx).go();`,
    ),
    f(
      `interface J { db: any } class B implements J { constructor(readonly db: DatabaseWriter) {} } const j: J = new B(ctx.db); ${blind("j.db")}`,
    ),
    f(
      `let g: any; const cb = (x: any) => { g = x; }; const em = { on: (fn: (c: MutationCtx) => void) => fn(ctx) }; em.on(cb); ${blind("g.db")}`,
    ),
  ]),
  ...programs("builder", "bad", [
    `const impl = async (c: any) => { ${blind("c.db")} }; export const f = mutation(impl);`,
    `const impl = async (c: any) => { ${blind("c.db")} }; export const f = mutation(impl as never);`,
    `function handlerOf(): any { return async (c: any) => { ${blind("c.db")} }; } export const f = mutation({ args: {}, handler: handlerOf() });`,
    `const defs: Record<string, any> = { a: { args: {}, handler: async (c: any) => { ${blind("c.db")} } } }; export const f = mutation(defs["a"]);`,
    `const build: any = mutation; export const f = build({ args: {}, handler: async (c: any) => { ${blind("c.db")} } });`,
    `const builders: Record<string, any> = { mutation }; export const f = builders["mutation"]({ args: {}, handler: async (c: any) => { ${blind("c.db")} } });`,
    `const make = (b: typeof mutation) => (h: any) => b({ args: {}, handler: h }); export const f = make(mutation)(async (c: any) => { ${blind("c.db")} });`,
    `const make = (b: (d: any) => any) => b({ args: {}, handler: async (c: any) => { ${blind("c.db")} } }); export const f = make(mutation);`,
    `const make = <B extends (d: any) => unknown>(b: B) => b({ args: {}, handler: async (c: any) => { ${blind("c.db")} } }) as any; export const f = make(mutation);`,
    `export const f = mutation.call(undefined, { args: {}, handler: async (c: any) => { ${blind("c.db")} } } as any);`,
    `export const f = Reflect.apply(mutation, undefined, [{ args: {}, handler: async (c: any) => { ${blind("c.db")} } }]);`,
    `export const [f] = [{ args: {}, handler: async (c: any) => { ${blind("c.db")} } }].map(mutation as any) as any[];`,
    `const bound = (mutation as any).bind(null); export const f = bound({ args: {}, handler: async (c: any) => { ${blind("c.db")} } });`,
    `export const f = mutation({ args: {}, handler: ${H} } as any);`,
    `export const f = mutation(({ args: {}, handler: ${H} }) as never);`,
  ]),
  ...programs("this", "bad", [
    f(
      `async function go(c: MutationCtx) { const inner = async function (this: any) { ${blind("this.db")} }; await inner.call(c); } await go(ctx);`,
    ),
    f(`async function go(this: any) { ${blind("this.db")} } await go.call(ctx);`),
    f(`async function go(this: any) { ${blind("this.db")} } await go.bind(ctx)();`),
    f(`const o = { db: ctx.db, async go(this: any) { ${blind("this.db")} } }; await o.go();`),
    f(
      `const o = { ...ctx, async go(): Promise<void> { const me: any = this; ${blind("me.db")} } }; await o.go();`,
    ),
    f(`const h = ${H}; await h.call(undefined, ctx);`),
    f(`const h = ${H}; await h.apply(undefined, [ctx]);`),
    f(`const h = ${H}; const list = [ctx] as const; await h.apply(undefined, list as any);`),
    f(`const h = ${H}; await h.bind(undefined, ctx)();`),
    f(`const h = ${H}; await Reflect.apply(h, undefined, [ctx]);`),
  ]),
  ...programs("kept", "bad", [
    f(`const w = new WeakMap<object, any>(); const k = {}; w.set(k, ctx.db); ${blind("w.get(k)")}`),
    f(`const w = new WeakRef<any>(ctx.db); ${blind("w.deref()")}`),
    f(`const q: any[] = []; q.push(ctx.db); ${blind("q[0]")}`),
    f(`const q: any[] = new Array(1); q.fill(ctx.db); ${blind("q[0]")}`),
    f(`const q: unknown[] = [ctx.db]; const [x] = q as any[]; ${blind("x")}`),
    f(`const x: any = await Promise.race<any>([ctx.db]); ${blind("x")}`),
    f(`const [x] = await Promise.all<any>([ctx.db]); ${blind("x")}`),
    f(`const x: any = await new Promise<any>((done) => done(ctx.db)); ${blind("x")}`),
    f(`const x = [ctx.db].reduce<any>((_, one) => one, null); ${blind("x")}`),
    f(`const x = await Promise.resolve(ctx.db).then((one): any => one); ${blind("x")}`),
    f(`const x = Array.from<any>([ctx.db])[0]; ${blind("x")}`),
    f(`const x = [0].map((): any => ctx.db)[0]; ${blind("x")}`),
    f(`const x = [ctx.db].flatMap((d): any[] => [d])[0]; ${blind("x")}`),
    f(`const o = Object.fromEntries([["db", ctx.db]]) as Record<string, any>; ${blind('o["db"]')}`),
    f(`const o = Object.fromEntries<any>([["db", ctx.db]]); ${blind('o["db"]')}`),
    f(`const o = Object.defineProperty({} as any, "db", { value: ctx.db }); ${blind("o.db")}`),
    f(`const o = Object.assign({} as any, { db: ctx.db }); ${blind("o.db")}`),
    f(`const o: any = {}; o.db = ctx.db; ${blind("o.db")}`),
    f(`const o: { db?: any } = {}; o["db"] = ctx.db; ${blind("o.db")}`),
    f(`class S { static held: any; } S.held = ctx.db; ${blind("S.held")}`),
    `let held: any; export const f = mutation({ args: {}, handler: async (ctx) => { held = ctx.db; await use(); } }); async function use() { ${blind("held")} }`,
    f(`(globalThis as any).held = ctx.db; ${blind("(globalThis as any).held")}`),
    f(`try { throw ctx.db; } catch (x) { ${blind("x")} }`),
    f(`try { throw { db: ctx.db }; } catch (x: any) { ${blind("x.db")} }`),
    f(`const x = await Promise.reject(ctx.db).catch((e) => e); ${blind("x")}`),
    f(`const e = new Error("x", { cause: ctx.db }); const x: any = e.cause; ${blind("x")}`),
    f(
      `function* g(): Generator<unknown, any, unknown> { return yield 1; } const it = g(); it.next(); const x: any = it.next(ctx.db).value; ${blind("x")}`,
    ),
    f(`function* g() { yield ctx.db; } const x: any = [...g()][0]; ${blind("x")}`),
    f(`const o = { *[Symbol.iterator](): Iterator<any> { yield ctx.db; } }; const [x] = o; ${blind("x")}`),
    f(`const o = { toJSON(): any { return ctx.db; } }; const x: any = o.toJSON(); ${blind("x")}`),
    f(`const o = { get db(): any { return ctx.db; } }; ${blind("o.db")}`),
    f(
      `const o = { db: null as any, set it(x: DatabaseWriter) { this.db = x; } }; o.it = ctx.db; ${blind("o.db")}`,
    ),
    f(`const [, x = ctx.db] = [1] as any[]; ${blind("x")}`),
    f(`const fn = ({ d = ctx.db }: any = {}) => d; const x = fn(); ${blind("x")}`),
    f(
      `const x = (() => { switch (1 as number) { case 1: return ctx.db; default: return JSON.parse("1"); } })(); ${blind("x")}`,
    ),
    f(`const x = ((): any => { try { return ctx.db; } finally { void 0; } })(); ${blind("x")}`),
    f(`const x = (ctx.db && JSON.parse("0")) || (ctx.db as unknown); ${blind("x")}`),
    f(
      `let x: unknown; x = ctx.db; const y = x as { [k: string]: (...a: unknown[]) => Promise<unknown> }; const k = ["ins","ert"].join(""); await y[k]!("customers", row);`,
    ),
    f(
      `const { db, ...others } = ctx; const all = { others, db } as Record<string, any>; ${blind('all["db"]')}`,
    ),
    f(`const [d] = Object.values({ d: ctx.db }) as any[]; ${blind("d")}`),
    f(`let out: any; Object.entries({ d: ctx.db }).forEach(([, v]) => { out = v; }); ${blind("out")}`),
    f(`const p = Object.setPrototypeOf({}, ctx.db); ${blind("p")}`),
    f(`const p: any = { __proto__: ctx.db }; ${blind("p")}`),
    f(`class P extends (ctx.constructor as any) {} const p: any = new P(); p.db = ctx.db; ${blind("p.db")}`),
    f(`const h = new Proxy(ctx.db, { get: (t: any, k) => t[k] }) as any; ${blind("h")}`),
    f(`const h = new Proxy({} as any, { get: (_, k) => (ctx.db as any)[k] }); ${blind("h")}`),
    f(`const s = [..."x"].map(() => ctx.db as unknown); ${blind("s[0]")}`),
    f(`const x = await (async (): Promise<unknown> => ctx.db)(); ${blind("x")}`),
    f(`const x = (function () { return arguments[0]; } as any)(ctx.db); ${blind("x")}`),
    f(`const x = [ctx.db].at(0) as unknown as { [k: string]: any }; ${blind("x")}`),
    f(`const x = Object.freeze({ d: ctx.db as object }); ${blind("x.d")}`),
    f(
      `const x = structuredCopy(ctx.db); function structuredCopy(v: object) { return { ...v } as any; } ${blind("x")}`,
    ),
    f(`enum E { A } const x: { [E.A]?: any } = {}; x[E.A] = ctx.db; ${blind("x[E.A]")}`),
    f(
      `const sym: unique symbol = Symbol() as any; const x: { [sym]?: any } = { [sym]: ctx.db }; ${blind("x[sym]")}`,
    ),
    f(
      `const x = { a: { b: ctx } } satisfies { a: { b: unknown } }; const y: { a: { b: { db: unknown } } } = x; ${blind("y.a.b.db")}`,
    ),
    f(`const x = (ctx as { db?: unknown }).db; ${blind("x")}`),
    f(`const x = ctx as Omit<MutationCtx, "db"> & { db: any }; ${blind("x.db")}`),
    f(`const x: Partial<Record<keyof MutationCtx, any>> = ctx; ${blind("x.db")}`),
    f(`const x: { readonly [K in keyof MutationCtx]: any } = ctx; ${blind("x.db")}`),
    f(
      `const x: Record<keyof DatabaseWriter, any> = ctx.db; const m = x[["ins","ert"].join("") as "get"]; await m(["cust","omers"].join(""), row);`,
    ),
  ]),
  ...programs("view", "bad", [
    f(`const g = (q: QueryCtx) => (q.db as any)[["ins","ert"].join("")]("customers", row); await g(ctx);`),
    f(
      `const r: DatabaseReader = ctx.db; const m = (r as any)[["ins","ert"].join("")]; await m("customers", row);`,
    ),
    f(
      `const r: Pick<DatabaseReader, "get"> = ctx.db; const m = (r as any)[["ins","ert"].join("")]; await m("customers", row);`,
    ),
    f(
      `const r: { get: unknown } = ctx.db; const m = (r as any)[["ins","ert"].join("")]; await m("customers", row);`,
    ),
    f(`const q: QueryCtx = ctx; const d: any = q.db; ${blind("d")}`),
    f(`async function g({ db }: QueryCtx) { const d: any = db; ${blind("d")} } await g(ctx);`),
    f(`async function g(d: DatabaseReader) { ${blind("d")} } await g(ctx.db);`),
    f(`async function g(d: { query: DatabaseReader["query"] }) { ${blind("d")} } await g(ctx.db);`),
    f(
      `async function g(d: Pick<MutationCtx, "storage"> & Partial<MutationCtx>) { ${blind("(d as any).db")} } await g(ctx);`,
    ),
    f(`async function g(d: Pick<MutationCtx, "storage">) { ${blind("(d as any).db")} } await g(ctx);`),
    f(
      `async function g(d: { scheduler: MutationCtx["scheduler"] }) { const e: unknown = d; ${blind("(e as any).db")} } await g(ctx);`,
    ),
    f(`const auth: { auth: unknown } = ctx; ${blind("(auth as any).db")}`),
  ]),
  ...programs("factory", "bad", [
    C + 'const make = crud; export const { create } = make(schema, "customers");',
    C + 'export const { create } = crud.apply(null, [schema, "customers"] as any) as any;',
    C + 'const wrap = <T,>(fn: T) => fn; export const { create } = wrap(crud)(schema, "customers") as any;',
    C + 'const use = (fn: any) => fn(schema, "customers"); export const { create } = use(crud);',
    C + 'const lib = { crud } as any; export const { create } = lib.crud(schema, "customers");',
    C +
      'const libs: Record<string, any> = { crud }; export const { create } = libs["crud"](schema, "customers");',
    C + 'export const { create } = (crud as any)(schema, "customers");',
    C + 'export const { create } = Reflect.apply(crud, null, [schema, "customers"]);',
    C + 'export const all = ["customers"].map((t) => crud(schema, t as "notes"));',
    C +
      'function crudFor(b: any, t: string) { return crud(schema, t as any, undefined, b); } export const all = crudFor(mutation, "customers");',
    C +
      'function crudFor<T extends TableNames>(t: T) { return crud(schema, t); } export const all = crudFor("customers");',
    C +
      'const crudFor = (t: "customers" | "notes") => crud(schema, t); export const all = crudFor("customers");',
    C + 'const table = "customers"; const args = [schema, table] as const; export const all = crud(...args);',
    C + 'class Cruds { static of = crud; } export const all = Cruds.of(schema, "customers");',
    C + 'export const [all] = [crud].map((make) => make(schema, "customers" as any));',
    'import * as H from "convex-helpers/server/crud"; import schema from "./schema.js"; export const all = H.crud(schema, "customers");',
    'import * as H from "convex-helpers/server/crud"; import schema from "./schema.js"; const h: any = H; export const all = h.crud(schema, "customers");',
    'import * as H from "convex-helpers/server/crud"; import schema from "./schema.js"; const k = ["cr","ud"].join("") as "crud"; export const all = H[k](schema, "customers");',
    [
      M +
        'const mk = makeMigration as any; export const m = mk(internalMutation)({ table: "customers", migrateOne: () => ({ email: "" }) });',
      mig,
    ],
    [
      M +
        'const mg = makeMigration(internalMutation) as any; export const m = mg({ table: "customers", migrateOne: () => ({ email: "" }) });',
      mig,
    ],
    [
      M +
        'const def: any = { table: "customers", migrateOne: () => ({ email: "" }) }; export const m = makeMigration(internalMutation)(def);',
      mig,
    ],
    [
      M +
        'const mg = makeMigration(internalMutation); const run = (fn: any) => fn({ table: "customers", migrateOne: () => ({ email: "" }) }); export const m = run(mg);',
      mig,
    ],
    [
      M +
        'const mg = makeMigration(internalMutation); export const m = mg.call(null, { table: "customers" as any, migrateOne: () => ({ email: "" }) } as any);',
      mig,
    ],
    [
      M +
        'export const m = makeMigration(internalMutation)({ table: "customers", migrateOne: (async () => ({ email: "" })) as any });',
      mig,
    ],
    [
      M +
        'export const m = makeMigration(internalMutation)({ table: "customers", migrateOne: ((): void => ({ email: "" }) as never) });',
      mig,
    ],
  ]),
  ...programs("package", "bad", [
    'export { Tracker } from "untrusted-library"; export { add as f } from "untrusted-library";',
    'export * from "untrusted-library";',
    'import { add } from "untrusted-library"; export const f = add;',
    'import { make } from "untrusted-library"; export const f = make("customers");',
    'import { makeAll } from "untrusted-library"; export const { add: f } = makeAll(mutation, "customers");',
    'import * as L from "untrusted-library"; export const f = L.add;',
    'import { add } from "untrusted-library"; export default add;',
    'import { anything } from "untrusted-library"; export const f = anything.add;',
    ['const L = await import("untrusted-library"); export const f = L.add;', nr],
    'import { wrapDb } from "untrusted-library"; export const f = mutation({ args: {}, handler: wrapDb });',
    'import { built } from "untrusted-library"; export const f = built({ args: {}, handler: async () => null });',
  ]),
  ...programs("table-writer", "bad", [
    [
      f(
        'const t = (ctx.db as any as { table(n: string): { insert(v: object): Promise<void> } }).table("customers"); await t.insert(row);',
      ),
      nr,
    ],
    [
      f(
        'const t = (ctx.db as unknown as { table: (n: string) => { insert(v: object): Promise<void> } }).table; await t("customers").insert(row);',
      ),
      nr,
    ],
    [f('const { table } = ctx.db as any; await table("customers").insert(row);'), nr],
  ]),
  ...programs("code", "bad", [
    [
      f(
        'const k = "Convex"; const c = (globalThis as any)[k]; await c.asyncSyscall(["1.0","insert"].join("/"), "{}");',
      ),
      nr,
    ],
    [
      f('const { Convex: c } = globalThis as any; await c.asyncSyscall(["1.0","insert"].join("/"), "{}");'),
      nr,
    ],
    [f('const g = (0, eval)("this"); await g.Convex.asyncSyscall("x", "{}");'), nr],
    [
      f(
        'const g: any = (function (this: any) { return this; }).call(undefined); await g["Con" + "vex"]["async" + "Syscall"]("x", "{}");',
      ),
      nr,
    ],
    [
      f(
        'const g: any = (function (this: any) { return this; })(); await g["Con" + "vex"]["async" + "Syscall"]("x", "{}");',
      ),
      nr,
    ],
    [f('const { asyncSyscall } = Convex; await asyncSyscall(["1.0","insert"].join("/"), "{}");'), nr],
    [f('const c = { Convex }; await c.Convex.asyncSyscall(["1.0","insert"].join("/"), "{}");'), nr],
    [
      f(
        'const use = (c: typeof Convex) => c.asyncSyscall(["1.0","insert"].join("/"), "{}"); await use(Convex);',
      ),
      nr,
    ],
    [
      f('await Convex["async" + "Syscall"](["1.0","insert"].join("/"), "{}");').replace(
        'Convex["',
        '(Convex as any)["',
      ),
      nr,
    ],
    [f('const C = Object.getPrototypeOf(async function () {}).constructor; await C("x")();'), nr],
    [f('const k = ["constr","uctor"].join(""); const C = ((() => 0) as any)[k]; await C("return 1")();'), nr],
    [f('const C = Reflect.get(() => 0, "constructor"); await C("return 1")();'), nr],
    [
      f(
        'const C = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => 0), "constructor")!.value; await C("return 1")();',
      ),
      nr,
    ],
    [f('setTimeout("return 1" as any);').replace("setTimeout(", "(globalThis as any).setTimeout("), nr],
    [
      'const name = "node:vm"; export const f = mutation({ args: {}, handler: async () => { const vm = await import(name); vm.runInThisContext("1"); } });',
      nr,
    ],
    [
      'export const f = mutation({ args: {}, handler: async () => { const u = "data:text/javascript," + text; await import(u); } });',
      nr,
    ],
    [f('const m = await import(["convex", "dist/esm/server/impl/database_impl.js"].join("/")); void m;'), nr],
    [
      'import { setupWriter } from "convex/dist/esm/server/impl/database_impl.js"; export const f = mutation({ args: {}, handler: async () => { void setupWriter; } });',
      { ...nr, hasErrors: true },
    ],
    [f('const s = new (Function as any)("return 1"); s();'), nr],
    [f('const s = Function.prototype.constructor("return 1"); s();'), nr],
    [f('const A = (async () => 1).constructor as FunctionConstructor; A("return 1")();'), nr],
    [f('class X {} const C = (X.constructor as any); C("return 1")();'), nr],
    [f('const f0 = () => 1; const { constructor: C } = f0; (C as any)("return 1")();'), nr],
    [f('const f0: any = () => 1; const g = f0["construc" + "tor"]; g("return 1")();'), nr],
  ]),
];
