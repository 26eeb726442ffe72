/**
 * The result of work that a signal may stop; null once it has. Whatever breaks then breaks because the servers are being
 * closed, such as a request of a sync: it is no failure to report.
 */
export async function unlessStopped<Result>(
  work: Promise<Result>,
  stop: AbortSignal,
): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}
