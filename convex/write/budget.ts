/**
 * The write budget. Writes to `runs` what the run has written, which is a part of the document that its chunks write
 * anyway; reads those of other runs in queries only. So it adds no conflict: see `src/core/wire/budget.ts`.
 */
import { v, type Infer } from "convex/values";
import { capacityOf, debtOf, noDebt, owedLater, spendingWith } from "../../src/core/wire/budget.js";
import { type Debt, type Spending, vDebt, type vBudget } from "../../src/core/wire/changes.js";
import type { Doc } from "../_generated/dataModel.js";
import { mutation, query, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { ledgerError } from "../../src/core/wire/errors.js";
import { getApp, getMirror } from "../mirror/mirrors.js";

/**
 * Who writes, and how far the budget may be overdrawn already when they begin, in seconds of it. So live changes go
 * before refreshes, which wait until the budget is even. A person who repairs or replays a row is not kept waiting.
 */
const CREDIT_SECONDS = { refresh: 0, live: 5 } as const;

type Budget = Infer<typeof vBudget>;

/** What all imports owe. For queries: the documents that it reads change with every chunk of every mirror. */
export async function readDebt(ctx: QueryCtx, { bytesPerSecond }: Budget): Promise<Debt> {
  const newest = ctx.db
    .query("runs")
    .withIndex("by_spending", (q) => q.gt("spending.at", 0))
    .order("desc");
  return await debtOf(spendingsOf(newest), bytesPerSecond, Date.now());
}

async function* spendingsOf(runs: AsyncIterable<Doc<"runs">>) {
  for await (const { spending } of runs) yield spending!;
}

/**
 * Refuses a transaction that has written rows while more is owed than its priority allows. This comes after the writes,
 * which roll back: before, it is unknown how much of a chunk is unchanged, and what writes no row never waits.
 * @throws OverBudget with the time after which it is worth trying again.
 */
export function refuseOverBudget(
  { bytesPerSecond }: Budget,
  debt: Debt,
  priority: keyof typeof CREDIT_SECONDS,
  noted = 0,
): void {
  const credit = bytesPerSecond * CREDIT_SECONDS[priority];
  const owed = owedLater(debt.now, bytesPerSecond, Date.now()) - noted;
  const over = owed - capacityOf(bytesPerSecond) - credit;
  if (over <= 0) return;
  throw ledgerError(
    "OverBudget",
    `The import's write budget of ${String(bytesPerSecond)} bytes per second is spent. Send the same again after the time that is given.`,
    { retryAfterMs: Math.ceil((over / bytesPerSecond) * 1_000) },
  );
}

/**
 * What the run has written with this transaction, for its document: all that was written up to now, and that document,
 * without what was noted before. Also how many milliseconds it takes until the budget is even again.
 */
export async function charge(
  ctx: MutationCtx,
  run: Doc<"runs">,
  { bytesPerSecond }: Budget,
  debt: Debt = noDebt,
  noted = 0,
): Promise<{ spending: Spending; bytes: number; waitMs: number }> {
  const { bytesWritten } = await ctx.meta.getTransactionMetrics();
  const bytes = bytesWritten.used + RUN_BYTES;
  const at = Date.now();
  const over = owedLater(debt.now, bytesPerSecond, at) - noted + bytes - capacityOf(bytesPerSecond);
  return {
    spending: spendingWith(run.spending, debt, bytes - noted, at),
    bytes,
    waitMs: Math.ceil((Math.max(0, over) / bytesPerSecond) * 1_000),
  };
}

/** Size of a run's document, in bytes. */
const RUN_BYTES = 800;

/** Notes what a large chunk is about to write, so that other senders see it. Returns how many bytes are noted. */
export const note = mutation({
  args: { mirror: v.string(), bytes: v.number(), debt: vDebt },
  returns: v.number(),
  handler: async (ctx, { mirror, bytes, debt }) => {
    const { run: id } = await getMirror(ctx, mirror);
    const run = id === undefined ? null : await ctx.db.get("runs", id);
    if (run === null) return 0;
    await ctx.db.patch("runs", run._id, { spending: spendingWith(run.spending, debt, bytes, Date.now()) });
    return bytes;
  },
});

/** Charges the mirror's newest run with what an operator writes, who never waits. */
export async function chargeNewest(ctx: MutationCtx, mirror: string, budget: Budget): Promise<void> {
  const run = await ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .order("desc")
    .first();
  if (run === null) return;
  const { spending } = await charge(ctx, run, budget);
  await ctx.db.patch("runs", run._id, { spending });
}

/** What all imports owe, for a delivery of more than one chunk and for sweeps. */
export const debt = query({
  args: {},
  returns: vDebt,
  handler: async (ctx) => await readDebt(ctx, (await getApp(ctx)).budget),
});

/**
 * How much of the write budget is left. A balance below 0 is owed; it fills by `bytesPerSecond`, up to `capacity`, from
 * `at` on, so that a page can keep counting without another query. Sizes in bytes, `at` in milliseconds.
 */
export const balance = query({
  args: {},
  returns: v.object({
    bytesPerSecond: v.number(),
    capacity: v.number(),
    balance: v.number(),
    at: v.number(),
  }),
  handler: async (ctx) => {
    const { budget } = await getApp(ctx);
    const { bytesPerSecond } = budget;
    const { now } = await readDebt(ctx, budget);
    const capacity = capacityOf(bytesPerSecond);
    return { bytesPerSecond, capacity, balance: capacity - now.bytes, at: now.at };
  },
});
