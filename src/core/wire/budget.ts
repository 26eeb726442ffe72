/** The write budget as the component tells it: what fills by `bytesPerSecond` up to `capacity`, from `at` on. */
export interface BudgetBalance {
  bytesPerSecond: number;
  capacity: number;
  /** In bytes; below 0 it is owed. */
  balance: number;
  /** In milliseconds. */
  at: number;
}

/** The write budget, and how much of it imports use. */
export interface BudgetUse {
  /** What all imports together may write. */
  bytesPerSecond: number;
  /** 0: no recent writes. 1: imports write as much as they may. More: they wait until the budget recovers. */
  usedShare: number;
}

/** How much of the write budget is in use now. */
export function budgetUse(
  { balance, bytesPerSecond, capacity, at }: BudgetBalance,
  nowMs: number,
): BudgetUse {
  const filledSince = Math.max(0, (nowMs - at) / 1000) * bytesPerSecond;
  const used = 1 - Math.min(balance + filledSince, capacity) / capacity;
  return { bytesPerSecond, usedShare: Math.round(used * 1_000) / 1_000 };
}
