import {
  decodeDigest,
  differingBuckets,
  emptyDigest,
  merge,
  type Digest,
  BUCKETS,
} from "../../core/proof/digest.js";
import { hashFromHex } from "../../core/proof/hash.js";
import { emptySketch, mergeSketch, subtractSketch } from "../../core/proof/sketch.js";
import { decodeSketch } from "../../core/proof/decodeSketch.js";
import { bucketOf } from "../../core/proof/digest.js";
import type { Admin } from "../deployment/admin.js";
import { CliError } from "../terminal/exit.js";
import type { FileDigest } from "./local.js";

/** Rows of a page: their hashes are computed inside a query, whose time is one second. */
const PAGE_ROWS = 1_000;

/** A row in which mirror and file differ. */
export interface Difference {
  kind: "differs" | "only in the file" | "only in the mirror";
  /** The key as JSON text; null when it is too long to be told. */
  key: string | null;
}

/** A digest as `GET /v1/digest` and sources write it: {"buckets": [[count, sum], …]}, or the array alone. @throws CliError */
export function readDigest(json: unknown): Digest {
  const buckets: unknown = Array.isArray(json) ? json : (json as { buckets?: unknown } | null)?.buckets;
  if (!Array.isArray(buckets) || buckets.length !== BUCKETS) {
    throw new CliError("InvalidDigest", `A digest has ${String(BUCKETS)} buckets of [count, sum].`);
  }
  const digest = emptyDigest();
  buckets.forEach((bucket: unknown, i) => {
    const [count, sum] = Array.isArray(bucket) ? (bucket as unknown[]) : [];
    if (typeof count !== "number" || typeof sum !== "string" || !/^[0-9a-f]{16}$/i.test(sum)) {
      throw new CliError(
        "InvalidDigest",
        `buckets[${String(i)}] must be [count, sum], the sum as 16 hexadecimal digits.`,
      );
    }
    digest.counts[i] = count;
    digest.sums[i] = hashFromHex(sum);
  });
  return digest;
}

interface Page {
  keyHashes: ArrayBuffer;
  delta: { digest: ArrayBuffer; sketch: ArrayBuffer } | null;
  cursor: string | null;
}

/** What a walk of a mirror has found. */
export interface Walk {
  digest: Digest;
  sketch: ArrayBuffer;
  /** Key hashes of the rows in the buckets that were asked for. */
  keys: Set<bigint>;
}

/** Walks the rows of a mirror through the app's own function. */
export async function walk(admin: Admin, table: string, buckets: ReadonlySet<number>): Promise<Walk> {
  const found: Walk = { digest: emptyDigest(), sketch: emptySketch(), keys: new Set() };
  let cursor: string | null = null;
  do {
    const page: Page = await admin.call<Page>("read", { table, cursor, limit: PAGE_ROWS, hashed: true });
    if (page.delta !== null) {
      found.digest = merge(found.digest, decodeDigest(page.delta.digest));
      found.sketch = mergeSketch(found.sketch, page.delta.sketch);
    }
    for (const hash of new BigUint64Array(page.keyHashes))
      if (buckets.has(bucketOf(hash))) found.keys.add(hash);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

/** The rows in which a mirror and a file differ; `all` is false when there are more than can be told apart. */
export function differences(
  table: string,
  mirror: Walk,
  file: FileDigest,
  kept: Digest,
): { found: Difference[]; all: boolean } {
  if (differingBuckets(mirror.digest, kept).length > 0) {
    throw new CliError(
      "MirrorChanged",
      `The mirror changed during the check, or something other than the import wrote to it. Pause it and verify again. If this error comes back, run \`streaming-import audit ${table} --repair\`: it says what else to do.`,
    );
  }
  const { entries, complete } = decodeSketch(subtractSketch(mirror.sketch, file.sketch));
  const byKey = new Map<bigint, Difference>();
  for (const { sign, keyHash, key } of entries) {
    const other = byKey.get(keyHash);
    const kind = other !== undefined ? "differs" : sign > 0 ? "only in the mirror" : "only in the file";
    byKey.set(keyHash, { kind, key: key ?? other?.key ?? null });
  }
  return { found: [...byKey.values()], all: complete };
}
