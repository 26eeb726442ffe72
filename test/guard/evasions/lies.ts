import { programs } from "./evasion.js";
import { blind, f } from "./laundering.js";

/** A type of `ctx` that is no writer, under which one hides. */
const A = 'type A = MutationCtx["auth"]; type W = DatabaseWriter; ';
const g = (body: string): string => A + f(body);
/** Takes what is said to be no writer. */
const seen = (value: string): string => `const x: any = ${value}; ${blind("x")}`;
/** A package that brings functions, and one of them. */
const L = 'import { add, make } from "untrusted-library"; ';

/** Ways to hold the writer under a type that is no writer's, and to deploy a package's function under a name of the app. */
export const lies = [
  ...programs("lie", "bad", [
    // An assertion, or a key, that says something else.
    [g(`const u: A | W = ctx.db; ${seen("u as A")}`), { hasErrors: true }],
    g(`const pick = (u: A | W) => u as A; ${seen("pick(ctx.db)")}`),
    g(`const pick = (u: W | string) => u as string; ${seen("pick(ctx.db)")}`),
    g(`const pick = (u: { v: A | W }) => u as { v: A }; ${seen("pick({ v: ctx.db }).v")}`),
    g(`const pick = (u: readonly (A | W)[]) => u as readonly A[]; ${seen("pick([ctx.db])[0]")}`),
    g(`const k = ["d", "b"].join("") as "auth"; ${seen("ctx[k]")}`),
    g(`const k = ["d", "b"].join("") as "auth"; const { [k]: y } = ctx; ${seen("y")}`),
    g(`for (const k of Object.keys(ctx) as "auth"[]) if (k.length === 2) { ${seen("ctx[k]")} }`),
    g(`const o = { a: ctx.db, b: ctx.auth }; const k = ["a"].join("") as "b"; ${seen("o[k]")}`),
    g(`const l = [ctx.auth, ctx.db] as const; const i = Number("1") as 0; ${seen("l[i]")}`),
    g(
      `const get = <T, K extends keyof T>(t: T, k: K): T[K] => t[k]; ${seen('get(ctx, ["d", "b"].join("") as "auth")')}`,
    ),
    g(`const not = <T, U>(v: T | U, _u: U) => v as T; ${seen("not<A, W>(ctx.db, ctx.db)")}`),
    g(`const as = <T,>(v: A | W | T) => v as T; ${seen("as<A>(ctx.db)")}`),
    g(`const { db } = ctx; const u: { auth: A | W } = { auth: db }; ${seen("(u as { auth: A }).auth")}`),
    // A check that says something else.
    g(
      `const isA = (v: A | W): v is A => true; const see = async (v: A | W) => { if (isA(v)) { ${seen("v")} } }; await see(ctx.db);`,
    ),
    g(
      `function isA(v: A | W): asserts v is A {} const see = async (v: A | W) => { isA(v); ${seen("v")} }; await see(ctx.db);`,
    ),
    g(
      `class K { k = 1; static [Symbol.hasInstance](_: unknown) { return true; } } const see = async (v: K | W) => { if (v instanceof K) { ${seen("v")} } }; await see(ctx.db);`,
    ),
    g(
      `const isNo = (v: A | W): v is W => false; const see = async (v: A | W) => { if (!isNo(v)) { ${seen("v")} } }; await see(ctx.db);`,
    ),
    g(`const found = [ctx.db as A | W].filter((v): v is A => true); ${seen("found[0]")}`),
    g(`const list: (A | W)[] = [ctx.db]; const one = list.find((v): v is A => true); ${seen("one")}`),
    g(`const list: (A | W)[] = [ctx.db]; if (list.every((v): v is A => true)) { ${seen("list[0]")} }`),
    g(
      `class B { constructor(readonly v: A | W) {} holds(): this is { v: A } { return true; } } const b = new B(ctx.db); if (b.holds()) { ${seen("b.v")} }`,
    ),
    // An alias with a wider type, through which the writer is put in.
    g(`const a: A[] = [ctx.auth]; const b: (A | W)[] = a; b[0] = ctx.db; ${seen("a[0]")}`),
    g(`const a: A[] = []; const b: (A | W)[] = a; b.push(ctx.db); ${seen("a[0]")}`),
    g(`const a = { v: ctx.auth }; const b: { v: A | W } = a; b.v = ctx.db; ${seen("a.v")}`),
    g(
      `const a = { v: ctx.auth }; const put = (b: { v: A | W }) => { b.v = ctx.db; }; put(a); ${seen("a.v")}`,
    ),
    g(
      `const a = { v: ctx.auth }; const put = <T,>(b: { v: T }, v: T) => { b.v = v; }; put<A | W>(a, ctx.db); ${seen("a.v")}`,
    ),
    g(`const a = { v: ctx.auth }; Object.assign(a, { v: ctx.db }); ${seen("a.v")}`),
    g(`const a: Record<string, A> = {}; Object.assign(a, { v: ctx.db }); ${seen('a["v"]')}`),
    g(`const a: A[] = []; Object.assign(a, [ctx.db]); ${seen("a[0]")}`),
    g(
      `class B { v: A = ctx.auth; } const b = new B(); const c: { v: A | W } = b; c.v = ctx.db; ${seen("b.v")}`,
    ),
    g(
      `const p = new Map<string, A>(); const q: Map<string, A | W> = p; q.set("v", ctx.db); ${seen('p.get("v")')}`,
    ),
    g(`const m = new Set<A>(); const n: Set<A | W> = m; n.add(ctx.db); for (const v of m) { ${seen("v")} }`),
    g(`const a: [A] = [ctx.auth]; const b: [A | W] = a; b[0] = ctx.db; ${seen("a[0]")}`),
    g(`const a: { v?: A } = {}; const b: { v?: A | W } = a; b.v = ctx.db; ${seen("a.v")}`),
    g(
      `let a: A = ctx.auth; const box = { get v(): A { return a; }, set v(w: A) { a = w; } }; const wide: { v: A | W } = box; wide.v = ctx.db; ${seen("a")}`,
    ),
    // A parameter or a result whose type is another for those who call.
    g(
      `const sink = { put: async (v: A) => { ${seen("v")} } }; const s: { put(v: A | W): Promise<void> } = sink; await s.put(ctx.db);`,
    ),
    g(
      `class S { async put(v: A) { ${seen("v")} } } const s: { put(v: A | W): Promise<void> } = new S(); await s.put(ctx.db);`,
    ),
    g(
      `class P { async put(_v: A | W) {} } class S extends P { override async put(v: A) { ${seen("v")} } } const p: P = new S(); await p.put(ctx.db);`,
    ),
    [
      g(
        `function put(v: A | W): Promise<void>; async function put(v: A) { ${seen("v")} } await put(ctx.db);`,
      ),
      { hasErrors: true },
    ],
    g(`function pick(): A; function pick(): A | W { return ctx.db; } ${seen("pick()")}`),
    g(`class P { pick(): A; pick(): A | W { return ctx.db; } } ${seen("new P().pick()")}`),
    g(
      `function pick(k: "w"): W; function pick(k: string): A; function pick(_k: string): A | W { return ctx.db; } ${seen('pick("a")')}`,
    ),
    g(
      `const s = { put: async (v: A) => { ${seen("v")} } } as { put(v: A | W): Promise<void> }; await s.put(ctx.db);`,
    ),
    g(`const h = async (v: A) => { ${seen("v")} }; await (h as (v: W | A) => Promise<void>)(ctx.db);`),
    g(`const h = async (v: A) => { ${seen("v")} }; await (h as unknown as (v: W) => Promise<void>)(ctx.db);`),
    g(
      `const h = async (v: string) => { ${seen("v")} }; await (h as never as (v: W) => Promise<void>)(ctx.db);`,
    ),
  ]),
  ...programs("deployed", "bad", [
    `${L} const get = () => add; export const f = get();`,
    `${L} export const f = (() => add)();`,
    `${L} export const f = [add][0]!;`,
    `${L} export const { f } = { f: add };`,
    `${L} export const f = text ? add : add;`,
    `${L} export const f = add ?? null;`,
    `${L} class X { static readonly f = add; } export const f = X.f;`,
    `${L} let f = make("customers"); f = add; export { f };`,
    `${L} const all = { deep: { add } }; export const f = all.deep.add;`,
    `${L} export const f = new Map([["f", add]]).get("f")!;`,
    `${L} function pick() { return add; } export default pick();`,
    `${L} const pick = <T,>(value: T) => value; export const f = pick(add);`,
    `${L} const fs = [make("customers")]; export const [f] = fs;`,
    `import * as L from "untrusted-library"; export import f = L.add;`,
    `import * as L from "untrusted-library"; const { add: g } = L; export { g as f };`,
  ]),
];
