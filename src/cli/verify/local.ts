import type { Value } from "convex/values";
import type { JsonObject } from "../../core/rows/values.js";
import { addRow, bucketOf, type Digest, emptyDigest } from "../../core/proof/digest.js";
import type { DriftPolicies } from "../../core/rows/drift.js";
import { cleanFields } from "../../core/rows/identifiers.js";
import { parseJson } from "../../core/rows/json.js";
import { rowHash } from "../../core/proof/hash.js";
import { keyText } from "../../core/proof/keyText.js";
import { type CompiledMirror, compileMirror, prepareRow } from "../../core/rows/row.js";
import { addToSketch, emptySketch } from "../../core/proof/sketch.js";
import { CliError } from "../terminal/exit.js";
import type { Rows } from "../files/rows.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { validatorOfFields } from "./validators.js";

/** Rows that cannot be stored are named up to this number. */
const MAX_NAMED = 10;

/** What a file says about a mirror. */
export interface FileDigest {
  digest: Digest;
  sketch: ArrayBuffer;
  rows: number;
  /** Rows that the importer would put into quarantine: why, for the first of them. */
  unfit: { count: number; reasons: string[] };
}

/** A mirror as the importer compiles it from its schema. @throws CliError when the deployment does not tell enough */
export function compileInfo(mirror: MirrorInfo, hashKey: string | undefined): CompiledMirror {
  const { fields, primaryKey, version, deletedField, drift, overflow, columns, drop, hash } = mirror;
  if (fields === undefined)
    throw new CliError(
      "DeploymentOutdated",
      "The deployment does not report the mirror's fields. Update the package there.",
    );
  if ((hash?.length ?? 0) > 0 && hashKey === undefined) {
    throw new CliError(
      "HashKeyMissing",
      `The mirror keeps ${hash!.join(", ")} as keyed hashes. Set STREAMING_IMPORT_HASH_KEY to the key of these hashes.`,
    );
  }
  const contract = {
    primaryKey,
    version,
    deletedField,
    drift: drift as DriftPolicies | undefined,
    overflow,
    columns,
    drop,
    hash,
  };
  return compileMirror(validatorOfFields(fields), contract, { hashKey });
}

/** Computes what the mirror's digest would be if it held the rows of a file. */
export async function digestOf(rows: Rows, compiled: CompiledMirror): Promise<FileDigest> {
  const found: FileDigest = {
    digest: emptyDigest(),
    sketch: emptySketch(),
    rows: 0,
    unfit: { count: 0, reasons: [] },
  };
  await eachRow(rows, compiled, (row) => {
    if (row.problem !== null) {
      found.unfit.count++;
      if (found.unfit.reasons.length < MAX_NAMED) found.unfit.reasons.push(row.problem);
      return;
    }
    found.rows++;
    const hash = rowHash(row.row);
    addRow(found.digest, row.keyHash, hash);
    addToSketch(found.sketch, 1, row.keyHash, hash, keyText(row.key));
  });
  return found;
}

/** Keys of the rows of a file that lie in some buckets and are not among the known ones. */
export async function missingKeys(
  rows: Rows,
  compiled: CompiledMirror,
  buckets: ReadonlySet<number>,
  known: ReadonlySet<bigint>,
  limit: number,
): Promise<string[]> {
  const keys: string[] = [];
  await eachRow(rows, compiled, (row) => {
    if (row.problem !== null || keys.length >= limit) return;
    if (buckets.has(bucketOf(row.keyHash)) && !known.has(BigInt.asUintN(64, row.keyHash)))
      keys.push(keyText(row.key));
  });
  return keys;
}

type ReadRow =
  | { problem: string }
  | { problem: null; key: Parameters<typeof keyText>[0]; keyHash: bigint; row: Record<string, Value> };

async function eachRow(rows: Rows, compiled: CompiledMirror, visit: (row: ReadRow) => void): Promise<void> {
  for await (const some of rows) {
    for (const { bytes, start, end } of some) {
      const json = cleanFields(parseJson(bytes.toString("utf8", start, end)) as JsonObject, "convex");
      const prepared = prepareRow(compiled, { op: "upsert", row: json }, "convex");
      if ("problem" in prepared) visit({ problem: prepared.problem.message });
      else if (prepared.op === "upsert") {
        const { key, keyHash, row } = prepared as Required<typeof prepared>;
        visit({ problem: null, key, keyHash, row });
      }
    }
  }
}
