/**
 * The digest of a mirror: what proves that two copies of a table are equal, and shows where they differ, without
 * comparing rows. It is kept up to date by what changed alone, and equals the digest of all rows at any time.
 *
 * Rows fall into 64 buckets by the highest 6 bits of their key hash. A bucket keeps the number of its rows and the sum
 * of their row hashes modulo 2^64. A row hash covers the key fields, so that rows cannot trade places unnoticed. The
 * sum is a checksum against faults, not a defence against someone who computes rows to fit it.
 */

/** Buckets of a digest: a page of a dashboard shows them, and one bucket of a million rows is a short walk. */
export const BUCKETS = 64;

/** Bits of a hash below those that choose the bucket. */
const BUCKET_SHIFT = 58n;

/** Bytes of a bucket in the encoded form: 4 of the count, 8 of the sum. */
const BUCKET_BYTES = 12;

/**
 * A digest, or the difference that changes make to one: counts may be negative in a difference. Mutable, for a
 * transaction adds a thousand rows to it.
 */
export interface Digest {
  /** Rows per bucket. */
  readonly counts: Int32Array;
  /** Sums of row hashes per bucket; the array's own arithmetic is modulo 2^64. */
  readonly sums: BigUint64Array;
}

/** The digest of no rows, and the difference of no changes. */
export function emptyDigest(): Digest {
  return { counts: new Int32Array(BUCKETS), sums: new BigUint64Array(BUCKETS) };
}

/** The bucket of a row: the highest 6 bits of the hash of its key. */
export function bucketOf(keyHash: bigint): number {
  return Number(BigInt.asUintN(64, keyHash) >> BUCKET_SHIFT);
}

/** Adds a row that is there now. Changes `digest` and returns it. */
export function addRow(digest: Digest, keyHash: bigint, rowHash: bigint): Digest {
  const bucket = bucketOf(keyHash);
  digest.counts[bucket]! += 1;
  digest.sums[bucket]! += BigInt.asUintN(64, rowHash);
  return digest;
}

/** Subtracts a stored row. Changes `digest` and returns it. */
export function removeRow(digest: Digest, keyHash: bigint, rowHash: bigint): Digest {
  const bucket = bucketOf(keyHash);
  digest.counts[bucket]! -= 1;
  digest.sums[bucket]! -= BigInt.asUintN(64, rowHash);
  return digest;
}

/** The digest after the changes of which `delta` is the difference. Leaves both as they are. */
export function merge(digest: Digest, delta: Digest): Digest {
  return {
    counts: digest.counts.map((count, bucket) => count + delta.counts[bucket]!),
    sums: digest.sums.map((sum, bucket) => sum + delta.sums[bucket]!),
  };
}

/** What `a` has and `b` has not, as a difference. Leaves both as they are. */
export function subtract(a: Digest, b: Digest): Digest {
  return {
    counts: a.counts.map((count, bucket) => count - b.counts[bucket]!),
    sums: a.sums.map((sum, bucket) => sum - b.sums[bucket]!),
  };
}

/** The buckets in which two tables differ, in ascending order; empty when the tables are equal. */
export function differingBuckets(a: Digest, b: Digest): number[] {
  const differing: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (a.counts[bucket] !== b.counts[bucket] || a.sums[bucket] !== b.sums[bucket]) differing.push(bucket);
  }
  return differing;
}

/** The number of rows in all buckets. */
export function rowCount(digest: Digest): number {
  return digest.counts.reduce((total, count) => total + count, 0);
}

/**
 * A digest as a Convex value: 768 bytes, per bucket the count as a signed 32-bit and the sum as an unsigned 64-bit
 * integer, big-endian. Bytes, because 128 numbers in arrays would take 1,200 bytes of every write.
 */
export function encodeDigest(digest: Digest): ArrayBuffer {
  const bytes = new ArrayBuffer(BUCKETS * BUCKET_BYTES);
  const view = new DataView(bytes);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    view.setInt32(bucket * BUCKET_BYTES, digest.counts[bucket]!);
    view.setBigUint64(bucket * BUCKET_BYTES + 4, digest.sums[bucket]!);
  }
  return bytes;
}

/**
 * The digest that `encodeDigest` wrote.
 *
 * @throws RangeError when the bytes are not those of a digest.
 */
export function decodeDigest(bytes: ArrayBuffer): Digest {
  if (bytes.byteLength !== BUCKETS * BUCKET_BYTES) {
    throw new RangeError(
      `A digest has ${String(BUCKETS * BUCKET_BYTES)} bytes, not ${String(bytes.byteLength)}.`,
    );
  }
  const digest = emptyDigest();
  const view = new DataView(bytes);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    digest.counts[bucket] = view.getInt32(bucket * BUCKET_BYTES);
    digest.sums[bucket] = view.getBigUint64(bucket * BUCKET_BYTES + 4);
  }
  return digest;
}
