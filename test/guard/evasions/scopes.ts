import { loose, m, R, s } from "./documented.js";
import { programs } from "./evasion.js";

const N = `export async function run(ctx: MutationCtx, customer: Doc<"customers">, customerId: Id<"customers">, _noteId: Id<"notes">, _userId: Id<"users">)`;
/** Data beside the ctx, and the same as a type of data alone. */
const JOB = `interface Titled { readonly title: string }
const jobOf = (ctx: MutationCtx) => ({ title: "nightly", ctx });`;
/** Takes the ctx out of a value that is typed as data. */
const dig = `async function dig(held: object) {
  for (const one of Object.values(held as unknown as Record<string, { db?: Record<string, Save> }>))
    if (one.db) await one.db[k1]!(k2, row);
}`;

/** An object with the writer among data, under a type that shows the data alone. */
export const scopes = [
  ...programs("scopes", "bad", [
    m(`async function greet(view: { user: string }) { await Object.values(view as Record<string, any>)[1][k1](k2, row); }
${R} { await greet({ user: "ada", db: ctx.db } as { user: string; db: DatabaseWriter }); }`),
    m(`interface Job { readonly title: string }
const jobs: Job[] = [];
async function drain() { for (const job of jobs) { const { title, ...rest } = job; void title; for (const one of Object.values(rest) as Record<string, Save>[]) await one[k1]!(k2, row); } }
${R} { const job = { title: "nightly", db: ctx.db }; jobs.push(job); await drain(); }`),
    m(`class Job { constructor(readonly title: string, readonly ctx: MutationCtx) {} }
function summary<T extends { title: string }>(job: T) { return { ...job, title: job.title.trim() } as { title: string }; }
${R} { ${loose('{ ...(summary(new Job("x", ctx)) as { ctx?: Record<string, any> }).ctx }')} }`),
    m(`${JOB} ${dig}
function open(ctx: MutationCtx): Titled { return jobOf(ctx); }
${R} { await dig(open(ctx)); }`),
    m(`${JOB} ${dig}
async function load(ctx: MutationCtx): Promise<Titled | null> { return jobOf(ctx); }
${R} { await dig((await load(ctx))!); }`),
    m(`${JOB} ${dig}
const held = new Map<string, Titled>();
${R} { held.set("one", jobOf(ctx)); await dig(held.get("one")!); }`),
    m(`${JOB} ${dig}
class Queue { constructor(private readonly first: Titled) {} async drain() { await dig(this.first); } }
${R} { await new Queue(jobOf(ctx)).drain(); }`),
    m(`${JOB} ${dig}
type Job = ReturnType<typeof jobOf>;
${R} { const shown: Pick<Job, "title"> = jobOf(ctx); await dig(shown); }`),
    m(`${JOB} ${dig}
type Job = ReturnType<typeof jobOf>;
${R} { const shown: Omit<Job, "ctx"> = jobOf(ctx); await dig(shown); }`),
    m(`${JOB} ${dig}
${R} { const shown: readonly Titled[] = [jobOf(ctx)]; await dig(shown[0]!); }`),
    m(`${JOB} ${dig}
${R} { let shown: { title?: string } = {}; shown = jobOf(ctx); await dig(shown); }`),
    m(`${JOB} ${dig}
const worker = { async start(job: Titled) { await dig({ ...job }); } };
${R} { await worker.start(jobOf(ctx)); }`),
  ]),
  // a function that gives back one of unknown, in the place of one that gives back one of a part of ctx
  ...programs("made", "bad", [
    s(`type Make = () => (session: Session) => Promise<void>;
function make() { return async (value: unknown) => { ${loose("value as Record<string, any>")} }; }
const own: Make = make;
${R} { await own()(ctx); }`),
    s(`interface Steps { open(): Promise<(session: Session) => Promise<void>> }
const open = async () => async (value: unknown) => { ${loose("value as Record<string, any>")} };
const steps: Steps = { open };
${R} { await (await steps.open())(ctx); }`),
    s(`const curry = (first: string) => (second: string) => async (value: unknown) => { void first; void second; ${loose("value as Record<string, any>")} };
const own: (first: string) => (second: string) => (session: Session) => Promise<void> = curry;
${R} { await own("a")("b")(ctx); }`),
    s(`const makers: Record<string, () => (session: Session) => Promise<void>> = {};
function make() { return async (value: object) => { ${loose("value")} }; }
makers["one"] = make;
${R} { await makers["one"]!()(ctx); }`),
  ]),
  // a list of arguments that is passed on to what does not know it
  ...programs("relayed", "bad", [
    m(`const timed = <Args extends any[]>(fn: (...args: Args) => unknown) => async (...args: Args) => { const call: (...all: any[]) => unknown = fn; await call(...args); };
const save = (held: Record<string, any>) => (held[k0][k1] as Save)(k2, row);
${R} { await timed(save)(ctx); }`),
    m(`const timed = <Args extends any[]>(_fn: (...args: Args) => unknown) => async (...args: Args) => { const all: any[] = [...args]; await (all[0][k0][k1] as Save)(k2, row); };
${R} { await timed((_ctx: MutationCtx) => 1)(ctx); }`),
    m(`const other: any = (held: Record<string, Record<string, Save>>) => held[k0]![k1]!(k2, row);
const timed = <Args extends any[]>(_fn: (...args: Args) => unknown) => async (...args: Args) => { await other(...args); };
${R} { await timed((_ctx: MutationCtx) => 1)(ctx); }`),
    m(`const take = async <Rest extends any[]>(...all: Rest) => { for (const one of all) await (one as Record<string, Record<string, Save>>)[k0]![k1]!(k2, row); };
const timed = <Args extends any[]>(_fn: (...args: Args) => unknown) => async (...args: Args) => { await take(...args); };
${R} { await timed((_ctx: MutationCtx) => 1)(ctx); }`),
  ]),
  // a name that is made at run time puts the writer in the place of another member
  ...programs("placed", "bad", [
    m(`const load = async (): Promise<{ text: string }> => ({ text: "" });
${R} { const held = { db: await load(), [k0]: ctx.db }; const save = (held.db as unknown as Record<string, Save>)[k1]!; await save(k2, row); }`),
    m(
      `${R} { const note = await ctx.db.query("notes").first(); const held = { ...{ db: note }, [k0]: ctx.db }; const save = (held.db as unknown as Record<string, Save>)[k1]!; await save(k2, row); }`,
    ),
    m(`function scopeOf(ctx: MutationCtx, name: "other") { return { db: { user: "ada" }, [name]: ctx.db }; }
${R} { const held = scopeOf(ctx, k0 as "other"); const save = (held.db as unknown as Record<string, Save>)[k1]!; await save(k2, row); }`),
  ]),
  ...programs("scoped", "clean", [
    `interface Page { readonly title: string; readonly body: string }
const lengthOf = (page: { title: string }) => page.title.length;
${N} { const page: Page = { title: "x", body: "y" }; await ctx.db.insert("notes", { customerId, text: String(lengthOf(page)) }); }`,
    `const jobOf = (ctx: MutationCtx, title: string) => ({ title, ctx });
const trimmed = <T extends { title: string }>(job: T): T => { console.log(job.title); return job; };
${N} { const job = trimmed(jobOf(ctx, "x")); await job.ctx.db.insert("notes", { customerId, text: job.title }); }`,
    `const jobOf = (ctx: MutationCtx, title: string) => ({ title, ctx });
const show = (job: { title: string }) => job.title;
${N} { const job = jobOf(ctx, "x"); const { title } = job; await ctx.db.insert("notes", { customerId, text: show({ title }) }); }`,
    `interface Notes { add(text: string): Promise<void> }
class StoredNotes implements Notes { constructor(private readonly ctx: MutationCtx, private readonly id: Id<"customers">) {} async add(text: string) { await this.ctx.db.insert("notes", { customerId: this.id, text }); } }
const welcome = (notes: Notes) => notes.add("welcome");
${N} { await welcome(new StoredNotes(ctx, customerId)); }`,
    `const scopeOf = (ctx: MutationCtx, email: string) => ({ ...ctx, email });
const mayRead = async (scope: { email: string; db: DatabaseReader }) => (await scope.db.query("customers").first())?.email === scope.email;
${N} { const scope = scopeOf(ctx, customer.email); if (await mayRead(scope)) await scope.db.insert("notes", { customerId, text: scope.email }); }`,
    `const emailOf = ({ email }: { email: string }) => email;
${N} { await ctx.db.insert("notes", { customerId, text: emailOf(customer) }); }`,
    `type Make = () => (session: { auth: MutationCtx["auth"] }) => Promise<string>;
function make() { return async (session: { auth: MutationCtx["auth"] }) => (await session.auth.getUserIdentity())?.subject ?? ""; }
const own: Make = make;
${N} { await ctx.db.insert("notes", { customerId, text: await own()(ctx) }); }`,
    `const later = (run: () => Promise<unknown>) => async () => { await run(); };
const start: () => () => Promise<void> = () => later(async () => "done");
${N} { await start()(); await ctx.db.insert("notes", { customerId, text: "x" }); }`,
    `const timed = <Args extends any[], Result>(name: string, fn: (...args: Args) => Promise<Result>) => async (...args: Args): Promise<Result> => { console.log(name, args.length); return await fn(...args); };
const add = timed("add", async (ctx: MutationCtx, customerId: Id<"customers">) => { await ctx.db.insert("notes", { customerId, text: "" }); });
${N} { await add(ctx, customerId); }`,
    `const KEY = "current" as const;
${N} { const held = { text: "x", [KEY]: ctx }; const all: Record<string, MutationCtx> = { [customerId]: ctx }; await held[KEY].db.insert("notes", { customerId, text: held.text + String(Object.keys(all).length) }); }`,
  ]),
];
