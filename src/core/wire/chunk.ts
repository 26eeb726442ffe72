/**
 * Rows of one mutation. A transaction may read 4,096 index ranges, and an upsert of a row that exists takes two (the
 * lookup by key, and the read that `replace` does), so that 2,000 rows would fit; half of that leaves room for the
 * importer's own documents and for an app's triggers. Source: Convex limits, and `transaction.rs` of the backend.
 */
export const MAX_CHUNK_ROWS = 1000;

/**
 * Bytes of one mutation: 1 MiB. The smallest deployment class refuses every mutation while the last second's commits
 * exceed 4 MiB: larger chunks would not be faster, and starve the app.
 */
export const MAX_CHUNK_BYTES = 1024 * 1024;

/** How much one chunk may hold. */
export interface ChunkLimits {
  maxRows?: number;
  maxBytes?: number;
}

/**
 * Cuts rows into chunks that each fit into a mutation. Their order is kept, in and between chunks: the changes of one
 * row apply in the order in which they came. A row that is larger than a chunk gets one of its own.
 */
export function chunkRows<T extends { readonly bytes: number }>(
  rows: readonly T[],
  limits: ChunkLimits = {},
): T[][] {
  const { maxRows = MAX_CHUNK_ROWS, maxBytes = MAX_CHUNK_BYTES } = limits;
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (chunk.length > 0 && (chunk.length >= maxRows || bytes + row.bytes > maxBytes)) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += row.bytes;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
