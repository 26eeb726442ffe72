import { programs } from "./evasion.js";
import { each, loose, m, R, s } from "./documented.js";

/** Writes with what is a ctx when the program runs. */
const cast = (value: string): string =>
  `const held = (${value} as unknown as Record<string, Record<string, Save>>)[k0]![k1]!; await held(k2, row);`;
/** Statements that have ctx under a smaller type. */
const view = (code: string): string =>
  s(`async function act(session: Session) { ${code} }\n${R} { await act(ctx); }`);

/** Variations of the documented programs, by someone who knew how the guard stops those. */
export const variations = [
  // a smaller type of ctx, in other places
  ...programs("glimpse", "bad", [
    s(
      `async function act({ session: { auth, ...rest } }: { session: Session }) { void auth; ${each("Object.values(rest)")} }\n${R} { await act({ session: ctx }); }`,
    ),
    view(
      `let rest: object; let auth: unknown; ({ auth, ...rest } = session); void auth; ${each("Object.values(rest)")}`,
    ),
    view(loose("Object.assign({}, session)")),
    view(
      `const child: Record<string, any> = Object.create(session); const save: Save = child[k0][k1]; await save(k2, row);`,
    ),
    view(`const db = session[k0 as "auth"]; await (db as unknown as Record<string, Save>)[k1]!(k2, row);`),
    view(
      `for (const key in session) if (key === k0) { const db: unknown = session[key as keyof Session]; await (db as Record<string, Save>)[k1]!(k2, row); }`,
    ),
    s(
      `class Box<T> { constructor(private readonly value: T) {} get loose(): unknown { return this.value; } }\n` +
        `async function act(session: Session) { const held = new Box(session).loose; await (held as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }\n${R} { await act(ctx); }`,
    ),
    view(
      `await Promise.all([session].map(async (one: Record<string, any>) => { const save: Save = one[k0][k1]; await save(k2, row); }));`,
    ),
    s(
      `async function lend(session: Session, use: (session: Session) => Promise<void>) { await use(session); }\n${R} { await lend(ctx, async (one: any) => { const save: Save = one[k0][k1]; await save(k2, row); }); }`,
    ),
    view(`await Promise.resolve(session).then((one: any) => one[k0][k1](k2, row));`),
    s(`function get(session: Session): object { return session; }\n${R} { ${cast("get(ctx)")} }`),
    s(
      `function* give(session: Session): Generator<unknown> { yield session; }\n${R} { const [one] = give(ctx); ${cast("one")} }`,
    ),
    view(`try { throw session; } catch (one) { ${cast("one")} }`),
    s(
      `const tag = (_: TemplateStringsArray, one: any) => one[k0][k1](k2, row);\n` +
        "async function act(session: Session) { await tag`${session}`; }\n" +
        `${R} { await act(ctx); }`,
    ),
    s(
      `async function go(this: any) { await this[k0][k1](k2, row); }\n` +
        `async function act(session: Session) { await go.call(session); }\n${R} { await act(ctx); }`,
    ),
    view(`const one = k0 === "db" ? session : (JSON.parse("1") as any); await one[k0][k1](k2, row);`),
    s(
      `const list: Session[] = [];\n${R} { list.push(ctx); for (const one of list) { const { auth, ...rest } = one; void auth; ${each("Object.values(rest)")} } }`,
    ),
    s(
      `const held = new Map<string, Session>();\nasync function later() { const one = held.get("x")!; ${loose("{ ...one }")} }\n${R} { held.set("x", ctx); await later(); }`,
    ),
    s(
      `export const state: { session?: Session } = {};\nasync function later() { const { session } = state; ${cast("session")} }\n${R} { state.session = ctx; await later(); }`,
    ),
    s(
      `class Service { session: Session; constructor(session: Session) { this.session = session; } run() { const copy = Object.entries(this.session); return copy; } }\n${R} { for (const [key, value] of new Service(ctx).run()) if (key === k0) await (value as unknown as Record<string, Save>)[k1]!(k2, row); }`,
    ),
  ]),
  // unions that a check narrows, and that change after it
  ...programs("recheck", "bad", [
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(held: Held) { const other: { kind: string } = held; other.kind = "plain"; const { kind, db } = held; if (kind === "plain") await db[k1]!(k2, row); }
${R} { await use({ kind: "own", db: ctx.db }); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
class Job { constructor(readonly held: Held) {} async go() { Object.assign(this.held, { kind: "plain" }); if (this.held.kind === "plain") await this.held.db[k1]!(k2, row); } }
${R} { await new Job({ kind: "own", db: ctx.db }).go(); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(list: Held[]) { for (const held of list) { const other: { kind: string } = held; other.kind = "plain"; if (held.kind === "plain") await held.db[k1]!(k2, row); } }
${R} { await use([{ kind: "own", db: ctx.db }]); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(list: Held[]) { const other: { kind: string } = list[0]!; other.kind = "plain"; if (list[0]!.kind === "plain") await list[0]!.db[k1]!(k2, row); }
${R} { await use([{ kind: "own", db: ctx.db }]); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
async function use(held: Held) { const other: { kind: string } = held; other.kind = "plain"; switch (held.kind) { case "own": return; default: { const { db } = held; await db[k1]!(k2, row); } } }
${R} { await use({ kind: "own", db: ctx.db }); }`),
    m(`type Held = { kind: "own"; db: DatabaseWriter } | { kind: "plain"; db: Record<string, Save> };
const plain = (held: Extract<Held, { kind: "plain" }>) => held.db[k1]!(k2, row);
async function use(held: Held) { const other: { kind: string } = held; other.kind = "plain"; if (held.kind === "plain") await plain(held); }
${R} { await use({ kind: "own", db: ctx.db }); }`),
  ]),
  // functions of the language, replaced under another name
  ...programs("patched", "bad", [
    m(
      `${R} { const { keys } = Object; let seen: any; Object.assign(Object, { keys: (value: object) => { seen = value; return []; } }); Object.keys(ctx); Object.assign(Object, { keys }); const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { const { keys } = Object; let seen: any; Object.defineProperty(Object, "keys", { value: (value: object) => { seen = value; return keys(value); }, configurable: true, writable: true }); Object.keys(ctx); Object.defineProperty(Object, "keys", { value: keys, configurable: true, writable: true }); const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { const O: { keys(value: object): string[] } = Object; const { keys } = Object; let seen: any; O.keys = (value) => { seen = value; return []; }; Object.keys(ctx); O.keys = keys; const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { let seen: any; const logger: { log(value: unknown): void } = console; logger.log = (value) => { seen = value; }; console.log(ctx); const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { const proto = Map.prototype; const { set } = proto; let seen: any; proto.set = function (key, value) { seen = value; return set.call(this, key, value); }; new Map<string, DatabaseWriter>().set("db", ctx.db); proto.set = set; const save: Save = seen[k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { let seen: any; Reflect.set(console, "log", (value: unknown) => { seen = value; }); console.log(ctx); const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { let seen: any; ({ log: console.log } = { log: (value: unknown) => { seen = value; } }); console.log(ctx); const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
    m(
      `${R} { let seen: any; const { isArray } = Array; (Array as { isArray: unknown }).isArray = (value: unknown) => { seen = value; return false; }; Array.isArray(ctx); Array.isArray = isArray; const save: Save = seen[k0][k1]; await save(k2, row); }`,
    ),
  ]),
  // setters, generators, overloads and visitors
  ...programs("exchange", "bad", [
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; ({ db: slot.held } = ctx); await slot.held[k1]!(k2, row); }`),
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; slot["held"] = ctx.db; await slot.held[k1]!(k2, row); }`),
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; for (slot.held of [ctx.db]) break; await slot.held[k1]!(k2, row); }`),
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; [slot.held] = [ctx.db]; await slot.held[k1]!(k2, row); }`),
    m(`interface Slot { get held(): Record<string, Save>; set held(value: DatabaseWriter) }
${R} { const slot: Slot = { held: {} }; Object.assign(slot, { held: ctx.db }); await slot.held[k1]!(k2, row); }`),
    m(`function* inner(): Generator<null, void, any> { const got = yield null; void got[k0][k1](k2, row); }
function drive(steps: Iterator<null, void, MutationCtx>, ctx: MutationCtx) { steps.next(ctx); steps.next(ctx); }
${R} { drive(inner(), ctx); }`),
    m(`function* inner(): Generator<null, void, any> { const got = yield null; void got[k0][k1](k2, row); }
const make: () => Iterator<null, void, MutationCtx> = inner;
${R} { const steps = make(); steps.next(ctx); steps.next(ctx); }`),
    m(`function* inner(): Generator<null, void, any> { const got = yield null; void got[k0][k1](k2, row); }
class Flow { steps: Iterator<null, void, MutationCtx> = inner(); }
${R} { const { steps } = new Flow(); steps.next(ctx); steps.next(ctx); }`),
    m(`const flow = { *[Symbol.iterator](): Generator<null, void, any> { const got = yield null; void got[k0][k1](k2, row); } };
interface Flow { [Symbol.iterator](): Iterator<null, void, MutationCtx> }
${R} { const one: Flow = flow; const steps = one[Symbol.iterator](); steps.next(ctx); steps.next(ctx); }`),
    m(`class Loose { [key: string]: any; constructor(db: DatabaseWriter) { if (k1 === "insert") return db; } }
${R} { const save: Save = new Loose(ctx.db)[k1]; await save(k2, row); }`),
    m(`class Base { constructor(one: MutationCtx) { return { ...one }; } }
${R} { const all: { [key: string]: any } = { ...(new Base(ctx) as object) }; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`interface Get { (name: "a"): DatabaseWriter; (name: "b"): DatabaseWriter; (name: string): unknown }
function get(name: "a"): DatabaseWriter; function get(name: string): DatabaseWriter; function get(_name: string): any { return held; }
let held: DatabaseWriter | null = null;
${R} { held = ctx.db; const loose: Get = get; await (loose(k0) as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface Lend { with(use: { on(db: object): unknown }): unknown }
class Pool { constructor(readonly ctx: MutationCtx) {} with(use: { on(db: DatabaseWriter): unknown }) { return use.on(this.ctx.db); } }
${R} { const pool: Lend = new Pool(ctx); await pool.with({ on: (db) => (db as Record<string, Save>)[k1]!(k2, row) }); }`),
    m(`interface Lend { with(use: readonly ((db: object) => unknown)[]): unknown }
${R} { const mine = { with: (use: readonly ((db: DatabaseWriter) => unknown)[]) => use[0]!(ctx.db) }; const pool: Lend = mine; await pool.with([(db) => (db as Record<string, Save>)[k1]!(k2, row)]); }`),
    m(`interface Seen { [Symbol.iterator](): { next(): { value?: unknown; done?: boolean } } }
${R} { const all: Seen = [ctx.db]; for (const one of all as Iterable<unknown>) await (one as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface Seen { at(index: number): unknown }
${R} { const all: Seen = [ctx.db]; await (all.at(0) as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface Seen { get(key: string): unknown }
${R} { const all: Seen = new Map([["db", ctx.db]]); await (all.get("db") as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface Later { then(done: (value: unknown) => void): unknown }
${R} { const all: Later = Promise.resolve(ctx.db); const one: unknown = await all; await (one as Record<string, Save>)[k1]!(k2, row); }`),
    m(`interface A { b: { c: { d: { e: { f: { g: { h: DatabaseWriter } } } } } } }
${R} { const deep: A = { b: { c: { d: { e: { f: { g: { h: ctx.db } } } } } } }; const bare: object = deep; const all = bare as Record<string, any>; const save: Save = all["b"].c.d.e.f.g.h[k1]; await save(k2, row); }`),
    m(
      `${R} { const list = [[[[[[[[ctx.db]]]]]]]]; const bare: unknown = list; const save: Save = (bare as any[][][][][][][])[0]![0]![0]![0]![0]![0]![0]![0][k1]; await save(k2, row); }`,
    ),
    m(`function mark<This, Value>(_: unknown, context: ClassFieldDecoratorContext<This, Value>) { context.addInitializer(function () { void (Object.values(this as object)[0] as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); }); }
class Base { constructor(readonly ctx: MutationCtx) {} }
class Job extends Base { @mark size = 1; }
${R} { new Job(ctx); }`),
  ]),
];
