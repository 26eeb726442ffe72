import { programs } from "./evasion.js";

/** Names that no type knows: of the writer, its method and the mirror. */
const HEAD = `type Loose = Record<string, Record<string, (table: string, value: object) => Promise<unknown>>>;
const [k0, k1, k2] = "db,insert,customers".split(",") as [string, string, string];
const write = async (c: unknown) => { if (c) await (c as Loose)[k0]![k1]!(k2, row); };
`;
const RUN = "export async function run(ctx: MutationCtx)";
const m = (code: string): string => HEAD + code;
const n = (code: string): string =>
  m(`const strict = async (c: MutationCtx) => { await c.db.query("users").first(); };
const loose = async (c: unknown) => { await write(c); };
${code}`);

/** Functions that take more than one of their types says, which get the writer by another type. */
export const seventh = [
  ...programs("forgotten", "bad", [
    m(`type Listener = (name: string) => Promise<void>;
const listeners: Listener[] = [async (_name: string, c?: unknown) => { await write(c); }];
const withCtx: readonly ((name: string, c: MutationCtx) => Promise<void>)[] = listeners;
${RUN} { for (const one of withCtx) await one("saved", ctx); }`),
    m(`const noop: () => Promise<void> = async (...all: unknown[]) => { await write(all[0]); };
async function within(c: MutationCtx, after: (c: MutationCtx) => Promise<void> = noop) { await after(c); }
${RUN} { await within(ctx); }`),
    m(`type Run = (event: string, c: MutationCtx) => Promise<void>;
class Bus {
  private readonly all = new Map<string, Run>();
  on(name: string, use: (event: string) => Promise<void>) { this.all.set(name, use); }
  async emit(name: string, c: MutationCtx) { await this.all.get(name)?.(name, c); }
}
const bus = new Bus();
bus.on("saved", async (_event: string, c?: unknown) => { await write(c); });
${RUN} { await bus.emit("saved", ctx); }`),
    m(`abstract class Job { abstract done(): Promise<void>; }
class Traced extends Job { override async done(c?: object) { await write(c); } }
const jobs: Job[] = [new Traced()];
const ends: { done(c: MutationCtx): Promise<void> }[] = jobs;
${RUN} { await ends[0]!.done(ctx); }`),
    m(`interface Task { run(): Promise<void> }
class Cleanup implements Task { async run(c?: unknown) { await write(c); } }
const tasks: Task[] = [new Cleanup()];
async function all(list: readonly { run(c: MutationCtx): Promise<void> }[], c: MutationCtx) { for (const task of list) await task.run(c); }
${RUN} { await all(tasks, ctx); }`),
    m(`const handlers: Record<string, (name: string) => Promise<void>> = { saved: async (_name: string, ...rest: unknown[]) => { await write(rest[0]); } };
async function fire(all: Record<string, (name: string, c: MutationCtx) => Promise<void>>, c: MutationCtx) { await all["saved"]!("x", c); }
${RUN} { await fire(handlers, ctx); }`),
    m(`const audit: () => Promise<void> = async (c: unknown = null) => { await write(c); };
const hooks: { onSave: (c: MutationCtx) => Promise<void> } = { onSave: audit };
${RUN} { await hooks.onSave(ctx); }`),
    m(`class Emitter {
  private readonly all: (() => Promise<void>)[] = [];
  on(use: () => Promise<void>) { this.all.push(use); return this; }
  listeners(): readonly ((c: MutationCtx) => Promise<void>)[] { return this.all; }
}
const emitter = new Emitter().on(async function (...[c]: unknown[]) { await write(c); });
${RUN} { await Promise.all(emitter.listeners().map((use) => use(ctx))); }`),
    m(`class Unit {
  private readonly done: (() => Promise<void>)[] = [];
  constructor(readonly ctx: MutationCtx) {}
  after(run: () => Promise<void>) { this.done.push(run); }
  async commit() { await this.done.reduce(async (before, run: (c: MutationCtx) => Promise<void>) => { await before; await run(this.ctx); }, Promise.resolve()); }
}
${RUN} { const unit = new Unit(ctx); unit.after(async (c?: unknown) => { await write(c); }); await unit.commit(); }`),
    m(`const late: () => Promise<void> = async (c?: unknown) => { await write(c); };
${RUN} { await Promise.all([ctx].map(late)); }`),
    m(`const withRetry = (fn: () => Promise<void>) => fn;
export const save = mutation({ args: {}, handler: withRetry(async (c?: unknown) => { await write(c); }) });`),
    m(`let after = async () => {};
const register = (use: () => Promise<void>) => { after = use; };
register(async (c?: unknown) => { await write(c); });
${RUN} { const step: (c: MutationCtx) => Promise<void> = after; await step(ctx); }`),
    m(`import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
let work: unknown;
const audit: () => Promise<object> = async (c?: unknown) => { work = write(c); return {}; };
export const save = customMutation(mutation, customCtx(audit))({ args: {}, handler: async () => { await work; } });`),
    m(`function done(): Promise<void>;
function done(c?: object): Promise<void>;
async function done(c?: object) { await write(c); }
type Kinds = { a: { run: () => Promise<void> } };
const kinds: Kinds = { a: { run: done } };
const steps: { [K in keyof Kinds]: { run: (c: MutationCtx) => Promise<void> } } = kinds;
${RUN} { await steps.a.run(ctx); }`),
  ]),
  ...programs("chosen", "bad", [
    n(`class Audit { readonly name: string = "audit"; async run(c: MutationCtx) { await strict(c); } }
class Trace { readonly name: string = "trace"; async run(c: unknown) { await write(c); } }
const plugins = [new Audit(), new Trace()];
${RUN} { for (const one of plugins) await one.run(ctx); }`),
    n(`const step = Date.now() > 0 ? loose : strict;
${RUN} { await step(ctx); }`),
    n(`const overrides: { step: ((c: object) => Promise<void>) | null } = { step: async (c) => { await write(c); } };
const step = overrides.step ?? strict;
${RUN} { await step(ctx); }`),
    n(`function* steps() { yield async (c: MutationCtx) => { await strict(c); }; yield async (c: unknown) => { await write(c); }; }
${RUN} { for (const step of steps()) await step(ctx); }`),
    n(`const defaults = { after: strict, retries: 1 };
const overrides: { after?: (c: unknown) => Promise<void> } = { after: loose };
const hooks = { ...defaults, ...overrides };
${RUN} { await hooks.after(ctx); }`),
    n(`const overrides: { handler?: (c: unknown) => Promise<void> } = { handler: loose };
export const save = mutation({ args: {}, handler: strict, ...overrides });`),
    n(`const overrides: { after?: (c: unknown) => Promise<void> } = { after: loose };
const { after = strict } = overrides;
${RUN} { await after(ctx); }`),
    n(`const handlers = { greet: strict, trace: loose };
async function dispatch(name: keyof typeof handlers, c: MutationCtx) { await handlers[name](c); }
${RUN} { await dispatch("trace", ctx); }`),
    n(`const handlers = { greet: strict, trace: loose };
async function dispatch<N extends keyof typeof handlers>(name: N, c: MutationCtx) { const run: (c: MutationCtx) => Promise<void> = handlers[name]; await run(c); }
${RUN} { await dispatch("trace", ctx); }`),
    n(`type Greet = { kind: "greet"; run(c: MutationCtx): Promise<void> };
type Trace = { kind: "trace"; run(c: unknown): Promise<void> };
const steps: (Greet | Trace)[] = [{ kind: "greet", run: strict }, { kind: "trace", run: loose }];
${RUN} { for (const step of steps) await step.run(ctx); }`),
    n(`import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
let work: unknown;
const plain = async (c: MutationCtx) => ({ user: await c.db.query("users").first() });
const traced = async (c: unknown) => { work = write(c); return { user: null }; };
export const save = customMutation(mutation, customCtx(Date.now() > 0 ? traced : plain))({ args: {}, handler: async () => { await work; } });`),
    n(`const steps = [strict];
const more = [...steps, loose];
const groups = [[strict], [loose]];
${RUN} { for (const step of [...more, ...groups.flat()]) await step(ctx); }`),
    n(`const registry: { [name: string]: typeof strict | undefined } = {};
const stepFor = (name: string) => registry[name] ?? loose;
${RUN} { await stepFor("unknown")(ctx); }`),
    n(`type Listener = () => void | Promise<void>;
class Bus {
  private readonly listeners = new Map<string, Set<Listener>>();
  on(event: string, listener: Listener) { const all = this.listeners.get(event) ?? new Set<Listener>(); all.add(listener); this.listeners.set(event, all); }
  async emit(event: string, c: MutationCtx) { const all: ReadonlySet<(c: MutationCtx) => void | Promise<void>> = this.listeners.get(event) ?? new Set(); for (const one of all) await one(c); }
}
const bus = new Bus();
bus.on("saved", async (c?: unknown) => { await write(c); });
${RUN} { await bus.emit("saved", ctx); }`),
  ]),
  ...programs("choices", "clean", [
    n(`const other = async (c: MutationCtx) => { await c.db.query("notes").first(); };
const read = async (c: QueryCtx) => await c.db.query("users").first();
const handlers = { strict, other, read };
async function dispatch(name: keyof typeof handlers, c: MutationCtx) { await handlers[name](c); }
${RUN} { for (const step of [strict, other, read, async () => {}]) await step(ctx); await dispatch("other", ctx); await (Date.now() > 0 ? strict : other)(ctx); }`),
    n(`const report = (...all: unknown[]) => { console.log(...all); };
const print = (line: string) => { console.log(line); };
const log = Date.now() > 0 ? report : print;
const { show = print }: { show?: (line: string) => void } = { show: report };
${RUN} { log("saved"); show("saved"); ["a"].forEach((line) => { log(line); }); await strict(ctx); }`),
    n(`const format: Record<string, (value: unknown) => string> = { text: String, json: (value) => JSON.stringify(value) };
const formatOf = (kind: string) => format[kind] ?? ((value: unknown) => String(value));
const tools = { strict, show: (value: unknown) => console.log(value) };
${RUN} { tools.show(formatOf("text")(1)); await tools.strict(ctx); }`),
    n(`interface Service { save: (c: MutationCtx) => Promise<void>; log?: (...all: unknown[]) => void }
const defaults: Service = { save: strict };
const serviceWith = (overrides: Partial<Service>) => ({ ...defaults, ...overrides });
${RUN} { const { save, log = (...all: unknown[]) => console.log(...all) } = serviceWith({ log: (...all) => console.error(...all) }); log("save"); await save(ctx); }`),
    n(`function useCase(c: MutationCtx) { const load = async () => await c.db.query("users").first(); const note = (value: unknown) => { console.log(value); }; return [load, note] as const; }
${RUN} { const [load, note] = useCase(ctx); note(await load()); }`),
  ]),
  ...programs("constructors", "bad", [
    n(`class Audit { async run(c: MutationCtx) { await strict(c); } }
class Trace { async run(c: unknown) { await write(c); } }
const classes: (new () => { run(c: MutationCtx): Promise<void> })[] = [Audit, Trace];
${RUN} { for (const One of classes) await new One().run(ctx); }`),
    n(`class Audit { async run(c: MutationCtx) { await strict(c); } }
class Trace { async run(c: unknown) { await write(c); } }
const classes = [Audit, Trace];
${RUN} { for (const One of classes) await new One().run(ctx); }`),
    n(`class Audit { async run(c: MutationCtx) { await strict(c); } }
class Trace { async run(c: unknown) { await write(c); } }
const classes = { audit: Audit, trace: Trace };
const make = (name: keyof typeof classes) => new classes[name]();
${RUN} { await make("trace").run(ctx); }`),
    n(`class Kept { work: unknown; readonly name: string = "kept"; constructor(readonly c: MutationCtx) {} }
class Traced extends Kept { override readonly name = "traced"; constructor(c: unknown) { super(null as never); this.work = write(c); } }
const all: (typeof Kept)[] = [Kept, Traced];
${RUN} { for (const One of all) await new One(ctx).work; }`),
    n(`class Kept { work: unknown; readonly name: string = "kept"; constructor(readonly c: MutationCtx) {} }
class Traced extends Kept { override readonly name = "traced"; constructor(c: unknown) { super(null as never); this.work = write(c); } }
const registry = new Map<string, typeof Kept>([["traced", Traced]]);
${RUN} { await new (registry.get("traced")!)(ctx).work; }`),
    n(`interface Service { run(): Promise<void> }
class Loud implements Service { constructor(private readonly c: unknown) {} async run() { await write(this.c); } }
const services: (new (c: MutationCtx) => Service)[] = [Loud];
${RUN} { for (const One of services) await new One(ctx).run(); }`),
    n(`class Plain { run(): Promise<void> { return Promise.resolve(); } }
class Late extends Plain { private readonly c?: unknown; constructor(c?: unknown) { super(); this.c = c; } override async run() { await write(this.c); } }
const bare: new () => Plain = Late;
const services: (new (c: MutationCtx) => Plain)[] = [bare];
${RUN} { for (const One of services) await new One(ctx).run(); }`),
    n(`class Quiet { constructor(readonly c: MutationCtx) {} async run() { await strict(this.c); } }
class Loud { constructor(readonly c: unknown) {} async run() { await write(this.c); } }
const Service: new (c: MutationCtx) => { run(): Promise<void> } = Date.now() > 0 ? Loud : Quiet;
${RUN} { await new Service(ctx).run(); }`),
  ]),
  ...programs("classes", "clean", [
    n(`class AppError extends Error { constructor(message: string, readonly reason?: unknown) { super(message); } }
const errors: (new (message: string) => Error)[] = [AppError, RangeError];
class Users { constructor(readonly c: MutationCtx) {} async load() { return await this.c.db.query("users").first(); } }
class Notes extends Users { override async load() { await this.c.db.query("notes").first(); return null; } }
class None { async load() { return null; } }
const all: (new (c: MutationCtx) => { load(): Promise<unknown> })[] = [Users, Notes, None];
${RUN} { for (const One of [...all, Users]) await new One(ctx).load(); return errors.map((One) => new One("x").message); }`),
  ]),
  ...programs("unasked", "clean", [
    m(`const noop = async () => {};
function nothing() {}
async function within(c: MutationCtx, after: (c: MutationCtx) => Promise<void> = noop) { await after(c); }
const steps: ((c: MutationCtx) => unknown)[] = [noop, nothing, () => "done"];
${RUN} { await within(ctx); await within(ctx, async () => {}); for (const step of steps) await step(ctx); }`),
    m(`interface Options { retries?: number; onSuccess?: () => void; onError?: (error: unknown) => void }
async function attempt(c: MutationCtx, { retries = 1, onSuccess, onError }: Options, use: (c: MutationCtx) => Promise<unknown>) {
  for (let left = retries; left > 0; left--) try { await use(c); onSuccess?.(); return; } catch (error) { onError?.(error); }
}
const log: () => void = () => { console.log("saved"); };
${RUN} { await attempt(ctx, { onSuccess: log, onError: (...all: unknown[]) => { console.error(...all); } }, async (c) => await c.db.query("users").first()); }`),
    m(`class Queue {
  private readonly waiting: (() => void)[] = [];
  async turn() { await new Promise<void>((resolve) => { this.waiting.push(resolve); void Promise.resolve().then(resolve); }); }
  next() { this.waiting.shift()?.(); }
}
const queue = new Queue();
${RUN} { const first = ctx.db.query("users").first(); queue.next(); return await first.then(() => null, () => null); }`),
    m(`const policies = { users: { async insert() { return true; } }, notes: { insert: async (_c: QueryCtx) => true } };
type Policy = { insert(c: MutationCtx): Promise<boolean> };
const all: Record<string, Policy> = policies;
class Silent { async record() {} }
const audit: { record(c: MutationCtx): Promise<void> } = new Silent();
${RUN} { await audit.record(ctx); return await all["users"]!.insert(ctx); }`),
    m(`type Next = () => Promise<void>;
type Middleware = (c: MutationCtx, next: Next) => Promise<void>;
const timed: Middleware = async (_c, next) => { await next(); };
const compose = (all: readonly Middleware[]) => async (c: MutationCtx, last: Next) => {
  const at = (index: number): Next => async () => { const one = all[index]; await (one === undefined ? last() : one(c, at(index + 1))); };
  await at(0)();
};
${RUN} { await compose([timed, timed])(ctx, async () => { await ctx.db.insert("users", { name: "" }); }); }`),
    m(`class Log { info(line: string) { console.log(line); } }
class Verbose extends Log { override info(line: string, ...rest: unknown[]) { console.log(line, ...rest); } }
const logs: Log[] = [new Log(), new Verbose()];
const say: (line: string) => void = (line: string, meta?: unknown) => { console.log(line, meta); };
const lines = ["a", "b"];
${RUN} { lines.forEach(say); for (const one of logs) one.info("saved"); await ctx.db.insert("users", { name: "" }); }`),
  ]),
];
