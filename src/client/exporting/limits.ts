/** Rows of a page. A row costs one index range of 4,096, and pages are held in memory, as rows and as text. */
export const PAGE_ROWS = 1_000;

/** Bytes of the rows of a page: a query may read 16 MiB, and an action has 64 MiB of memory. */
export const PAGE_BYTES = 4 * 1024 * 1024;
