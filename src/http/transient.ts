/**
 * True for a transaction that lost a race against another (OCC), or that the deployment was too busy for: the same may
 * succeed when it is run again. There is nothing to tell it by but the words and codes of the backend.
 */
export function isTransient(error: unknown): boolean {
  return /OptimisticConcurrencyControlFailure|changed while this mutation was being run|TooManyWrites|overloaded|try again/i.test(
    error instanceof Error ? error.message : String(error),
  );
}
