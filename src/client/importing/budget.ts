/** Write throughput of Convex's deployment classes, in bytes per second (docs, "Limits": mutation write throughput). */
const CLASSES = {
  S16: 4 * 1024 * 1024,
  S256: 8 * 1024 * 1024,
  D1024: 32 * 1024 * 1024,
  D2048: 64 * 1024 * 1024,
} as const;

/** Half: an import leaves the app as much as it takes. */
const DEFAULT_SHARE = 0.5;

/** What imports may write: a class of deployment and their share of its throughput, or bytes per second. */
export type WriteBudget = { class: keyof typeof CLASSES; share?: number } | { bytesPerSecond: number };

/** The budget in bytes per second. @throws Error when it makes no sense. */
export function budgetOf(budget: WriteBudget = { class: "S16" }): { bytesPerSecond: number } {
  if ("bytesPerSecond" in budget) {
    if (!(budget.bytesPerSecond > 0)) throw new Error("writeBudget: bytesPerSecond must be more than 0.");
    return { bytesPerSecond: budget.bytesPerSecond };
  }
  const share = budget.share ?? DEFAULT_SHARE;
  if (!Object.hasOwn(CLASSES, budget.class)) {
    throw new Error(
      `writeBudget: the classes are ${Object.keys(CLASSES).join(", ")}; or give bytesPerSecond.`,
    );
  }
  if (!(share > 0 && share <= 1)) throw new Error("writeBudget: share must be more than 0 and at most 1.");
  return { bytesPerSecond: Math.floor(CLASSES[budget.class] * share) };
}
