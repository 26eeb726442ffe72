import { programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const HEAD = `const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];
type Found = Record<string, Record<string, (table: string, value: object) => Promise<unknown>>>;
const peek = (value: unknown): any => value;
`;
const RUN = "export async function run(ctx: MutationCtx)";
const m = (code: string): string => HEAD + code;

/** Writes through a value of which nothing is known. */
const through = (value: string): string =>
  `const found: Found = peek(${value}); await found[k0]![k1]!(k2, row);`;

/** Generic functions that take a part of ctx, and callbacks that give it back. */
export const callbacks = [
  ...programs("callbacks", "bad", [
    m(`async function call<T>(ctx: QueryCtx, compute: (ctx: QueryCtx) => T) { ${through("compute(ctx)")} }
${RUN} { await call(ctx, (c) => c); }`),
    m(`async function call<T>(ctx: QueryCtx, compute: (ctx: QueryCtx) => T) { ${through("compute(ctx)")} }
${RUN} { await call<QueryCtx>(ctx, (c) => c); }`),
    m(`type Loader<T> = (ctx: QueryCtx) => Promise<T>;
async function call<T>(ctx: QueryCtx, compute: Loader<T>) { ${through("await compute(ctx)")} }
${RUN} { await call(ctx, async (c) => c); }`),
    m(`interface Deps<T> { load(ctx: QueryCtx): T }
async function call<T>(ctx: QueryCtx, deps: Deps<T>) { ${through("deps.load(ctx)")} }
${RUN} { await call(ctx, { load: (c) => c }); }`),
    m(`async function call<T>(ctx: QueryCtx, { load }: { load: (c: QueryCtx) => T }) { ${through("load(ctx)")} }
${RUN} { await call(ctx, { load: (c) => c }); }`),
    m(`class Runner<T> { constructor(readonly load: (ctx: QueryCtx) => T) {} async run(ctx: QueryCtx) { ${through("this.load(ctx)")} } }
${RUN} { await new Runner((c) => c).run(ctx); }`),
    m(`class Runner<T> { constructor(readonly load: (ctx: QueryCtx) => T) {} async run(ctx: QueryCtx) { ${through("(this.load(ctx) as { c: unknown }).c")} } }
const runner = new Runner((c) => ({ c }));
${RUN} { await runner.run(ctx); }`),
    m(`async function call<T>(ctx: QueryCtx, ...more: [load: (c: QueryCtx) => T]) { ${through("more[0](ctx)")} }
${RUN} { await call(ctx, (c) => c); }`),
    m(`function outer<T>(load: (given: QueryCtx) => T) {
  const inner = async (ctx: QueryCtx) => { ${through("load(ctx)")} };
  return async (ctx: MutationCtx) => { await inner(ctx); };
}
const use = outer((c) => c);
${RUN} { await use(ctx); }`),
    m(`async function call<T>(ctx: { auth: QueryCtx["auth"]; db: DatabaseReader }, load: (given: { auth: QueryCtx["auth"] }) => T) { ${through("load(ctx)")} }
${RUN} { await call(ctx, (c) => c); }`),
    // function types of the app, whose code stands elsewhere
    m(`type Make = { by: <T>(ctx: QueryCtx, load: (c: QueryCtx) => T) => Promise<void> };
const make: Make = { by: async (ctx, load) => { ${through("load(ctx)")} } };
${RUN} { await make.by(ctx, (c) => c); }`),
    // a function that gives back what it gets, as one that gives back unknown
    m(`async function call(ctx: QueryCtx, load: (c: QueryCtx) => unknown) { ${through("load(ctx)")} }
const same = (c: QueryCtx) => c;
${RUN} { await call(ctx, same); }`),
    m(`async function call(ctx: QueryCtx, load: (c: QueryCtx) => Promise<unknown>) { ${through("await load(ctx)")} }
async function same(c: QueryCtx) { return c; }
${RUN} { await call(ctx, same); }`),
    m(`const loaders: ((c: QueryCtx) => unknown)[] = [];
const same = (c: QueryCtx) => c;
${RUN} { loaders.push(same); ${through("loaders[0]!(ctx)")} }`),
    m(`async function call<F extends (c: QueryCtx) => unknown>(ctx: QueryCtx, load: F) { ${through("load(ctx)")} }
const same = (c: QueryCtx) => c;
${RUN} { await call(ctx, same); }`),
    m(`async function call<F extends (c: QueryCtx) => unknown>(ctx: QueryCtx, load: F) { ${through("load(ctx)")} }
${RUN} { await call(ctx, (c) => c); }`),
    m(`const call = async <F extends (c: QueryCtx) => unknown>(ctx: QueryCtx, load: F) => { ${through("load(ctx)")} };
${RUN} { await call(ctx, (c) => { return c; }); }`),
    // a generic function that gives back what it kept
    m(`let kept: MutationCtx | null = null;
const retry = <T,>(fn: () => T): T[] => [(kept as unknown as T) ?? fn()];
${RUN} { kept = ctx; const got: any = retry(() => 1); ${through("got[0]")} }`),
    m(`const retry = async <T,>(fn: () => Promise<T>): Promise<T> => await fn();
${RUN} { const got: any = await retry(async () => ctx); ${through("got")} }`),
  ]),
  ...programs("readers", "clean", [
    `function invariant(condition: unknown, message: string): asserts condition { if (!condition) throw new Error(message); }
async function getOrThrow<Table extends TableNames>(ctx: QueryCtx, table: Table, id: Id<Table>): Promise<Doc<Table>> {
  const doc = await ctx.db.get(table, id);
  invariant(doc, \`\${table} not found\`);
  return doc;
}
${RUN} { const note = await ctx.db.query("notes").first(); if (note) await getOrThrow(ctx, "notes", note._id); }`,
    `const isPresent = (value: unknown): boolean => value !== null;
async function check<T extends string>(ctx: QueryCtx, value: T) { await ctx.auth.getUserIdentity(); return isPresent(value); }
${RUN} { await check(ctx, "x"); }`,
    `function store<Value>(parse: (value: unknown) => Value) {
  const check = (ctx: QueryCtx) => ctx.auth.getUserIdentity();
  return async (ctx: MutationCtx, value: Value) => { await check(ctx); return parse(value); };
}
const numbers = store((value) => Number(value));
${RUN} { await numbers(ctx, 1); }`,
    `const isPresent = (value: unknown): boolean => value !== null;
async function cached<T>(ctx: QueryCtx, compute: (ctx: QueryCtx) => Promise<T>) { const value = await compute(ctx); if (!isPresent(value)) throw new Error("none"); return value; }
${RUN} { await ctx.db.insert("users", { name: "a" }); await cached(ctx, async (c) => await c.db.query("users").first()); }`,
    `const isPresent = (value: unknown): boolean => value !== null;
class Loader<T> {
  constructor(readonly ctx: QueryCtx, readonly load: (id: string) => Promise<T>) {}
  async get(id: string) { await this.ctx.auth.getUserIdentity(); const value = await this.load(id); return isPresent(value) ? value : null; }
}
${RUN} { await new Loader(ctx, async (id) => id.length).get("x"); }`,
    `import { ConvexError } from "convex/values";
class NotFound<T extends string> extends ConvexError<{ table: T }> { constructor(table: T) { super({ table }); } }
function fail<T extends string>(table: T): never { throw new NotFound(table); }
${RUN} { if ((await ctx.db.query("notes").first())?.text === "none") fail("notes"); }`,
    `const hash = (value: unknown): string => String(value);
function once<Args extends object, R extends string | null>(fn: (ctx: MutationCtx, args: Args) => Promise<R>) {
  const isSeen = async (ctx: QueryCtx) => (await ctx.db.query("notes").first()) === null;
  return async (ctx: MutationCtx, args: Args) => { if (await isSeen(ctx)) return hash(args); return hash(await fn(ctx, args)); };
}
const add = once(async (ctx, { name }: { name: string }) => { await ctx.db.insert("users", { name }); return name; });
${RUN} { await add(ctx, { name: "a" }); }`,
    `const retry = async <T,>(fn: () => Promise<T>): Promise<T> => { try { return await fn(); } catch { return await fn(); } };
${RUN} { const count = await retry(async () => (await ctx.db.query("notes").take(2)).length); const kept: unknown = count; void kept; }`,
  ]),
];
