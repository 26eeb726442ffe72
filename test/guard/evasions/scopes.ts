import { loose, m, R } from "./documented.js";
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
  ]),
];
