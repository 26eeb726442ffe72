import { m } from "./documented.js";
import { programs } from "./evasion.js";

/** Written by another attacker who knew the documentation and the programs of the first one. */
export const later = [
  // a view of ctx takes the place of a member with another type
  ...programs("over", "bad", [
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
function full(session: Session): Session & { db: Plain } { return { db: {}, ...session }; }
export async function run(ctx: MutationCtx) { await full(ctx).db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
function full({ ...part }: Omit<MutationCtx, "db">) { const db: Plain = {}; return { db, ...part }; }
export async function run(ctx: MutationCtx) { await full(ctx).db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
class Service { db: Plain = {}; constructor(session: Session) { Object.assign(this, session); } }
export async function run(ctx: MutationCtx) { const service = new Service(ctx); await service.db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
async function act({ session, session: { auth }, db = {} }: { session: Session; db?: Plain }) { void auth; const all = { session, db, ...session }; await all.db[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act({ session: ctx }); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
async function act(session: Session) { const db: Plain = {}; const all = { db, ...session }; await all.db[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
export async function run(ctx: MutationCtx) { const session: Session = ctx; const all = { db: {} as Plain, ...session }; await all.db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
async function act(session: Session) { const db: Plain = {}; const all = Object.assign({ db }, session); await all.db[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
async function act(session: Session) { const box: { db: Plain } = { db: {} }; Object.assign(box, session); await box.db[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx); }`),
    m(`type Plain = Record<string, Save>;
async function act(reader: DatabaseReader) { const insert: Save = async () => null; const all = { insert, ...reader }; await all.insert(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx.db); }`),
    m(`type Plain = Record<string, Save>;
function full(part: Omit<MutationCtx, "db">) { return { db: {} as Plain, ...part }; }
export async function run(ctx: MutationCtx) { await full(ctx).db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
async function act(session: Session) { const all: { db?: string; auth: unknown } = { db: "x", ...session }; const db: unknown = all.db; await (db as Plain)[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx); }`),
  ]),
  // a check or an assignment that is out of date
  ...programs("stale", "bad", [
    m(`type Plain = Record<string, Save>;
class Source { #n = 0; constructor(readonly ctx: MutationCtx) {} get value(): DatabaseWriter | string { this.#n += 1; return this.#n > 1 ? this.ctx.db : ""; } }
export async function run(ctx: MutationCtx) { const source = new Source(ctx); if (typeof source.value === "string") { const plain = source.value as unknown as Plain; await plain[k1]!(k2, row); } }`),
    m(`type Plain = Record<string, Save>;
const state: { db: DatabaseWriter | Plain } = { db: {} };
const put = (db: DatabaseWriter) => { state.db = db; };
export async function run(ctx: MutationCtx) { state.db = {}; put(ctx.db); const { db } = state; await db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
class Source { #n = 0; constructor(readonly ctx: MutationCtx) {} get value(): DatabaseWriter | string { this.#n += 1; return this.#n > 1 ? this.ctx.db : ""; } }
export async function run(ctx: MutationCtx) { const source = new Source(ctx); if (typeof source.value === "string") { const plain: unknown = source.value; await (plain as Plain)[k1]!(k2, row); } }`),
    m(`type Plain = Record<string, Save>;
export async function run(ctx: MutationCtx) { let n = 0; const source = { get value(): DatabaseWriter | string { n += 1; return n > 1 ? ctx.db : ""; } }; if (typeof source.value === "string") { const plain: unknown = source.value; await (plain as Plain)[k1]!(k2, row); } }`),
    m(`type Plain = Record<string, Save>;
let n = 0;
class Source { constructor(readonly ctx: MutationCtx) {} get value(): DatabaseWriter | Plain { n += 1; return n > 1 ? this.ctx.db : {}; } }
export async function run(ctx: MutationCtx) { const source = new Source(ctx); if (!("query" in source.value)) await source.value[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
class Source { value: DatabaseWriter | string = ""; constructor(readonly ctx: MutationCtx) {} swap() { this.value = this.ctx.db; } }
export async function run(ctx: MutationCtx) { const source = new Source(ctx); if (typeof source.value === "string") { source.swap(); const plain: unknown = source.value; await (plain as Plain)[k1]!(k2, row); } }`),
    m(`type Plain = Record<string, Save>;
let held: DatabaseWriter | string = "";
function put(db: DatabaseWriter) { held = db; }
export async function run(ctx: MutationCtx) { if (typeof held === "string") { put(ctx.db); const plain: unknown = held; await (plain as Plain)[k1]!(k2, row); } }`),
    m(`type Plain = Record<string, Save>;
const state: { db: DatabaseWriter | Plain } = { db: {} };
const put = (db: DatabaseWriter) => { state.db = db; };
export async function run(ctx: MutationCtx) { state.db = {}; put(ctx.db); const db = state.db; await db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
const state: { db: DatabaseWriter | null } = { db: null };
const put = (db: DatabaseWriter) => { state.db = db; };
export async function run(ctx: MutationCtx) { state.db = null; put(ctx.db); const { db } = state; await (db as unknown as Plain)[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
const state: { in: { db: DatabaseWriter | Plain } } = { in: { db: {} } };
const put = (db: DatabaseWriter) => { state.in.db = db; };
export async function run(ctx: MutationCtx) { state.in.db = {}; put(ctx.db); const { in: { db } } = state; await db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
const state: [DatabaseWriter | Plain] = [{}];
const put = (db: DatabaseWriter) => { state[0] = db; };
export async function run(ctx: MutationCtx) { state[0] = {}; put(ctx.db); const [db] = state; await db[k1]!(k2, row); }`),
    m(`type Plain = Record<string, Save>;
async function act(q: Pick<QueryCtx, "storage">) { const all = { db: {} as Plain, ...q }; await all.db[k1]!(k2, row); }
export async function run(ctx: MutationCtx) { await act(ctx); }`),
  ]),
  // a view of ctx with a member of one's own
  ...programs("more", "bad", [
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
function hold(ctx: MutationCtx): Session & { end(): void } { return { ...ctx, end() {} }; }
export async function run(ctx: MutationCtx) { const held = hold(ctx); const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
function hold(ctx: MutationCtx): Session & { end(): void } { return Object.assign({ end() {} }, ctx); }
export async function run(ctx: MutationCtx) { const held = hold(ctx); const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
interface Held extends Session { end(): void }
function hold(ctx: MutationCtx): Held { return { ...ctx, end() {} }; }
export async function run(ctx: MutationCtx) { const held = hold(ctx); const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
export async function run(ctx: MutationCtx) { const held: Session & { end(): void } = { ...ctx, end() {} }; const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
function hold(ctx: MutationCtx): Session & { extra?: number } { return ctx; }
export async function run(ctx: MutationCtx) { const held = hold(ctx); const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
    m(`type Plain = Record<string, Save>;
type Session = { auth: MutationCtx["auth"] };
function hold(ctx: MutationCtx): Session & { [Symbol.iterator](): Iterator<never> } { return { ...ctx, *[Symbol.iterator]() {} }; }
export async function run(ctx: MutationCtx) { const held = hold(ctx); const all: Record<string, any> = held; const save: Save = all[k0][k1]; await save(k2, row); }`),
  ]),
];
