import { programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const HEAD = `type L = Record<string, Record<string, (table: string, value: object) => Promise<unknown>>>;
const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];
const E = async (c: L) => { await c[k0]![k1]!(k2, row); };
`;
const RUN = "export async function run(ctx: MutationCtx)";
const m = (code: string): string => HEAD + code;

/** Objects with functions that get the writer: what takes their place, or the place of these functions. */
export const replacing = [
  ...programs("plugins", "bad", [
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
class Trace { async run(c: unknown) { await (c as L)[k0]![k1]!(k2, row); } }
const all: Use2[] = [new Trace()];
${RUN} { await all[0]!.run(ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
class Trace { async run(c: object) { await (c as L)[k0]![k1]!(k2, row); } }
const all: { trace: Use2 } = { trace: new Trace() };
${RUN} { await all.trace.run(ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
class Trace { async run(c: object) { await (c as L)[k0]![k1]!(k2, row); } }
async function go(one: Use2, ctx: MutationCtx) { await one.run(ctx); }
${RUN} { await go(new Trace(), ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
const loose = { run: async (c: unknown) => { await (c as L)[k0]![k1]!(k2, row); } };
const all = new Map<string, Use2>([["a", loose]]);
${RUN} { await all.get("a")!.run(ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
const loose = { run: async (c: unknown) => { await (c as L)[k0]![k1]!(k2, row); } };
const all: Use2[] = [];
all.push(loose);
${RUN} { await all[0]!.run(ctx); }`),
    m(`type Use<T> = { run: (value: T) => Promise<void> };
const loose: Use<object> = { run: async (c) => { await (c as L)[k0]![k1]!(k2, row); } };
const all: { [key in "a"]: Use<MutationCtx> } = { a: loose };
${RUN} { await all.a.run(ctx); }`),
    m(`const f = async (c: object) => { await (c as L)[k0]![k1]!(k2, row); };
const all: { [I in 0 | 1]: (c: MutationCtx) => Promise<void> } = [f, f];
${RUN} { await all[0](ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
class Trace { async run(c: object) { await (c as L)[k0]![k1]!(k2, row); } }
const make = (): Use2[] => [new Trace()];
const nested: { list: { all: Use2[] } } = { list: { all: make() } };
const give = (): Use2 => new Trace();
${RUN} { await nested.list.all[0]!.run(ctx); await give().run(ctx); }`),
    m(`interface Deep { inner: { run(v: MutationCtx): Promise<void> } }
class Trace { inner = { run: async (c: object) => { await (c as L)[k0]![k1]!(k2, row); } } }
const all: Deep[] = [new Trace()];
${RUN} { await all[0]!.inner.run(ctx); }`),
    m(`const loose = async (c: unknown) => { await (c as L)[k0]![k1]!(k2, row); };
const all = new Map<string, (c: MutationCtx) => Promise<void>>([["a", loose]]);
${RUN} { await all.get("a")!(ctx); }`),
    m(`interface Use2 { run(v: MutationCtx): Promise<void> }
class Trace { async run(c: object) { await (c as L)[k0]![k1]!(k2, row); } }
const make = (): { all: Use2 } => ({ all: new Trace() });
async function give(): Promise<Use2> { return new Trace(); }
${RUN} { await make().all.run(ctx); await (await give()).run(ctx); }`),
  ]),
  ...programs("overwritten", "bad", [
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } };  const evil = { run: E };
const wide: { run: unknown } = job; wide.run = evil.run;
${RUN} { await job.run(ctx); }`),
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } };  const evil = { run: E };
const wide: { run(c: never): Promise<void> } = job; wide.run = evil.run;
${RUN} { await job.run(ctx); }`),
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } };
const wide: object = job; Object.assign(wide, { run: E });
${RUN} { await job.run(ctx); }`),
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } };
function mixin(t: object, m: object) { Object.assign(t, m); } mixin(job, { run: E });
${RUN} { await job.run(ctx); }`),
    m(`const jobs: Record<string, (c: MutationCtx) => Promise<void>> = {}; const all: Record<string, unknown> = jobs; all["run"] = E;
${RUN} { await jobs["run"]!(ctx); }`),
    m(`const jobs: Record<string, (c: MutationCtx) => Promise<void>> = {}; const more: Record<string, (c: never) => Promise<void>> = { run: E };
Object.assign(jobs, more);
${RUN} { await jobs["run"]!(ctx); }`),
    m(`const m = new Map<string, (c: MutationCtx) => Promise<void>>(); const a = m as Map<string, unknown>; a.set("run", E);
${RUN} { await m.get("run")!(ctx); }`),
    m(`const m = new Map<string, (c: MutationCtx) => Promise<void>>(); function load(into: Map<string, unknown>, from: Record<string, unknown>) { for (const [k, v] of Object.entries(from)) into.set(k, v); } load(m, { run: E });
${RUN} { await m.get("run")!(ctx); }`),
    m(`const l: ((c: MutationCtx) => Promise<void>)[] = []; const u: unknown[] = l; u.push(E);
${RUN} { await l[0]!(ctx); }`),
    m(`class Service { handler: (c: MutationCtx) => Promise<void> = async () => {}; } const service = new Service();
const over = (t: { handler: unknown }, h: unknown) => { t.handler = h; }; over(service, E);
${RUN} { await service.handler(ctx); }`),
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } };
(job as any).run = E;
${RUN} { await job.run(ctx); }`),
    m(`const job = { run: async (c: MutationCtx) => { await c.db.query("users").first(); } }; const evil = { run: E };
const merged: { run(c: MutationCtx): Promise<void> } = { ...job, ...(evil as {}) };
${RUN} { await merged.run(ctx); }`),
    m(`function narrow<T extends object>(use: (v: object) => Promise<void>): (v: T) => Promise<void> { return use; }
const loose = narrow<MutationCtx>(async (c) => await E(c as L));
${RUN} { await loose(ctx); }`),
    m(`interface H<T> { handle(v: T): Promise<void> } class Loose implements H<object> { async handle(c: object) { await E(c as L); } }
const reg = new Map<string, H<never>>([["a", new Loose()]]); function lookup<T>(n: string): H<T> { return reg.get(n) as H<unknown>; }
${RUN} { await lookup<MutationCtx>("a").handle(ctx); }`),
  ]),
  ...programs("services", "clean", [
    `interface Plugin { name: string; run(ctx: MutationCtx): Promise<void> }
class Greeter { name = "greeter"; async run(ctx: MutationCtx) { await ctx.db.insert("users", { name: this.name }); } describe(value: unknown) { return String(value); } }
const plugins: Plugin[] = [new Greeter()];
const byName: Record<string, Plugin> = { greeter: new Greeter() };
${RUN} { for (const one of plugins) await one.run(ctx); await byName["greeter"]?.run(ctx); }`,
    `const users = { add: async (ctx: MutationCtx, name: string) => await ctx.db.insert("users", { name }), parse: (value: unknown) => String(value) };
const services = { users };
type Services = typeof services;
const use = async (all: Services, ctx: MutationCtx) => await all.users.add(ctx, all.users.parse(1));
${RUN} { await use(services, ctx); console.log(Object.keys(services), services); }`,
    `type Job = (ctx: MutationCtx) => Promise<void>;
const jobs = new Map<string, Job>([["greet", async (ctx) => { await ctx.db.insert("users", { name: "a" }); }]]);
const register = (into: Map<string, Job>, name: string, job: Job) => into.set(name, job);
register(jobs, "again", async (ctx) => { await ctx.db.insert("users", { name: "b" }); });
${RUN} { for (const [, job] of jobs) await job(ctx); }`,
    `const handlers = { created: async (ctx: MutationCtx) => { await ctx.db.insert("users", { name: "a" }); }, removed: async (_ctx: MutationCtx) => {} } as const;
const isKnown = (name: string): name is keyof typeof handlers => Object.keys(handlers).includes(name) && Object.hasOwn(handlers, name);
${RUN} { if (isKnown(text)) await handlers[text](ctx); for (const one of Object.values(handlers)) await one(ctx); }`,
    `const base = { run: async (ctx: MutationCtx) => { await ctx.db.insert("users", { name: "a" }); }, retries: 1 };
const options: { retries?: number } = { retries: 3 };
const job = { ...base, ...options, ...Object.freeze({ label: "x" }) };
const log = (value: unknown) => { console.log(value); };
${RUN} { log(job); await job.run(ctx); }`,
    `const isPositive = <N extends number>(value: N) => value > 0;
const first = <T,>(list: readonly T[]): T | undefined => list[0];
${RUN} { const ctxs: MutationCtx[] = [ctx]; const one = first<MutationCtx>(ctxs); if (one && isPositive(1)) await one.db.insert("users", { name: "a" }); }`,
  ]),
];
