import { programs } from "./evasion.js";
import { blind, f, hidden } from "./laundering.js";

const L = 'import { add, make } from "untrusted-library"; import * as L from "untrusted-library"; ';
const CF = 'import { customCtx, customMutation } from "convex-helpers/server/customFunctions"; ';

/**
 * Less trodden ways: what the language keeps, throws and calls back; types that say less of the writer than they hold;
 * contexts of custom functions; and mutations of packages that are kept somewhere before they are exported.
 */
export const detours = [
  ...programs("channel", "bad", [
    f(`const q = ([] as any[]).concat(ctx.db); ${blind("q[0]")}`),
    f(`const q: any[] = []; q.splice(0, 0, ctx.db); ${blind("q[0]")}`),
    f(`const q: any[] = [0]; const p = q.with(0, ctx.db); ${blind("p[0]")}`),
    f(`const q: any[] = []; q.unshift(ctx.db); ${blind("q.pop()")}`),
    f(`const x = Reflect.construct(class { constructor(readonly db: any) {} }, [ctx.db]); ${blind("x.db")}`),
    f(`const x = JSON.parse("1", () => ctx.db); ${blind("x")}`),
    f(`const x = JSON.parse("[1]", (k, v) => (k === "0" ? ctx.db : v)); ${blind("x[0]")}`),
    f(`const x = Object.create(null, { db: { value: ctx.db } }); ${blind("x.db")}`),
    f(`const x = Object.defineProperties({} as any, { db: { get: () => ctx.db } }); ${blind("x.db")}`),
    f(`const x: any = {}; Reflect.set(x, "db", ctx.db); ${blind("x.db")}`),
    f(
      `const g = (function* (): Generator<number, any, any> { try { yield 1; } catch (e) { return e; } })(); g.next(); const x = g.throw(ctx.db).value; ${blind("x")}`,
    ),
    f(
      `const g = (function* (): Generator<any, any, any> { yield 1; })(); g.next(); const x = g.return(ctx.db).value; ${blind("x")}`,
    ),
    f(
      `class A { static held: any; static { A.held = null; } static keep(x: any) { this.held = x; } } A.keep(ctx.db); ${blind("A.held")}`,
    ),
    f(
      `class A { constructor(readonly c: any) {} } class B extends A { constructor(c: MutationCtx) { super(c); } } ${blind("new B(ctx).c.db")}`,
    ),
    f(
      `class A { save(c: any): any { return c; } } class B extends A { go(c: MutationCtx) { return super.save(c); } } ${blind("new B().go(ctx).db")}`,
    ),
    `namespace N { export let held: any; } ${f(`N.held = ctx.db; ${blind("N.held")}`)}`,
    f(`const held: { [k: string]: any } = {}; held["db"] ??= ctx.db; ${blind('held["db"]')}`),
    f(`const x = (text.trim(), ctx.db as unknown) as any; ${blind("x")}`),
    f(`const x = <any>ctx.db; ${blind("x")}`),
    f(`const t: [string, ...any[]] = ["", ctx.db]; ${blind("t[1]")}`),
    f(`const x = await Promise.resolve().then<any>(() => ctx.db); ${blind("x")}`),
    f(`const x = await Promise.any<any>([ctx.db]); ${blind("x")}`),
    f(`const [r] = await Promise.allSettled<any>([ctx.db]); ${blind("(r as any).value")}`),
    f(`const x: any = [ctx.db].find(() => true); ${blind("x")}`),
    f(`const x = [[ctx.db]].flat(1 as any) as unknown[]; ${blind("x[0]")}`),
    f(`const x = Array.prototype.map.call([ctx.db], (d) => d)[0]; ${blind("x")}`),
    f(`const h = async (x: any) => { ${blind("x")} }; await Function.prototype.call.call(h, null, ctx.db);`),
    f(`const h = async (x: any) => { ${blind("x")} }; await Reflect.apply(h, null, [ctx.db]);`),
    f(
      `const o = { [Symbol.toPrimitive]: (): any => ctx.db }; const x = o[Symbol.toPrimitive](); ${blind("x")}`,
    ),
    f(`const o = { valueOf(): any { return ctx.db; } }; const x = o.valueOf(); ${blind("x")}`),
    f(
      `const o = { async *[Symbol.asyncIterator](): AsyncGenerator<unknown> { yield ctx.db; } }; for await (const x of o) { ${blind("x")} }`,
    ),
    f(`const it: Iterator<any> = [ctx.db][Symbol.iterator](); const x = it.next().value; ${blind("x")}`),
    f(`const e = [ctx.db].entries() as Iterable<any>; for (const [, x] of e) { ${blind("x")} }`),
    f(`const s = new Set<unknown>([ctx.db]); const [x] = [...s]; ${blind("x")}`),
    f(`const all = new Map<string, unknown>(Object.entries({ db: ctx.db })); ${blind('all.get("db")')}`),
    f(`const o = { db: ctx.db } as { db?: unknown }; const { db } = o; ${blind("db")}`),
    f(`label: { const x: any = { y: ctx.db }; if (text === "never") break label; ${blind("x.y")} }`),
    f(`const x = (() => { let y: any; do { y = ctx.db; } while (!y); return y; })(); ${blind("x")}`),
    f(`const x = new (class { db: any = ctx.db; })(); ${blind("x.db")}`),
    f(
      `const x = new (class { #d: any; constructor() { this.#d = ctx.db; } get(): any { return this.#d; } })().get(); ${blind("x")}`,
    ),
    f(`const x = ((y?: any) => y)?.(ctx.db); ${blind("x")}`),
  ]),
  ...programs("shape", "bad", [
    f(`const x = ctx.db as DatabaseWriter & Record<string, any>; ${hidden} await x[op](name, row);`),
    f(`const id = <T,>(v: T): T => v; const x = id<any>(ctx.db); ${blind("x")}`),
    f(
      `function g<T>(v: T): T; function g(v: any) { return v as any; } const x = g<unknown>(ctx.db); ${blind("x")}`,
    ),
    f(`function g<T>(v: T): Promise<void>; async function g(v: any) { ${blind("v")} } await g(ctx.db);`),
    f(
      `const k = <T,>(v: T) => <U,>(_u: U) => v as unknown as U; const x = k(ctx.db)(JSON.parse("1")); ${blind("x")}`,
    ),
    f(
      `type R = { ok: true; v: DatabaseWriter } | { ok: false; v: any }; const r: R = { ok: false, v: ctx.db }; if (!r.ok) { ${blind("r.v")} }`,
    ),
    f(
      `interface V<T> { visit(v: T): Promise<void> } const v: V<any> = { visit: async (x) => { ${blind("x")} } }; const w: V<DatabaseWriter> = v; await w.visit(ctx.db);`,
    ),
    f(
      `class E<M> { hs: ((v: any) => Promise<void>)[] = []; on<K extends keyof M>(_k: K, h: (v: M[K]) => Promise<void>) { this.hs.push(h); } async emit<K extends keyof M>(_k: K, v: M[K]) { for (const h of this.hs) await h(v); } } const e = new E<{ db: any }>(); e.on("db", async (x) => { ${blind("x")} }); await e.emit("db", ctx.db);`,
    ),
    f(
      `class E<M> { hs: ((v: any) => Promise<void>)[] = []; on<K extends keyof M>(_k: K, h: (v: M[K]) => Promise<void>) { this.hs.push(h); } async emit<K extends keyof M>(_k: K, v: M[K]) { for (const h of this.hs) await h(v); } } const e = new E<{ db: DatabaseWriter; no: unknown }>(); e.on("no", async (x) => { ${blind("x")} }); await e.emit("db", ctx.db);`,
    ),
    f(
      `class Token<T> { declare t: T; } class Box { m = new Map<unknown, unknown>(); set<T>(k: Token<T>, v: T) { this.m.set(k, v); } get<T>(k: Token<T>) { return this.m.get(k) as T; } } const b = new Box(); const k = new Token<any>(); b.set(k, ctx.db); ${blind("b.get(k)")}`,
    ),
    f(
      `type Mw = (c: any, next: () => Promise<void>) => Promise<void>; const run = (ms: Mw[], c: MutationCtx) => ms.reduceRight<() => Promise<void>>((n, m) => () => m(c, n), async () => {})(); await run([async (c) => { ${blind("c.db")} }], ctx);`,
    ),
    f(`const x: Awaited<any> = ctx.db; ${blind("x")}`),
    f(`const x: ReturnType<typeof JSON.parse> = ctx.db; ${blind("x")}`),
    f(`const x: Parameters<(v: any) => void>[0] = ctx.db; ${blind("x")}`),
    f(`const x: InstanceType<any> = ctx.db; ${blind("x")}`),
    f(`const x: Exclude<unknown, string> = ctx.db; ${blind("x")}`),
    f(`const x: NonNullable<unknown> = ctx.db; ${blind("x")}`),
    f(`const x: unknown & {} = ctx.db; ${blind("x")}`),
    f(`const x: Object = ctx.db; ${blind("x")}`),
    f(`const x: { toString(): string } = ctx.db; ${blind("x")}`),
    f(`const x: { query: unknown; get: unknown } = ctx.db; ${blind("x")}`),
    f(
      `interface Row { [k: string]: unknown } const x = { ...ctx.db } as Row; ${hidden} await (x[op] as (...a: unknown[]) => Promise<unknown>)(name, row);`,
    ),
    f(
      `const x = { ...ctx.db, extra: 1 }; const { extra, ...rest } = x; void extra; const y: Record<string, Function> = rest as never; ${hidden} await y[op]!(name, row);`,
    ),
    f(`const use = async <T extends { db: object }>({ db }: T) => { ${blind("db")} }; await use(ctx);`),
    f(
      `const use = async <const T extends readonly unknown[]>(...a: T) => { ${blind("a[0]")} }; await use(ctx.db);`,
    ),
    f(`const use = async (a: ArrayLike<unknown>) => { ${blind("a[0]")} }; await use([ctx.db]);`),
    f(
      `const use = async (a: { length: number; [i: number]: any }) => { ${blind("a[0]")} }; await use([ctx.db]);`,
    ),
    f(`const mk = (c: MutationCtx) => ({ get db() { return c.db as object; } }); ${blind("mk(ctx).db")}`),
    f(
      `abstract class T<X> { abstract run(x: X): Promise<void>; } class U extends T<any> { async run(x: any) { ${blind("x")} } } const t: T<DatabaseWriter> = new U(); await t.run(ctx.db);`,
    ),
    f(
      `const fns: { [k: string]: (c: never) => Promise<void> } = { a: async (c: any) => { ${blind("c.db")} } }; await (fns["a"] as (c: MutationCtx) => Promise<void>)(ctx);`,
    ),
    f(`const fn = async function (this: { c?: any }) { ${blind("this.c.db")} }; await fn.call({ c: ctx });`),
    f(
      `const o = { c: ctx as MutationCtx, async run() { const me = this as { c: unknown }; ${blind("(me.c as any).db")} } }; await o.run();`,
    ),
  ]),
  ...programs("custom", "bad", [
    CF +
      `const mine = customMutation(mutation, customCtx((ctx: any) => ({ raw: ctx.db }))); export const f = mine({ args: {}, handler: async (ctx) => { ${blind("ctx.raw")} } });`,
    CF +
      `const mine = customMutation(mutation, { args: {}, input: async (ctx) => ({ ctx: { raw: ctx.db as object }, args: {} }) }); export const f = mine({ args: {}, handler: async (ctx) => { ${blind("ctx.raw")} } });`,
    CF +
      `const mine = customMutation(mutation, { args: {}, input: async (ctx): Promise<any> => ({ ctx: { raw: ctx.db }, args: {} }) }); export const f = mine({ args: {}, handler: async (ctx: any) => { ${blind("ctx.raw")} } });`,
    CF +
      `const mine = customMutation(mutation, customCtx((ctx) => ({ go: (k: string, ...a: unknown[]) => (Reflect.get(ctx.db, k) as any)(...a) }))); export const f = mine({ args: {}, handler: async (ctx) => { await ctx.go(["ins","ert"].join(""), ["cust","omers"].join(""), row); } });`,
    CF +
      `export const f = customMutation(mutation, customCtx(() => ({})))({ args: {}, handler: (async (c: any) => { ${blind("c.db")} }) as (c: object) => Promise<void> });`,
  ]),
  ...programs("brought", "bad", [
    L + "export const f = Object.assign(add, {});",
    L + "export const f = new Proxy(add, {});",
    L + "export const f = [add].reduce((_, one) => one);",
    L + 'export const f = Reflect.get(L, "add");',
    L + 'export const f = L[("a" + "dd") as "add"];',
    L + "export const f = Object.values(L).find((one) => one === add);",
    L + "export const { f } = { ...{ f: add } };",
    L + 'export const f = make.call(null, "customers");',
    L + 'export const f = Reflect.apply(make, null, ["customers"]);',
    L + "const pick = (fn = add) => fn; export const f = pick();",
    L + "class X { f = add; } export const { f } = new X();",
    L + "class X { get f() { return add; } } export const f = new X().f;",
    L + "class X { static of() { return add; } } export const f = X.of();",
    L + "const o = { get f() { return add; } }; export const f = o.f;",
    L + "const o = { f() { return add; } }; export const f = o.f();",
    L + "let held: any; for (const one of [add]) held = one; export const f = held;",
    L + "let held: any; ({ held } = { held: add }); export const f = held;",
    L + "const held: any[] = []; held.push(add); export const f = held[0];",
    L + 'const held: Record<string, any> = {}; held["f"] = add; export const f = held["f"];',
    L + "const held = { f: null as any }; held.f = add; export const f = held.f;",
    L +
      "function deep() { const inner = () => { if (text) { return add; } return add; }; return inner(); } export const f = deep();",
    L + "export const f = ((one: any) => one)(add);",
    L + "export const f = (add as any) || null;",
    L + "export const f = add!;",
    L + "export const f = add satisfies unknown;",
    L + "export const f = { a: [{ b: add }] }.a[0]!.b;",
    L + 'export const f = JSON.parse("1", () => add);',
    L + "try { throw add; } catch (e) { var held: any = e; } export const f = held;",
    L + "enum E { A } const o = { [E.A]: add }; export const f = o[E.A];",
    L + 'export const f = text.length > 100 ? null : make("customers");',
    L + "switch (1 as number) { case 1: var held: any = add; } export const f = held;",
    L + 'const m = new Map<string, unknown>(); m.set("f", add); export const f = m.get("f") as any;',
    L + "const [f = add] = [] as any[]; export { f };",
    L + "const { f = add }: { f?: any } = {}; export { f };",
    L + "namespace N { export const g = add; } export const f = N.g;",
    L + "export namespace f { export const g = add; }",
    L + "function tag(_: TemplateStringsArray, v: any) { return v; } export const f = tag`${add}`;",
  ]),
];
