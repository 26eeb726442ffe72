/** What a page of an export holds. An object, so that tests can make pages small. */
export const PAGE = {
  /** A row costs one index range of 4,096, and pages are held in memory, as rows and as text. */
  rows: 1_000,
  /** Bytes of the rows: a query may read 16 MiB, and an action has 64 MiB of memory. */
  bytes: 4 * 1024 * 1024,
};
