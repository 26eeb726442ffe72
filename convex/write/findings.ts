import type { SketchEntry } from "../../src/core/proof/sketch.js";
import type { Doc } from "../_generated/dataModel.js";

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
