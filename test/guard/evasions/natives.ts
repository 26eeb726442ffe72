import { R } from "./documented.js";
import { programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const HEAD = `const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];
type Found = Record<string, Record<string, (table: string, value: object) => Promise<unknown>>>;
let seen: unknown;
const keep = (value: unknown) => { seen = value; return ""; };
`;
const m = (code: string): string => HEAD + code;
const WRITE = "await (seen as Found)[k0]![k1]!(k2, row);";

/** `put` changes `JSON.stringify`, which gets ctx, and changes it back. */
const json = (code: string): string =>
  m(`const { stringify, parse } = JSON;
${code}
${R} { put(keep); JSON.stringify(ctx); put(stringify); ${WRITE} }`);

/** `add` gives each object a `toJSON`, and `remove` takes it away. */
const inherited = (code: string): string =>
  m(`function found(this: unknown) { seen = this; }
${code}
${R} { add(); JSON.stringify(ctx); remove(); ${WRITE} }`);

const q = (code: string): string =>
  m(`const show = query({ args: {}, handler: async (ctx) => { const all = ctx as unknown as Found; await all[k0]?.[k1]?.(k2, row); } });
${code}`);
const save = (code: string): string =>
  q(`export const save = mutation({ args: {}, handler: async (ctx) => { ${code} } });`);

/** The language is changed under another name than its own, and members of Convex and of the writer are taken by hand. */
export const natives = [
  ...programs("natives", "bad", [
    json(`const extend = (target: object, more: object) => Object.assign(target, more);
const put = (fn: unknown) => extend(JSON, { stringify: fn });`),
    json(
      `const put = (fn: (value: unknown) => string) => { for (const library of [JSON]) library.stringify = fn; };`,
    ),
    json(`class Codec { constructor(private readonly json: JSON) {} install(fn: (value: unknown) => string) { this.json.stringify = fn; } }
const put = (fn: (value: unknown) => string) => new Codec(JSON).install(fn);`),
    json(
      `const put = (fn: (value: unknown) => string) => { globalThis.JSON = { stringify: fn, parse, [Symbol.toStringTag]: "JSON" }; };`,
    ),
    json(
      `const put = (fn: (value: unknown) => string) => { JSON = { stringify: fn, parse, [Symbol.toStringTag]: "JSON" }; };`,
    ),
    json(`const all = { Object, JSON };
const put = (fn: (value: unknown) => string) => { all.JSON.stringify = fn; };`),
    json(`interface Codec { stringify(value: unknown): string }
function install(codec: Codec, fn: Codec["stringify"]) { codec.stringify = fn; }
const put = (fn: Codec["stringify"]) => install(JSON, fn);`),
    json(`let codec: { stringify(value: unknown): string } = { stringify };
codec = JSON;
const put = (fn: (value: unknown) => string) => { codec.stringify = fn; };`),
    json(
      `const put = (fn: (value: unknown) => string, codec: { stringify(value: unknown): string } = JSON) => { codec.stringify = fn; };`,
    ),
    json(`class Tracer { trace<T extends object, K extends keyof T>(target: T, key: K, fn: T[K]) { target[key] = fn; } }
const put = (fn: unknown) => new Tracer().trace(JSON, "stringify", fn as typeof JSON.stringify);`),
    json(`const chosen = text === "" ? { stringify } : JSON;
const put = (fn: (value: unknown) => string) => { chosen.stringify = fn; };`),
    inherited(`class Base {}
const proto = Reflect.getPrototypeOf(Base.prototype)!;
const add = () => Reflect.set(proto, "toJSON", found);
const remove = () => Reflect.deleteProperty(proto, "toJSON");`),
    inherited(`const base = ({} as { __proto__: { toJSON?: unknown } }).__proto__;
const add = () => { base.toJSON = found; };
const remove = () => { delete base.toJSON; };`),
    inherited(`function polyfill(target: object, name: string, value: unknown) { if (!(name in target)) Object.defineProperty(target, name, { value, configurable: true }); }
const add = () => polyfill(Object.prototype, "toJSON", found);
const remove = () => { delete (Object.prototype as { toJSON?: unknown }).toJSON; };`),
    inherited(`const { getPrototypeOf } = Object;
const proto = getPrototypeOf({}) as { toJSON?: unknown };
const add = () => { proto.toJSON = found; };
const remove = () => { delete proto.toJSON; };`),
    inherited(`const member = ["to", "JSON"].join("");
const add = () => { (Object.prototype as unknown as Record<string, unknown>)[member] = found; };
const remove = () => { delete (Object.prototype as unknown as Record<string, unknown>)[member]; };`),
    m(`const { add } = WeakSet.prototype;
function mixin(target: object, members: object) { for (const [name, value] of Object.entries(members)) Object.defineProperty(target, name, { value, configurable: true, writable: true }); }
${R} { const all = new WeakSet<MutationCtx>(); mixin(WeakSet.prototype, { add: keep }); all.add(ctx); mixin(WeakSet.prototype, { add }); ${WRITE} }`),
    m(`const { prototype } = WeakMap;
const { set } = prototype;
${R} { const all = new WeakMap<object, MutationCtx>(); prototype.set = function (_key, value) { seen = value; return this; }; all.set({}, ctx); prototype.set = set; ${WRITE} }`),
    m(`const list = [[].constructor.prototype] as { push(...value: unknown[]): number }[];
const { push } = list[0]!;
${R} { const all: MutationCtx[] = []; list[0]!.push = (value) => { seen = value; return 1; }; all.push(ctx); list[0]!.push = push; ${WRITE} }`),
    m(`const Own = Map;
${R} { globalThis.Map = class<K, V> extends Own<K, V> { override set(_key: K, value: V) { seen = value; return this; } } as MapConstructor; new Map<string, MutationCtx>().set("a", ctx); globalThis.Map = Own; ${WRITE} }`),
    m(`function quiet(target: { error(...list: unknown[]): void }) { target.error = keep; }
${R} { quiet(console); console.error(ctx); ${WRITE} }`),
  ]),
  ...programs("keys", "bad", [
    m(`const read = async ({ db }: QueryCtx) => { const { [k1 as "get"]: take } = db; await take(k2 as "customers", row as never); };
${R} { await read(ctx); }`),
    m(`const read = async ({ db: { [k1 as "get"]: take } }: QueryCtx) => { await take(k2 as "customers", row as never); };
${R} { await read(ctx); }`),
    m(`const read = async (db: DatabaseReader) => { let take: DatabaseReader["get"]; ({ [k1 as "get"]: take } = db); await take(k2 as "customers", row as never); };
${R} { await read(ctx.db); }`),
    m(`const read = async (ctx: QueryCtx) => { let take: DatabaseReader["get"]; ({ db: { [k1 as "get"]: take } } = ctx); await take(k2 as "customers", row as never); };
${R} { await read(ctx); }`),
    m(`const read = async (db: DatabaseReader) => { for (const { [k1 as "get"]: take } of [db]) await take(k2 as "customers", row as never); };
${R} { await read(ctx.db); }`),
    m(`const read = async (db: DatabaseReader) => { let take: DatabaseReader["get"]; for ({ [k1 as "get"]: take } of [db]) await take(k2 as "customers", row as never); };
${R} { await read(ctx.db); }`),
    m(`const read = async (db: DatabaseReader) => { let take: DatabaseReader["get"]; [{ [k1 as "get"]: take }] = [db]; await take(k2 as "customers", row as never); };
${R} { await read(ctx.db); }`),
    m(`const OPS: { read: "get" } = { read: "get" };
const loose: { read: string } = OPS; loose.read = k1;
class Reader { constructor(private readonly db: DatabaseReader) {} async read() { const { [OPS.read]: take } = this.db; await take(k2 as "customers", row as never); } }
${R} { await new Reader(ctx.db).read(); }`),
  ]),
  ...programs("handlers", "bad", [
    save(
      `await (show as unknown as { _handler(ctx: { auth: MutationCtx["auth"] }): Promise<void> })._handler(ctx);`,
    ),
    save(
      `const { _handler: run } = show as typeof show & { _handler(ctx: { auth: MutationCtx["auth"] }): Promise<void> }; await run(ctx);`,
    ),
    q(`interface Inner { readonly _handler: (ctx: { auth: MutationCtx["auth"] }) => Promise<void> }
function inner(value: object): asserts value is Inner { if (!("_handler" in value)) throw new Error("no"); }
export const save = mutation({ args: {}, handler: async (ctx) => { inner(show); await (show as Inner)["_handler"](ctx); } });`),
    save(
      `let run: ((ctx: { auth: MutationCtx["auth"] }) => Promise<void>) | undefined; ({ _handler: run } = show as { _handler?: typeof run }); await run!(ctx);`,
    ),
    save(
      `const run = Object.values(show).at(-1) as unknown as (ctx: { auth: MutationCtx["auth"] }) => Promise<void>; await run(ctx);`,
    ),
  ]),
  ...programs("usual", "clean", [
    `class Queue { private readonly _handler: (name: string) => string; constructor(handler: (name: string) => string) { this._handler = handler; } take(name: string) { return this._handler(name); } }
export async function run(ctx: MutationCtx) { await ctx.db.insert("users", { name: new Queue((name) => name).take("a") }); }`,
    m(`const isPlain = (value: object) => { const proto: unknown = Object.getPrototypeOf(value); return proto === null || proto === Object.prototype; };
const has = (value: object, name: string) => Object.prototype.hasOwnProperty.call(value, name);
${R} { const list = ["1", ""]; void ctx; return [list.map(String), list.filter(Boolean), list.map(Number), isPlain({}), has({}, "a"), Array.prototype.slice.call(list)]; }`),
    m(`const { stringify } = JSON; const parse = JSON.parse.bind(JSON); const all = Promise.all.bind(Promise);
${R} { void ctx; return await all([stringify({ a: 1 }), parse("1"), Promise.allSettled([1])]); }`),
    m(`class Names extends Map<string, string> { toJSON() { return [...this]; } }
class AppError extends Error { constructor(text: string) { super(text); Object.setPrototypeOf(this, new.target.prototype); } toJSON() { return { message: this.message }; } }
${R} { void ctx; const names: unknown = new Names(); return [names instanceof Map, JSON.stringify(names), JSON.stringify(new AppError("x")), (names as object).constructor === Object, "groupBy" in Map]; }`),
    m(`type Log = { log(...list: unknown[]): void };
class Service { constructor(private readonly logger: Log = console) {} say(line: string) { this.logger.log(line); } }
const make = ({ logger = console }: { logger?: Log } = {}) => logger;
${R} { new Service(console).say("a"); make({ logger: console }).log("b"); console.log("rows", await ctx.db.query("notes").collect()); }`),
    m(`const toJSON = Object.getOwnPropertyDescriptor(BigInt.prototype, "toJSON");
${R} { void ctx; (BigInt.prototype as unknown as { toJSON?: () => string }).toJSON = function (this: bigint) { return this.toString(); }; const line = JSON.stringify({ id: 1n }); if (toJSON === undefined) delete (BigInt.prototype as { toJSON?: unknown }).toJSON; return line; }`),
    m(`const membersOf = (value: object) => { const names: string[] = []; let proto: object | null = value; while (proto !== null && proto !== Object.prototype) { names.push(...Object.getOwnPropertyNames(proto)); proto = Object.getPrototypeOf(proto) as object | null; } return names; };
const copy = <T extends object>(value: T): T => Object.assign(Object.create(Object.getPrototypeOf(value) as object) as T, value);
${R} { void ctx; return [membersOf([]).length, copy({ a: 1 })]; }`),
    m(`const isUnsafe = (key: string) => ["__proto__", "constructor", "prototype"].includes(key) || key === "__proto__";
const merge = (into: Record<string, unknown>, from: Record<string, unknown>) => { for (const key of Object.keys(from)) if (!isUnsafe(key)) into[key] = from[key]; return into; };
${R} { void ctx; return merge({}, JSON.parse('{"a":1}') as Record<string, unknown>); }`),
    m(`const Base = Map;
class Registry<T> extends Base<string, T> {}
const error: Error & { toJSON?: () => unknown } = new Error("x"); error.toJSON = () => ({ message: "x" });
${R} { const names = new Registry<string>(); names.set("a", "b"); void ctx; return [names.size, JSON.stringify(error), typeof globalThis.Promise]; }`),
    m(`const PICK = { short: "text" } as const;
const field = (note: Doc<"notes">, key: "text" | "customerId") => { const { [key]: value, [PICK.short]: line } = note; return [value, line]; };
${R} { const notes = await ctx.db.query("notes").collect(); return notes.map((note) => field(note, "text")); }`),
    m(`class Lambda { async invokeAction(name: string) { return name; } }
const service = { invokeQuery: async (name: string) => name, handler: (name: string) => name };
const without = ({ handler: _handler, ...rest }: typeof service) => rest;
${R} { void ctx; return [await new Lambda().invokeAction("a"), await service.invokeQuery("b"), Object.keys(without(service)), Object.values({ ...service }).length]; }`),
  ]),
];
