/** The ledger keeps times as ISO 8601 strings in UTC: they sort, and people can read them. */
export function now(): string {
  return new Date(Date.now()).toISOString();
}

/** Milliseconds since a time of the ledger; Infinity when it never happened. */
export function since(time: string | undefined): number {
  return time === undefined ? Infinity : Date.now() - Date.parse(time);
}

/** Waits inside an action, which may. */
export async function sleep(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
