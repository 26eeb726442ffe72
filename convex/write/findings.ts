import { addRow, emptyDigest, encodeDigest, removeRow } from "../../src/core/proof/digest.js";
import { addToSketch, emptySketch, type SketchEntry } from "../../src/core/proof/sketch.js";
import type { Doc } from "../_generated/dataModel.js";
import type { Sums } from "../../src/core/proof/delta.js";

/** A row that was written past the importer. */
export type Finding = Doc<"audits">["findings"][number];

/** A deleted and an added row with the same key are one edited row. */
export function findingsOf(entries: readonly SketchEntry[]): Finding[] {
  const findings = new Map<bigint, Finding>();
  for (const { sign, keyHash, rowHash, key } of entries) {
    const hash = BigInt.asIntN(64, keyHash);
    const row = BigInt.asIntN(64, rowHash);
    const other = findings.get(hash);
    findings.set(hash, {
      kind: other !== undefined ? "edited" : sign > 0 ? "added" : "removed",
      key: key ?? other?.key ?? null,
      keyHash: hash,
      expected: sign > 0 ? other?.expected : row,
      found: sign > 0 ? row : other?.found,
    });
  }
  return [...findings.values()];
}

/** What the findings say that the rows have and the stored digest has not. */
export function deltaOf(findings: readonly Finding[]): Sums {
  const digest = emptyDigest();
  const sketch = emptySketch();
  for (const { key, keyHash, expected, found } of findings) {
    if (expected !== undefined) {
      removeRow(digest, keyHash, expected);
      addToSketch(sketch, -1, BigInt.asUintN(64, keyHash), BigInt.asUintN(64, expected), key);
    }
    if (found !== undefined) {
      addRow(digest, keyHash, found);
      addToSketch(sketch, 1, BigInt.asUintN(64, keyHash), BigInt.asUintN(64, found), key);
    }
  }
  return { digest: encodeDigest(digest), sketch };
}
